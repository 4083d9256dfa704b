"""`logscan rules explain`: what rules make of a line, and what to do next."""

import subprocess
import sys

import pytest

from logscan.cli.explain_text import window_words
from logscan.ruleset.model import RuleModel
from tests.cli.conftest import environment

RULES = """\
schema: logscan/v1
technology: Shop
where: {service: ["*shop*"]}
rules:
  - id: payment-refused
    title: A payment was refused
    severity: medium
    match: {all: [{regex: 'payment (?P<number>\\d+) refused'}, {none: [{contains: rehearsal}]}]}
    window: {type: event_count, count: 3, within: 5m}
    escalate: [{severity: high, when: {count: 10, within: 1h}}]
    tests: {match: [payment 7 refused], ignore: [payment 7 accepted]}
  - id: payment-failed
    title: A payment failed
    severity: low
    match: {field: status, gte: 500}
    tests: {match: ['{"status": 500}'], ignore: [fine]}
  - id: both
    title: Both
    severity: low
    window: {type: temporal_ordered, rules: [payment-failed, payment-refused], within: 1m}
    scenarios: [{lines: [{at: 0s, line: x}], findings: 0}]
"""


@pytest.fixture
def explain(logscan, tmp_path):
    """Explain a line by the rules above and no others."""
    (tmp_path / "shop.yaml").write_text(RULES, encoding="utf-8")
    return lambda *arguments: logscan("rules", "explain", "--no-builtin", "--rules", "shop.yaml", *arguments)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        pytest.param("fired", ["2025-12-03T06:05:46Z ERROR payment 7 refused"], id="a line that fires"),
        pytest.param("elsewhere", ["--as", "till", "payment 7 refused"], id="from a container that no rule looks at"),
        pytest.param("close", ["--as", "shop", "payment 7 refused in a rehearsal"], id="one that comes close"),
        pytest.param("json", ['{"level":"error","msg":"x","status":200,"at":{"path":"/a"}}'], id="a JSON line"),
        pytest.param("nothing", ["all's well"], id="a line that no rule looks for"),
        pytest.param(
            "tree",
            [
                "--as",
                "shop",
                "--rule",
                "payment-refused",
                "--rule",
                "payment-failed",
                "--rule",
                "both",
                "a payment 7 refused",
            ],
            id="every step of the rules that are named",
        ),
    ],
)
def test_pages(explain, golden, name, arguments):
    ended = explain(*arguments)
    assert (0, "") == (ended.returncode, ended.stderr)
    golden(f"rules-explain-{name}.txt", ended.stdout)


def test_what_is_advised_helps(explain):
    """The name that would select a rule's container does."""
    advised = explain("--as", "till", "payment 7 refused").stdout
    assert "--as shop would select it" in advised
    assert "1 fired, 0 came close" in explain("--as", "shop", "payment 7 refused").stdout


def test_the_line_may_come_from_standard_input(tmp_path):
    (tmp_path / "shop.yaml").write_text(RULES, encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-m", "logscan", "rules", "explain", "--no-builtin", "--rules", "shop.yaml", "-"],
        cwd=tmp_path,
        env=environment(),
        input=b"\n\x1b[31mpayment 7 refused\x1b[0m\r\nanother\n",
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert (b"line:   payment 7 refused", True) == (ended.stdout.splitlines()[0], b"1 fired" in ended.stdout)


def test_foreign_text_reaches_the_terminal_harmless(explain):
    shown = explain("payment 7 refused \x1b]0;owned\x07 \u202e").stdout
    assert (True, False) == (r"\x1b]0;owned\x07 \u202e" in shown, "\x1b" in shown)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        pytest.param([" "], "error: the line is empty", id="an empty line"),
        pytest.param(["--rule", "payment-refusd", "x"], "help: did you mean payment-refused?", id="an unknown rule"),
        pytest.param([], "error: Missing argument 'LINE|-'.", id="no line"),
    ],
)
def test_what_can_not_be_explained_is_2(explain, arguments, error):
    ended = explain(*arguments)
    assert (2, "", True) == (ended.returncode, ended.stdout, error in ended.stderr.splitlines())


def windowed(**keys):
    model = {"id": "r", "title": "T", "severity": "low", "window": keys}
    if keys["type"] in ("temporal_ordered", "ratio"):
        model["scenarios"] = [{"lines": [{"at": "0s", "line": "x"}], "findings": 0}]
    else:
        model |= {"match": {"contains": "x"}, "tests": {"match": ["x"], "ignore": ["y"]}}
    return RuleModel.model_validate(model, strict=False).window


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        pytest.param(
            {"type": "value_count", "field": "ip", "count": 3, "within": "5m"},
            "needs 3 different values of ip within 5m",
            id="value_count",
        ),
        pytest.param(
            {"type": "absence", "for": "35m"}, "fires when none comes for 35m; a hit keeps it silent", id="absence"
        ),
        pytest.param(
            {"type": "spike", "times": 5, "over": "1h", "within": "5m", "min": 20},
            "needs 20 within 5m, and 5 times the average of the 1h before",
            id="spike",
        ),
        pytest.param(
            {"type": "new_value", "field": "ip", "learn": "24h"},
            "fires on a value of ip that was never there, once it has learned for 24h",
            id="new_value",
        ),
        pytest.param(
            {"type": "ratio", "of": "a", "to": "b", "above": 0.05, "within": "5m", "min": 100},
            "needs 100 hits of b within 5m, and more than 0.05 times as many of a",
            id="ratio",
        ),
    ],
)
def test_windows_in_words(keys, words):
    assert words == window_words(windowed(**keys))
