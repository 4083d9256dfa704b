"""Fifo: a queue that knows which of its items have been kept, so that keeping costs what changed.

What goes in gets a number, and only the earliest goes out. So two numbers tell all: where the queue
begins and ends, and where it did when it was kept the last time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


class Fifo(deque[T]):
    """A deque that is only appended to and popped from the left. `end`: the number of the next item."""

    def __init__(self, maxlen: int | None = None) -> None:
        super().__init__(maxlen=maxlen)
        self.end = 0
        self._kept = 0, 0

    def append(self, item: T, /) -> None:
        self.end += 1
        super().append(item)

    def refill(self, first: int, items: Iterable[T]) -> None:
        """Go on from what was kept: the first of these items has that number."""
        self.extend(items)
        self.end = first + len(self)
        self._kept = first, self.end

    @property
    def first(self) -> int:
        """The number of the earliest item."""
        return self.end - len(self)

    @property
    def kept(self) -> range:
        """The numbers of the items that were kept the last time."""
        return range(*self._kept)

    def changed(self) -> Iterator[tuple[int, T | None]]:
        """Give the items that came since this was asked last, and None for those that went; by their numbers."""
        was, first = self.kept, self.first
        self._kept = first, self.end
        for number in was[: max(first - was.start, 0)]:
            yield number, None
        begin = max(first, was.stop)
        for number, item in enumerate(islice(self, begin - first, None), begin):
            yield number, item
