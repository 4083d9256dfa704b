"""The prefilter: one search through a batch for all literals of all rules at once.

Owns Hyperscan, and is its only importer. Hyperscan is used in literal mode alone: its regex engine
misses matches in current builds. Does not own where literals come from (literals), nor what a
candidate means (confirm): it answers with literals and offsets.

The time of a search does not depend on how many literals there are; each match costs a callback,
about 0.16 µs.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import hyperscan

Candidate = tuple[int, int]
"""A literal's number, and the offset just behind where it was found."""


class Prefilter:
    """Finds `literals` (ASCII, numbered by their place) in bytes, without regard to case."""

    def __init__(self, literals: Sequence[str]) -> None:
        self._threads = threading.local()
        self._database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        self._database.compile(
            expressions=[literal.encode("ascii") for literal in literals],
            ids=range(len(literals)),
            elements=len(literals),
            flags=[hyperscan.HS_FLAG_CASELESS] * len(literals),
            literal=True,
        )

    def candidates(self, text: bytes) -> list[Candidate]:
        """Give all places where a literal occurs, by rising offset. May be called from any thread."""
        found: list[Candidate] = []
        append = found.append

        def note(literal: int, _start: int, end: int, _flags: int, _context: object) -> None:
            append((literal, end))

        self._database.scan(text, match_event_handler=note, scratch=self._scratch())
        return found

    def _scratch(self) -> Any:
        """Give this thread's scratch space: two searches at once must not share one."""
        try:
            return self._threads.scratch
        except AttributeError:
            self._threads.scratch = hyperscan.Scratch(self._database)
            return self._threads.scratch
