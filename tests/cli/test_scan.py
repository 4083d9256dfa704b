"""`logscan scan` from the command line to the file or stream that holds its result."""

import json
import signal
import stat
import subprocess
import sys
import time

import pytest

from tests.cli.conftest import environment

PANIC = (
    'ts=2025-10-14T09:04:11.269411Z lvl=info msg="Dispatcher panic" log_id=0z service=storage-reads error="panic: oh"\n'
)


@pytest.fixture
def influxdb(tmp_path):
    """A log that holds one finding of high severity."""
    path = tmp_path / "influxdb.log"
    path.write_text("ts=2025-10-14T09:04:01.99Z lvl=info msg=Listening\n" + PANIC, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param([], 0, id="findings alone are no failure"),
        pytest.param(["--fail-on", "high"], 1, id="at the level"),
        pytest.param(["--fail-on", "low"], 1, id="above the level"),
        pytest.param(["--fail-on", "critical"], 0, id="below the level"),
        pytest.param(["--fail-on", "high", "--skip", "influxdb-*"], 0, id="no rule for it"),
        pytest.param(["--fail-on", "high", "--host", "tcp://nowhere:1"], 1, id="files need no engine"),
    ],
)
def test_exit_code(logscan, influxdb, arguments, code):
    assert code == logscan("scan", "--file", influxdb, *arguments).returncode


def test_an_unreachable_engine_is_3_and_outranks_findings(logscan, tmp_path):
    ended = logscan("scan", "--fail-on", "info", "--format", "json", "--host", f"unix://{tmp_path}/docker.sock")
    assert (3, ["engine"]) == (ended.returncode, [error["kind"] for error in json.loads(ended.stdout)["errors"]])


def test_an_incomplete_scan_may_be_allowed(logscan, tmp_path):
    host = f"unix://{tmp_path}/docker.sock"
    assert 0 == logscan("scan", "--allow-incomplete", "--host", host).returncode


def test_a_fault_in_rules_outranks_an_unreachable_engine(logscan, tmp_path):
    (tmp_path / "bad.yaml").write_text("schema: logscan/v1\n")
    assert 2 == logscan("scan", "--rules", "bad.yaml", "--host", f"unix://{tmp_path}/docker.sock").returncode


def test_stdout_carries_the_result_and_nothing_else(logscan, influxdb):
    ended = logscan("scan", "-v", "--format", "json", "--file", influxdb)
    assert ["influxdb-dispatcher-panic"] == [found["rule"]["id"] for found in json.loads(ended.stdout)["findings"]]


def test_a_result_in_a_file_leaves_stdout_empty(logscan, influxdb, tmp_path):
    ended = logscan("scan", "--file", influxdb, "--output", "found.txt")
    path = tmp_path / "found.txt"
    assert ("", 0o600, True) == (
        ended.stdout,
        stat.S_IMODE(path.stat().st_mode),
        "influxdb-dispatcher-panic" in path.read_text(encoding="utf-8"),
    )


def test_the_environment_and_the_file_set_flags(logscan, influxdb, tmp_path):
    (tmp_path / "logscan.yaml").write_text("format: text\nfail_on: high\nfile: influxdb.log\n")
    ended = logscan("scan", env={"LOGSCAN_FORMAT": "ndjson"})
    assert (1, "logscan.coverage/v1") == (ended.returncode, json.loads(ended.stdout.splitlines()[-1])["schema"])


def test_standard_input_is_read_as_a_file(tmp_path):
    ended = subprocess.run(
        [sys.executable, "-m", "logscan", "scan", "--file", "-", "--as", "influxdb", "--format", "json"],
        input=PANIC,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment(),
        timeout=30,
        check=False,
    )
    assert ["influxdb"] == [found["container"]["name"] for found in json.loads(ended.stdout)["findings"]]


@pytest.mark.parametrize("arguments", [["--since", "2025-11-01"], ["--until", "2025-10-01"]], ids=["since", "until"])
def test_a_range_leaves_out_what_lies_outside(logscan, influxdb, arguments):
    ended = logscan("scan", "--format", "json", "--file", influxdb, *arguments)
    assert [] == json.loads(ended.stdout)["findings"]


STALE = """\
schema: logscan/v1
overrides:
  - {id: influxdb-dispatcher-panik, reason: it is known, disabled: true}
  - {id: influxdb-dispatcher-panic, reason: it is known, severity: low}
"""


