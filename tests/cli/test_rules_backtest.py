"""`logscan rules backtest`: what rules would have found, in the logs that a scan would read."""

import json

import pytest

RULES = """\
schema: logscan/v1
technology: Shop
rules:
  - id: payment-refused
    title: A payment was refused
    severity: medium
    match: {contains: payment refused}
    tests: {match: [payment refused], ignore: [payment accepted]}
  - id: payment-lost
    title: A payment was lost
    severity: high
    match: {contains: payment lost}
    tests: {match: [payment lost], ignore: [payment accepted]}
  - id: lost-after-refused
    title: Lost after refused
    severity: critical
    window: {type: temporal_ordered, rules: [payment-refused, payment-lost], within: 1h}
    scenarios: [{lines: [{at: 0s, line: payment refused}, {at: 1s, line: payment lost}], findings: 1}]
"""

LOG = """\
2025-12-03T06:00:00Z payment refused, first
2025-12-03T06:00:01Z all is well
2025-12-03T06:00:02Z payment refused, second \x07
2025-12-03T06:30:00Z payment refused, third
2025-12-03T07:00:00Z payment refused, fourth
"""


@pytest.fixture
def backtest(logscan, tmp_path):
    """Backtest the rules above, and no others, on the log above as that of two containers."""
    (tmp_path / "shop.yaml").write_text(RULES, encoding="utf-8")
    for name in ("eshop", "kiosk"):
        (tmp_path / f"{name}.log").write_text(LOG, encoding="utf-8")
    (tmp_path / "kiosk.log").write_text(LOG.splitlines()[0] + "\n", encoding="utf-8")
    files = ["--file", "eshop.log", "--file", "kiosk.log"]
    return lambda *arguments: logscan("rules", "backtest", "--no-builtin", "--rules", "shop.yaml", *files, *arguments)


def test_a_row_for_each_rule_and_service_with_evidence(backtest, golden):
    ended = backtest()
    assert (0, "") == (ended.returncode, ended.stderr)
    golden("rules-backtest.txt", ended.stdout)


def test_only_the_rules_that_are_named_are_shown(backtest):
    report = json.loads(backtest("payment-refused", "--format", "json").stdout)
    assert [("payment-refused", 4), ("payment-refused", 1)] == [
        (found["rule"]["id"], found["count"]) for found in report["findings"]
    ]


def test_rules_that_a_named_one_combines_run_and_are_not_shown(backtest, tmp_path):
    with (tmp_path / "kiosk.log").open("a") as log:
        log.write("2025-12-03T06:00:09Z payment lost\n")
    report = json.loads(backtest("lost-after-refused", "--format", "json").stdout)
    assert ["lost-after-refused"] == [found["rule"]["id"] for found in report["findings"]]


def test_the_range_is_that_of_a_scan(backtest):
    report = json.loads(backtest("--since", "2025-12-03T06:30:00Z", "--format", "json").stdout)
    assert [2] == [found["count"] for found in report["findings"]]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(["--fail-on", "high"], 0, id="findings below --fail-on"),
        pytest.param(["--fail-on", "medium"], 1, id="findings at --fail-on"),
        pytest.param(["--file", "gone.log"], 2, id="a file that is not there"),
        pytest.param(["payment-refusd"], 2, id="a rule that is not there"),
        pytest.param(["--file", "broken.log.gz"], 3, id="a file that breaks off"),
    ],
)
def test_exit_codes_are_those_of_a_scan(backtest, tmp_path, arguments, code):
    (tmp_path / "broken.log.gz").write_bytes(b"\x1f\x8b\x08\x00")
    assert code == backtest(*arguments).returncode


def test_shipped_rules_have_to_be_named(logscan, tmp_path):
    ended = logscan("rules", "backtest")
    assert (2, "error: no rule is named\nhelp: name rules by their ids, or give a rule file with --rules\n") == (
        ended.returncode,
        ended.stderr,
    )


def test_the_settings_of_scans_hide_nothing(backtest, tmp_path):
    (tmp_path / "logscan.yaml").write_text("min_severity: critical\nformat: ndjson\noutput: report.json\n")
    assert "payment-refused  " in backtest().stdout
