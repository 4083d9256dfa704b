"""The matcher: batches in, hits out.

Owns the walk from a batch's bytes to the lines that a rule wants: one search for the literals of
all rules, then the few rules that a line's literals point to, confirmed on the decoded line. Owns
too which rules look at which container, and the quarantine of rules that take too long. Does not
own what a rule means (confirm, where) nor what a hit leads to (detection).

A rule is never asked twice about a line, and a line is decoded once for all rules. Lines in which an
escape could hide a literal are searched again with the escapes undone. Rules without a literal walk
every line, in the slow lane.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from logscan.batch import Batch, Container
from logscan.matching.confirm import Judge
from logscan.matching.escapes import HIDING, revealed
from logscan.matching.evidence import Evidence
from logscan.matching.hit import Hit
from logscan.matching.literals import rule_literals
from logscan.matching.prefilter import Prefilter
from logscan.matching.quarantine import Quarantine, Watch
from logscan.matching.views import LineView
from logscan.matching.where import LineGate, gate
from logscan.ruleset.model import Rule

MAX_AUDIENCES = 1024
"""So many containers are remembered; beyond that all are worked out anew, which takes a millisecond."""

Order = int
"""A rule's place among the rules."""

Span = tuple[int, int, set[int]]
"""Start and end of a line in its batch, and the numbers of the literals found in it."""


@dataclass(frozen=True, slots=True)
class Audience:
    """The rules that look at one container.

    `by_literal`: for each literal the rules that it points to, in order; `slow`: those that want
    every line.
    """

    gates: Mapping[Order, LineGate]
    by_literal: Sequence[tuple[Order, ...]]
    slow: tuple[Order, ...]

    def wanting(self, literals: Iterable[int]) -> Sequence[Order]:
        """Give the rules to be asked about a line that holds these literals, in order."""
        pointed = [self.by_literal[literal] for literal in literals if literal < len(self.by_literal)]
        if len(pointed) == 1 and not self.slow:
            return pointed[0]
        return sorted({*self.slow, *(order for orders in pointed for order in orders)})


class Matcher:
    """Finds, in any batch, the lines that any of `rules` wants.

    `clock` (seconds) measures how long rules take, and nothing else.
    """

    def __init__(self, rules: Sequence[Rule], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._rules = tuple(rule for rule in rules if not rule.model.combines)
        self._judges = [Judge.of(rule.model) for rule in self._rules]
        self._watch = Watch(clock)
        self._literals: dict[str, list[Order]] = {}
        slow: list[Order] = []
        for order, rule in enumerate(self._rules):
            literals = rule_literals(rule.model)
            if literals is None:
                slow.append(order)
            for literal in literals or ():
                self._literals.setdefault(literal, []).append(order)
        self._slow = tuple(slow)
        self._prefilter = Prefilter([*self._literals, *HIDING])
        self._hiding = frozenset(range(len(self._literals), len(self._literals) + len(HIDING)))
        self._audiences: dict[Container, Audience] = {}

    @property
    def slow_lane(self) -> tuple[Rule, ...]:
        """The rules without a usable literal, which are asked about every line."""
        return tuple(self._rules[order] for order in self._slow)

    @property
    def quarantined(self) -> tuple[Quarantine, ...]:
        """The rules that took too long and are no longer asked, in the order in which that happened."""
        return self._watch.quarantined

    def matches(self, rule: Rule, text: str) -> bool:
        """Tell whether the pattern of `rule` matches a line, whoever wrote it. May raise `TimeoutError`."""
        return Judge.of(rule.model).judge(LineView(text)) is not None

    def scan(self, batch: Batch) -> Iterator[Hit]:
        """Yield the hits of a batch: by line, and within a line in the order of the rules."""
        audience = self._audience(batch.container)
        if not audience.gates:
            return
        for start, end, literals in self._lines(batch, every=bool(audience.slow)):
            if not literals.isdisjoint(self._hiding):
                literals |= self._revealed_literals(batch.line(start, end).text)  # noqa: PLW2901 - ours to widen
            if orders := audience.wanting(literals):
                yield from self._line_hits(batch, audience, orders, start, end)

    def _line_hits(
        self, batch: Batch, audience: Audience, orders: Sequence[Order], start: int, end: int
    ) -> Iterator[Hit]:
        line = batch.line(start, end)
        view = LineView(line.text)
        for order in orders:
            rule = self._rules[order]
            if rule in self._watch or not audience.gates[order].admits(line.stream, lambda: view.level):
                continue
            if confirmed := self._confirm(order, view):
                evidence, fields = confirmed
                yield Hit(rule, line, fields, evidence.start, evidence.end, start)

    def _confirm(self, order: Order, view: LineView) -> tuple[Evidence, Mapping[str, str]] | None:
        judge = self._judges[order]
        if not judge.searches:
            return _judged(judge, view)
        return self._watch.over(self._rules[order], lambda: _judged(judge, view))

    def _lines(self, batch: Batch, *, every: bool) -> Iterator[Span]:
        """Yield the lines that hold literals, or every line, with the literals that each one holds."""
        found = _by_line(batch, self._prefilter.candidates(batch.text))
        if not every:
            yield from found
            return
        upcoming = next(found, None)
        start = 0
        while start < len(batch.text):
            if upcoming is not None and upcoming[0] == start:
                span, upcoming = upcoming, next(found, None)
            else:
                span = (*batch.span_at(start), set())
            yield span
            start = span[1] + 1

    def _revealed_literals(self, text: str) -> set[int]:
        """Search a line again, in every form in which no escape hides a literal."""
        forms = "\n".join(revealed(text)).encode("utf-8", "replace")
        return {literal for literal, _ in self._prefilter.candidates(forms)}

    def _audience(self, container: Container) -> Audience:
        audience = self._audiences.get(container)
        if audience is None:
            if len(self._audiences) >= MAX_AUDIENCES:
                self._audiences.clear()
            audience = self._audiences[container] = self._new_audience(container)
        return audience

    def _new_audience(self, container: Container) -> Audience:
        gates = {
            order: line_gate
            for order, rule in enumerate(self._rules)
            if (line_gate := gate(rule.where, container)) is not None
        }
        by_literal = [tuple(order for order in orders if order in gates) for orders in self._literals.values()]
        return Audience(gates, by_literal, tuple(order for order in self._slow if order in gates))


def _judged(judge: Judge, view: LineView) -> tuple[Evidence, Mapping[str, str]] | None:
    evidence = judge.judge(view)
    return None if evidence is None else (evidence, judge.fields(view, evidence))


def _by_line(batch: Batch, candidates: Iterable[tuple[int, int]]) -> Iterator[Span]:
    """Gather candidates by the line that they lie in; they come by rising offset."""
    span: Span | None = None
    for literal, offset in candidates:
        if span is None or offset > span[1]:
            if span is not None:
                yield span
            span = (*batch.span_at(offset - 1), set())
        span[2].add(literal)
    if span is not None:
        yield span
