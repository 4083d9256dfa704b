"""Salvage: how much of a log can be read from its end, when the engine fails at a damaged record.

A read that goes forward never gets past such a record. But the engine finds the last so many records by going
back from the end, and where these lie behind the damage they come whole. So the largest such number is looked
for, eightfold and then by halving. Does not own what is then read and told (bookmark).
"""

from __future__ import annotations

FACTOR = 8
MOST = 1 << 21

STUCK = 5
"""So many faults without a record between them are no accident: a record there is damaged."""


class Salvage:
    """Looks for the largest number of last records that can be read, once reads have failed too often."""

    def __init__(self) -> None:
        self._faults = 0
        self._readable = 0
        self._failed: int | None = None
        self.has_place = False
        """Whether the place lies among the records that can be read: nothing is lost then."""

    @property
    def is_on(self) -> bool:
        return self._faults >= STUCK

    @property
    def is_settled(self) -> bool:
        """Whether the number is known."""
        if self.has_place or self._failed is None:
            return self.has_place or self._readable >= MOST
        return self._failed - self._readable <= 1

    @property
    def tail(self) -> int:
        """How many to ask for next; once it is settled, how many can be read."""
        if self.is_settled:
            return self._readable
        return self._readable * FACTOR or 1 if self._failed is None else (self._readable + self._failed) // 2

    def begin(self, tail: int) -> None:
        """Note that a record among so many last ones is known to be damaged."""
        self._faults, self._failed = STUCK, tail

    def fault(self) -> None:
        """Note that a read has failed."""
        if not self.is_on:
            self._faults += 1
        elif self.is_settled:  # what could be read from the end a moment ago can't any more
            self.over()
        else:
            self._failed = self.tail

    def got_on(self) -> None:
        """Note that a read has brought records that were new."""
        if not self.is_on:
            self._faults = 0

    def tried(self, records: int, *, has_place: bool) -> None:
        """Note that a read came to its end, with so many records."""
        if records >= self.tail:
            self._readable, self.has_place = self.tail, has_place
        else:
            self._failed = self.tail

    def over(self) -> None:
        """Note that reading gets on, or has to begin anew."""
        self._faults, self._readable, self._failed, self.has_place = 0, 0, None, False
