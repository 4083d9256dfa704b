"""Search: one regular expression in one text, with a limit on how long it may take.

Owns the timeout, which goes by the clock on the wall. Patterns come from people, lines from strangers,
and the two together can backtrack for hours. Does not own how patterns are compiled (ruleset), nor what
happens to a rule that exceeds the limit (quarantine).

A search keeps the interpreter's lock (`concurrent=False`): most take microseconds, and whoever lets go of the lock
waits for it longer than that while another thread reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import regex

from logscan.ruleset.pattern import LazyPattern

SEARCH_TIMEOUT = 0.25
"""Seconds that one search of one line may take. Asking for it costs 1.4 µs a search."""


class _Patience:
    """How long a search may take now: longer for one that is begun again on a machine that gave it no time."""

    __slots__ = ("seconds",)

    def __init__(self) -> None:
        self.seconds = SEARCH_TIMEOUT


_patience = _Patience()


@contextmanager
def patience(times: int) -> Iterator[None]:
    """Give each search within the block so many times its time."""
    _patience.seconds = SEARCH_TIMEOUT * times
    try:
        yield
    finally:
        _patience.seconds = SEARCH_TIMEOUT


def search(pattern: LazyPattern, text: str) -> regex.Match[str] | None:
    """Find `pattern` in `text`. Raises `TimeoutError` after `SEARCH_TIMEOUT`."""
    return pattern.compiled.search(text, timeout=_patience.seconds, concurrent=False)


def search_behind(pattern: LazyPattern, before: str, text: str) -> regex.Match[str] | None:
    """Find `pattern` in `text`, where its look-behinds see what stands `before`. Raises `TimeoutError` too."""
    return pattern.compiled.search(before + text, len(before), timeout=_patience.seconds, concurrent=False)


def named_groups(match: regex.Match[str]) -> dict[str, str]:
    """Give the named groups that took part in a match."""
    return {name: text for name, text in match.groupdict().items() if text is not None}
