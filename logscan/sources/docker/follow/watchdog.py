"""Watchdog: when a log that says nothing is looked at by a pull of its own.

A stream can stall, and a bell can fail to ring, with nothing to show for it. So a quiet log is checked, ever more
rarely while it was rightly quiet: a check costs two requests, and an old engine may unpack files for it.
"""

from __future__ import annotations

from logscan.framing.stamp import SECOND_NS

STREAM_NS = 30 * SECOND_NS, 300 * SECOND_NS
BELL_NS = 5 * SECOND_NS, 60 * SECOND_NS

LAST_WORDS_NS = 2 * SECOND_NS
"""A stream has so long to end by itself when its container has."""

SEARCH_SILENCE_NS = 10 * SECOND_NS
PULL_SILENCE_NS = 60 * SECOND_NS
"""An answer that stands still so long is given up; before its first byte the engine may have to unpack files."""

VAIN_NS = 20 * SECOND_NS
"""A stream that brings bytes for so long, and neither the place nor a whole record, never will: the log doesn't hold
the place any more, or a record's length was damaged on its way."""


class Watchdog:
    """Doubles the time between the checks of one log, from the first to the last of `interval_ns`."""

    def __init__(self, interval_ns: tuple[int, int]) -> None:
        self._first_ns, self._last_ns = interval_ns
        self.wait_ns = self._first_ns

    def checked(self, *, was_right: bool) -> None:
        """Note whether a check has found nothing new."""
        self.wait_ns = min(2 * self.wait_ns, self._last_ns) if was_right else self._first_ns
