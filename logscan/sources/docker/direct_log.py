"""DirectLog: one container's log as the engine keeps it on disk, past its API.

Where the engine is on this machine and its files may be read, that is several times as fast as asking it, and it sees
records that the engine stumbles over. Owns whether that goes, the order of things for one container, and the account of
what was seen. Does not own opening the files (log_files), nor how records are read (json_file).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import structlog

from logscan.batch import Batch
from logscan.errors import SourceError
from logscan.finding import Coverage, Gap, GapReason, ScanError, Status
from logscan.framing.line_block import last_of
from logscan.framing.time_range import TimeRange
from logscan.sources.docker.container_log import LOSSY
from logscan.sources.docker.engine import DAMAGED_HELP, ContainerInfo, Engine
from logscan.sources.docker.last_lines import begins_before, inside
from logscan.sources.docker.log_files import Emptied, LogFiles
from logscan.sources.json_file import JsonFileReader

log = structlog.get_logger()

ATTEMPTS: Final = 100
"""So often it is begun anew with a log that is emptied before anything was read."""

_HELP = "read this one through the engine: --direct never"


def log_path(engine: Engine, info: ContainerInfo) -> Path:
    """Give the file that a container's log is written to, which may be read. Raises SourceError with the reason."""
    if engine.is_podman or info.driver != "json-file":
        driver = f"log driver {info.driver}" if info.driver != "json-file" else "Podman"
        raise SourceError(f"the files of {driver} can't be read directly")
    path = Path(info.log_path)
    # With its ID in its name it is this container's, and no other machine's that has the same folders.
    if info.container.id not in path.name:
        raise SourceError("the engine names no log file of it")
    try:
        if path.is_file():
            path.open("rb").close()
            return path
        if path.parent.is_dir() and not path.exists():  # while the engine rotates it, there is none for a moment
            return path
    except OSError as error:
        raise SourceError(f"its log file can't be opened: {(error.strerror or str(error)).lower()}") from error
    raise SourceError("its log file is not on this machine, or may not be read")


class DirectLog:
    """The log files of one container. `coverage` is filled by `batches`, and final when that ends."""

    def __init__(self, engine: Engine, info: ContainerInfo, wanted: TimeRange, tail: int | None = None) -> None:
        self._engine = engine
        self._info = info
        self._wanted = wanted
        self._tail = tail
        state = info.state
        self.coverage = Coverage(
            info.container,
            info.driver,
            read="direct",
            started_ns=state.started_ns,
            ended_ns=state.ended_ns,
            from_start=tail is None and not info.forgetful,
        )
        self.error: ScanError | None = None

    def batches(self) -> Iterator[Batch]:
        """Read the files once, oldest first. Never raises SourceError: what went wrong is in `coverage`.

        A log of which nothing could be read is unreadable.
        """
        if self._info.lossy:
            self.coverage.reason = LOSSY
        try:
            yield from self._read(log_path(self._engine, self._info))
        except (SourceError, OSError) as error:
            status = Status.PARTIAL if self.coverage.lines else Status.UNREADABLE
            if isinstance(error, SourceError):
                self._fail(status, error.message, error.help or _HELP)
            else:
                self._fail(status, f"its log file can't be read: {error}", _HELP)
        self.coverage.done = True

    def _read(self, path: Path) -> Iterator[Batch]:
        """Read, and begin anew where the log was emptied before anything was read: the older lines are gone for all."""
        for _ in range(ATTEMPTS):
            reader = self._reader(self._wanted)
            try:
                with LogFiles(path, self._info) as files:
                    log.debug("log.read", container=self._info.container.name, path=str(path))
                    if self._tail is None:
                        yield from map(self._count, self._from_start(files, reader))
                    else:
                        yield from map(self._count, self._last_lines(files, self._tail))
                    return
            except Emptied:
                if not self.coverage.lines:
                    continue
                yield from map(self._count, reader.settle())
                self._account(reader, files)
                self.coverage.gaps.append(Gap(self._info.container, reader.last_ns, None, GapReason.TRUNCATED))
                raise
        raise Emptied

    def _from_start(self, files: LogFiles, reader: JsonFileReader) -> Iterator[Batch]:
        begin = (0, 0) if self._wanted.since_ns is None else files.since(self._wanted.since_ns)
        for data, is_near_end in files.blocks(begin):
            # There the two streams may stand out of order, and the coverage names both ends.
            reader.decodes = is_near_end or not self.coverage.lines
            yield from reader.feed(data)
        yield from reader.flush()
        self._account(reader, files)

    def _last_lines(self, files: LogFiles, lines: int) -> Iterator[Batch]:
        """Yield the last lines, of which each is whole: read from farther back until the first of them clearly is."""
        if not lines:
            return
        for place in files.from_end():
            reader = self._reader(TimeRange())
            reader.decodes = True
            files.faults.clear()
            listing = [batch for data, _ in files.blocks(place) for batch in reader.feed(data)] + list(reader.flush())
            kept = list(last_of(listing, lines))
            if place == (0, 0) or begins_before(listing, kept):
                yield from inside(kept, self._wanted)
                self._account(reader, files)
                return

    def _reader(self, wanted: TimeRange) -> JsonFileReader:
        return JsonFileReader(self._info.container, wanted, engines_own=True, tty=self._info.tty)

    def _count(self, batch: Batch) -> Batch:
        self.coverage.count(batch)
        return batch

    def _account(self, reader: JsonFileReader, files: LogFiles | None = None) -> None:
        """Say what was damaged."""
        self.coverage.gaps += reader.gaps
        faults = [*([reader.damage] if reader.damage else []), *(files.faults if files else [])]
        if faults:
            self._fail(Status.PARTIAL, "; ".join(faults), DAMAGED_HELP)

    def _fail(self, status: Status, reason: str, help_: str) -> None:
        if self.error is not None:
            reason = f"{self.error.message}; {reason}"
        self.coverage.status, self.coverage.reason = status, reason
        self.error = ScanError("source", self._info.container.name, reason, help_)
