"""Windows: decide when hits become a finding, and when it grows, counting by event time.

Owns the meaning of "count hits within a time": half-open, so that two hits exactly `within` apart are
not in one window. Does not own keys, samples or any clock: times come in as integer nanoseconds, so
a replay of last week gives last week's findings.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Sequence
from typing import Generic, TypeVar

from logscan.finding import Severity
from logscan.ruleset.model import Burst, Escalation, EventCount

T = TypeVar("T")


def first_burst(times: Sequence[int], count: int, within_ns: int) -> int | None:
    """Find the first hit of the first window that fires; None when none does.

    `times`: nanoseconds, in rising order. A window fires when `count` hits span less than `within_ns`.
    """
    pairs = zip(times, times[count - 1 :], strict=False)
    return next((index for index, (first, last) in enumerate(pairs) if last - first < within_ns), None)


class EventCountWindow(Generic[T]):
    """Holds hits back until `count` of them lie within the window, then lets all through.

    Fed in rising order of time. Holds at most `count` hits.
    """

    def __init__(self, window: EventCount) -> None:
        self._window = window
        self._held: deque[tuple[int, T]] = deque(maxlen=window.count)
        self._open = False

    def admit(self, time_ns: int, hit: T) -> list[T]:
        """Give the hits that count from now on: none yet, the whole window that fires, or this one."""
        if self._open:
            return [hit]
        self._held.append((time_ns, hit))
        if len(self._held) < self._window.count or time_ns - self._held[0][0] >= self._window.within:
            return []
        self._open = True
        hits = [held for _, held in self._held]
        self._held.clear()
        return hits


class Growth:
    """Collects the times of a key's hits, in any order, and tells how severe they make it."""

    __slots__ = ("_checked", "_peak", "_reached", "_steps", "_times")

    def __init__(self, base: Severity, steps: Sequence[Escalation]) -> None:
        self._reached = base
        self._steps = [step for step in steps if step.severity > base]
        self._peak = max((step.severity for step in self._steps), default=base)
        self._times = array("q")
        self._checked = 1024

    def add(self, time_ns: int) -> None:
        """Note one hit. Once the highest step is reached there is nothing left to collect."""
        if self._reached == self._peak:
            return
        self._times.append(time_ns)
        if len(self._times) >= self._checked:
            self._checked *= 2
            self.severity()

    def severity(self) -> Severity:
        """Give the severity that all hits so far amount to; it never falls."""
        times = sorted(self._times)
        for step in self._steps:
            if step.severity > self._reached and _fires(times, step.when):
                self._reached = step.severity
        return self._reached


def _fires(times: Sequence[int], burst: Burst) -> bool:
    return first_burst(times, burst.count, burst.within) is not None
