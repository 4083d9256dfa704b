"""Ending: what the end of a container means for its log.

Owns when a container ended, when its stream did, and when it was removed, and what follows from these: how long
a stream has for its last words, and whether what was written last can have been missed. Does not own reading.
"""

from __future__ import annotations

from logscan.framing.stamp import SECOND_NS

LAST_WORDS_NS = 2 * SECOND_NS
"""A stream has so long to end by itself when its container has."""

REMOVAL_NS = 10 * SECOND_NS
"""A stream that ended at most so long before its container was removed ended with the container."""


class Ending:
    """One container's. `now_ns` is the host's monotonic clock, `engine_ns` the engine's, since the epoch."""

    def __init__(self) -> None:
        self._told_ns: int | None = None  # by the host's clock
        self._stream_ended_ns: int | None = None  # by the engine's
        self.removed_ns: int | None = None
        """When it was removed, by the engine's clock."""

    @property
    def is_removed(self) -> bool:
        return self.removed_ns is not None

    def started(self) -> None:
        """Note that it runs again."""
        self._told_ns = self._stream_ended_ns = None

    def died(self, now_ns: int) -> None:
        """Note that it was told to have ended."""
        self._told_ns = now_ns

    def removed(self, now_ns: int, engine_ns: int) -> None:
        """Note that it was destroyed, at `engine_ns`."""
        self.removed_ns = engine_ns
        self._told_ns = now_ns if self._told_ns is None else self._told_ns

    def stream_ended(self, engine_ns: int) -> None:
        """Note that a stream that had brought everything came to its end in order."""
        self._stream_ended_ns = engine_ns

    def got_on(self) -> None:
        """Note that more was read: what ended before was not the last."""
        self._stream_ended_ns = None

    def last_words_ns(self, heard_ns: int) -> int | None:
        """Until when a stream that was heard last then may go on, by the host's clock; None: the container runs."""
        return None if self._told_ns is None else max(heard_ns, self._told_ns) + LAST_WORDS_NS

    @property
    def is_all_read(self) -> bool:
        """Whether its stream ended with it, so that nothing can have been written that wasn't read."""
        ended_ns, removed_ns = self._stream_ended_ns, self.removed_ns
        return ended_ns is not None and removed_ns is not None and removed_ns - ended_ns <= REMOVAL_NS
