"""Search ahead: batches with their candidates, searched on other cores while this one confirms and counts.

Owns which batch is searched where, and that they come out in their order. Does not own the processes'
conversation (search_process), nor what candidates mean (matcher).

Processes rather than threads: a search runs outside of the interpreter's lock, but each match has to take it, and
waits for milliseconds while Python runs elsewhere. They count lines too.
Little input pays for no process. One that is gone costs time alone: its batches are searched here.
"""

from __future__ import annotations

import os
import select
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Self

from logscan.batch import MAX_BATCH_BYTES, Batch
from logscan.matching.prefilter import Candidate, Prefilter
from logscan.matching.search_process import SLOTS, SearchProcess

MAX_PROCESSES: Final = 3
"""More of them search faster than one process can read, confirm and count."""

START_BYTES: Final = 16 << 20
"""Processes are started after so much input: to start one takes a tenth of a second of another core."""


def spare_cores() -> int:
    """Tell how many processes may search beside this one."""
    if not hasattr(os, "memfd_create"):  # memory without a name, to be shared: Linux has it
        return 0
    return min(len(os.sched_getaffinity(0)) - 1, MAX_PROCESSES)


@dataclass(slots=True)
class _Search:
    """A batch, and what was found in it; None while a process searches it."""

    batch: Batch
    found: Sequence[Candidate] | None = None


class _Worker:
    """A process, the searches that it has before it, and the slots that are free."""

    def __init__(self, prefilter: Prefilter) -> None:
        self.process = SearchProcess(prefilter)
        self.begun: deque[_Search] = deque()
        self.free = list(range(SLOTS))


class SearchAhead:
    """Searches batches with `prefilter`, in up to `processes` processes beside this one. To be closed.

    They are started once `start_bytes` were searched here.
    """

    def __init__(
        self,
        prefilter: Prefilter,
        *,
        processes: int | None = None,
        start_bytes: int = START_BYTES,
    ) -> None:
        self._prefilter = prefilter
        self._wanted = spare_cores() if processes is None else processes
        self._start_bytes = start_bytes
        self._searched = 0
        self._workers: list[_Worker] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.process.close()
        self._workers.clear()

    @property
    def processes(self) -> int:
        """How many processes search beside this one by now."""
        return sum(worker.process.ready for worker in self._workers)

    def over(self, batches: Iterable[Batch]) -> Iterator[tuple[Batch, Sequence[Candidate]]]:
        """Give the batches in their order, each with its candidates."""
        waiting: deque[_Search] = deque()
        for batch in batches:
            waiting.append(self._begun(batch))
            while waiting and (waiting[0].found is not None or len(waiting) > self._depth):
                yield self._done(waiting.popleft())
        while waiting:
            yield self._done(waiting.popleft())

    @property
    def _depth(self) -> int:
        """Say how many batches may wait: those in slots, and as many that were searched here meanwhile."""
        return 2 * SLOTS * len(self._workers)

    def _begun(self, batch: Batch) -> _Search:
        """Hand a batch to a process that has room for it; search it here where none has."""
        search = _Search(batch)
        if self._wanted and self._searched >= self._start_bytes:
            self._start()
        if len(batch.text) <= MAX_BATCH_BYTES:
            self._take_answers(0)
            for worker in sorted(self._workers, key=lambda one: -len(one.free)):
                if worker.free and worker.process.ready and self._hand(search, worker):
                    return search
        search.found = self._prefilter.candidates(batch.text)
        self._searched += len(batch.text)
        return search

    def _done(self, search: _Search) -> tuple[Batch, Sequence[Candidate]]:
        while search.found is None:
            self._take_answers(None)
        return search.batch, search.found

    def _start(self) -> None:
        """Start the processes that are wanted, once."""
        wanted, self._wanted = self._wanted, 0
        with suppress(OSError):  # no more processes, or no more memory: it goes without
            for _ in range(wanted):
                self._workers.append(_Worker(self._prefilter))

    def _hand(self, search: _Search, worker: _Worker) -> bool:
        slot = worker.free[-1]
        try:
            worker.process.begin(slot, search.batch.text)
        except OSError:
            self._lose(worker)
            return False
        worker.free.pop()
        worker.begun.append(search)
        return True

    def _take_answers(self, timeout_s: float | None) -> None:
        """Take the answers that are there; without a timeout, wait for one, or for a process to be ready."""
        busy = {one.process.fileno(): one for one in self._workers if one.begun or not one.process.ready}
        if not busy:
            return
        for ready in select.select(list(busy), [], [], timeout_s)[0]:
            worker = busy[ready]
            try:
                if not worker.process.ready:
                    worker.process.greet()
                    continue
                slot, lines, found = worker.process.answer()
            except OSError:
                self._lose(worker)
                continue
            search = worker.begun.popleft()
            search.batch.take_count(lines)
            search.found = self._prefilter.candidates(search.batch.text) if found is None else found
            worker.free.append(slot)

    def _lose(self, worker: _Worker) -> None:
        """Go on without a process: what it had before it is searched here."""
        self._workers.remove(worker)
        worker.process.close()
        for search in worker.begun:
            search.found = self._prefilter.candidates(search.batch.text)
