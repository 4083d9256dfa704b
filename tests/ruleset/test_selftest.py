"""Rules are judged by their own lines, through whatever matcher is given."""

from logscan.ruleset import selftest
from logscan.ruleset.model import Rule, RuleModel
from logscan.ruleset.selftest import Verdict


def rule(match, ignore, text="panic"):
    content = {"id": "example", "title": "Example", "severity": "low", "match": {"contains": text}}
    model = RuleModel.model_validate({**content, "tests": {"match": match, "ignore": ignore}})
    return Rule(model, None, "example.yaml", "rules/example.yaml", 4, "Example")


def holds(rule, line):
    return rule.model.match.contains in line


def test_a_sound_rule_has_no_failures():
    assert [] == selftest.run_tests([rule(["a panic"], ["fine"])], holds)


def test_failures_come_in_order_with_their_kind():
    first, second = rule(["fine", "panic", "well"], ["no panic"]), rule(["good"], ["bad"])
    assert [
        (first, "match", "fine"),
        (first, "match", "well"),
        (first, "ignore", "no panic"),
        (second, "match", "good"),
    ] == [(failure.rule, failure.kind, failure.line) for failure in selftest.run_tests([first, second], holds)]


def test_a_failure_names_place_rule_and_line():
    missed, caught = selftest.run_tests([rule(["fi\x1bne"], ["a panic"])], holds)
    assert [
        r"rules/example.yaml:4: example does not match 'fi\x1bne'",
        "  expected: a match",
        "  got:      no match",
    ] == str(missed).splitlines()
    assert [
        "rules/example.yaml:4: example does not ignore 'a panic'",
        "  expected: no match",
        "  got:      a match",
    ] == str(caught).splitlines()


def test_a_pattern_that_takes_too_long_fails_its_tests():
    def hangs(_rule, _line):
        raise TimeoutError

    failures = selftest.run_tests([rule(["panic"], ["fine"])], hangs)
    assert [("match", Verdict.TOO_SLOW), ("ignore", Verdict.TOO_SLOW)] == [(one.kind, one.got) for one in failures]
