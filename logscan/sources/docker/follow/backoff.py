"""Backoff: how long to wait before trying again what has just failed."""

from __future__ import annotations

from collections.abc import Callable

from logscan.framing.stamp import SECOND_NS

FIRST_NS = SECOND_NS // 5
LONGEST_NS = 30 * SECOND_NS


class Backoff:
    """Waits that double from 0.2 s to 30 s. `jitter` gives 0 to 1: up to half of each wait is left to it.

    Without it, all logs that one restart of an engine cut would come back in the same moment.
    """

    def __init__(self, jitter: Callable[[], float]) -> None:
        self._jitter = jitter
        self._next_ns = FIRST_NS

    def next_ns(self) -> int:
        """Give how long to wait this time."""
        wait_ns = int(self._next_ns * (1 - self._jitter() / 2))
        self._next_ns = min(2 * self._next_ns, LONGEST_NS)
        return wait_ns

    def reset(self) -> None:
        """Note that it works again."""
        self._next_ns = FIRST_NS
