"""Catch-alls: places of a pattern that take any text, and with it whatever a stranger writes there.

Owns finding them. Does not own what to say about them (lint).
"""

from __future__ import annotations

from logscan.ruleset.pattern_tree import codes, is_wild, nodes_of, parse


def wild_side(pattern: str) -> str | None:
    """Give the side, `begins` or `ends`, at which `pattern` takes any text, or None.

    A pattern is searched for anywhere in a line, so there it does nothing but cost time. A named group
    may want that text, and is no catch-all.
    """
    nodes = [(code, argument) for code, argument in parse(pattern) if code is not codes.AT]
    if len(nodes) > 1 and is_wild(*nodes[0]):
        return "begins"
    return "ends" if nodes and is_wild(*nodes[-1]) else None


def wild_groups(pattern: str) -> frozenset[str]:
    """Give the named groups of `pattern` that take any text."""
    tree = parse(pattern)
    names = {number: name for name, number in tree.state.groupdict.items()}
    return frozenset(
        names[argument[0]]
        for code, argument in nodes_of(tree)
        if code is codes.SUBPATTERN and argument[0] in names and any(is_wild(*node) for node in nodes_of(argument[3]))
    )
