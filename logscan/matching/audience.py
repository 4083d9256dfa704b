"""Audience: which questions a container's lines, or events, are asked.

Owns what can be decided once per container, so that it costs nothing per line. Does not own the
meaning of `where` (where).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from logscan.batch import Container, Input
from logscan.matching.question import Question
from logscan.matching.where import LineGate

Order = int
"""A question's place among the questions."""


@dataclass(frozen=True, slots=True)
class Audience:
    """The questions for one container, by their places.

    `by_literal`: for each literal the questions that it points to, in order; `slow`: those that want
    every line. `settles`: whether the answers to a line must be seen together before they are hits.
    """

    gates: Mapping[Order, LineGate]
    by_literal: Sequence[tuple[Order, ...]]
    slow: tuple[Order, ...]
    settles: bool

    @classmethod
    def of(
        cls,
        container: Container,
        given: Input,
        questions: Sequence[Question],
        by_literal: Iterable[Collection[Order]],
        slow: Iterable[Order],
    ) -> Audience:
        """Choose the questions that look at what is `given`, and at this container."""
        gates = {
            order: line_gate
            for order, question in enumerate(questions)
            if question.input is given and (line_gate := question.gate(container)) is not None
        }
        return cls(
            gates,
            [tuple(order for order in orders if order in gates) for orders in by_literal],
            tuple(order for order in slow if order in gates),
            any(questions[order].settles for order in gates),
        )

    def wanting(self, literals: Iterable[int]) -> Sequence[Order]:
        """Give the questions to ask of a line that holds these literals, in order."""
        pointed = [self.by_literal[literal] for literal in literals if literal < len(self.by_literal)]
        if len(pointed) == 1 and not self.slow:
            return pointed[0]
        return sorted({*self.slow, *(order for orders in pointed for order in orders)})
