"""The engine's own files give the same findings and lines as its API."""

import pytest

from tests.rig.cli import run_logscan
from tests.rig.oracle import Burst, Mix, Script

PANIC = b'ts=2025-10-14T09:04:11.269411Z lvl=info msg="Dispatcher panic" log_id=0z_VEtBW000 error="panic: boom"'


def scanned(proxy, name, direct, *options):
    report = run_logscan("scan", name, "--direct", direct, "--format", "json", *options, docker_host=proxy.url).json
    (source,) = report["sources"]
    findings = [{key: value for key, value in found.items() if key != "samples"} for found in report["findings"]]
    facts = {key: source[key] for key in ("status", "lines", "truncated", "first_seen", "last_seen")}
    return findings, facts, source["read"]


LAYOUTS = pytest.mark.parametrize(
    "log_opts",
    [
        pytest.param({}, id="one file"),
        pytest.param({"max-size": "50k", "max-file": "5"}, id="rotated"),
        pytest.param({"max-size": "50k", "max-file": "5", "compress": "true"}, id="rotated and compressed"),
    ],
)


@LAYOUTS
def test_the_files_give_what_the_api_gives(emitter, proxy, log_opts):
    container = emitter.burst(Burst(4000, mix=Mix.BOTH), image="influxdb:2.7.12", log_opts=log_opts)
    findings, facts, read = scanned(proxy, container.name, "always")
    assert ("direct", "complete") == (read, facts["status"])
    assert (findings, facts, "api") == scanned(proxy, container.name, "never")


@LAYOUTS
@pytest.mark.parametrize("share", [0.2, 0.7, 0.999])
def test_both_begin_at_the_same_line(engine, emitter, proxy, log_opts, share):
    container = emitter.burst(Burst(4000, size=200, mix=Mix.BOTH), image="influxdb:2.7.12", log_opts=log_opts)
    stamps = [
        line.partition(b" ")[0].decode() for line in engine.client.logs(container.id, timestamps=True, stream=True)
    ]
    since = sorted(stamps)[int(len(stamps) * share)]
    findings, facts, read = scanned(proxy, container.name, "always", "--since", since)
    assert ("direct", "complete") == (read, facts["status"])
    assert 0 < facts["lines"] < len(stamps)
    assert (findings, facts, "api") == scanned(proxy, container.name, "never", "--since", since)


def test_a_large_log_is_the_same(emitter, proxy):
    container = emitter.burst(Burst(60_000, size=150, mix=Mix.BOTH), image="influxdb:2.7.12")
    findings, facts, read = scanned(proxy, container.name, "always")
    assert ("direct", 60_000) == (read, facts["lines"])
    assert (findings, facts, "api") == scanned(proxy, container.name, "never")


def test_long_lines_and_hits_are_the_same(emitter, proxy):
    script = Script().out(PANIC + b"\n").out(b"x" * 40_000 + PANIC + b"\n").err(b"fine\n").out(PANIC)
    container = emitter.play(script, image="influxdb:2.7.12")
    findings, facts, _ = scanned(proxy, container.name, "always")
    assert [3] == [found["count"] for found in findings]
    assert (findings, facts, "api") == scanned(proxy, container.name, "never")


def test_a_driver_without_such_files_is_unreadable_and_says_so(emitter, proxy):
    container = emitter.play(Script().out(b"fine\n"), log_driver="local")
    result = run_logscan("scan", container.name, "--direct", "always", "--format", "json", docker_host=proxy.url)
    (source,) = result.json["sources"]
    assert (3, "unreadable") == (result.exit_code, source["status"])
    assert "local" in source["reason"]