def test_a_stale_override_is_told_and_stops_nothing(logscan, influxdb, tmp_path):
    (tmp_path / "ours.yaml").write_text(STALE)
    ended = logscan("scan", "--file", influxdb, "--rules", "ours.yaml", "--format", "json")
    warning = "warning: ours.yaml:3: the override of influxdb-dispatcher-panik is stale: no rule has this id\n"
    assert (0, f"{warning}help: did you mean `influxdb-dispatcher-panic`?\n") == (ended.returncode, ended.stderr)
    assert ["low"] == [found["severity"] for found in json.loads(ended.stdout)["findings"]]


def test_a_quiet_scan_tells_no_stale_override(logscan, influxdb, tmp_path):
    (tmp_path / "ours.yaml").write_text(STALE)
    assert "" == logscan("scan", "-q", "--file", influxdb, "--rules", "ours.yaml").stderr


COMBINED = """
schema: logscan/v1
technology: T
rules:
  - {id: part-a, title: A, severity: info, match: {contains: alpha}, tests: {match: [alpha], ignore: [x]}}
  - {id: part-b, title: B, severity: info, match: {contains: bravo}, tests: {match: [bravo], ignore: [x]}}
  - id: combo
    title: A then B
    severity: high
    window: {type: temporal_ordered, rules: [part-a, part-b], within: 1m}
    scenarios: [{lines: [{at: 0s, line: alpha}], findings: []}]
"""


@pytest.mark.parametrize("chosen", [["--only", "combo"], ["--skip", "part-*"]], ids=["only", "skip"])
def test_a_rule_that_combines_others_works_without_their_findings(logscan, tmp_path, chosen):
    (tmp_path / "rules.yaml").write_text(COMBINED)
    (tmp_path / "app.log").write_text("2025-12-03T06:00:00Z alpha\n2025-12-03T06:00:01Z bravo\n")
    ended = logscan("scan", "--file", "app.log", "--rules", "rules.yaml", "--no-builtin", *chosen, "--format", "json")
    assert ["combo"] == [finding["rule"]["id"] for finding in json.loads(ended.stdout)["findings"]]


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["--file", "x.log", "--tail", "1"], id="the end of a file"),
        pytest.param(["--since", "1760432651000"], id="milliseconds"),
        pytest.param(["--since", "2000000d"], id="before 1970"),
    ],
)
def test_what_can_t_be_meant_is_a_usage_error_with_help(logscan, tmp_path, arguments):
    (tmp_path / "x.log").write_text("line\n")
    ended = logscan("scan", *arguments)
    assert (2, True, False) == (ended.returncode, "help:" in ended.stderr, "internal" in ended.stderr)


def test_an_address_with_an_impossible_port_is_an_engine_that_does_not_answer(logscan):
    ended = logscan("scan", "--host", "tcp://localhost:abc")
    assert (3, False) == (ended.returncode, "internal" in ended.stderr + ended.stdout)


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_password_in_an_address_is_not_shown(logscan, form):
    ended = logscan("scan", "--host", "https://bob:s3cretpw@localhost:1", "--format", form)
    assert (3, False) == (ended.returncode, "s3cretpw" in ended.stdout + ended.stderr)


def test_a_closed_standard_input_is_a_usage_error(tmp_path):
    command = [sys.executable, "-m", "logscan", "scan", "--file", "-"]
    shell = subprocess.run(
        ["sh", "-c", '"$@" <&-', "sh", *command],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (2, True) == (shell.returncode, "standard input is closed" in shell.stderr)


def test_an_interrupt_while_standard_input_is_waited_for_is_130(tmp_path):
    command = [sys.executable, "-m", "logscan", "scan", "--file", "-", "--output", "out.txt"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment(), stdin=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        for _ in range(200):
            if any(tmp_path.glob(".out.txt.*")):  # the scan has begun
                break
            time.sleep(0.05)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        assert (130, b"") == (process.wait(20), process.stderr.read())


SINCE_LAST = """
import sys, types
module = types.ModuleType("logscan.assemble_live")

def run_scan_last(settings, *, out, warn):
    print(settings.since_last, settings.since_ns, settings.state, settings.names, file=out)
    return 3

module.run_scan_last = run_scan_last
sys.modules["logscan.assemble_live"] = module
from logscan.cli.main import main
sys.exit(main())
"""


def test_what_came_since_the_last_run_is_scanned_by_the_state(tmp_path):
    command = [sys.executable, "-c", SINCE_LAST, "scan", "--since", "last", "--state", "my.db", "web"]
    ended = subprocess.run(
        command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert (3, "True None my.db ('web',)\n", "") == (ended.returncode, ended.stdout, ended.stderr)
