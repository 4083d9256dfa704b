"""What is allowed in a rule and yet not good."""

import pytest

from logscan.ruleset.lint import Weight, check_rules
from logscan.ruleset.model import Rule, RuleModel

SOUND = {
    "id": "example",
    "title": "Example",
    "severity": "low",
    "match": {"contains": "panic"},
    "why": "It died.",
    "advice": "Restart it.",
    "tests": {"match": ["panic"], "ignore": ["fine"]},
}


def rule(**changes):
    model = RuleModel.model_validate({**SOUND, **changes})
    return Rule(model, None, "example.yaml", "rules/example.yaml", 4, "Example")


def test_a_sound_rule_has_no_warnings():
    grouped = rule(
        match={"all": [{"regex": "(?P<code>E\\d+)"}, {"any": [{"regex": "(?P<path>/\\S+)"}]}]},
        extract="by (?P<who>\\w+)",
        group_by=["code", "path", "who", "container"],
    )
    assert [] == check_rules([rule(), grouped], slow_lane=())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"why": None}, "has no `why`", id="why missing"),
        pytest.param({"advice": ""}, "has no `advice`", id="advice empty"),
        pytest.param({"extract": "by (\\w+)"}, "extracts nothing: `extract` has no named group", id="no named group"),
        pytest.param(
            {"tests": {"match": ["panic", "panic"], "ignore": ["fine"]}}, "tests 'panic' 2 times", id="line twice"
        ),
        pytest.param(
            {"tests": {"match": ["panic"], "ignore": ["panic"]}}, "must both match and ignore 'panic'", id="both lists"
        ),
    ],
)
def test_a_warning(changes, message):
    (warning,) = check_rules([rule(**changes)], slow_lane=())
    assert (Weight.WARNING, f"example {message}") == (warning.weight, warning.message)


def test_a_rule_of_the_slow_lane_is_told():
    (warning,) = check_rules([rule(), rule(id="other")], slow_lane={"other"})
    assert "other has no text to search for, so it is tried on every line" == warning.message


def test_a_group_that_only_a_key_can_give_is_a_note():
    hidden = rule(match={"all": [{"contains": "x"}], "none": [{"regex": "(?P<code>E\\d+)"}]}, group_by="code")
    (note,) = check_rules([hidden], slow_lane=())
    assert (Weight.NOTE, "example groups by `code`, which no named group gives") == (note.weight, note.message)


def test_a_warning_reads_with_place_weight_and_help():
    (warning,) = check_rules([rule(advice=None)], slow_lane=())
    assert "rules/example.yaml:4: warning: example has no `advice`\n  help: say what to do about it" == str(warning)
