"""The engine's own files give what its API gives, line for line, and are read by themselves where that goes."""

import os
from contextlib import contextmanager
from random import Random

import pytest

from logscan.finding import Status
from logscan.framing.time_range import TimeRange
from logscan.settings import Direct
from logscan.sources.docker.container_log import ContainerLog
from logscan.sources.docker.nearest_log import log_of
from logscan.sources.docker.select import Selection
from logscan.sources.docker.source import DockerSource
from tests.engine.both_ways import ALWAYS, lines_of, read, source_of
from tests.engine.scanning import BY_THE_API
from tests.rig.cli import run_logscan
from tests.rig.oracle import Burst, Mix, Script

PANIC = b'ts=2025-10-14T09:04:11.269411Z lvl=info msg="Dispatcher panic" log_id=0z_VEtBW000 error="panic: boom"'
PIECE = 16_384
PROJECT = {"com.docker.compose.project": "shop", "com.docker.compose.service": "influxdb"}
NOBODY = 65_534


def scanned(proxy, name, direct, *options):
    report = run_logscan("scan", name, "--direct", direct, "--format", "json", *options, docker_host=proxy.url).json
    (source,) = report["sources"]
    facts = {key: source[key] for key in ("status", "reason", "lines", "truncated", "first_seen", "last_seen")}
    return report["findings"], facts, source["read"]


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
def test_both_begin_at_the_same_line(engine, emitter, connected, log_opts, share):
    container = emitter.burst(Burst(4000, size=200, mix=Mix.BOTH), log_opts=log_opts)
    _, lines, _ = read(connected, container, Direct.NEVER)
    times = sorted(time_ns for _, time_ns, _ in lines)
    wanted = TimeRange(times[int(len(times) * share)])
    assert 0 < len(read(connected, container, Direct.NEVER, wanted)[1]) < len(lines)
    assert_same(connected, container, wanted=wanted)


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


def assert_same(connected, container, **asked):
    """The API can't cut a terminal's log where U+FFFD made a piece longer: the files are whole then, for sure."""
    by_api, direct = read(connected, container, Direct.NEVER, **asked), read(connected, container, Direct.AUTO, **asked)
    assert ("api", "direct") == (by_api[0], direct[0])
    if container.inspect()["Config"]["Tty"] and by_api[2][0] is not Status.COMPLETE:
        assert Status.COMPLETE is direct[2][0]
    else:
        assert by_api[1:] == direct[1:]


PLAIN = [
    b"",
    b"\r",
    b"plain line",
    b"over\rwritten\r",
    b'tab\tquote"back\\slash </a>&\xe2\x80\xa8',
    b'{"a": "\\u00e9\\n"}',
]
ODD = [b"\xff\xfe\x00 bad", b"\x00\x00", b"\x85\xc3", b"\x1b[31mred\x1b[0m text", b"\x1b[0m" * 20]
LONG = [PIECE - 2, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 40_000, 300_000]
ROTATIONS = [
    {},
    {"max-size": "1k", "max-file": "4"},
    {"max-size": "50k", "max-file": "5"},
    {"max-size": "20k", "max-file": "3", "compress": "true"},
    {"max-size": "30k"},
]


def any_line(random):
    return random.choice(
        [
            lambda: random.choice(PLAIN),
            lambda: random.choice(ODD),
            lambda: b"x" * random.choice(LONG),
            lambda: "ä€😀".encode() * random.choice([1, 100, 6000]),
            lambda: random.randbytes(random.choice([5, 200, 17_000])).replace(b"\n", b"."),
        ]
    )()


def any_script(random):
    script = Script()
    for _ in range(random.randrange(1, 12)):
        data = b"\n".join(any_line(random) for _ in range(random.choice([1, 1, 3, 40])))
        data += b"\n" if random.random() < 0.7 else b""
        (script.out if random.random() < 0.6 else script.err)(data)
        if random.random() < 0.2:
            script.pause(0.02)
    return script


@pytest.mark.parametrize("seed", range(40))
def test_whatever_a_container_prints_both_ways_give_the_same_lines(emitter, connected, seed):
    random = Random(seed)
    container = emitter.play(
        any_script(random),
        log_opts=random.choice(ROTATIONS),
        tty=random.random() < 0.25,
        restart=random.choice(["no", "on-failure:2"]),
    )

    assert_same(connected, container)
    for tail in (0, 1, 2, 5, 1000):
        assert_same(connected, container, tail=tail)
    _, lines, _ = read(connected, container, Direct.AUTO)
    for _, time_ns, _ in random.sample(lines, min(3, len(lines))):
        assert_same(connected, container, wanted=TimeRange(time_ns))


