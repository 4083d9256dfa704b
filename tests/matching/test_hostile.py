"""Patterns that backtrack without end, and lines made for them: a rule pays for itself, and for no other."""

import time
from pathlib import Path

import pytest

from logscan.matching.matcher import Matcher
from logscan.matching.quarantine import RULE_BUDGET
from logscan.matching.search import SEARCH_TIMEOUT
from logscan.ruleset.loader import load_rules
from tests.matching.making import Ticking, batch, rule

TRACE_RULES = load_rules([Path(__file__).parents[2] / "fixtures" / "traces" / "rules.yaml"], builtin=False)

PATTERN, LINE = r"key (?:a|aa|aaa|aaaa)+$", "key " + "a" * 20_000 + "!"
ONE_SEARCH = f"one search took longer than {SEARCH_TIMEOUT:g} s"
ALL_SEARCHES = f"its searches took longer than {RULE_BUDGET:g} s in all"


def scanned(matcher, *lines):
    """Give the hits as (rule, lines), and the seconds that were computed for them."""
    started = time.thread_time()
    hits = [*matcher.scan(batch(*lines)), *matcher.close()]
    return [(hit.rule.id, [hit.line.text, *hit.continued]) for hit in hits], time.thread_time() - started


def complaints(matcher):
    return [(one.rule.id, one.reason) for one in matcher.quarantined]


HEALTHY = rule({"contains": "disk full"}, id="healthy", multiline={"continue": "^ "})
HEALTHY_HITS = [("healthy", ["disk full", " a"]), ("healthy", ["key disk full", " b"])]


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        pytest.param(PATTERN, LINE, id="alternatives that overlap"),
        pytest.param(r"key (?:a|a)+$", "key " + "a" * 20_000 + "!", id="alternatives that are the same"),
        pytest.param(r"key (?:.*?,){11}P", "key " + "1," * 9000, id="the eleventh column"),
        pytest.param(r"key .*.*=.*x$", "key " + "=" * 120_000, id="dots that share what they match"),
        pytest.param(r"key\s+.*\s+.*\s+end$", "key" + " " * 60_000 + "ends", id="spaces and dots"),
        pytest.param(r"\s+key$", " " * 250_000 + "x key!", id="spaces before an end that is not there"),
        pytest.param(r"key (\w+)\w*\1\w*\1$", "key " + "ab" * 9000 + "!", id="groups that are repeated"),
        pytest.param(r'key "(?:[^"\\]|\\.|\\)*"$', 'key "' + "\\" * 9000, id="a quoted text that does not end"),
    ],
)
def test_a_hostile_pattern_costs_one_search_and_is_set_aside_while_other_rules_find_their_lines(pattern, line):
    matcher = Matcher([rule({"regex": pattern}, id="hostile"), HEALTHY])

    hits, seconds = scanned(matcher, line, "disk full", " a", line, "x", "key disk full", " b", line)

    assert HEALTHY_HITS == hits
    assert [("hostile", ONE_SEARCH)] == complaints(matcher)
    assert seconds < 8 * SEARCH_TIMEOUT  # without a limit it would be hours


@pytest.mark.parametrize(
    ("match", "more", "own"),
    [
        pytest.param({"all": [{"contains": "key a"}], "none": [{"regex": PATTERN}]}, {}, [], id="none"),
        pytest.param({"field": "k", "regex": PATTERN.removeprefix("key ")}, {}, [], id="a field"),
        pytest.param({"contains": "key a"}, {"extract": PATTERN + "(?P<x>)"}, [], id="extract"),
        pytest.param(
            {"contains": "key a"},
            {"extract": PATTERN + "(?P<x>)", "multiline": {"continue": "^never"}},
            [("hostile", [f"k={LINE}"])],
            id="extract of an event, which is a hit without fields",
        ),
        pytest.param(
            {"contains": "start"},
            {"multiline": {"continue": PATTERN}},
            [("hostile", ["start"])],
            id="continue, which ends the event",
        ),
        pytest.param({"contains": "zzz"}, {"related": {"match": {"regex": PATTERN}, "within": "1s"}}, [], id="related"),
    ],
)
def test_a_hostile_pattern_is_set_aside_wherever_it_stands(match, more, own):
    matcher = Matcher([rule(match, id="hostile", **more), HEALTHY])

    field = f'k="{LINE.removeprefix("key ")}"'
    hits, seconds = scanned(
        matcher, "start", f"k={LINE}", field, "disk full", " a", "x", f"k={LINE}", "key disk full", " b"
    )

    assert [*own, *HEALTHY_HITS] == hits
    assert [("hostile", ONE_SEARCH)] == complaints(matcher)
    assert seconds < 8 * SEARCH_TIMEOUT  # without a limit it would be hours


def test_searches_for_what_continues_an_event_are_paid_by_its_rule():
    joined = rule({"contains": "boom"}, id="joined", multiline={"continue": "^ "})
    matcher = Matcher([joined, rule({"contains": "disk full"}, id="other")], clock=Ticking(2.0), wall=Ticking(2.0))

    hits, _ = scanned(matcher, "boom", *map(" {}".format, range(9)), "disk full", "boom")

    assert [("joined", ["boom", " 0", " 1", " 2", " 3", " 4", " 5"]), ("other", ["disk full"])] == hits
    assert [("joined", ALL_SEARCHES)] == complaints(matcher)


def test_long_traces_are_no_slow_rule():
    """Each search by itself is quick; an event has a thousand."""
    joined = rule({"contains": "boom"}, multiline={"continue": "^ "}, extract=r"never (?P<x>\d)")
    matcher = Matcher([joined], clock=Ticking(0.0005), wall=Ticking(0.0005))

    hits, _ = scanned(matcher, *(["boom"] + [" at x"] * 400) * 20)

    assert 20 == len(hits)
    assert [] == complaints(matcher)


HOSTILE_LINES = {
    "letters": "a" * 60_000,
    "spaces": " " * 60_000,
    "dots": "a." * 30_000,
    "calls": "a.b(" * 15_000,
    "quotes": "at '" * 15_000,
    "brackets": "[a] <1> " * 7_500,
    "colons": "Error: " * 8_000,
    "backslashes": "\\" * 60_000,
}


@pytest.mark.parametrize("line", HOSTILE_LINES.values(), ids=HOSTILE_LINES)
def test_rules_for_traces_stand_hostile_lines_as_heads_and_inside_events(line):
    matcher = Matcher(TRACE_RULES)
    heads = [one.model.tests.match[0] for one in TRACE_RULES]

    hits, _ = scanned(matcher, *(text for head in heads for text in (head, line, f"{head} {line}", "x")))

    assert {one.id for one in TRACE_RULES} == {rule_id for rule_id, _ in hits}
    assert [] == complaints(matcher)
