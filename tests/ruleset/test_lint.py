"""What is allowed in a rule and yet not good."""

import pytest

from logscan.matching.matcher import Matcher
from logscan.ruleset import lint
from logscan.ruleset.model import Rule, RuleModel, Where
from logscan.ruleset.warning import Weight

SOUND = {
    "id": "example",
    "title": "Example",
    "severity": "low",
    "match": {"contains": "kernel panic"},
    "why": "It died.",
    "advice": "Restart it.",
    "tests": {"match": ["kernel panic"], "ignore": ["kernel started"]},
}
SCENARIO = {"lines": [{"at": "0s", "line": "kernel panic"}], "findings": 0}
THRICE = {"type": "event_count", "count": 3, "within": "5m"}


def rule(line=4, path="rules/example.yaml", where=None, **changes):
    model = RuleModel.model_validate({**SOUND, **changes})
    return Rule(model, where, "example.yaml", path, line, "Example")


def matches(rule, line):
    return Matcher([rule]).matches(rule, line)


def check_rules(rules, slow_lane=(), *, takes_long=lambda pattern, line: False):
    return lint.check_rules(rules, slow_lane, matches=matches, takes_long=takes_long)


def test_a_sound_rule_has_no_warnings():
    grouped = rule(
        id="grouped",
        title="Example of ${who} at ${path}",
        match={"all": [{"regex": "(?P<code>E\\d+)"}, {"any": [{"regex": "(?P<path>/\\S+)"}]}]},
        extract="by (?P<who>\\w+)",
        group_by=["code", "path", "who", "container"],
    )
    assert [] == check_rules([rule(), grouped], slow_lane=())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"window": THRICE}, "has a window and no `scenarios`", id="window without scenarios"),
        pytest.param({"title": "${wh} died"}, "names ${wh} in its title, which it never has", id="unknown in title"),
        pytest.param(
            {"extract": "(?P<who>.*) died", "group_by": "who"},
            "groups by `who`, which takes any text, so whoever writes the line may make findings without end",
            id="group of any text",
        ),
        pytest.param(
            {"match": {"regex": "^.*kernel panic"}},
            "has a pattern in `match` that begins with any text: ^.*kernel panic",
            id="begins with any text",
        ),
        pytest.param(
            {"match": {"all": [{"any": [{"field": "msg", "regex": "kernel panic.+?$"}]}]}},
            "has a pattern in `match` that ends with any text: kernel panic.+?$",
            id="ends with any text",
        ),
        pytest.param(
            {"match": {"regex": "kernel (\\w+ ?)*!"}},
            "has a loop in `match` that can read one text in several ways: kernel (\\w+ ?)*!",
            id="ambiguous match",
        ),
        pytest.param(
            {"multiline": {"continue": "^( +at)*( *)+$"}},
            "has a loop in `continue` that can read one text in several ways: ^( +at)*( *)+$",
            id="ambiguous continuation",
        ),
        pytest.param(
            {"related": {"match": {"none": [{"regex": "(x+x+)+y"}]}, "within": "2s"}},
            "has a loop in `related` that can read one text in several ways: (x+x+)+y",
            id="ambiguous related",
        ),
        pytest.param({"why": None}, "has no `why`", id="why missing"),
        pytest.param({"advice": ""}, "has no `advice`", id="advice empty"),
        pytest.param({"extract": "by (\\w+)"}, "extracts nothing: `extract` has no named group", id="no named group"),
        pytest.param(
            {"tests": {"match": ["panic", "panic"], "ignore": ["no panic"]}}, "tests 'panic' 2 times", id="line twice"
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
    (warning,) = check_rules([rule(id="other")], slow_lane={"other"})
    assert "other has no text to search for, so it is tried on every line" == warning.message


def test_a_group_that_only_a_key_can_give_is_a_note():
    hidden = rule(match={"all": [{"contains": "x"}], "none": [{"regex": "(?P<code>E\\d+)"}]}, group_by="code")
    (note,) = check_rules([hidden], slow_lane=())
    assert (Weight.NOTE, "example groups by `code`, which no named group gives") == (note.weight, note.message)


def test_a_warning_reads_with_place_weight_and_help():
    (warning,) = check_rules([rule(advice=None)], slow_lane=())
    assert "rules/example.yaml:4: warning: example has no `advice`\n  help: say what to do about it" == str(warning)


def test_a_title_may_name_what_groups_and_keys_give():
    (note,) = check_rules([rule(title="${host} lost ${container}", group_by=["host", "container"])])
    assert Weight.NOTE == note.weight


def test_an_extract_may_take_the_rest_of_the_line():
    assert [] == check_rules([rule(extract="panic: (?P<reason>.*)")])


def test_tests_without_a_near_miss_are_a_note():
    (note,) = check_rules([rule(tests={"match": ["kernel panic"], "ignore": ["all is well"]})])
    assert (Weight.NOTE, "example ignores no line that comes near to one that it matches") == (
        note.weight,
        note.message,
    )


def test_a_field_that_is_counted_by_and_given_by_no_group_is_a_note():
    window = {"type": "value_count", "field": "user", "count": 3, "within": "5m"}
    (note,) = check_rules([rule(window=window, scenarios=[SCENARIO])])
    assert (Weight.NOTE, "example counts by `user`, which no named group gives") == (note.weight, note.message)


def test_a_rule_that_combines_others_is_asked_for_no_lines():
    said = {key: SOUND[key] for key in ("id", "title", "severity", "why", "advice")}
    window = {"type": "ratio", "of": "a", "to": "b", "above": 0.1, "within": "5m", "min": 2}
    model = RuleModel.model_validate({**said, "window": window, "scenarios": [SCENARIO], "group_by": "till"})
    assert [] == check_rules([rule(), Rule(model, None, "example.yaml", "rules/example.yaml", 9, "Example")])


@pytest.mark.parametrize(
    ("changes", "where", "told"),
    [
        pytest.param({}, None, True, id="the same twice"),
        pytest.param({}, Where(service=("web",)), False, id="elsewhere"),
        pytest.param({"match": {"contains": "kernel panics"}}, None, False, id="other text"),
        pytest.param({"window": THRICE, "scenarios": [SCENARIO]}, None, False, id="other window"),
        pytest.param({"group_by": "container"}, None, False, id="other groups"),
        pytest.param({"input": "event"}, None, False, id="other input"),
    ],
)
def test_two_rules_for_the_same_lines_are_told_once(changes, where, told):
    tests = {"match": ["kernel panics"], "ignore": ["kernel runs"]}
    second = rule(id="second", path="rules/other.yaml", where=where, tests=tests, **changes)
    assert ["second matches the same lines as example, rules/example.yaml:4"] * told == [
        warning.message for warning in check_rules([rule(), second])
    ]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        pytest.param({}, True, id="all of its lines"),
        pytest.param(
            {"tests": {"match": ["kernel panic: fs", "kernel oops: fs"], "ignore": ["kernel"]}}, False, id="some"
        ),
        pytest.param({"instead_of": ["example"]}, False, id="in its place"),
        pytest.param({"path": "rules/other.yaml"}, False, id="other file"),
    ],
)
def test_a_rule_in_the_shadow_of_an_earlier_one_is_told(changes, told):
    second = {
        "id": "second",
        "match": {"any": [{"contains": "panic: fs"}, {"contains": "oops: fs"}]},
        "tests": {"match": ["kernel panic: fs"], "ignore": ["kernel panic: memory"]},
        **changes,
    }
    expected = ["second matches nothing that example does not match already, as far as its tests tell"]
    assert expected * told == [warning.message for warning in check_rules([rule(), rule(**second)])]


def test_a_rule_that_takes_too_long_casts_no_shadow():
    def endless(rule, line):
        raise TimeoutError

    second = rule(id="second", match={"contains": "panic"})
    assert [] == lint.check_rules([rule(), second], (), matches=endless, takes_long=lambda pattern, line: False)


def test_a_pattern_over_which_a_hostile_line_takes_long_is_told_with_the_clock_of_the_caller():
    tried = []

    def takes_long(pattern, line):
        tried.append(line)
        return pattern.startswith("slow")

    patterns = [{"regex": "slow\\s+\\s+x"}, {"regex": "fast \\d+ x"}]
    (warning,) = check_rules([rule(match={"all": patterns})], takes_long=takes_long)
    assert "example has a pattern in `match` over which a hostile line takes too long: slow\\s+\\s+x" == warning.message
    assert all(len(line) >= lint.HOSTILE_LENGTH for line in tried)


def test_a_long_pattern_is_cut_in_the_warning():
    (warning,) = check_rules([rule(match={"regex": "kernel panic" * 20 + ".*"})])
    assert ("…", True) == (warning.message[-1], len(warning.message) < 160)
