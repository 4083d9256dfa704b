"""Rarity: how seldom a literal occurs in ordinary logs, as an estimate in bits.

Owns the estimate alone; which literals are candidates is the literals' business. It decides only
speed, never what matches, so a small table is enough: the words and keys that nearly every line
carries count little, other characters by how often they occur.
"""

from __future__ import annotations

import re

from logscan.matching.words import RAREST, WORD_BITS, without_words, words_of

ENOUGH_BITS = 40.0
"""Beyond this a literal is as good as never seen by chance, and length decides."""

RARE_BITS = 30.0
"""What is at least so rare may be searched for by itself, though more is known to stand behind it."""

_NAME = re.compile(r"\b(?!\w*(?:error|exception))(?:[a-z_]\w*\.)+(?![\w.]*(?:error|exception))(?:[a-z_]\w*)?")
"""A dotted name is that of a logger or a module, which has more to say than trouble."""

_ALL_WORDS = "\n".join(WORD_BITS)
_MOST_NAME_BITS = 8.0

_OTHER_BITS = 6.0
_BITS = {
    **{chr(code): _OTHER_BITS for code in range(128)},
    **dict.fromkeys("etaoinsr", 3.5),
    **dict.fromkeys("lcdumphg", 4.5),
    **dict.fromkeys("fywbvk", 5.5),
    **dict.fromkeys("xjqz", 8.0),
    **dict.fromkeys("0123456789", 3.5),
    " ": 3.0,
    ":": 3.5,
    ".": 4.0,
    "-": 4.0,
    ",": 4.0,
    "_": 5.0,
}


def bits(literal: str) -> float:
    """Estimate how surprising it is to meet `literal` (ASCII, lower case) in a line, up to `ENOUGH_BITS`."""
    if literal in _ALL_WORDS:
        return min(known for word, known in WORD_BITS.items() if literal in word)
    names = _NAME.findall(literal) if "." in literal else ()
    text = _NAME.sub(" ", literal) if names else literal
    return min(sum(map(_name_bits, names)) + _text_bits(text), ENOUGH_BITS)


def _name_bits(name: str) -> float:
    """Where a part of a name stands, there are mostly the others too; and of what a program logs it has a good part."""
    return min(max(map(_word_bits, words_of(name)), default=0.0), _MOST_NAME_BITS)


def _text_bits(text: str) -> float:
    return sum(map(_word_bits, words_of(text))) + _character_bits(without_words(text))


def _word_bits(word: str) -> float:
    """Of words that are not in the table the long ones are rarer, but none is as rare as its letters by chance."""
    known = WORD_BITS.get(word)
    return min(_character_bits(word), RAREST + 0.8 * len(word)) if known is None else known


def _character_bits(text: str) -> float:
    return sum(map(_BITS.__getitem__, text))
