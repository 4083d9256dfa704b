"""Search ahead: batches with their candidates, searched on other cores while this one confirms and counts.

Owns which batch is searched where, and that they come out in their order. A stretch of a file becomes a batch here: it
is read where it is searched. Does not own the processes' conversation (search_process), nor which lines belong to a
stretch (framing.stretch), nor what candidates mean (matcher).

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
from logscan.framing.stretch import Pause, Portion, Stretch, read_lines, read_with_care
from logscan.matching.prefilter import Candidate, Prefilter
from logscan.matching.search_process import SLOTS, SearchProcess

MAX_PROCESSES: Final = 3
"""More of them search faster than one process can confirm and count."""

START_BYTES: Final = 16 << 20
"""Processes are started after so much input: to start one takes a tenth of a second of another core."""


def spare_cores() -> int:
    """Tell how many processes may search beside this one."""
    if not hasattr(os, "memfd_create"):  # memory without a name, to be shared: Linux has it
        return 0
    return min(len(os.sched_getaffinity(0)) - 1, MAX_PROCESSES)


@dataclass(slots=True)
class _Search:
    """What is searched, and what was found in it: None while a process searches it.

    `text`: that of a batch, or the lines of a stretch that was read, None where they need care. `lines`: how many a
    stretch has, where they were counted.
    """

    of: Batch | Stretch
    text: bytes | None
    found: Sequence[Candidate] | None = None
    lines: int | None = None


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

    def over(self, portions: Iterable[Portion]) -> Iterator[tuple[Batch, Sequence[Candidate]]]:
        """Give the batches in their order, each with its candidates."""
        waiting: deque[_Search] = deque()
        for portion in portions:
            if isinstance(portion, Pause):
                most = 0
            else:
                waiting.append(self._begun(portion))
                most = self._depth
            while waiting and (waiting[0].found is not None or len(waiting) > most):
                yield from self._done(waiting.popleft())
        while waiting:
            yield from self._done(waiting.popleft())

    @property
    def _depth(self) -> int:
        """Say how many batches may wait: those in slots, and as many that were searched here meanwhile."""
        return 2 * SLOTS * len(self._workers)

    def _begun(self, portion: Batch | Stretch) -> _Search:
        """Hand something to a process that has room for it; search it here where none has."""
        search = _Search(portion, portion.text if isinstance(portion, Batch) else None)
        if self._wanted and self._searched >= self._start_bytes:
            self._start()
        if len(search.text or b"") <= MAX_BATCH_BYTES:
            self._take_answers(0)
            for worker in sorted(self._workers, key=lambda one: -len(one.free)):
                if worker.free and worker.process.ready and self._hand(search, worker):
                    return search
        self._search_here(search)
        return search

    def _search_here(self, search: _Search) -> None:
        if isinstance(search.of, Stretch):
            with suppress(OSError):  # whoever takes care of it meets the same
                search.text = read_lines(search.of.file, search.of.start, search.of.end)
        text = search.text or b""
        search.found = self._prefilter.candidates(text)
        self._searched += len(text)

    def _done(self, search: _Search) -> Iterator[tuple[Batch, Sequence[Candidate]]]:
        while search.found is None:
            self._take_answers(None)
        if isinstance(search.of, Batch):
            yield search.of, search.found
        elif search.text is None:
            for batch in read_with_care(search.of):
                yield batch, self._prefilter.candidates(batch.text)
        elif search.text:
            yield search.of.finish(Batch(search.of.container, search.text, search.lines)), search.found

    def _start(self) -> None:
        """Start the processes that are wanted, once."""
        wanted, self._wanted = self._wanted, 0
        with suppress(OSError):  # no more processes, or no more memory: it goes without
            for _ in range(wanted):
                self._workers.append(_Worker(self._prefilter))

    def _hand(self, search: _Search, worker: _Worker) -> bool:
        slot = worker.free[-1]
        try:
            if isinstance(search.of, Stretch):
                worker.process.begin_stretch(slot, search.of)
            else:
                worker.process.begin(slot, search.of.text)
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
                answer = worker.process.answer()
            except OSError:
                self._lose(worker)
                continue
            search = worker.begun.popleft()
            if isinstance(search.of, Batch):
                search.of.take_count(answer.lines)
            else:
                search.text, search.lines = worker.process.text(answer), answer.lines
            search.found = self._prefilter.candidates(search.text or b"") if answer.found is None else answer.found
            worker.free.append(answer.slot)

    def _lose(self, worker: _Worker) -> None:
        """Go on without a process: what it had before it is searched here."""
        self._workers.remove(worker)
        worker.process.close()
        for search in worker.begun:
            self._search_here(search)
