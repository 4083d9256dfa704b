"""Salvage: how much of a log can be read from its end, when the engine fails at a damaged record.

A read that goes forward never gets past such a record: the engine reports it, or stops there and says
nothing. But it finds the last so many records by going back from the end, and where these lie behind the
damage they come whole. So the largest such number is looked for: eightfold, then by halving.
"""

from __future__ import annotations

FACTOR = 8
MOST = 1 << 21


class Salvage:
    """The search for the largest number of last records that can be read."""

    def __init__(self) -> None:
        self.readable = 0
        """So many last records could be read."""
        self._failed: int | None = None

    @property
    def tail(self) -> int | None:
        """How many to try next; None when the largest number is known."""
        if self._failed is None:
            following = self.readable * FACTOR or 1
            return following if following <= MOST else None
        middle = (self.readable + self._failed) // 2
        return middle if middle > self.readable else None

    def tried(self, tail: int, *, whole: bool) -> None:
        """Note whether the last `tail` records came without a fault, and none fewer."""
        if whole:
            self.readable = tail
        else:
            self._failed = tail
