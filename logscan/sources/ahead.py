"""Ahead: iterate on threads of their own, so that reading and searching overlap.

Reading waits for disks and sockets and searching runs outside of the interpreter's lock, so two
threads are faster than one although both are Python. A small queue lies between: who is ahead
waits, and no more than the queue is held in memory.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")

END_S = 2.0
"""How long threads are waited for that are still in a read when nobody wants its result any more."""


class _Ended:
    """A thread's last word: nothing is left, or it failed."""

    def __init__(self, fault: BaseException | None) -> None:
        self.fault = fault


class _Threads(Generic[T]):
    """Two queues of the C library make the bound: a thread needs a place before it may put an item."""

    def __init__(self, iterables: Sequence[Iterable[T]], count: int, depth: int) -> None:
        self._waiting: SimpleQueue[Iterable[T]] = SimpleQueue()
        for iterable in iterables:
            self._waiting.put(iterable)
        self._done: SimpleQueue[T | _Ended] = SimpleQueue()
        self._places: SimpleQueue[bool] = SimpleQueue()
        for _ in range(depth):
            self._places.put(True)
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(min(count, len(iterables)))]

    def items(self, beside: Iterator[T]) -> Iterator[T]:
        for thread in self._threads:
            thread.start()
        try:
            running, own = len(self._threads), True
            while running or own:
                try:
                    item = self._done.get(block=not own)
                except Empty:  # instead of waiting
                    own = False
                    for item in islice(beside, 1):
                        own = True
                        yield item
                    continue
                if not isinstance(item, _Ended):
                    self._places.put(True)
                    yield item
                    continue
                running -= 1
                if item.fault is not None:
                    raise item.fault
        finally:
            for _ in self._threads:
                self._places.put(False)
            for thread in self._threads:
                thread.join(END_S)

    def _run(self) -> None:
        fault: BaseException | None = None
        try:
            while True:
                for item in self._waiting.get_nowait():
                    if not self._places.get():
                        return
                    self._done.put(item)
        except Empty:
            pass
        except BaseException as error:  # noqa: BLE001 - raised again where the items are taken
            fault = error
        self._done.put(_Ended(fault))


def read_ahead(iterables: Sequence[Iterable[T]], *, threads: int, depth: int, beside: Iterable[T] = ()) -> Iterator[T]:
    """Yield the items of all iterables, those of each one in order, `threads` of them at once.

    Where none waits, those of `beside` come, which is read here. At most `depth` items wait. What
    an iterable raises is raised here; leaving the loop stops the threads.
    """
    return _Threads(iterables, threads, depth).items(iter(beside))
