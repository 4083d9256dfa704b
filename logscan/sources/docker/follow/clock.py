"""EngineClock: what time it is on the engine's side, as far as its answers tell.

Owns the estimate. Every line and event is stamped by the engine, so "nothing of before this is still to come" has to
be said on its clock, and rather too early than too late. An answer's `Date` has whole seconds: the engine's time when
it was written lies between that and a second later. Many answers together narrow it down to milliseconds. Our own
clock counts where it agrees with all that was told, as it does on the engine's own machine.
"""

from __future__ import annotations

from collections.abc import Callable

SECOND_NS = 1_000_000_000


class EngineClock:
    """The engine's time, in nanoseconds since the epoch. Never goes backwards."""

    def __init__(self, wall_ns: Callable[[], int], monotonic_ns: Callable[[], int]) -> None:
        self._wall_ns = wall_ns
        self._monotonic_ns = monotonic_ns
        self._least: int | None = None  # bounds of: engine's time minus our monotonic clock
        self._most: int | None = None
        self._last_ns = 0

    def now_ns(self) -> int:
        """Tell the time; while nothing was told, it is ours."""
        monotonic_ns = self._monotonic_ns()
        offset_ns = self._wall_ns() - monotonic_ns
        if self._least is not None and not self._least <= offset_ns <= (self._most or offset_ns):
            offset_ns = self._least
        self._last_ns = max(self._last_ns, monotonic_ns + offset_ns)
        return self._last_ns

    def told_date(self, date_ns: int, asked_ns: int, answered_ns: int) -> None:
        """Learn from the `Date` of an answer; the other times are of the monotonic clock, around the call."""
        least, most = date_ns - answered_ns, date_ns + SECOND_NS - asked_ns
        if self._least is not None and self._most is not None and least <= self._most and most >= self._least:
            least, most = max(least, self._least), min(most, self._most)
        self._least, self._most = least, most  # a clock that was set, or drifts, agrees with its past no longer
