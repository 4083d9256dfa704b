"""Watchdog: when a log that says nothing is looked at by a pull of its own, and when an answer is given up.

A stream can stall, and a bell can fail to ring, with nothing to show for it. So a quiet log is checked, ever more
rarely while it was rightly quiet: a check costs two requests, and an old engine may unpack files for it.
"""

from __future__ import annotations

from logscan.framing.stamp import SECOND_NS
from logscan.sources.docker.follow.reads import Read

STREAM_NS = 30 * SECOND_NS, 300 * SECOND_NS
BELL_NS = 5 * SECOND_NS, 60 * SECOND_NS

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


def given_up(read: Read, now_ns: int, *, is_live: bool) -> str | None:
    """Say why nothing more can be hoped for from an answer; None where something can.

    `is_live`: the answer has shown all that there was, so that silence means nothing.
    """
    if read.ask.follow and read.vain_ns is not None and now_ns - read.vain_ns >= VAIN_NS:
        return "the engine's answer leads nowhere"
    longest_ns = SEARCH_SILENCE_NS if read.ask.follow else PULL_SILENCE_NS
    if not is_live and read.has_begun and now_ns - read.heard_ns >= longest_ns:
        return "the engine stopped in the middle of an answer"
    return None
