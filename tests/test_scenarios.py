"""Scenarios are played as a scan would see them, and only the findings of their own rule count."""

import pytest

from logscan.ruleset.model import Rule, RuleFile
from logscan.scenarios import run_scenarios


def rules(*models, where=None):
    """Rules of one file; what is not said is made up."""
    judged = {"match": {"contains": "boom"}, "tests": {"match": ["boom"], "ignore": ["calm"]}}
    whole = [
        {"id": "boom", "title": "Boom", "severity": "low", **({} if model.get("id") == "both" else judged), **model}
        for model in models
    ]
    file = RuleFile.model_validate(
        {"schema": "logscan/v1", "technology": "T", "where": where, "rules": whole}, strict=False
    )
    return [
        Rule(model, model.where or file.where, "t.yaml", "rules/t.yaml", line, "T")
        for line, model in enumerate(file.rules, start=1)
    ]


def line(at, text="boom", **more):
    return {"at": at, "line": text, **more}


def by(name):
    return {"as": name}


def failures(findings, *lines, where=None, **model):
    return run_scenarios(rules({**model, "scenarios": [{"lines": list(lines), "findings": findings}]}, where=where))


@pytest.mark.parametrize(
    "findings",
    [
        pytest.param(1, id="so many"),
        pytest.param([{}], id="any finding"),
        pytest.param([{"severity": "low"}], id="a severity"),
        pytest.param([{"count": 2}], id="a count"),
        pytest.param([{"severity": "low", "count": 2}], id="both"),
    ],
)
def test_what_is_expected_and_comes_is_no_failure(findings):
    assert [] == failures(findings, line("0s"), line("30s"))


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        pytest.param(0, "no finding", id="none"),
        pytest.param([], "no finding", id="an empty list"),
        pytest.param(2, "2 findings", id="another number"),
        pytest.param([{"severity": "high"}], "1 finding (high)", id="another severity"),
        pytest.param([{"count": 3}], "1 finding (any severity, count 3)", id="another count"),
        pytest.param([{}, {}], "2 findings (any severity; any severity)", id="more than come"),
    ],
)
def test_a_failure_tells_both_sides(findings, expected):
    (failure,) = failures(findings, line("0s"), line("30s"))
    assert [
        "rules/t.yaml:1: boom: scenario 1 failed",
        f"  expected: {expected}",
        "  got:      1 finding (low, count 2)",
    ] == str(failure).splitlines()


def test_the_number_of_a_failure_counts_scenarios():
    good, bad = ({"lines": [line("0s")], "findings": number} for number in (1, 0))
    assert [2, 4] == [one.number for one in run_scenarios(rules({"scenarios": [good, bad, good, bad]}))]


def test_findings_are_compared_in_any_order_and_each_once():
    """The finding that two wishes fit goes to the one that nothing else can fill."""
    groups = [line(f"{at}s", f"boom {who}") for at, who in enumerate("aabbb")]
    extract = {"extract": "boom (?P<who>\\w)", "group_by": ["who"]}
    assert [] == failures([{"severity": "low"}, {"count": 3}], *groups, **extract)
    assert [] == failures([{"count": 3}, {"count": 2}], *groups, **extract)
    assert 1 == len(failures([{"count": 3}, {"count": 3}], *groups, **extract))


def test_windows_run_on_the_times_of_the_lines():
    window = {"window": {"type": "event_count", "count": 3, "within": "5m"}}
    assert [] == failures([{"count": 3}], line("0s"), line("1m"), line("4m59s"), **window)
    assert [] == failures([], line("0s"), line("1m"), line("5m"), **window)


def test_the_findings_of_other_rules_do_not_count():
    scenario = {"lines": [line("0s", "boom bang")], "findings": 1}
    assert [] == run_scenarios(rules({"id": "bang", "match": {"contains": "bang"}}, {"scenarios": [scenario]}))


@pytest.mark.parametrize(
    "where",
    [
        pytest.param(None, id="nobody in particular"),
        pytest.param({"service": ["*shop*"]}, id="a service"),
        pytest.param({"image": ["shop*", "*/shop"]}, id="an image"),
        pytest.param({"project": ["store-?"]}, id="a project"),
        pytest.param({"label": ["tier=back*"]}, id="a label"),
        pytest.param({"service": ["[ab]*"]}, id="a name that can't be made up"),
    ],
)
def test_lines_without_a_name_come_from_a_container_that_the_rule_looks_at(where):
    assert [] == failures(1, line("0s"), where=where)


def test_lines_with_a_name_come_from_that_container():
    where = {"service": ["*shop*"]}
    assert (
        [] == failures(1, line("0s", **by("eshop")), where=where) == failures(0, line("0s", **by("till")), where=where)
    )


def test_containers_with_a_name_are_findings_of_their_own():
    assert [] == failures(2, line("0s", **by("a")), line("1s", **by("b")), line("2s", **by("a")))


def test_lines_are_on_the_stream_that_they_say():
    where = {"stream": "stderr"}
    assert [] == failures([{"count": 1}], line("0s"), line("1s", stream="stderr"), where=where)


def test_a_text_of_several_lines_is_printed_as_several():
    assert [] == failures([{"count": 2}], line("0s", "boom\ncalm\nboom"))


def test_rules_beside_take_part_and_are_not_judged():
    (judged,) = rules({"id": "judged", "scenarios": [{"lines": [line("0s", "bang boom")], "findings": 1}]})
    (beside,) = rules({"id": "bang", "scenarios": [{"lines": [line("0s")], "findings": 7}]})
    assert [] == run_scenarios([judged], beside=[beside])


BANG = {"id": "bang", "match": {"contains": "bang"}, "tests": {"match": ["bang"], "ignore": ["x"]}}


def test_rules_that_combine_others_see_their_hits():
    window = {"type": "temporal_ordered", "rules": ["boom", "bang"], "within": "1m"}
    scenarios = [
        {"lines": [line("0s"), line("59s", "bang")], "findings": 1},
        {"lines": [line("0s"), line("60s", "bang")], "findings": 0},
        {"lines": [line("0s", "bang"), line("1s")], "findings": 0},
    ]
    assert [] == run_scenarios(rules({}, BANG, {"id": "both", "window": window, "scenarios": scenarios}))


def test_silence_is_judged_up_to_the_last_line():
    window = {"window": {"type": "absence", "for": "35m"}}
    assert [] == failures(1, line("0s"), line("35m", "calm"), **window)
    assert [] == failures(0, line("0s"), line("34m", "calm"), **window)
    assert [] == failures(1, line("35m", "calm"), **window)


def test_lines_of_a_rule_on_events_are_events():
    assert [] == failures([{"count": 1}], line("0s", '{"action": "boom"}'), input="event")
