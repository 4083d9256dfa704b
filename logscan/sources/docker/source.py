"""DockerSource: the logs of an engine's containers, several read at once.

Owns finding the containers and the bounded pool of readers. Each container's batches come in order;
those of different containers interleave. A small queue between readers and the matcher is all
that is held in memory: who is ahead waits.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from queue import Empty, Full, Queue

from logscan.batch import Batch
from logscan.errors import SourceError
from logscan.finding import Coverage, ScanError
from logscan.framing.time_range import TimeRange
from logscan.sources.docker.container_log import ContainerLog
from logscan.sources.docker.direct_log import DirectLog
from logscan.sources.docker.engine import Engine
from logscan.sources.docker.event_log import EventLog
from logscan.sources.docker.select import Listed, Selection, own_container_id

READERS = 4
"""Logs read at once. The engine decodes each log on one core, and opens no more for us than this."""

QUEUED_BATCHES = 8
WAIT_S = 0.2


class DockerSource:
    """The chosen containers of one engine. Raises EngineUnreachable only from `open`."""

    def __init__(self, logs: Sequence[ContainerLog | DirectLog]) -> None:
        self._logs = logs
        self._events: EventLog | None = None
        self._errors: list[ScanError] = []
        self._stop = threading.Event()

    @classmethod
    def open(
        cls,
        engine: Engine,
        selection: Selection,
        wanted: TimeRange,
        *,
        tail: int | None = None,
        direct: bool = False,
        events_until_ns: int | None = None,
    ) -> DockerSource:
        """List, choose and inspect. A name that is not there becomes an error of the scan, not an exception.

        `direct`: read the files that the engine keeps, past its API. `events_until_ns`: read its own
        events too, up to then, which is now at the latest.
        """
        listing = [Listed.read(entry) for entry in engine.list_containers()]
        chosen, unknown = selection.choose(listing, own_container_id())
        infos, errors = [], []
        for listed in chosen:
            try:
                infos.append(engine.inspect(listed.id))
            except SourceError as error:  # removed since it was listed
                errors.append(ScanError("source", (*listed.names, listed.id)[0], error.message, error.help))
        errors += [
            ScanError("source", name, f"no container is called {name}", "`docker ps -a` shows their names")
            for name in unknown
        ]
        source = cls(
            [DirectLog(info, wanted) if direct else ContainerLog(engine, info, wanted, tail) for info in infos]
        )
        if events_until_ns is not None:
            known = frozenset(listed.id for listed in listing)
            source._events = EventLog(engine, infos, known, selection, wanted=wanted, until_ns=events_until_ns)
        source._errors = errors
        return source

    @property
    def coverage(self) -> list[Coverage]:
        return [log.coverage for log in self._logs]

    @property
    def errors(self) -> list[ScanError]:
        read = (*self._logs, self._events) if self._events else self._logs
        return self._errors + [log.error for log in read if log.error is not None]

    def batches(self) -> Iterator[Batch]:
        """Read every log once, and what the engine tells of the containers before them."""
        if self._events is not None:
            yield from self._events.batches()
        waiting: Queue[ContainerLog | DirectLog] = Queue()
        for log in self._logs:
            waiting.put(log)
        done: Queue[Batch | _Ended] = Queue(QUEUED_BATCHES)
        readers = [
            threading.Thread(target=self._read_all, args=(waiting, done), name=f"log-reader-{number}", daemon=True)
            for number in range(min(READERS, len(self._logs)))
        ]
        for reader in readers:
            reader.start()
        try:
            yield from _until_ended(done, len(readers))
        finally:
            self._stop.set()
            for reader in readers:
                reader.join(timeout=2)

    def _read_all(self, waiting: Queue[ContainerLog | DirectLog], done: Queue[Batch | _Ended]) -> None:
        fault: BaseException | None = None
        try:
            while True:
                log = waiting.get_nowait()
                for batch in log.batches():
                    if not self._put(done, batch):
                        return
        except Empty:
            pass
        except BaseException as error:  # noqa: BLE001 - raised again where the batches are taken
            fault = error
        self._put(done, _Ended(fault))

    def _put(self, done: Queue[Batch | _Ended], item: Batch | _Ended) -> bool:
        while not self._stop.is_set():
            try:
                done.put(item, timeout=WAIT_S)
            except Full:
                continue
            return True
        return False


class _Ended:
    """A reader's last word: it has no more logs, or it failed with a fault of ours."""

    def __init__(self, fault: BaseException | None) -> None:
        self.fault = fault


def _until_ended(done: Queue[Batch | _Ended], readers: int) -> Iterator[Batch]:
    while readers:
        item = done.get()
        if not isinstance(item, _Ended):
            yield item
            continue
        readers -= 1
        if item.fault is not None:
            raise item.fault
