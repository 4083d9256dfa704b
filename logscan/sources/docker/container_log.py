"""ContainerLog: one container's log through the engine, from its first wanted line to its end.

Owns the order of things for one container: ask, take the stream apart, account for what was seen,
and prove afterwards that nothing is missing (completeness). A fault ends this log, not the scan: it
is told in the coverage. Does not own which containers are read, or how many at once.
"""

from __future__ import annotations

from collections.abc import Iterator

import structlog

from logscan.batch import Batch
from logscan.errors import SourceError
from logscan.finding import Coverage, ScanError, Status
from logscan.framing.time_range import TimeRange
from logscan.redact import redact
from logscan.sources.docker.completeness import Repair, Verdict, check
from logscan.sources.docker.engine import DAMAGED_HELP, ContainerInfo, Engine, LogQuery
from logscan.sources.docker.last_lines import last_lines
from logscan.sources.docker.record_reader import RecordReader

log = structlog.get_logger()

UNREADABLE_DRIVERS = {
    "none": "its log driver is `none`: the engine keeps no log",
}


LOSSY = "the log driver may drop lines (mode non-blocking)"


class ContainerLog:
    """The log of one container. `coverage` is filled by `batches`, and final when that ends."""

    def __init__(self, engine: Engine, info: ContainerInfo, wanted: TimeRange, tail: int | None = None) -> None:
        self._engine = engine
        self._info = info
        self._wanted = wanted
        self._tail = tail
        state = info.state
        self.coverage = Coverage(
            info.container,
            info.driver,
            read="api",
            started_ns=state.started_ns,
            ended_ns=state.ended_ns,
            from_start=tail is None and not info.forgetful and not engine.is_podman,  # which hides how it rotates
        )
        self.error: ScanError | None = None

    def batches(self) -> Iterator[Batch]:
        """Read the log once. Never raises SourceError: what went wrong is in `coverage` and `error`."""
        if reason := UNREADABLE_DRIVERS.get(self._info.driver):
            self._fail(Status.UNREADABLE, reason, "give the container a log driver that keeps logs, such as local")
            return
        if self._info.lossy:
            self.coverage.reason = LOSSY
        try:
            yield from self._read()
        except SourceError as error:
            status = Status.PARTIAL if self.coverage.lines else Status.UNREADABLE
            self._fail(status, error.message, error.help)
        except (OSError, ValueError) as error:  # of the connection or the stream, where nothing else named it
            status = Status.PARTIAL if self.coverage.lines else Status.UNREADABLE
            self._fail(status, f"its log can't be read further: {redact(str(error))}", None)
        finally:
            self.coverage.done = True

    def _read(self) -> Iterator[Batch]:
        if self._tail is not None:
            for batch in last_lines(self._engine, self._info, self._tail, self._wanted):
                self.coverage.count(batch)
                yield batch
            return
        since_ns = self._wanted.since_ns if self._engine.since_is_exact(self._info) else None
        query = LogQuery(since_ns=since_ns)
        log.debug("log.read", container=self._info.container.name, **query.params())
        reader = RecordReader(self._engine, self._info, query, self._wanted)
        for batch in reader.batches():
            self.coverage.count(batch)
            yield batch
        if self._engine.is_podman:
            # It joins pieces of lines in a read from the end and leaves others out, so it is no witness.
            return
        verdict = check(self._engine, self._info, reader, self._wanted)
        log.debug("log.checked", container=self._info.container.name, records=reader.records, verdict=verdict.name)
        match verdict:
            case Verdict.COMPLETE:
                pass
            case Verdict.UNDECIDED:
                self.coverage.reason = "it was written to all the while, so its beginning could not be compared"
            case Verdict.SHORT if self._info.tty:
                self._fail(Status.PARTIAL, "the engine stopped before the end of the log", DAMAGED_HELP)
            case Verdict.SHORT:
                yield from self._make_good(Repair(self._engine, self._info, query, self._wanted, reader.last_record))

    def _make_good(self, repair: Repair) -> Iterator[Batch]:
        """Read from the end what the first read did not bring, and say what stays short."""
        hole = repair.find()
        log.debug("log.compared", container=self._info.container.name, recovered=hole.readable if hole else 0)
        if hole is None:
            return
        for batch in repair.batches(hole):
            self.coverage.count(batch)
            yield batch
        if hole.gap is not None:
            self.coverage.gaps.append(hole.gap)
            self._fail(
                Status.PARTIAL, "the engine's copy of the log is damaged: at least one line is lost", DAMAGED_HELP
            )

    def _fail(self, status: Status, reason: str, help_: str | None) -> None:
        self.coverage.status = status
        self.coverage.reason = reason
        self.error = ScanError("source", self._info.container.name, reason, help_)
