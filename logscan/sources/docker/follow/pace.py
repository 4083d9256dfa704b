"""Pace: how many requests may be sent in a while, of all logs together and of one.

Each costs the engine and us a millisecond or two, and logs that rotate are asked for again at every ring.
"""

from __future__ import annotations

SECOND_NS = 1_000_000_000

SHORTEST_NS = SECOND_NS // 50
LONGEST_NS = SECOND_NS
FACTOR = 5
"""So far apart are pulls that were rung for, so that no more than a fifth of the time goes into them."""


class Budget:
    """`per_second` on the long run, `burst` at once. Times are of a monotonic clock."""

    def __init__(self, per_second: int, burst: int, now_ns: int) -> None:
        self._cost_ns = SECOND_NS // per_second
        self._burst_ns = burst * self._cost_ns
        self._free_ns = now_ns - self._burst_ns

    def due_ns(self) -> int:
        """When the next one may be sent."""
        return self._free_ns + self._cost_ns

    def take(self, now_ns: int) -> bool:
        """Take one, if there is one."""
        if now_ns < self.due_ns():
            return False
        self._free_ns = max(self._free_ns, now_ns - self._burst_ns) + self._cost_ns
        return True


class Spacing:
    """How far apart the pulls of one log are that are rung for. Times are of a monotonic clock."""

    def __init__(self) -> None:
        self._pause_ns = SHORTEST_NS

    def took(self, duration_ns: int) -> None:
        """Note how long a pull took."""
        self._pause_ns = min(max(SHORTEST_NS, FACTOR * duration_ns), LONGEST_NS)

    def due_ns(self, asked_ns: int, now_ns: int) -> int:
        """When the next one may be asked for, after one that was asked for then."""
        return max(now_ns, asked_ns + self._pause_ns)
