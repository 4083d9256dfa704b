"""Rarity: how seldom a literal occurs in ordinary logs, as an estimate in bits.

Owns the estimate alone; which literals are candidates is the literals' business. It decides only
speed, never what matches, so a small table is enough: the words and keys that nearly every line
carries count little, other characters by how often they occur.
"""

from __future__ import annotations

import re
from functools import cache

ENOUGH_BITS = 40.0
"""Beyond this a literal is as good as never seen by chance, and length decides."""

_WORDS = (
    "timestamp message service container level component logger caller stream stdout stderr http info time user host "
    "path name type data file line msg log lvl get post main module server client start null true false the ing tion "
    "2024 2025 2026 00"
)
_TROUBLED_WORDS = "error warning warn exception failed debug connection request response status traceback"
_WORD_BITS = dict.fromkeys(_WORDS.split(), 3.0) | dict.fromkeys(_TROUBLED_WORDS.split(), 8.0)
_WORD = re.compile("|".join(sorted(_WORD_BITS, key=len, reverse=True)))
_NAME = re.compile(r"\b(?!\w*(?:error|exception))(?:[a-z_]\w*\.)+(?![\w.]*(?:error|exception))[a-z_]\w*")
_NAME_BITS = 30.0
"""A dotted name is that of a logger or a module, which has more to say than trouble."""

_BITS = {
    **dict.fromkeys("etaoinsr", 3.5),
    **dict.fromkeys("lcdumphg", 4.5),
    **dict.fromkeys("fywbvk", 5.5),
    **dict.fromkeys("xjqz", 8.0),
    **dict.fromkeys("0123456789", 3.5),
    " ": 2.5,
    ":": 3.5,
    ".": 4.0,
    "-": 4.0,
    ",": 4.0,
    "_": 5.0,
}
_OTHER_BITS = 6.0


@cache
def bits(literal: str) -> float:
    """Estimate how surprising it is to meet `literal` (lower case) in a line, up to `ENOUGH_BITS`."""
    if part_of := [known for word, known in _WORD_BITS.items() if literal in word]:
        return min(part_of)
    text, names = _NAME.subn(" ", literal)
    known = names * _NAME_BITS + sum(_WORD_BITS[word] for word in _WORD.findall(text))
    return min(known + sum(_BITS.get(character, _OTHER_BITS) for character in _WORD.sub("", text)), ENOUGH_BITS)
