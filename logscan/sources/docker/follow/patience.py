"""Patience: how long to wait after what has failed, and when failing is worth a word.

Owns the tries of one log, and since when it is refused. Does not own what failed, nor what is told (log_news).
"""

from __future__ import annotations

from collections.abc import Callable

from logscan.framing.stamp import SECOND_NS
from logscan.sources.docker.follow.backoff import Backoff

LOST_AFTER_NS = 30 * SECOND_NS
"""Who is refused for so long is told lost."""

MOST_TRIES = 10
"""A single pull is tried so often."""


class Patience:
    """With the requests for one log. `jitter` gives 0 to 1; times are of a monotonic clock."""

    def __init__(self, jitter: Callable[[], float]) -> None:
        self._backoff = Backoff(jitter)
        self._tries = 0
        self._refused_ns: int | None = None

    @property
    def is_exhausted(self) -> bool:
        """Whether pulls have failed so often that a single one is given up."""
        return self._tries >= MOST_TRIES

    def pull_failed(self) -> int:
        """Note that a pull has failed; give how long to wait."""
        self._tries += 1
        return self._backoff.next_ns()

    def stream_failed(self) -> int:
        """Note that a stream has ended at once; give how long to wait."""
        return self._backoff.next_ns()

    def refused(self, now_ns: int) -> bool:
        """Note a refusal that may pass; tell whether it goes on for so long that it is to be told."""
        self._refused_ns = now_ns if self._refused_ns is None else self._refused_ns
        return now_ns - self._refused_ns >= LOST_AFTER_NS

    def lasted(self) -> None:
        """Note that a stream lived, or that the container runs anew: what comes next is tried without delay."""
        self._backoff.reset()

    def got_on(self) -> None:
        """Note that records came."""
        self._backoff.reset()
        self._tries = 0

    def caught_up(self) -> None:
        """Note that the log was read to its end."""
        self._refused_ns = None
