"""Growth: how severe a finding's hits make it, by how many of them come how fast.

Owns the meaning of `escalate`: half-open, so that two hits exactly `within` apart are not in one burst.
Hits may come in any order of time; the severity that they amount to is the same.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from logscan.finding import Severity
from logscan.ruleset.model import Escalation

NEAR = 1024
"""A time is put in its place at once when so few others come after it."""

MAX_TIMES = 1 << 20
"""So many times are kept, eight bytes each: the latest, unless a step asks for more."""


KEPT_NS = 60 * 60 * 1_000_000_000
"""Times are kept over two of the longest bursts, and this much more for containers that are read late."""


class Grown(NamedTuple):
    """How far a finding has grown: the severities of its rule and of it, and the times of its hits."""

    base: int
    reached: int
    times: bytes


def first_burst(times: Sequence[int], count: int, within_ns: int) -> int | None:
    """Find the first hit of the first burst; None when there is none.

    `times`: nanoseconds, in rising order. A burst is `count` hits that span less than `within_ns`.
    """
    pairs = zip(times, times[count - 1 :], strict=False)
    return next((index for index, (first, last) in enumerate(pairs) if last - first < within_ns), None)


class Growth:
    """Collects the times of a key's hits, and tells how severe they make it.

    `reached` grows at once with hits that come nearly in order. Those far behind wait in a pile until
    it is large, or until `severity` is asked: to make room for each of them would cost the square of
    their number.
    """

    __slots__ = ("_base", "_max_times", "_peak", "_pile", "_steps", "_times", "reached")

    def __init__(self, base: Severity, steps: Sequence[Escalation]) -> None:
        self.reached = self._base = base
        self._steps = [(step.severity, step.when.count, step.when.within) for step in steps if step.severity > base]
        self._peak = max((severity for severity, _, _ in self._steps), default=base)
        self._max_times = max([MAX_TIMES, *(2 * count for _, count, _ in self._steps)])
        self._times = array("q")
        self._pile = array("q")

    def add(self, time_ns: int) -> None:
        """Note one hit. Once the highest step is reached there is nothing left to collect."""
        if self.reached == self._peak:
            return
        times = self._times
        if not times or times[-1] <= time_ns:
            times.append(time_ns)
            self._grow_at_end(time_ns)
            return
        place = bisect_right(times, time_ns)
        if len(times) - place > NEAR:
            self._pile.append(time_ns)
            if len(self._pile) >= max(NEAR, len(times) // 2):
                self._merge()
            return
        times.insert(place, time_ns)
        self._grow_around(place)

    def add_all(self, times: Iterable[int]) -> None:
        """Note several hits."""
        for time_ns in times:
            if self.reached == self._peak:
                return
            self.add(time_ns)

    def severity(self) -> Severity:
        """Give the severity that all hits so far amount to; it never falls."""
        if self._pile:
            self._merge()
        return self.reached

    def kept(self) -> Grown:
        """Give what it goes on with: of the times those that a hit may still meet in a burst."""
        severity = self.severity()
        longest_ns = max((within_ns for step, _, within_ns in self._steps if step > severity), default=None)
        if longest_ns is None:
            self._times = array("q")
        elif self._times:
            del self._times[: bisect_right(self._times, self._times[-1] - 2 * longest_ns - KEPT_NS)]
        return Grown(self._base, severity, self._times.tobytes())

    def restore(self, grown: Grown) -> None:
        """Go on from what was kept. A rule may have another severity by now; the steps are the same."""
        if grown.reached > grown.base:
            self.reached = max(self.reached, Severity(grown.reached))
        self._times = array("q", grown.times)

    def _grow_at_end(self, time_ns: int) -> None:
        """Look for a burst that ends with the newest hit: nearly all come in order, so this is the cheap way."""
        times = self._times
        size = len(times)
        for severity, count, within_ns in self._steps:
            if size >= count and time_ns - times[-count] < within_ns and severity > self.reached:
                self.reached = severity
        if size >= 2 * self._max_times:
            del times[: self._max_times]

    def _grow_around(self, place: int) -> None:
        """Look for bursts that hold the hit at `place`; before it came there was none."""
        times = self._times
        for severity, count, within_ns in self._steps:
            begins = range(max(place - count + 1, 0), min(place, len(times) - count) + 1)
            bursts = (times[begin + count - 1] - times[begin] < within_ns for begin in begins)
            if severity > self.reached and any(bursts):
                self.reached = severity

    def _merge(self) -> None:
        self._times = array("q", sorted((*self._times, *self._pile)))
        self._pile = array("q")
        for severity, count, within_ns in self._steps:
            if severity > self.reached and first_burst(self._times, count, within_ns) is not None:
                self.reached = severity
