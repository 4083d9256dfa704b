"""Audience: which questions a container's lines, or events, are asked.

Owns what can be decided once per container, so that it costs nothing per line. Does not own the
meaning of `where` (where).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from logscan.batch import Container, Input
from logscan.matching.index import Index, Order, Pointer
from logscan.matching.question import Question
from logscan.matching.where import LineGate

Gates = Mapping[Order, LineGate]
"""The questions for one container, by their places, each with the gate that a line has to pass."""


def gates_of(container: Container, given: Input, questions: Sequence[Question]) -> Gates:
    """Choose the questions that look at what is `given`, and at this container."""
    return {
        order: line_gate
        for order, question in enumerate(questions)
        if question.input is given and (line_gate := question.gate(container)) is not None
    }


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Reach:
    """Where some questions are met: half a megabyte, which containers share that are asked the same ones.

    `by_literal`: for each literal the pointers to questions, in order; `pointing`: the literals that
    have any; `slow`: the questions that want every line; `sole`: the literals that point to one `simple`
    question alone, where nobody wants every line.
    """

    by_literal: Sequence[Sequence[Pointer]]
    pointing: frozenset[int]
    slow: tuple[Order, ...]
    sole: Mapping[int, Pointer]

    @classmethod
    def of(cls, orders: frozenset[Order], index: Index, simple: Collection[Order]) -> Reach:
        """Leave of the index what points to these questions."""
        by_literal = [_those_in(orders, pointers) for pointers in index.pointers.values()]
        pointing = frozenset(literal for literal, pointers in enumerate(by_literal) if pointers)
        slow = tuple(order for order in index.slow if order in orders)
        if slow or not simple:
            return cls(by_literal, pointing, slow, {})
        alone = ((number, those[0]) for number, those in enumerate(by_literal) if len(those) == 1)
        return cls(by_literal, pointing, slow, {number: that for number, that in alone if that[0] in simple})

    def wanting(self, literals: Iterable[int], line: bytes | None) -> Sequence[Order]:
        """Give the questions to ask of a line that holds these literals, in order.

        `line`: the line in lower case, to look for companions; None where escapes may hide them.
        """
        orders = set(self.slow)
        for literal in literals:
            if literal >= len(self.by_literal):
                continue
            for order, companions in self.by_literal[literal]:
                if order not in orders and (not companions or line is None or stand(companions, line)):
                    orders.add(order)
        return sorted(orders)


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is asked of one container's lines, or events."""

    gates: Gates
    reach: Reach


def _those_in(orders: frozenset[Order], pointers: Sequence[Pointer]) -> Sequence[Pointer]:
    if len(pointers) == 1:  # nearly always, and there are ten thousand
        return pointers if pointers[0][0] in orders else ()
    return [pointer for pointer in pointers if pointer[0] in orders]


def stand(companions: tuple[tuple[bytes, ...], ...], line: bytes) -> bool:
    """Tell whether one of each set stands in the line."""
    for literals in companions:  # the quickest way: this is asked of every line that holds a literal
        for literal in literals:
            if literal in line:
                break
        else:
            return False
    return True
