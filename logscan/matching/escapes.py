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

HIDING: tuple[str, ...] = (*(f"\\u00{digit}" for digit in "1234567"), "\\x1b[", "\\033[")
r"""Beginnings of whatever could hide a literal: `\u00XX`, and ESC as JSON, Go's %q and others write it.

Searched without regard to case, so `\u004A` begins with one of them; `hides_at` looks at the rest. That they are few,
and all of five characters, makes the search quick: one for each safe character would take half as long again.

`ESC` itself, left by what was no colour to framing, is one character: among the literals it would slow all of them
down, so whoever searches for these looks for it too.
"""

_HIDING_BYTES = 5
_HIDING_WHOLE = re.compile(
    rb"\\(?:u00(?:1b|%b)|x1b\[|033\[)" % b"|".join(b"%02x" % ord(character) for character in sorted(SAFE)),
    re.IGNORECASE,
)

_COLOUR = re.compile(r"\x1b\[[0-9;:?]*[A-Za-z]")
# A pair of backslashes is taken first, so that the text `\\u0061` in a JSON string stays as it is.
_ESCAPE = re.compile(r"\\(?:\\|u00([0-7][0-9A-Fa-f])|(x1[bB]|033))")
_HIDES = re.compile(r"\\(?:u00|x1[bB]|033)")


def strip_colours(text: str) -> str:
    """Remove colour and cursor codes (CSI sequences), as terminals would."""
    return _COLOUR.sub("", text) if ESC in text else text


def hides_at(text: bytes, end: int) -> bool:
    """Tell whether what begins with one of `HIDING`, which was found up to `end`, could hide a literal."""
    return _HIDING_WHOLE.match(text, end - _HIDING_BYTES) is not None


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
