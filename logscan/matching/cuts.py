"""Cuts: where a literal may end so that searching for all of them together is quick.

Owns that choice, and why. A literal that is cut is found wherever its beginning stands, so this decides speed alone;
whoever finds one looks for the rest.

Hyperscan keeps the last eight characters of all literals in a few tables of a thousand or more. It looks closely at a
place in a text where each pair of characters is one that some ending of a table has there. So many endings let one
place in seven through, and those that are common words are met all the time. The literals are cut one after the
other, each where its ending is rare, and brings the least that is new to the endings of its table.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import accumulate, pairwise
from math import prod
from typing import Final

from logscan.matching.digrams import digram_bits, digram_share, folded
from logscan.matching.rarity import RARE_BITS, bits

TAIL: Final = 8
"""Hyperscan looks at so many characters before it compares a literal. A shorter one stays whole."""

_LONG: Final = 18
"""A beginning is searched for that is so long, or rare: each one that is met in vain costs a callback."""

_CHOICES: Final = 8
_TABLES: Final = 5
_MEETING: Final = 5.0
"""To meet an ending takes so many times as long as to look closely in vain."""

_LEAST_SHARE: Final = 1e-4


def cut(literals: Iterable[str]) -> dict[str, str]:
    """Give of each of `literals` (ASCII, lower case) the beginning that is to be searched for."""
    pieces = {literal: literal for literal in literals}
    choices = {literal: _choices(literal) for literal in pieces if len(literal) >= TAIL}
    endings = _Endings(choices)
    for literal in sorted(choices, key=lambda one: len(choices[one])):
        end = endings.take(literal, choices[literal])
        pieces[literal] = literal[:end]
    return pieces


def _choices(literal: str) -> Sequence[int]:
    """Give the places where a literal may end, those with the rarest pairs of characters before them first."""
    longest = min(len(literal), _LONG)
    shortest = bisect_left(range(longest), RARE_BITS, lo=TAIL, key=lambda end: bits(literal[:end]))
    text = folded(literal)
    sums = [0, *accumulate(map(digram_bits, text, text[1:]))]
    ends = range(len(literal), shortest - 1, -1)
    return sorted(ends, key=lambda end: sums[end - 1] - sums[end - TAIL], reverse=True)[:_CHOICES]


class _Endings:
    """The endings that were taken, divided into tables by their last characters, as Hyperscan does it.

    Of each table and each place in an ending: which pairs of characters stand there, and how much of a text has one.
    """

    def __init__(self, literals: Iterable[str]) -> None:
        last = sorted(literal[-1] for literal in literals)
        self._bounds = [last[len(last) * table // _TABLES] for table in range(1, _TABLES)] if last else []
        self._pairs: list[list[set[tuple[str, str]]]] = [[set() for _ in range(TAIL - 1)] for _ in range(_TABLES)]
        self._bits = cache(bits)  # of this set alone: many end in the same word
        self._shares = [[_LEAST_SHARE] * (TAIL - 1) for _ in range(_TABLES)]

    def take(self, literal: str, ends: Sequence[int]) -> int:
        """Choose the end of a literal that costs the least."""
        end = min(ends, key=lambda end: self._cost(literal[end - TAIL : end]))
        ending = literal[end - TAIL : end]
        table = self._table(ending)
        self._shares[table] = self._with(table, ending)
        for known, pair in zip(self._pairs[table], pairwise(folded(ending)), strict=True):
            known.add(pair)
        return end

    def _cost(self, ending: str) -> float:
        table = self._table(ending)
        let_through: float = prod(self._with(table, ending)) - prod(self._shares[table])
        met: float = 2.0 ** -self._bits(ending)
        return let_through + _MEETING * met

    def _with(self, table: int, ending: str) -> list[float]:
        """Give the shares of a table as they would be with one more ending."""
        shares, pairs = self._shares[table], self._pairs[table]
        return [
            share if pair in known else share + digram_share(*pair)
            for share, known, pair in zip(shares, pairs, pairwise(folded(ending)), strict=True)
        ]

    def _table(self, ending: str) -> int:
        return bisect_right(self._bounds, ending[-1])