@LAYOUTS
@pytest.mark.parametrize("tail", [1, 700, 3000, 100_000])
def test_the_last_lines_are_found_from_the_end(emitter, connected, log_opts, tail):
    container = emitter.burst(Burst(4000, size=200, mix=Mix.BOTH), log_opts=log_opts)
    assert_same(connected, container, tail=tail)


@pytest.mark.parametrize(
    ("options", "way"),
    [
        pytest.param({}, "direct", id="json-file"),
        pytest.param({"log_driver": "local"}, "api", id="local"),
        pytest.param({"log_opts": {"mode": "non-blocking"}}, "direct", id="json-file that may drop lines"),
    ],
)
def test_a_scan_reads_directly_what_it_can_and_nothing_is_said_of_the_rest(emitter, proxy, options, way):
    container = emitter.play(Script().out(b"fine\n"), **options)
    findings, facts, read = scanned(proxy, container.name, "auto")
    assert (way, "complete", 1) == (read, facts["status"], facts["lines"])
    assert (findings, facts, "api") == scanned(proxy, container.name, "never")


def test_logs_of_both_ways_are_read_in_one_scan(emitter, connected):
    direct = emitter.burst(Burst(3000, mix=Mix.BOTH))
    by_api = [emitter.burst(Burst(3000, mix=Mix.BOTH), log_driver="local") for _ in range(2)]
    names = tuple(container.name for container in (direct, *by_api))

    source = DockerSource.open(connected, Selection(names=names), ALWAYS)
    lines = lines_of(source.batches())

    assert 9000 == len(lines)
    assert {("direct", 3000), ("api", 3000)} == {(found.read, found.lines) for found in source.coverage}
    assert [] == source.errors


@contextmanager
def another_user():
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_user_who_may_not_read_the_files_reads_through_the_api(emitter, connected):
    container = emitter.play(Script().out(b"fine\n"))
    info = connected.inspect(container.id)
    with another_user():
        chosen = log_of(connected, info, ALWAYS, None, Direct.AUTO)
    assert isinstance(chosen, ContainerLog)


def test_a_user_who_may_not_read_and_wants_to_is_told_why(emitter, connected):
    container = emitter.play(Script().out(b"fine\n"))
    source = source_of(connected, container, Direct.ALWAYS)
    with another_user():
        assert [] == lines_of(source.batches())
    (found,) = source.coverage
    assert (Status.UNREADABLE, "its log file can't be opened: permission denied") == (found.status, found.reason)


def test_a_file_that_is_gone_before_it_is_read_is_asked_for_by_the_api(emitter, connected):
    container = emitter.play(Script().out(b"fine\n"))
    source = source_of(connected, container)
    container.logs_path().unlink()
    lines_of(source.batches())
    (found,) = source.coverage
    assert "api" == found.read


def test_a_driver_without_such_files_is_unreadable_and_says_so(emitter, proxy):
    container = emitter.play(Script().out(b"fine\n"), log_driver="local")
    result = run_logscan("scan", container.name, "--direct", "always", "--format", "json", docker_host=proxy.url)
    (source,) = result.json["sources"]
    assert (3, "unreadable") == (result.exit_code, source["status"])
    assert "local" in source["reason"]


def test_the_environment_chooses_the_way_too(emitter, proxy):
    container = emitter.play(Script().out(b"fine\n"))
    report = run_logscan("scan", container.name, "--format", "json", docker_host=proxy.url, env=BY_THE_API).json
    assert ["api"] == [source["read"] for source in report["sources"]]


@pytest.mark.parametrize(("asked", "way"), [([], "direct"), (["--direct", "never"], "api")], ids=["auto", "never"])
def test_a_backtest_reads_as_a_scan_does(emitter, proxy, asked, way):
    container = emitter.play(Script().out(PANIC + b"\n"), image="influxdb:2.7.12", labels=PROJECT)
    options = ["--project", "shop", "--format", "json", *asked]
    report = run_logscan("rules", "backtest", "influxdb-dispatcher-panic", *options, docker_host=proxy.url).json
    assert [(container.id, way)] == [(source["container"]["id"], source["read"]) for source in report["sources"]]
    assert [1] == [found["count"] for found in report["findings"]]
