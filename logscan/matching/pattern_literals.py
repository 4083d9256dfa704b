"""Pattern literals: text of which one piece must occur wherever a regular expression matches.

Owns what the parse tree that the standard library makes of a pattern says of literals. `re._parser` is
private, so whatever is unfamiliar in it gives no literal instead of a guess.
Does not own which candidate is best (literals).

A pattern is read from left to right as *runs*: sets of strings of which one must stand, unbroken,
at that place of a match. A run grows by characters, small classes and small alternatives, and ends
at anything else. What is zero wide (anchors, look-arounds) neither adds to a run nor ends it.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from os.path import commonprefix
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from logscan.matching.escapes import SAFE

Literals = frozenset[str]
"""Strings of which at least one occurs in any text that matches. Lower case, safe characters."""

Rate = Callable[[AbstractSet[str]], "tuple[Any, ...]"]
"""Orders candidates, so that the better one of two compares greater."""

MAX_RUN = 16
"""A run holds at most this many strings; beyond that it ends."""

MAX_LENGTH = 64
"""A run ends when its strings are at least this long: a longer literal finds no fewer lines."""

_EMPTY = frozenset({""})
_ATOMIC = getattr(codes, "ATOMIC_GROUP", None)
_TEXT = object()
"""The code of a node that is ours: a piece of text, of characters that follow each other in the parse tree."""

_LOWER = {ord(character): character.lower() for character in SAFE}
_REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT, getattr(codes, "POSSESSIVE_REPEAT", None))
_ZERO_WIDE = (codes.AT, codes.ASSERT, codes.ASSERT_NOT)
_SCOPES_OTHER_FOLDING = int(re.UNICODE | re.LOCALE)


def pattern_candidates(pattern: str, rate: Rate) -> list[Literals]:
    """Give every set of literals of which one must occur where `pattern` matches; maybe none.

    `rate` chooses among the candidates inside one branch of an alternation.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = parser.parse(pattern, re.ASCII)
        return _candidates(tree, rate)
    except (re.error, ValueError, OverflowError, RecursionError):
        return []


def _candidates(tree: Any, rate: Rate) -> list[Literals]:
    reader = _Reader(rate)
    reader.read(tree)
    reader.end_run()
    return reader.candidates


class _Reader:
    """Walks one parse tree; `candidates` are the runs that ended."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._run: Literals = _EMPTY
        self.candidates: list[Literals] = []

    def read(self, tree: Any) -> None:
        for code, argument in _joined(tree):
            self._node(code, argument)

    def end_run(self) -> None:
        if "" not in self._run:
            self.candidates.append(self._run)
        self._run = _EMPTY

    def _node(self, code: Any, argument: Any) -> None:
        if code in _ZERO_WIDE:
            return
        if (strings := _exact(code, argument)) is not None:
            self._extend(strings)
        elif code is codes.SUBPATTERN and not argument[1] & _SCOPES_OTHER_FOLDING:
            self.read(argument[3])
        elif code is _ATOMIC:
            self.read(argument)
        elif code in _REPEATS and argument[0] > 0:
            self.read(argument[2])
            self.end_run()
        elif code is codes.BRANCH:
            self._branch(argument[1])
        else:
            self.end_run()

    def _extend(self, strings: Literals) -> None:
        """Let a run grow; where it would become too large, go on with what all its strings end in."""
        if len(self._run) * len(strings) > MAX_RUN or max(map(len, self._run)) >= MAX_LENGTH:
            ending = _common_ending(self._run)
            self.end_run()
            if len(ending) < MAX_LENGTH:
                self._run = frozenset({ending})
        self._run = frozenset(head + tail for head in self._run for tail in strings)

    def _branch(self, branches: Any) -> None:
        self.end_run()
        united: set[str] = set()
        for branch in branches:
            candidates = _candidates(branch, self._rate)
            if not candidates:
                return
            united |= max(candidates, key=self._rate)
        self.candidates.append(frozenset(united))


def _joined(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Give the nodes of a tree, with characters that follow each other as one: most of a pattern is such text."""
    text = ""
    for code, argument in tree:
        if code is codes.LITERAL and argument in _LOWER and len(text) < MAX_LENGTH:
            text += _LOWER[argument]
            continue
        if text:
            yield _TEXT, text
            text = ""
        yield code, argument
    if text:
        yield _TEXT, text


def _common_ending(strings: Literals) -> str:
    return commonprefix([string[::-1] for string in strings])[::-1]  # noqa: RUF071 - of texts, not of paths


def _exact(code: Any, argument: Any) -> Literals | None:
    """Give all strings that a node can match, when they are few and safe; else None."""
    if code is _TEXT:
        return frozenset({argument})
    if code is codes.LITERAL:
        return _safe([argument])
    if code is codes.IN:
        return _safe(_members(argument))
    if code is codes.SUBPATTERN and not argument[1] & _SCOPES_OTHER_FOLDING:
        return _sequence(argument[3])
    if code is _ATOMIC:
        return _sequence(argument)
    if code is codes.BRANCH:
        return _union(argument[1])
    if code in _REPEATS:
        return _repeated(*argument)
    return None


def _safe(characters: Any) -> Literals | None:
    strings: set[str] = set()
    for character in characters:
        if character is None or chr(character) not in SAFE:
            return None
        strings.add(chr(character).lower())
        if len(strings) > MAX_RUN:
            return None
    return frozenset(strings)


def _members(items: Any) -> Iterator[int | None]:
    """Yield the characters of a class, and None for a part that is not a list of characters."""
    for code, argument in items:
        if code is codes.LITERAL:
            yield argument
        elif code is codes.RANGE:
            yield from range(argument[0], argument[1] + 1)
        else:
            yield None


def _sequence(tree: Any) -> Literals | None:
    strings = _EMPTY
    for code, argument in _joined(tree):
        if code in _ZERO_WIDE:
            continue
        part = _exact(code, argument)
        if part is None or len(strings) * len(part) > MAX_RUN or max(map(len, strings)) >= MAX_LENGTH:
            return None
        strings = frozenset(head + tail for head in strings for tail in part)
    return strings


def _union(branches: Any) -> Literals | None:
    strings: set[str] = set()
    for branch in branches:
        part = _sequence(branch)
        if part is None or len(strings) + len(part) > MAX_RUN:
            return None
        strings |= part
    return frozenset(strings)


def _repeated(least: int, most: int, tree: Any) -> Literals | None:
    """An optional part, or one that occurs a fixed, small number of times."""
    if (least, most) == (0, 1):
        part = _sequence(tree)
        return None if part is None else part | _EMPTY
    if least != most or not 1 <= least <= MAX_LENGTH:
        return None
    part = _sequence(tree)
    if part is None or len(part) ** least > MAX_RUN:
        return None
    strings = _EMPTY
    for _ in range(least):
        strings = frozenset(head + tail for head in strings for tail in part)
    return strings if max(map(len, strings)) <= MAX_LENGTH else None
