"""Sightings: hits of which no line is made, since they only have to be counted."""

import pytest

from logscan.matching.hit import Hit
from logscan.matching.matcher import Matcher
from tests.matching.making import batch, marked, rule

LOOK = {"contains": "disk full"}


@pytest.mark.parametrize(
    ("rules", "lines", "expected"),
    [
        pytest.param([rule(LOOK)], ["a Disk Full", "b"], [("tested", 2, 11)], id="a text"),
        pytest.param(
            [rule({"any": [LOOK, {"contains": "no room"}]})], ["no room"], [("tested", 0, 7)], id="one of two"
        ),
        pytest.param(
            [rule({"regex": r"disk full \d"})], ["disk full 7", "disk full"], [("tested", 0, 11)], id="a pattern"
        ),
        pytest.param([rule(LOOK, where={"level": ["error"]})], ["INFO disk full"], [], id="a level"),
        pytest.param([rule({**LOOK, "case": "sensitive"})], ["Disk full"], [], id="case"),
        pytest.param([rule({"any": [LOOK], "none": [{"contains": "test"}]})], ["a test: disk full"], [], id="none"),
        pytest.param([rule({"any": [LOOK], "all": [{"contains": "really"}]})], ["disk full"], [], id="all"),
        pytest.param([rule({"contains": "disk full\r"})], [b"disk full\r"], [], id="the end of a line"),
        pytest.param([rule(LOOK, extract=r"on (?P<dev>\w+)")], ["disk full on sda"], [("tested", 0, 9)], id="extract"),
        pytest.param(
            [rule({"regex": "disk full on (?P<dev>sd.)"})],
            ["disk full on sda"],
            [("tested", 0, 16)],
            id="a named group",
        ),
        pytest.param(
            [rule({"any": [LOOK, {"regex": r"disk full (?P<number>\d)"}]})],
            ["disk full 7"],
            [("tested", 0, 9)],
            id="a named group beside a text",
        ),
        pytest.param(
            [rule(LOOK, group_by=["level"])], ["level=x disk full"], [("tested", 8, 17)], id="what it is grouped by"
        ),
        pytest.param(
            [rule(LOOK), rule({"contains": "sda"}, id="other", instead_of=["tested"])],
            ["disk full on sda"],
            [("other", 13, 16)],
            id="another rule's literal on the line",
        ),
        pytest.param(
            [rule(LOOK), rule({"regex": "disk full$"}, id="other", instead_of=["tested"])],
            ["disk full"],
            [("other", 0, 9)],
            id="another rule of the same literal",
        ),
        pytest.param(
            [rule(LOOK), rule({"regex": r"^\S+ \S+$"}, id="other", instead_of=["tested"])],
            ["disk full"],
            [("other", 0, 9)],
            id="a rule without a literal",
        ),
        pytest.param(
            [rule(LOOK), rule(LOOK, id="other", related={"match": {"contains": "boom"}, "within": "1m"})],
            ["boom"],
            [("other", 0, 4)],
            id="a related line",
        ),
    ],
)
def test_sightings_are_what_a_scan_finds(rules, lines, expected):
    matcher, piece = Matcher(rules, counted=frozenset(rules)), batch(*lines)
    found = matcher.survey(piece)
    made = [one if isinstance(one, Hit) else matcher.hit(one, piece.line(one.start, one.end)) for one in found]
    assert list(Matcher(rules).scan(piece)) == made
    assert expected == [(hit.rule.id, hit.start, hit.end) for hit in made]
    assert all(one.aside == isinstance(one, Hit) for one in found)


def test_a_rule_that_joins_lines_has_no_sightings():
    joining = rule(LOOK, multiline={"continue": "^ "})
    matcher = Matcher([joining], counted=frozenset([joining]))
    found = [*matcher.survey(batch("disk full", " on sda", "x"))]
    assert [(" on sda",)] == [hit.continued for hit in found]


def test_what_stands_before_a_line_is_not_searched():
    stamped = rule({"contains": "1234567"})
    matcher = Matcher([stamped], counted=frozenset([stamped]))
    assert [] == matcher.survey(marked("O 1234567 hello"))
    assert ["1234567"] == [hit.line.text for hit in matcher.survey(marked("O 1234567 1234567"))]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("needle but no thread", id="a line"),
        pytest.param('{"msg": "needle but no thread"}', id="a JSON line"),
    ],
)
def test_a_simple_rule_is_asked_once_about_a_line(line, monkeypatch):
    searched = []
    monkeypatch.setattr("logscan.matching.confirm.search", lambda pattern, text: searched.append(text))
    simple = rule({"regex": r"needle \d"})
    assert [] == Matcher([simple], counted=frozenset([simple])).survey(batch(line))
    assert len(set(searched)) == len(searched) > 0


def test_a_simple_rule_looks_into_the_message_of_a_json_line():
    simple = rule({"regex": r"needle\t\d"})
    matcher = Matcher([simple], counted=frozenset([simple]))
    (found,) = matcher.survey(batch('{"msg": "needle\\t7"}'))
    assert (0, 0) == (found.evidence.start, found.evidence.end)
