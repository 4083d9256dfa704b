"""A HomeIQ stack on a real engine: exact counts, exact times, and what a script gets to see of them."""

import json
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from random import Random

import pytest

from benchmarks import stack_lines
from tests.engine.scanning import BY_THE_API, COMPLETE, engine_records, scan, size, source_of
from tests.rig.cli import environment, run_logscan
from tests.rig.oracle import Script

ORDINARY = 200_000
STALE = 1_000
BEGAN_NS = 1_764_741_600_000_000_000
INFLUX_PANIC = 'service=storage-reads error="panic: runtime error: index out of range [5]" stacktrace="goroutine 1"'
STALE_LINE = (
    "⚠️ Discovery cache is stale (%.1f minutes old, TTL: 30.0 minutes). "
    "Consider triggering discovery to refresh device/area mappings.\n"
)


@cache
def influx_lines():
    """200,000 ordinary lines; three refusals and a panic lie far apart among them."""
    random = Random(7)
    ordinary = stack_lines.ORDINARY["homeiq-influxdb"]
    lines = [ordinary(random, BEGAN_NS + number * 1_000_000) for number in range(ORDINARY)]
    refusal = stack_lines.influxdb_line(BEGAN_NS, "Unauthorized", 'error="authorization not found"')
    panic = stack_lines.influxdb_line(BEGAN_NS, "Dispatcher panic", INFLUX_PANIC)
    for place, line in ((199_990, refusal), (150_000, panic), (60_000, refusal), (10, refusal)):
        lines.insert(place, line)
    return lines, refusal, panic


@pytest.fixture(scope="module")
def influxdb(lasting):
    lines, _, _ = influx_lines()
    script = Script().out("".join(f"{line}\n" for line in lines).encode())
    return lasting.play(script, image="influxdb:2.7.12", name="homeiq-influxdb")


@pytest.fixture(scope="module")
def websocket(lasting):
    stale = "".join(STALE_LINE % (30.1 + number / 7) for number in range(STALE))
    script = Script().out(b"started\n").err(stale.encode()).out(b"no newline at the end")
    labels = {"com.docker.compose.project": "homeiq", "com.docker.compose.service": "websocket-ingestion"}
    return lasting.play(script, name="homeiq-websocket", labels=labels)


def test_three_refusals_and_a_panic_are_counted_among_200_000_lines(proxy, influxdb):
    lines, refusal, panic = influx_lines()
    records = engine_records(influxdb)

    done = scan(proxy, "homeiq-influxdb")

    assert (COMPLETE, "") == (done.exit_code, done.stderr)
    report = done.json
    assert [("influxdb-dispatcher-panic", "high", 1), ("influxdb-unauthorized", "low", 3)] == [
        (found["rule"]["id"], found["severity"], found["count"]) for found in report["findings"]
    ]
    for found, line in zip(report["findings"], (panic, refusal), strict=True):
        times = [record.time for record in records if record.text == line.encode() + b"\n"]
        assert (times[0], times[-1]) == (found["first_seen"], found["last_seen"])
        assert [(time, "stdout", line) for time in times] == [
            (sample["time"], sample["stream"], sample["line"]) for sample in found["samples"]
        ]
        assert ("homeiq-influxdb", "influxdb:2.7.12") == (found["container"]["name"], found["container"]["image"])
        assert [(influxdb.id, found["count"])] == [(share["id"], share["count"]) for share in found["containers"]]
    assert {
        "status": "complete",
        "reason": None,
        "lines": 200_004,
        "bytes": size([line.encode() for line in lines]),
        "truncated": 0,
        "untimed": 0,
        "first_seen": min(record.time for record in records),
        "last_seen": max(record.time for record in records),
        "driver": "json-file",
        "read": "api",
        "format": None,
        "identity": "known",
        "gaps": [],
    } == {key: value for key, value in source_of(report, influxdb).items() if key != "container"}
    assert {
        "findings": 2,
        "by_severity": {"critical": 0, "high": 1, "medium": 0, "low": 1, "info": 0},
        "sources": 1,
        "incomplete": 0,
        "lines": 200_004,
        "bytes": report["sources"][0]["bytes"],
        "gaps": 0,
    } == report["summary"]
    assert [] == report["errors"]


