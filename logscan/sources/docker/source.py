"""DockerSource: the logs of an engine's containers, several read at once.

Owns finding the containers and the bounded pool of readers. Each container's batches come in order;
those of different containers interleave. A small queue between readers and the matcher is all
that is held in memory: who is ahead waits. Files, for which nobody waits, are read without a thread.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from logscan.batch import Batch
from logscan.errors import SourceError
from logscan.finding import Coverage, ScanError
from logscan.framing.time_range import TimeRange
from logscan.settings import Direct
from logscan.sources.ahead import read_ahead
from logscan.sources.docker.container_log import ContainerLog
from logscan.sources.docker.direct_log import DirectLog
from logscan.sources.docker.engine import Engine
from logscan.sources.docker.event_log import EventLog
from logscan.sources.docker.nearest_log import NearestLog, log_of
from logscan.sources.docker.select import Listed, Selection, own_container_id

READERS = 4
"""Logs read at once. The engine decodes each log on one core, and opens no more for us than this."""

QUEUED_BATCHES = 8


class DockerSource:
    """The chosen containers of one engine. Raises EngineUnreachable only from `open`."""

    def __init__(self, logs: Sequence[ContainerLog | DirectLog | NearestLog]) -> None:
        self._logs = logs
        self._events: EventLog | None = None
        self._errors: list[ScanError] = []
        self.unknown: tuple[str, ...] = ()
        """Names that were asked for and that no container of this engine has."""

    @classmethod
    def open(
        cls,
        engine: Engine,
        selection: Selection,
        wanted: TimeRange,
        *,
        tail: int | None = None,
        direct: Direct = Direct.AUTO,
        events_until_ns: int | None = None,
    ) -> DockerSource:
        """List, choose and inspect. A name that is not there becomes one of `unknown`, not an exception.

        `events_until_ns`: read the engine's own events too, up to then, which is now at the latest.
        """
        listing = [Listed.read(entry) for entry in engine.list_containers()]
        chosen, unknown = selection.choose(listing, own_container_id())
        infos, errors = [], []
        for listed in chosen:
            try:
                infos.append(engine.inspect(listed.id))
            except SourceError as error:  # removed since it was listed
                errors.append(ScanError("source", (*listed.names, listed.id)[0], error.message, error.help))
        source = cls([log_of(engine, info, wanted, tail, direct) for info in infos])
        if events_until_ns is not None:
            known = frozenset(listed.id for listed in listing)
            source._events = EventLog(engine, infos, known, selection, wanted=wanted, until_ns=events_until_ns)
        source._errors, source.unknown = errors, tuple(unknown)
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
        awaited = [log.batches() for log in self._logs if isinstance(log, ContainerLog)]
        files = chain.from_iterable(log.batches() for log in self._logs if not isinstance(log, ContainerLog))
        yield from read_ahead(awaited, threads=READERS, depth=QUEUED_BATCHES, beside=files)
