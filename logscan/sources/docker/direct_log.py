"""DirectLog: one container's log as the engine keeps it on disk, past its API.

The `json-file` driver writes one file, and rotates it to `.1`, `.2` and so on, gzipped if asked. Where the
engine is on this machine and its files may be read, that is several times as fast as asking it,
and it sees records that the engine stumbles over. Owns finding and opening those files; how they
are read is json_file's.
"""

from __future__ import annotations

import gzip
import os
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import zip_longest
from pathlib import Path

from logscan.batch import Batch
from logscan.errors import SourceError
from logscan.finding import Coverage, ScanError, Status
from logscan.framing.time_range import TimeRange
from logscan.sources.docker.engine import DAMAGED_HELP, ContainerInfo
from logscan.sources.docker.record_search import LogFile, first_time, is_earlier, start_of
from logscan.sources.json_file import JsonFileReader

READ_BYTES = 1 << 20
EDGE_BYTES = 2 * READ_BYTES
"""Both ends of a log are decoded: there the two streams may stand out of order, and the coverage names the ends."""

ATTEMPTS = 5
"""The engine may rotate while the files are opened; then they are opened again."""

_HELP = "read this one through the engine: --direct auto"


class DirectLog:
    """The log files of one container. `coverage` is filled by `batches`, and final when that ends."""

    def __init__(self, info: ContainerInfo, wanted: TimeRange) -> None:
        self._info = info
        self._wanted = wanted
        state = info.state
        self.coverage = Coverage(
            info.container,
            info.driver,
            read="direct",
            started_ns=state.started_ns,
            ended_ns=state.ended_ns,
            from_start=not info.forgetful,
        )
        self.error: ScanError | None = None

    def batches(self) -> Iterator[Batch]:
        """Read the files once, oldest first. Never raises SourceError: what went wrong is in `coverage`."""
        reader = JsonFileReader(self._info.container, self._wanted, engines_own=True)
        try:
            with ExitStack() as stack:
                files = _opened(self._log_path(), stack)
                late = files[-1].seek(0, os.SEEK_END) - EDGE_BYTES
                files[-1].seek(0)
                for file in self._begun(files):
                    while data := file.read(READ_BYTES):
                        reader.decodes = not self.coverage.lines or (file is files[-1] and file.tell() > late)
                        yield from map(self._count, reader.feed(data))
            yield from map(self._count, reader.flush())
        except SourceError as error:
            self._fail(Status.UNREADABLE, error.message)
        except (OSError, EOFError, zlib.error) as error:
            self._fail(Status.PARTIAL, f"its log file can't be read: {error}")
        self.coverage.gaps += reader.gaps
        if reader.damage and self.error is None:
            self._fail(Status.PARTIAL, reader.damage, DAMAGED_HELP)
        self.coverage.done = True

    def _begun(self, files: Sequence[LogFile]) -> Iterator[LogFile]:
        """Give the files that may hold wanted records, each at the first of them or a little before it."""
        since_ns = self._wanted.since_ns
        for file, newer in zip_longest(files, files[1:]):
            if since_ns is not None and isinstance(file, gzip.GzipFile):
                if newer is not None and is_earlier(first_time(newer), since_ns):
                    continue
                file.seek(0)
            elif since_ns is not None:
                file.seek(start_of(file, file.seek(0, os.SEEK_END), since_ns))
            yield file

    def _log_path(self) -> Path:
        if self._info.driver != "json-file":
            raise SourceError(f"the files of log driver {self._info.driver} can't be read directly")
        path = Path(self._info.log_path)
        if not self._info.log_path or not path.is_file():
            raise SourceError("its log file is not on this machine, or may not be read")
        return path

    def _count(self, batch: Batch) -> Batch:
        self.coverage.count(batch)
        return batch

    def _fail(self, status: Status, reason: str, help_: str = _HELP) -> None:
        self.coverage.status, self.coverage.reason = status, reason
        self.error = ScanError("source", self._info.container.name, reason, help_)


def _opened(path: Path, stack: ExitStack) -> list[LogFile]:
    """Open the file and its rotated ones, oldest first, all of one moment. Raises OSError."""
    for _ in range(ATTEMPTS):
        before = path.stat().st_ino
        files = [_open(file) for file in (*rotated(path), path)]
        for file in files:
            stack.callback(file.close)
        if path.stat().st_ino == before:
            return files
    raise OSError("the engine rotated it all the while")


def rotated(path: Path) -> list[Path]:
    """Give the rotated files of a log, oldest first: `-json.log.3.gz`, `-json.log.2.gz`, `-json.log.1`."""
    numbered = re.compile(re.escape(path.name) + r"\.(\d+)(?:\.gz)?")
    found = [(int(match[1]), file) for file in path.parent.iterdir() if (match := numbered.fullmatch(file.name))]
    return [file for _, file in sorted(found, reverse=True)]


def _open(path: Path) -> LogFile:
    if path.suffix == ".gz":
        return gzip.open(path)
    return path.open("rb")
