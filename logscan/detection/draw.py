"""Draw: an even sample of bounded size that doesn't depend on the order in which things came."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappush, heapreplace
from typing import Generic, TypeVar
from zlib import crc32

T = TypeVar("T")


class Draw(Generic[T]):
    """Keeps up to `size` items: those whose names have the smallest hashes."""

    __slots__ = ("_heap", "_number", "_size")

    def __init__(self, size: int) -> None:
        self._size = size
        self._heap: list[tuple[int, str, int, T]] = []  # the largest hash on top
        self._number = 0

    def add(self, name: str, item: T) -> None:
        """Look at one more item; `name` tells it from others."""
        self._number += 1
        entry = (-crc32(name.encode("utf-8", "surrogatepass")), name, self._number, item)
        if len(self._heap) < self._size:
            heappush(self._heap, entry)
        elif entry > self._heap[0]:
            heapreplace(self._heap, entry)

    def __iter__(self) -> Iterator[T]:
        return (item for *_, item in self._heap)
