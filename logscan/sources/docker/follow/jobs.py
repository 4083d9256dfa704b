"""Jobs: calls that wait, made beside the loop by a few threads, their outcomes handed back to it.

Owns the threads, and the lanes that keep one kind of call from holding up the others: a container whose inspect
hangs takes a place in its own lane alone. Does not own what is called, nor any deadline: each call has its own.
What follows a call runs in the loop's thread, in `finish`, so nothing but this needs a lock.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, TypeVar

from logscan.errors import SourceError
from logscan.redact import redact

T = TypeVar("T")


class Lane(Enum):
    """A kind of call, and how many of it may wait for the engine at once: eight in all."""

    OPEN = "open a log", 3
    BELL = "open a bell, which some engines don't answer before the first line", 1
    INSPECT = "inspect", 2
    DISCOVER = "list, and subscribe to events", 1
    REACH = "connect, and ask whether anyone is there", 1

    @property
    def width(self) -> int:
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What a call gave: a value, or why there is none. The times around it are those of the caller's clock."""

    value: T | None
    error: SourceError | None
    began_ns: int
    ended_ns: int


@dataclass(frozen=True, slots=True)
class _Job:
    lane: Lane
    call: Callable[[], Any]
    then: Callable[[Outcome[Any]], None]


class Jobs:
    """Makes calls beside the loop. `wake` is called, by any thread, when an outcome lies ready."""

    def __init__(self, wake: Callable[[], None], monotonic_ns: Callable[[], int]) -> None:
        self._wake = wake
        self._now_ns = monotonic_ns
        self._waiting: dict[Lane, deque[_Job]] = {lane: deque() for lane in Lane}
        self._running = dict.fromkeys(Lane, 0)
        self._begun: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._ended: queue.SimpleQueue[tuple[_Job, Outcome[Any]]] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._stopped = threading.Event()

    def room(self, lane: Lane) -> int:
        """Tell how many more calls of a lane could begin at once."""
        return max(0, lane.width - self._running[lane] - len(self._waiting[lane]))

    def begin(self, lane: Lane, call: Callable[[], T], then: Callable[[Outcome[T]], None]) -> None:
        """Have `call` made as soon as its lane has room; `then` is told of its outcome by `finish`."""
        self._waiting[lane].append(_Job(lane, call, then))
        self._fill(lane)

    def finish(self) -> None:
        """Tell of the calls that have ended since."""
        while True:
            try:
                job, outcome = self._ended.get_nowait()
            except queue.Empty:
                return
            self._running[job.lane] -= 1
            self._fill(job.lane)
            job.then(outcome)

    def stop(self) -> None:
        """Begin nothing more. Answers that still come are closed unread."""
        self._stopped.set()
        for _ in self._threads:
            self._begun.put(None)

    def join(self, timeout_s: float) -> bool:
        """Wait for the threads; tell whether all have ended. One that waits for a silent engine is left to it."""
        until_ns = self._now_ns() + int(timeout_s * 1e9)
        for thread in self._threads:
            thread.join(max(0.0, (until_ns - self._now_ns()) / 1e9))
        self._drop_answers()
        return not any(thread.is_alive() for thread in self._threads)

    def _fill(self, lane: Lane) -> None:
        waiting = self._waiting[lane]
        while waiting and self._running[lane] < lane.width:
            self._running[lane] += 1
            if len(self._threads) < sum(self._running.values()):
                self._threads.append(threading.Thread(target=self._work, name="logscan-call", daemon=True))
                self._threads[-1].start()
            self._begun.put(waiting.popleft())

    def _work(self) -> None:
        while (job := self._begun.get()) is not None and not self._stopped.is_set():
            self._ended.put((job, self._make(job.call)))
            if self._stopped.is_set():
                self._drop_answers()
            self._wake()

    def _make(self, call: Callable[[], T]) -> Outcome[T]:
        began_ns = self._now_ns()
        try:
            value = call()
        except SourceError as error:
            return Outcome(None, error, began_ns, self._now_ns())
        except Exception as error:  # noqa: BLE001 - of the SDK or of an answer that is none: the loop goes on
            message = f"the engine's answer can't be used: {type(error).__name__}: {redact(str(error))}"
            return Outcome(None, SourceError(message), began_ns, self._now_ns())
        return Outcome(value, None, began_ns, self._now_ns())

    def _drop_answers(self) -> None:
        while True:
            try:
                _, outcome = self._ended.get_nowait()
            except queue.Empty:
                return
            if close := getattr(outcome.value, "close", None):
                close()
