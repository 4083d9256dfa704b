"""Pattern tree: a pattern as the standard library reads it, for the checks that look at its shape.

Owns reading the tree, sets of characters, and text that a part of a pattern matches. Does not own what
is good or bad about a shape (backtracking, catch_all), nor which patterns are allowed (pattern).

The tree comes from a private module of the standard library, so whatever is unfamiliar in it stands for
any character and for no text: a check may then miss something, and never breaks.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

codes: Any = _constants
"""What nodes are."""

Characters = int
"""A set of characters, as bits: one for each character of ASCII, and one for all the others."""

OTHERS = 128
EVERY: Characters = (1 << (OTHERS + 1)) - 1
ANY_BUT_NEWLINE: Characters = EVERY & ~(1 << ord("\n"))

UNBOUNDED = 16
"""Repeats that may go on for so long count as endless."""

ATOMIC = (getattr(codes, "ATOMIC_GROUP", None), getattr(codes, "POSSESSIVE_REPEAT", None))
REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT)
_CLASSES = {
    codes.CATEGORY_DIGIT: r"\d",
    codes.CATEGORY_NOT_DIGIT: r"\D",
    codes.CATEGORY_SPACE: r"\s",
    codes.CATEGORY_NOT_SPACE: r"\S",
    codes.CATEGORY_WORD: r"\w",
    codes.CATEGORY_NOT_WORD: r"\W",
}

Tree = Any
"""A sequence of pairs of a code and its argument."""


def parse(pattern: str) -> Tree:
    """Read `pattern`, which has passed `check_pattern`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _parser.parse(pattern, re.ASCII)


def nodes_of(tree: Tree) -> Iterator[tuple[Any, Any]]:
    """Give all nodes of `tree`, at any depth, from left to right."""
    for code, argument in tree:
        yield code, argument
        for part in parts_of(code, argument):
            yield from nodes_of(part)


def parts_of(code: Any, argument: Any) -> list[Tree]:
    """Give the trees right below a node."""
    if code is codes.SUBPATTERN:
        return [argument[3]]
    if code in REPEATS or (code in ATOMIC and isinstance(argument, tuple)):
        return [argument[2]]
    if code in ATOMIC:
        return [argument]
    if code is codes.BRANCH:
        return list(argument[1])
    return [argument[1]] if code in (codes.ASSERT, codes.ASSERT_NOT) else []


def is_wild(code: Any, argument: Any) -> bool:
    """Tell whether a node is `.*` or `.+`, greedy or not."""
    return code in REPEATS and argument[1] is codes.MAXREPEAT and [part for part, _ in argument[2]] == [codes.ANY]


def characters(code: Any, argument: Any) -> Characters:
    """Give the characters that a node of one character may match, whatever their case."""
    if code is codes.LITERAL:
        return _either_case(argument)
    if code is codes.NOT_LITERAL:
        return EVERY & ~_either_case(argument)
    if code is codes.ANY:
        return ANY_BUT_NEWLINE
    return _members(argument) if code is codes.IN else EVERY


def one_of(found: Characters) -> str:
    """Give a character of the set, one that is easy to read where there is a choice; `?` where there is none."""
    readable = [character for character in "a0 -_.,:;" if found >> ord(character) & 1]
    if readable or not found:
        return readable[0] if readable else "?"
    code = (found & -found).bit_length() - 1
    return "é" if code == OTHERS else chr(code)


def sample(tree: Tree) -> str:
    """Give a short text that `tree` matches; what only looks around is passed over."""
    return "".join(_sample(code, argument) for code, argument in tree)


def _sample(code: Any, argument: Any) -> str:
    if code in (codes.AT, codes.ASSERT, codes.ASSERT_NOT):
        return ""
    parts = parts_of(code, argument)
    if code is codes.IN:
        return one_of(_shared(argument))
    if not parts:
        return one_of(characters(code, argument))
    least = argument[0] if code in REPEATS else 1
    return sample(parts[0]) * min(least, UNBOUNDED)


def _shared(items: Any) -> Characters:
    """Give what several members of a set have in common, for the parser makes a set of `(?:x|y)` too."""
    found = _members(items)
    if items[0][0] is not codes.NEGATE:
        for item in items:
            found = found & _members([item]) or found
    return found


def _members(items: Any) -> Characters:
    found: Characters = 0
    for code, argument in items:
        if code is codes.LITERAL:
            found |= _either_case(argument)
        elif code is codes.RANGE:
            for character in range(argument[0], min(argument[1], OTHERS) + 1):
                found |= _either_case(character)
        elif code is codes.CATEGORY:
            found |= _of_class(_CLASSES.get(argument, "."))
    return EVERY & ~found if items and items[0][0] is codes.NEGATE else found


def _of_class(written: str) -> Characters:
    fits = re.compile(written, re.ASCII | re.DOTALL).match
    found = sum(1 << code for code in range(OTHERS) if fits(chr(code)))
    return found | (1 << OTHERS if fits("é") else 0)


def _either_case(code: int) -> Characters:
    if code >= OTHERS:
        return 1 << OTHERS
    return 1 << ord(chr(code).lower()) | 1 << ord(chr(code).upper())
