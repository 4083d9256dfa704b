"""Backtracking: patterns that a hostile line could keep busy for ever.

Owns two looks. The first is at the shape alone: a pattern in whose loop one text can be read in two
ways doubles the work with each character, `(a+)+` being the plainest. The second gives lines that are
hard on a pattern; trying them is left to the caller, who has a clock.

The shape is judged on the positions of a pattern: each place for a character is a position, and has
others that may follow it. A loop is ambiguous when two different walks through it take the same
characters from a position back to itself; this shows where two walks are followed at once, as in Weber
and Seidl, "On the degree of ambiguity of finite automata" (1991). What looks around is passed over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from logscan.ruleset.pattern_tree import (
    ATOMIC,
    REPEATS,
    UNBOUNDED,
    Characters,
    Tree,
    characters,
    codes,
    nodes_of,
    parse,
    parts_of,
    sample,
)

MAX_POSITIONS = 300
"""Of longer patterns nothing is said, since the work grows with the square."""

MAX_HOSTILE = 12
"""So many lines are made of one pattern."""

WRONG = "\x01"
"""Breaks a hostile line off: hardly any pattern asks for it, so one that wants something there has to look back."""

_COPIES = 3
"""A part that repeats a few times is written out; three copies show all that two loops can do."""

_ZERO_WIDE = (codes.AT, codes.ASSERT, codes.ASSERT_NOT)


def is_ambiguous(pattern: str) -> bool:
    """Tell whether one text can be read in two ways by a loop of `pattern`."""
    tree = parse(pattern)
    if any(code in ATOMIC for code, _ in nodes_of(tree)):
        return False  # what is atomic gives nothing back, which positions don't show
    try:
        graph = _Positions()
        graph.read(tree)
    except _TooLongError:
        return False
    return any(graph.has_two_walks(loop) for loop in graph.loops())


def hostile_lines(pattern: str, length: int) -> Iterator[str]:
    """Give lines of about `length` characters that nearly match: long where the pattern repeats, and wrong then.

    A text that does match follows, or `regex` would see at a glance that what it must find is not there.
    """
    seen: set[str] = set()
    tree = parse(pattern)
    for before, body in _repeats(tree, ""):
        pump = sample(body) or "a"
        line = before + pump * (length // len(pump)) + WRONG + sample(tree)
        if line not in seen and len(seen) < MAX_HOSTILE:
            seen.add(line)
            yield line


def _repeats(tree: Tree, before: str) -> Iterator[tuple[str, Tree]]:
    """Give what each endless repeat of `tree` repeats, and a text that leads there."""
    for code, argument in tree:
        if code in REPEATS and argument[1] >= UNBOUNDED:
            yield before, argument[2]
        for part in parts_of(code, argument):
            yield from _repeats(part, before)
        if code not in _ZERO_WIDE:
            before += sample([(code, argument)])


class _TooLongError(Exception):
    """The pattern has more positions than we follow."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a pattern: the positions it may begin and end with, and whether it may match nothing."""

    first: tuple[int, ...] = ()
    last: tuple[int, ...] = ()
    empty: bool = True


class _Positions:
    """The positions of a pattern, and how often each may follow each."""

    def __init__(self) -> None:
        self._characters: list[Characters] = []
        self._follow: dict[int, Counter[int]] = {}

    def read(self, tree: Tree) -> _Part:
        part = _Part()
        for code, argument in tree:
            part = self._then(part, self._node(code, argument))
        return part

    def loops(self) -> list[frozenset[int]]:
        """Give the sets of positions of which each can be reached from each."""
        after = {position: self._reached(position) for position in self._follow}
        loops = {
            frozenset(other for other in reached if position in after[other])
            for position, reached in after.items()
            if position in reached
        }
        return list(loops)

    def has_two_walks(self, loop: frozenset[int]) -> bool:
        """Tell whether two different walks in `loop` take the same text from a position back to it."""
        if any(self._follow[start][end] > 1 for start, end in product(loop, loop)):
            return True
        forth = {
            (one, other): [
                (one_next, other_next)
                for one_next, other_next in product(self._follow[one], self._follow[other])
                if {one_next, other_next} <= loop and self._characters[one_next] & self._characters[other_next]
            ]
            for one, other in product(loop, loop)
        }
        back: dict[tuple[int, int], list[tuple[int, int]]] = {pair: [] for pair in forth}
        for pair, nexts in forth.items():
            for following in nexts:
                back[following].append(pair)
        together = [(position, position) for position in loop]
        return any(one != other for one, other in _closure(together, forth) & _closure(together, back))

    def _node(self, code: Any, argument: Any) -> _Part:
        if code in _ZERO_WIDE:
            return _Part()
        if code is codes.SUBPATTERN:
            return self.read(argument[3])
        if code is codes.BRANCH:
            return self._branches(argument[1])
        if code in REPEATS:
            return self._repeated(*argument)
        return self._position(characters(code, argument))

    def _position(self, found: Characters) -> _Part:
        number = len(self._characters)
        if number >= MAX_POSITIONS:
            raise _TooLongError
        self._characters.append(found)
        self._follow[number] = Counter()
        return _Part((number,), (number,), empty=False)

    def _then(self, part: _Part, following: _Part) -> _Part:
        self._join(part.last, following.first)
        first = part.first + following.first if part.empty else part.first
        last = part.last + following.last if following.empty else following.last
        return _Part(first, last, part.empty and following.empty)

    def _branches(self, branches: Any) -> _Part:
        parts = [self.read(branch) for branch in branches]
        first = tuple(position for part in parts for position in part.first)
        last = tuple(position for part in parts for position in part.last)
        return _Part(first, last, any(part.empty for part in parts))

    def _repeated(self, least: int, most: int, body: Tree) -> _Part:
        if most >= UNBOUNDED:
            part = self.read(body)
            self._join(part.last, part.first)
            return _Part(part.first, part.last, part.empty or least == 0)
        whole = _Part()
        for copy in range(min(most, _COPIES)):
            part = self.read(body)
            whole = self._then(whole, _Part(part.first, part.last, part.empty or copy >= least))
        return whole

    def _join(self, last: tuple[int, ...], first: tuple[int, ...]) -> None:
        for end, start in product(last, first):
            self._follow[end][start] += 1

    def _reached(self, position: int) -> set[int]:
        return _closure(list(self._follow[position]), self._follow)


def _closure(start: list[Any], following: Any) -> set[Any]:
    """Give all that can be reached from `start`, itself included."""
    reached, waiting = set(start), list(start)
    while waiting:
        for found in following[waiting.pop()]:
            if found not in reached:
                reached.add(found)
                waiting.append(found)
    return reached
