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

_OFTEN_ESCAPED = 0x40
"""Below this the characters lie that encoders escape by themselves; above it nearly all are safe."""

HIDING: tuple[str, ...] = (
    *(f"\\u00{ord(character):02x}" for character in sorted(SAFE) if ord(character) < _OFTEN_ESCAPED),
    *(f"\\u00{digit}" for digit in "4567"),
    "\\u001b",  # JSON
    "\\x1b[",  # Go's %q, in logfmt
    "\\033[",
)
r"""What could hide a literal, or how it begins: `hides_at` looks at the rest. The fewer, the quicker the search.

Searched without regard to case, so `\u004A` is found. Whole where a beginning would be found in each line of a web
server that writes JSON, such as that of `\u003c`.

`ESC` itself, left by what was no colour to framing, is one character: among the literals it would slow all of them
down, so whoever searches for these looks for it too.
"""

_LONGEST = 6
_WHOLE = re.compile(
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
    """Tell whether one of `HIDING` that was found up to `end` is the beginning of what could hide a literal."""
    return _WHOLE.match(text, text.rfind(b"\\", max(end - _LONGEST, 0), end)) is not None


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
