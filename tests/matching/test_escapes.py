"""Escapes that could hide a literal."""

import re

import pytest

from logscan.matching.escapes import HIDING, SAFE, hides_at, revealed, strip_colours


def hiding(text):
    """Give what could hide a literal, as it is searched for."""
    data = text.lower().encode()
    ends = [found.end() for stem in HIDING for found in re.finditer(re.escape(stem.encode()), data)]
    return [end for end in ends if hides_at(text.encode(), end)]


@pytest.mark.parametrize("character", sorted(SAFE), ids=lambda character: f"{ord(character):02x}")
def test_the_escape_of_a_safe_character_is_found_and_undone(character):
    escape = f"\\u{ord(character):04X}"

    assert [True] == [end in {7, 8} for end in hiding("--" + escape)]
    assert 1 == len(hiding(escape))
    assert character in revealed(escape)[1]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(r"\u26a0\ufe0f", id="an emoji"),
        pytest.param(r"caf\u00e9", id="a Latin letter"),
        pytest.param(r"\u003cbr\u003e \u0026", id="what encoders escape for HTML"),
        pytest.param(r"\u005c \u0060 \u007f", id="what is not safe among those that are"),
        pytest.param(r"C:\users\x86", id="a path"),
    ],
)
def test_what_hides_no_literal_is_no_escape(text):
    assert [] == hiding(text)


@pytest.mark.parametrize("escape", [r"\u001B[1m", r"\x1b[1m", r"\x1B[1m", r"\033[1m"])
def test_a_colour_that_is_written_as_an_escape_is_found(escape):
    assert 1 == len(hiding(escape))


@pytest.mark.parametrize(
    "escape", [r"\u003c", r"\u003e", r"\u0026", r"\u0027", r"\u0022", r"\u000a", r"\u0010", r"\u00e9"]
)
def test_what_logs_are_full_of_is_not_even_found(escape):
    assert not any(stem in escape for stem in HIDING)


def test_a_pair_of_backslashes_is_no_escape():
    assert {r"\\u0061"} == set(revealed(r"\\u0061"))


def test_colours_in_the_middle_of_a_word_are_undone():
    assert "panic" in revealed("pa\\u001b[1;31mnic")


def test_colours_are_stripped_and_brackets_stay():
    assert "[error] done" == strip_colours("\x1b[31m[error]\x1b[0m done")
