"""Windows over the hits of other rules: hits that follow each other, and hits as a share of others.

Owns what `temporal_ordered` and `ratio` mean for the events of one key. Does not own which events
those are (in_order). As all windows, they are half-open, and see events in the order of time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from logscan.detection.event import Event
from logscan.detection.fifo import Fifo
from logscan.detection.safe_fields import safe_fields
from logscan.detection.windows import MAX_HELD, Immediate, State
from logscan.matching.hit import Hit
from logscan.ruleset.model import Ratio, Rule, TemporalOrdered


class TemporalOrderedWindow(Immediate):
    """Gives one event for each completed sequence; no hit is in two of them.

    For every position it keeps the sequence up to there that began latest: whatever an earlier one
    could still become in time, this one can too.
    """

    def __init__(self, window: TemporalOrdered, rule: Rule) -> None:
        self._window = window
        self._rule = rule
        self._begun: list[tuple[Event, ...]] = [()] * len(window.rules)

    def admit(self, event: Event) -> Sequence[Event]:
        # From the last position to the first, so that one hit never takes two of them.
        for position in reversed(range(len(self._window.rules))):
            if self._window.rules[position] == event.hit.rule.id:
                self._go_on(position, event)
        complete = self._begun[-1]
        if not complete:
            return ()
        self._begun = [()] * len(self._begun)
        return (_sequence(self._rule, complete),)

    def _go_on(self, position: int, event: Event) -> None:
        before = self._begun[position - 1] if position else ()
        if position and (not before or event.counts_at_ns - before[0].counts_at_ns >= self._window.within):
            return
        self._begun[position] = (*before, event)

    @property
    def over_ns(self) -> int | None:
        begun = [events[0].counts_at_ns for events in self._begun if events]
        return max(begun) + self._window.within if begun else 0

    def state(self) -> State:
        return State(begun=self._begun)

    def restore(self, state: State) -> None:
        self._begun = list(state.begun)


def _sequence(rule: Rule, parts: tuple[Event, ...]) -> Event:
    """Make one hit of `rule` out of several: at the time of the last, with the fields of all."""
    last = parts[-1].hit
    # Redacted now, for each is by the line that it came from.
    fields = {name: value for part in parts for name, value in safe_fields(part.hit).items()}
    hit = Hit(rule, replace(last.line, text=""), fields, 0, 0, 0)
    return Event(hit, parts[-1].counts_at_ns, parts=parts, began_ns=parts[0].hit.line.time_ns)


class RatioWindow:
    """Fires when the hits of `of` are more than `above` of those of `to`, judged once per moment.

    A moment is judged when it is over: which of two hits at the same time came first says nothing.
    """

    def __init__(self, window: Ratio, max_held: int = MAX_HELD) -> None:
        self._window = window
        self._max_held = max_held
        self._part: Fifo[Event] = Fifo()
        self._whole: Fifo[int] = Fifo()
        self._moment_ns: int | None = None
        self.is_open = False
        self.forgotten = 0

    def admit(self, event: Event) -> Sequence[Event]:
        fired = self.settle(event.counts_at_ns)
        is_part = event.hit.rule.id == self._window.of
        if self.is_open:
            return (*fired, event) if is_part else fired
        self._moment_ns = event.counts_at_ns
        if is_part:
            self._part.append(event)
        if event.hit.rule.id == self._window.to:
            self._whole.append(event.counts_at_ns)
        self._forget(event.counts_at_ns - self._window.within)
        return fired

    def settle(self, before_ns: int) -> Sequence[Event]:
        if self._moment_ns is None or self._moment_ns >= before_ns:
            return ()
        self._moment_ns = None
        whole = len(self._whole)
        if whole < self._window.min or len(self._part) / whole <= self._window.above:
            return ()
        events, self.is_open = tuple(self._part), True
        self._part.clear()
        self._whole.clear()
        return events

    def _forget(self, until_ns: int) -> None:
        while self._part and self._part[0].counts_at_ns <= until_ns:
            self._part.popleft()
        while self._whole and self._whole[0] <= until_ns:
            self._whole.popleft()
        if len(self._part) > self._max_held:
            self._part.popleft()
            self.forgotten += 1
        if len(self._whole) > self._max_held:
            self._whole.popleft()
            self.forgotten += 1

    @property
    def over_ns(self) -> int | None:
        if self.is_open:
            return None
        newest = max(self._whole[-1] if self._whole else 0, self._part[-1].counts_at_ns if self._part else 0)
        return newest + self._window.within

    @property
    def queues(self) -> Sequence[Fifo[Any]]:
        return self._part, self._whole

    def state(self) -> State:
        return State((self.is_open, self._moment_ns))

    def restore(self, state: State) -> None:
        self.is_open, self._moment_ns = state.values
