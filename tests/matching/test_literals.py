"""Literals of a rule: which are chosen, and that no matching line can lack all of them."""

import json

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from logscan.matching.literals import rule_literals
from logscan.matching.pattern_literals import pattern_candidates
from tests.matching.making import rule
from tests.matching.writing import COLOURS, WORDS, patterns


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        pytest.param(
            {"contains": 'msg="Dispatcher panic"'}, {"dispatcher panic"}, id="the longest run between unsafe characters"
        ),
        pytest.param(
            {"contains": "Überlauf im Puffer"}, {"berlauf im puffer"}, id="a character beyond ASCII ends a run"
        ),
        pytest.param({"equals": "Out of memory"}, {"out of memory"}, id="equals as it stands"),
        pytest.param({"regex": r"gr[ae]y cat"}, {"gray cat", "grey cat"}, id="a small class is written out"),
        pytest.param(
            {"regex": r"colou?rs run"}, {"colors run", "colours run"}, id="an optional character is written out"
        ),
        pytest.param({"regex": r"(?:abcdefg|hijklmn)+x"}, {"abcdefg", "hijklmn"}, id="a repeat that must occur once"),
        pytest.param(
            {"regex": r"(?:|a|b|c)(?:|d|e)quail(?: 1| 2)"},
            {"quail 1", "quail 2"},
            id="what too many strings end in goes on",
        ),
        pytest.param({"regex": r"(?:zebra\d+|quail)"}, {"zebra", "quail"}, id="every branch gives one"),
        pytest.param({"regex": r"(?:zebra|\d+)"}, None, id="a branch without one leaves none"),
        pytest.param({"regex": r"(?:zebra)*ostrich"}, {"ostrich"}, id="a repeat that need not occur gives nothing"),
        pytest.param({"regex": r"(?=zebra)\w+"}, None, id="a look-ahead gives nothing"),
        pytest.param({"regex": r"(?<!zebra)quail"}, {"quail"}, id="a look-behind gives nothing"),
        pytest.param({"regex": r"\bfailed\b to"}, {"failed to"}, id="anchors do not end a run"),
        pytest.param({"regex": r"(?i:QUAIL)"}, {"quail"}, id="flags of a group that ignore case"),
        pytest.param({"regex": r"(?P<a>\w)(?P=a)"}, None, id="a reference back gives nothing"),
        pytest.param({"regex": r"(?:quail){3}"}, {"quailquailquail"}, id="a fixed repeat is written out"),
        pytest.param({"regex": r"[a-z]{40}"}, None, id="a large class gives nothing"),
        pytest.param({"regex": r"x\d"}, None, id="shorter than three characters"),
        pytest.param(
            {"any": [{"contains": "zebra"}, {"contains": "quail"}]}, {"zebra", "quail"}, id="any is the union"
        ),
        pytest.param({"any": [{"contains": "zebra"}, {"regex": r"\d"}]}, None, id="any with a part without one"),
        pytest.param({"all": [{"contains": "level"}, {"contains": "zebra"}]}, {"zebra"}, id="all is the rarest part"),
        pytest.param({"none": [{"contains": "zebra"}]}, None, id="none gives nothing"),
        pytest.param(
            {"all": [{"contains": "zebra"}], "none": [{"contains": "quail"}]}, {"zebra"}, id="none beside all"
        ),
        pytest.param(
            {"field": "http.status_code", "gte": 500}, {"status_code"}, id="a number gives the last name of its key"
        ),
        pytest.param(
            {"field": "status_code", "equals": 500}, {"status_code"}, id="an equal number gives the name alone"
        ),
        pytest.param(
            {"field": "level", "equals": "zebra crossing"}, {"zebra crossing"}, id="a text value as it stands"
        ),
        pytest.param({"field": "level", "in": ["zebra", 5]}, {"level"}, id="a list with a number gives the name"),
        pytest.param({"field": "zebra", "exists": False}, None, id="a key that must be absent gives nothing"),
    ],
)
def test_literals_of(match, expected):
    assert expected == rule_literals(rule(match).model)


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param(r"\p{L}zebra", id="an escape that only the judge knows"),
        pytest.param(r"(?|zebra|quail)", id="a group that only the judge knows"),
        pytest.param("(?u:zebra)", id="a group that folds letters beyond ASCII"),
        pytest.param("zebra(", id="no pattern at all"),
    ],
)
def test_what_the_parser_does_not_know_gives_nothing(pattern):
    assert [] == pattern_candidates(pattern, len)


def test_a_literal_that_holds_another_one_is_left_out():
    match = {"any": [{"contains": "zebra crossing"}, {"contains": "zebra"}, {"contains": "quail"}]}

    assert {"zebra", "quail"} == rule_literals(rule(match).model)


def test_literals_that_begin_alike_are_searched_for_by_their_beginning():
    assert {"discovery cache is stale ("} == rule_literals(rule({"regex": r"Discovery cache is stale \([0-9]"}).model)
    assert 10 == len(rule_literals(rule({"regex": r"port [0-9]"}).model))


def test_a_long_text_gives_a_literal_of_bounded_length():
    assert {64} == {len(literal) for literal in rule_literals(rule({"contains": "q" * 500}).model)}


@settings(max_examples=400, deadline=None)
@given(
    patterns,
    st.lists(st.sampled_from([*WORDS, *COLOURS, " ", "b", 'abc"', "/abc", '"', "/", "\n"]), max_size=8).map("".join),
)
def test_wherever_a_pattern_matches_one_string_of_every_candidate_occurs(pattern, text):
    if not regex.search(pattern, text, regex.V0 | regex.ASCII | regex.IGNORECASE):
        return
    for literals in pattern_candidates(pattern, lambda candidate: (min(map(len, candidate)),)):
        for written in (text, json.dumps(text, ensure_ascii=True), json.dumps(text, ensure_ascii=False)):
            assert [] != [literal for literal in literals if literal in written.lower()]
