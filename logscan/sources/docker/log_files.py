"""LogFiles: the files in which the json-file driver keeps one container's log, opened as those of one moment.

The driver writes one file, and rotates it to `.1`, `.2` and so on, gzipped if asked; where one file is all it may keep
(`max-size` without `max-file`), it removes that and begins another. Who has the files open goes on reading them (moby
`logfile.go`). What empties a file in place is people: `truncate`, or a logrotate of their own.

Owns finding and opening the files while the engine moves them, where the log ends, and noticing that a file was emptied
under the reader. Does not own what records mean (json_file).
"""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final, Self

from logscan.errors import SourceError
from logscan.framing.lines import READ_BYTES
from logscan.sources.docker.engine import ContainerInfo
from logscan.sources.docker.record_search import NEAR_BYTES, LogFile, first_time, is_earlier, start_of

EDGE_BYTES: Final = 2 * READ_BYTES

ATTEMPTS: Final = 100
"""Files are opened in a tenth of a millisecond, and one of a kilobyte may be rotated about as often."""

Place = tuple[int, int]
"""A file's number, the oldest is 0, and an offset in it, of decompressed bytes, at which a record begins."""


class Emptied(SourceError):
    """What was read last can't be trusted: the file was emptied, and perhaps written again, since it was opened."""

    def __init__(self) -> None:
        super().__init__(
            "its log file was emptied while it was read",
            help="leave it to the engine to rotate logs: max-size and max-file are its settings for that",
        )


class LogFiles:
    """The open files of one log. `faults`: what kept a file from being read to its end. To be closed.

    Raises OSError where they can't be opened. The log ends where it did then, or behind the record that was just being
    written. While the container is `running`, a last record whose rest doesn't come is none: it is still to be written.
    """

    def __init__(self, path: Path, info: ContainerInfo) -> None:
        self.faults: list[str] = []
        with ExitStack() as stack:
            self._files = _opened(path, info.max_files, stack)
            self._live = self._files[-1]
            # In this order: a file that is emptied in between has another head when that is compared.
            self._head = _head(self._live)
            self._end = _end(self._live, running=info.running) if self._head else 0
            self._stack = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def since(self, time_ns: int) -> Place:
        """Give a place before which all records are earlier than `time_ns`, near the first that isn't."""
        for number, file in reversed(list(enumerate(self._files))):
            if number and not is_earlier(_first_time(file), time_ns):
                continue
            return number, 0 if isinstance(file, gzip.GzipFile) else start_of(file, self._size(number), time_ns)
        return 0, 0

    def from_end(self) -> Iterator[Place]:
        """Give places farther and farther from the end, the beginning of the log last."""
        for number, file in reversed(list(enumerate(self._files))):
            if not isinstance(file, gzip.GzipFile):
                back, size = NEAR_BYTES, self._size(number)
                while back < size:
                    file.seek(size - back)
                    yield number, size - back + len(file.readline())
                    back *= 4
            yield number, 0

    def blocks(self, begin: Place = (0, 0)) -> Iterator[tuple[bytes, bool]]:
        """Yield the bytes from a place on, and with each block whether it is one of the last. Raises Emptied."""
        first, offset = begin
        for number, file in enumerate(self._files[first:], start=first):
            if number == len(self._files) - 1:
                yield from self._blocks_of_last(offset)
                return
            try:
                file.seek(offset)
                while data := file.read(READ_BYTES):
                    yield data, False
            except (OSError, EOFError, zlib.error) as error:  # one that a crash has cut; the newer ones are sound
                self.faults.append(f"one of its rotated log files can't be read to its end: {error}")
            offset = 0

    def _blocks_of_last(self, offset: int) -> Iterator[tuple[bytes, bool]]:
        self._live.seek(offset)
        while offset < self._end:
            data = self._live.read(min(READ_BYTES, self._end - offset))
            offset += len(data)
            self._check()
            yield data, offset > self._end - EDGE_BYTES

    def _check(self) -> None:
        """Raise Emptied unless the file still holds what it held when it was opened."""
        if os.fstat(self._live.fileno()).st_size < self._end or _at(self._live, 0, len(self._head)) != self._head:
            raise Emptied

    def _size(self, number: int) -> int:
        return self._end if number == len(self._files) - 1 else self._files[number].seek(0, os.SEEK_END)


def _opened(path: Path, max_files: int, stack: ExitStack) -> list[LogFile]:
    """Open the files, oldest first, all of one moment. Raises OSError.

    A rotation moves the oldest file first and the newest last. So they are opened from the newest on, and none is
    missed; one that was moved on meanwhile is met a second time. Where the newest was moved, all begins again.
    """
    for _ in range(ATTEMPTS):
        with ExitStack() as attempt, suppress(FileNotFoundError):  # moved just now
            newest = attempt.enter_context(path.open("rb"))
            files: list[LogFile] = [newest]
            for number in range(1, max_files):
                file = _rotated(path, number)
                if file is None:
                    continue
                attempt.callback(file.close)
                if not _is_again(file, files[-1]):
                    files.append(file)
            if max_files == 1 or os.path.samestat(path.stat(), os.fstat(newest.fileno())):
                stack.enter_context(attempt.pop_all())
                return files[::-1]
    path.stat()  # which says so when it is gone for good
    raise OSError("the engine rotated it all the while")


def _rotated(path: Path, number: int) -> LogFile | None:
    """Open one rotated file; None where none has this number, perhaps for the moment of a rotation.

    While one is packed both are there, and the packed one isn't whole yet.
    """
    plain = path.with_name(f"{path.name}.{number}")
    with suppress(FileNotFoundError):
        return plain.open("rb")
    with suppress(FileNotFoundError):
        return gzip.GzipFile(f"{plain}.gz")
    return None


def _is_again(file: LogFile, newer: LogFile) -> bool:
    """Tell whether `file` is `newer`, which was moved on since it was opened, or its compressed copy."""
    if isinstance(file, gzip.GzipFile) and not isinstance(newer, gzip.GzipFile):
        with suppress(EOFError, OSError, zlib.error):  # damaged: then it is no copy of what is still there
            return _packed_size(file) == os.fstat(newer.fileno()).st_size and _head(file) == _head(newer)
        return False
    return os.path.samestat(os.fstat(file.fileno()), os.fstat(newer.fileno()))


def _first_time(file: LogFile) -> int | None:
    with suppress(EOFError, OSError, zlib.error):
        return first_time(file)
    return None


def _packed_size(file: LogFile) -> int:
    """Give the size of what was compressed, up to 4 GiB: its last four bytes tell (RFC 1952, ISIZE)."""
    return int.from_bytes(_at(file, os.fstat(file.fileno()).st_size - 4, 4), "little")


def _head(file: LogFile) -> bytes:
    """Give the first record: it holds its time, so no two files begin alike."""
    file.seek(0)
    return file.readline(NEAR_BYTES)


def _end(file: LogFile, *, running: bool) -> int:
    """Tell where the last record ends. The engine writes each with one call, of which a reader may see a part."""
    size = os.fstat(file.fileno()).st_size
    if not size or _at(file, size - 1, 1) == b"\n":
        return size
    if (rest := _at(file, size, NEAR_BYTES).find(b"\n")) >= 0:
        return size + rest + 1
    near = max(0, size - NEAR_BYTES)
    return near + _at(file, near, size - near).rfind(b"\n") + 1 if running else size


def _at(file: LogFile, offset: int, size: int) -> bytes:
    """Read at a place past the file's buffer, which may be older than what is there."""
    return os.pread(file.fileno(), size, offset)
