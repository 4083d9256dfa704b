"""The gate to the terminal: nothing that steers or hides gets out, nothing visible is lost."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logscan.safe_text import safe_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m", id="colour"),
        pytest.param("\x1b]0;title\x07x", r"\x1b]0;title\x07x", id="window title"),
        pytest.param("\x1b]8;;http://evil\x1b\\x", r"\x1b]8;;http://evil\x1b\x", id="hyperlink"),
        pytest.param("\x1b]52;c;aGk=\x07", r"\x1b]52;c;aGk=\x07", id="clipboard"),
        pytest.param("\x1b[2J\x1b[H", r"\x1b[2J\x1b[H", id="clear screen"),
        pytest.param("\x9b31m", r"\x9b31m", id="C1 control sequence"),
        pytest.param("ok\rFAKE", r"ok\rFAKE", id="carriage return"),
        pytest.param("a\nb", r"a\nb", id="newline"),
        pytest.param("a\x00b\x7f", r"a\x00b\x7f", id="nul and delete"),
        pytest.param("user\u202egnp.exe", r"user\u202egnp.exe", id="right-to-left override"),
        pytest.param("\u2066a\u2069\u200e\u061c", r"\u2066a\u2069\u200e\u061c", id="bidi isolates and marks"),
        pytest.param("a\u2028b\u2029c\x85d", r"a\u2028b\u2029c\x85d", id="line separators"),
        pytest.param("zero\u200bwidth\ufeff", r"zero\u200bwidth\ufeff", id="zero width"),
        pytest.param("\U000e0041\U000e0100", r"\U000e0041\U000e0100", id="tag and smuggling selector"),
        pytest.param("\ufff9a\ufffb", r"\ufff9a\ufffb", id="interlinear annotation"),
        pytest.param("\ud800", r"\ud800", id="lone surrogate"),
    ],
)
def test_steering_and_hiding_characters_are_shown(text: str, shown: str) -> None:
    assert shown == safe_text(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("plain text, with a\ttab", id="tab"),
        pytest.param("⚠️ Discovery cache is stale ✅ 🔄", id="emoji with variation selector"),
        pytest.param("naïve cafe\u0301 Überlänge", id="accents, combined and composed"),
        pytest.param("容器 コンテナ 컨테이너", id="CJK"),
        pytest.param("שלום مرحبا", id="right-to-left letters without controls"),
        pytest.param(r"C:\new\x1b is only text", id="backslashes"),
        pytest.param("[/bold] [red]", id="markup"),
        pytest.param("", id="empty"),
    ],
)
def test_visible_text_stays_as_it_is(text: str) -> None:
    assert text == safe_text(text)


def test_every_control_format_separator_and_surrogate_code_point_is_shown() -> None:
    hostile = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    characters = (chr(code) for code in range(sys.maxunicode + 1))
    passed = [c for c in characters if c != "\t" and unicodedata.category(c) in hostile and safe_text(c) == c]
    assert not passed


def test_every_letter_number_and_symbol_code_point_stays_except_invisible_fillers() -> None:
    fillers = {0x115F, 0x1160, 0x3164, 0xFFA0, 0x2800}
    characters = (chr(code) for code in range(sys.maxunicode + 1) if code not in fillers)
    lost = [c for c in characters if unicodedata.category(c)[0] in "LNPS" and safe_text(c) != c]
    assert not lost


@given(st.text())
def test_safe_text_is_printable_and_stable(text: str) -> None:
    safe = safe_text(text)
    assert not [c for c in safe if c != "\t" and unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}]
    assert safe == safe_text(safe)
