"""Escapes that could hide a literal."""

import pytest

from logscan.matching.escapes import HIDING, SAFE, revealed, strip_colours


@pytest.mark.parametrize("character", sorted(SAFE), ids=lambda character: f"{ord(character):02x}")
def test_the_escape_of_a_safe_character_is_found_and_undone(character):
    escape = f"\\u{ord(character):04X}"

    assert escape.lower() in HIDING
    assert character in revealed(escape)[1]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(r"\u26a0\ufe0f", id="an emoji"),
        pytest.param(r"caf\u00e9", id="a Latin letter"),
        pytest.param(r"\u003cbr\u003e \u0026", id="what encoders escape for HTML"),
        pytest.param(r"C:\users\x86", id="a path"),
    ],
)
def test_what_hides_no_literal_is_no_escape(text):
    assert [] == [escape for escape in HIDING if escape in text.lower()]


def test_a_pair_of_backslashes_is_no_escape():
    assert {r"\\u0061"} == set(revealed(r"\\u0061"))


def test_colours_in_the_middle_of_a_word_are_undone():
    assert "panic" in revealed("pa\\u001b[1;31mnic")


def test_colours_are_stripped_and_brackets_stay():
    assert "[error] done" == strip_colours("\x1b[31m[error]\x1b[0m done")