def test_a_thousand_lines_that_all_differ_in_their_age_are_one_finding(proxy, websocket):
    stale = [record for record in engine_records(websocket) if record.stream == "stderr"]

    done = scan(proxy, "homeiq-websocket")

    (found,) = done.json["findings"]
    assert COMPLETE == done.exit_code
    assert ("homeiq-discovery-cache-stale", "high", STALE) == (found["rule"]["id"], found["severity"], found["count"])
    assert {"project": "homeiq", "name": "websocket-ingestion"} == found["service"]
    assert (stale[0].time, stale[-1].time) == (found["first_seen"], found["last_seen"])
    printed = {(record.time, "stderr", record.text.decode().rstrip("\n")) for record in stale}
    shown = [(sample["time"], sample["stream"], sample["line"]) for sample in found["samples"]]
    assert 3 == len(printed.intersection(shown))
    assert STALE + 2 == source_of(done.json, websocket)["lines"]


def test_without_names_the_whole_stack_is_one_report(proxy, influxdb, websocket):
    # The engine remembers the ends of other tests' containers.
    report = scan(proxy, "--skip", "container-*").json

    assert [
        ("homeiq-discovery-cache-stale", STALE),
        ("influxdb-dispatcher-panic", 1),
        ("influxdb-unauthorized", 3),
    ] == [(found["rule"]["id"], found["count"]) for found in report["findings"]]
    assert ["homeiq-influxdb", "homeiq-websocket"] == [source["container"]["name"] for source in report["sources"]]
    assert 200_004 + STALE + 2 == report["summary"]["lines"]


@pytest.mark.parametrize(
    ("level", "exit_code"),
    [
        pytest.param("low", 1, id="a level below the worst finding"),
        pytest.param("high", 1, id="the level of the worst finding"),
        pytest.param("critical", 0, id="a level that no finding reaches"),
    ],
)
def test_the_exit_code_tells_whether_a_finding_reaches_the_level(proxy, websocket, level, exit_code):
    assert exit_code == scan(proxy, "homeiq-websocket", "--fail-on", level).exit_code


def test_a_scan_asks_for_nothing_but_the_permitted_reads(proxy, websocket):
    scan(proxy, "homeiq-websocket")

    asked = {re.sub(r"^/v1\.\d+|[0-9a-f]{64}", "", request.path) for request in proxy.requests}
    assert {"GET"} == {request.method for request in proxy.requests}
    of_engine = {"/_ping", "/version", "/info", "/events", "/containers/json"}
    assert of_engine | {"/containers//json", "/containers//logs"} == asked


def test_a_reader_that_leaves_after_one_line_ends_the_scan_quietly(proxy, tmp_path, websocket):
    """Every line is a finding here: many times what a pipe holds, so that the writing meets the closed end."""
    (tmp_path / "all.yaml").write_text(EVERY_AGE)
    scanning = f"{sys.executable} -m logscan scan homeiq-websocket --format ndjson --no-builtin --rules {tmp_path}"

    done = subprocess.run(
        ["bash", "-c", f"{scanning} | head -1; echo ${{PIPESTATUS[0]}}"],
        env=environment(proxy.url, BY_THE_API),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    first, exit_code = done.stdout.splitlines()
    assert "every-age" == json.loads(first)["rule"]["id"]
    assert ("0", "") == (exit_code, done.stderr)


EVERY_AGE = """
schema: logscan/v1
technology: HomeIQ
rules:
  - id: every-age
    title: A cache of some age
    severity: info
    match: {regex: 'stale \\((?P<age>[0-9.]+) minutes'}
    group_by: age
    tests: {match: [stale (3 minutes], ignore: [fresh]}
"""


@pytest.mark.parametrize("form", [pytest.param(form, id=form) for form in ("text", "markdown", "ndjson")])
def test_every_form_of_the_report_names_the_rule_that_fired(proxy, websocket, form):
    done = run_logscan("scan", "homeiq-websocket", "--format", form, docker_host=proxy.url, env=BY_THE_API)

    assert (COMPLETE, "") == (done.exit_code, done.stderr)
    assert "homeiq-discovery-cache-stale" in done.stdout


def test_a_result_that_goes_to_a_file_is_the_same_and_leaves_stdout_empty(proxy, tmp_path, websocket):
    target = tmp_path / "report.json"

    done = scan(proxy, "homeiq-websocket", "--output", str(target))

    assert (COMPLETE, "") == (done.exit_code, done.stdout)
    assert f'"count": {STALE}' in target.read_text()


def test_as_many_samples_as_asked_for_are_shown_each_with_its_stream(proxy, websocket):
    (found,) = scan(proxy, "homeiq-websocket", "--samples", "2000").json["findings"]
    assert {"stderr": STALE} == Counter(sample["stream"] for sample in found["samples"])
