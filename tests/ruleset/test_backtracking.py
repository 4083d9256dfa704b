"""Patterns that a hostile line could keep busy for ever, told by their shape and by lines made for them."""

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from logscan.ruleset.backtracking import MAX_HOSTILE, MAX_POSITIONS, WRONG, hostile_lines, is_ambiguous
from logscan.ruleset.pattern import PatternError, check_pattern, compile_pattern


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+",
        r"(.*)*",
        r"(\w+\s?)*x",
        r"^(\d+|[a-f0-9]+)*$",
        r"(a|ab|b)*c",
        r"(?:a?a)*b",
        r"(a{1,3})*x",
        r"(.*,)*x",
        r"((a|b)+c?)+d",
        r"(x+x+)+y",
        r"(?:\d*?\.?)+:",
        r"(?i:(a|A|Ab)+b*)*",
        r"(?P<part>(?:[a-z]+)*):",
    ],
)
def test_a_loop_that_reads_one_text_in_two_ways_is_ambiguous(pattern):
    assert is_ambiguous(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        r"(\w+\s)*x",
        r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}",
        r'("[^"]*",?)*',
        r"(?:/[^/ ]+)*$",
        r"(?:ab|ac)+",
        r"(ab?)*c",
        r"a+b+",
        r".*x.*",
        r"(?:\d+,)+",
        r"\[[^\]]{1,64}\]",
        r"(?=a+)(?:b(?!c+))+",
        r"(\w)\1+",
        "",
    ],
)
def test_a_loop_whose_turns_tell_apart_is_not(pattern):
    assert not is_ambiguous(pattern)


def test_of_a_very_long_pattern_nothing_is_said():
    assert [True, False] == [is_ambiguous("(a+)+" + "b" * more) for more in (10, MAX_POSITIONS)]


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param(r"(a|a)*b", id="the same branch twice"),
        pytest.param(r"(\w|\d)+!", id="branches that overlap"),
        pytest.param(r"\s+\s+\s+x", id="repeats in a row"),
    ],
)
def test_a_hostile_line_takes_the_engine_longer_than_it_has(pattern):
    compiled = compile_pattern(pattern, sensitive=False)
    line = next(hostile_lines(pattern, 2000))
    with pytest.raises(TimeoutError):
        compiled.search(line, timeout=0.1)


def test_a_hostile_line_leads_to_the_repeat_and_breaks_off():
    assert [f"GET {'a' * 8}{WRONG}GET a;", f"GET a;{'0' * 8}{WRONG}GET a;"] == list(hostile_lines(r"GET [a-z]+;\d*", 8))


def test_a_pattern_without_endless_repeats_has_no_hostile_lines():
    assert [] == list(hostile_lines(r"GET [a-z]{1,8};\d?", 100))


def test_the_lines_of_a_pattern_are_few():
    assert MAX_HOSTILE == len(list(hostile_lines("".join(f"{chr(97 + number)}+;" for number in range(20)), 100)))


PIECES = st.sampled_from(["a", "b", "ab", "[ab]", ".", r"\w", r"\d", "(?:", "(", ")", "|", "*", "+", "?", "{1,3}", "$"])


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join))
def test_any_pattern_can_be_judged(pattern):
    """Whatever compiles gives an answer and lines, and no exception."""
    try:
        check_pattern(pattern)
    except PatternError:
        reject()
    assert is_ambiguous(pattern) == is_ambiguous(f"(?:{pattern})")
    assert all(len(line) >= 50 for line in hostile_lines(pattern, 60))
