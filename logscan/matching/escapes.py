r"""Escapes: which characters a literal may hold, and what could hide one in the bytes of a log.

Owns the safe characters and the one way in which a JSON or logfmt string may still write them
differently: `\u00XX`, and colour codes in the middle of a word, which the views strip. Programs
hardly ever escape printable ASCII, so such lines are found by literals of their own and searched
again with the escapes undone. Does not own decoding values (views, fields): `revealed` only has to
show every literal that a decoded value holds, and may show more.
"""

from __future__ import annotations

import re

ESC = "\x1b"

SAFE = frozenset(map(chr, range(0x20, 0x7F))) - frozenset("\"\\/<>&'+=`")
"""Printable ASCII less what some JSON encoder escapes by itself: Go's and .NET's write `\\u003c` or
`\\u0027` for HTML's sake, PHP's a slash as `\\/`."""

HIDING: tuple[str, ...] = (
    *(f"\\u00{ord(character):02x}" for character in sorted(SAFE)),
    "\\u001b",  # JSON
    "\\x1b[",  # Go's %q, in logfmt
    "\\033[",
)
"""Literals of whatever could hide a literal. Searched without regard to case, so `\\u004A` is among them.

`ESC` itself, left by what was no colour to framing, is one character: among the literals it would slow all of them
down, so whoever searches for these looks for it too.
"""

_COLOUR = re.compile(r"\x1b\[[0-9;:?]*[A-Za-z]")
# A pair of backslashes is taken first, so that the text `\\u0061` in a JSON string stays as it is.
_ESCAPE = re.compile(r"\\(?:\\|u00([0-7][0-9A-Fa-f])|(x1[bB]|033))")
_HIDES = re.compile(r"\\(?:u00|x1[bB]|033)")


def strip_colours(text: str) -> str:
    """Remove colour and cursor codes (CSI sequences), as terminals would."""
    return _COLOUR.sub("", text) if ESC in text else text


def hides(text: str) -> bool:
    """Tell whether there is anything in a line that could hide a literal."""
    return ESC in text or _HIDES.search(text) is not None


def revealed(text: str) -> tuple[str, ...]:
    """Give the forms of a line in which no escape hides a literal from a search."""
    plain = _ESCAPE.sub(_undo, text)
    return text, plain, strip_colours(plain)


def _undo(escape: re.Match[str]) -> str:
    if escape[1]:
        return chr(int(escape[1], 16))
    return ESC if escape[2] else escape[0]
