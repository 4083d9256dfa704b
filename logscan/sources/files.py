"""Files: a text file, a compressed one or standard input as a source of lines.

Owns opening and reading, choosing the reader for the format, and the coverage. Does not own how a
format is read. What can't be opened, or breaks off, is told in the coverage and stops nothing else.

Reads are large and unbuffered: plain reads are as fast as memory here, while the pages of a memory
map would count as resident, and a file that shrinks under a map kills the process. Most of a large plain file is not
read here, but where it is searched (framing.stretch).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, tzinfo
from functools import partial
from io import FileIO
from itertools import chain, pairwise
from pathlib import Path
from typing import BinaryIO, assert_never

from logscan.batch import Batch, Container
from logscan.errors import UsageError
from logscan.finding import Coverage, ScanError, Status
from logscan.framing.lines import READ_BYTES
from logscan.framing.stretch import Pause, Portion, Stretch, divide
from logscan.line_time import LineClock
from logscan.sources.ahead import read_ahead
from logscan.sources.compose_lines import ComposeReader
from logscan.sources.compressed import OPENED_BY, DamagedError, Read
from logscan.sources.docker_stamps import DockerStamp, join_pieces
from logscan.sources.file_identity import STDIN, FileIdentity
from logscan.sources.formats import SAMPLE_BYTES, Format, detect
from logscan.sources.json_file import JsonFileReader
from logscan.sources.line_reader import LineReader, TextReader
from logscan.sources.written_times import PlainStamp

QUEUED_BATCHES = 4
MOST_UNCOUNTED = 8
"""So many batches may be searched elsewhere at once; older ones are counted here."""

STRETCHED_FROM = 16 << 20
"""Most of what lies behind so many bytes of a plain file is left to be read by whoever searches it."""

_BROKEN = (OSError, DamagedError)
"""What a read may raise."""


def expand(paths: Iterable[Path]) -> list[Path]:
    """Replace each folder by its `*.log` files, sorted; name each file once. `-` stays. Raises UsageError."""
    return list(dict.fromkeys(chain.from_iterable(_expand(path) for path in paths)))


def _expand(path: Path) -> list[Path]:
    if path == Path(STDIN):
        return [path]
    try:
        files = sorted(file for file in path.iterdir() if file.name.endswith(".log") and not file.is_dir())
    except NotADirectoryError:
        return [path]
    except FileNotFoundError:
        help_ = "Give the path of a log file, or of a folder of *.log files."
        raise UsageError(f"{path} does not exist", help=help_) from None
    except OSError as error:
        raise UsageError(f"{path}: {_reason(error)}", help="Check the path, and that you may read it.") from None
    if not files:
        raise UsageError(f"{path} holds no *.log files", help="Name the files themselves if they end otherwise.")
    return files


class FileSource:
    """Reads one file, or standard input when `origin` is a stream.

    `default_tz` is the zone of times that name none. `now_ns`: nanoseconds since the epoch; times without
    a year on standard input are put before it, as those in a file are put before its mtime. `stretched_from`: how
    many bytes of a plain file are read here, before most of the others are given as stretches.
    """

    def __init__(
        self,
        origin: Path | BinaryIO,
        *,
        knows: Callable[[Container], bool],
        name: str | None = None,
        image_name: str | None = None,
        host: str = "",
        default_tz: tzinfo = UTC,
        now_ns: int | None = None,
        stretched_from: int = STRETCHED_FROM,
    ) -> None:
        self._origin = origin
        self._identity = FileIdentity(knows, name, image_name, host)
        self._own = self._identity.of_file(origin if isinstance(origin, Path) else None)
        self._default_tz = default_tz
        self._now_ns = now_ns
        self._stretched_from = stretched_from
        self._plain: FileIO | None = None
        self._format = Format.PLAIN
        self._failure: str | None = None
        self._coverage: dict[Container, Coverage] = {}
        self._uncounted: deque[Batch] = deque()

    @property
    def coverage(self) -> Sequence[Coverage]:
        return list(self._coverage.values())

    @property
    def errors(self) -> Sequence[ScanError]:
        if self._failure is None:
            return []
        help_ = "Check that the file is whole and that you may read it; everything else was scanned."
        return [ScanError("source", self._own.key, f"cannot read {self._own.key}: {self._failure}", help_)]

    def batches(self) -> Iterator[Portion]:
        """Read the file once; what has to be waited for on a thread of its own, while what was read is searched."""
        return read_ahead([self._read()], threads=1, depth=QUEUED_BATCHES) if self.is_awaited else self._read()

    @property
    def is_awaited(self) -> bool:
        """Whether it takes time until something comes, as from a pipe, or from what is decompressed.

        The system reads a plain file ahead, and two threads would only take the interpreter from each other.
        """
        return not isinstance(self._origin, Path) or self._origin.suffix in OPENED_BY

    def _read(self) -> Iterator[Portion]:
        chunks = self._chunks()
        sample = _sample(chunks)
        self._format = detect(sample[:SAMPLE_BYTES])
        reader = self._reader(self._format)
        for data in chain([sample], chunks):
            yield from map(self._count, reader.feed(data))
            if self._plain is not None and self._plain.tell() >= self._stretched_from:
                yield from self._stretches(self._plain, reader)
                self._plain = None
        yield from map(self._count, reader.flush())
        self._conclude(reader)

    def _stretches(self, file: FileIO, reader: LineReader) -> Iterator[Portion]:
        """Leave most of a large file to be read by whoever searches it, and go on reading behind that."""
        if not (isinstance(reader, TextReader) and reader.is_plain):
            return
        try:
            rest, starts, end = divide(file.fileno(), file.tell())
            if not starts:
                return
            file.seek(end)
        except OSError:  # the next read tells
            return
        yield from map(self._count, reader.feed(rest))
        for start, stop in pairwise(chain(starts, [end])):
            yield Stretch(file.fileno(), start, stop, self._own, partial(self._finish, reader), self._fail)
        yield Pause()

    def _finish(self, reader: TextReader, batch: Batch) -> Batch:
        return self._count(reader.finish(batch))

    def _fail(self, error: Exception) -> None:
        self._failure = _reason(error)

    def _chunks(self) -> Iterator[bytes]:
        try:
            with self._opened() as read:
                while data := read(READ_BYTES):
                    yield data
        except _BROKEN as error:
            self._fail(error)

    @contextmanager
    def _opened(self) -> Iterator[Read]:
        if not isinstance(self._origin, Path):
            # read1: what a pipe holds now, rather than waiting until the whole size has come.
            yield getattr(self._origin, "read1", self._origin.read)
        elif (opened := OPENED_BY.get(self._origin.suffix)) is not None:
            with opened(self._origin) as read:
                yield read
        else:
            with self._origin.open("rb", buffering=0) as file:
                self._plain = file
                try:
                    yield file.read
                finally:
                    self._plain = None

    def _reader(self, shape: Format) -> LineReader:
        stamp = PlainStamp(LineClock(self._default_tz, self._mtime_ns()))
        match shape:
            case Format.PLAIN:
                return TextReader(self._own, stamp)
            case Format.DOCKER_TIMESTAMPS:
                return TextReader(self._own, DockerStamp(stamp), mend=join_pieces)
            case Format.COMPOSE:
                return ComposeReader(self._own, partial(self._identity.of_prefix, self._own), DockerStamp(stamp))
            case Format.JSON_FILE:
                return JsonFileReader(self._own)
        assert_never(shape)

    def _mtime_ns(self) -> int | None:
        if not isinstance(self._origin, Path):
            return self._now_ns
        try:
            return self._origin.stat().st_mtime_ns
        except OSError:  # it vanished; what was read of it stays good
            return self._now_ns

    def _count(self, batch: Batch) -> Batch:
        """Count a batch, or those before it: somebody else may be counting its lines just now."""
        self._uncounted.append(batch)
        while self._uncounted and (self._uncounted[0].is_counted or len(self._uncounted) > MOST_UNCOUNTED):
            self._count_first()
        return batch

    def _count_first(self) -> None:
        batch = self._uncounted.popleft()
        self._coverage_of(batch.container).count(batch)

    def _coverage_of(self, container: Container) -> Coverage:
        coverage = self._coverage.get(container)
        if coverage is None:
            read = "file" if isinstance(self._origin, Path) else "stdin"
            coverage = self._coverage[container] = Coverage(container, None, read, format=self._format)
        return coverage

    def _conclude(self, reader: LineReader) -> None:
        """Tell in every coverage of the file how it ended; a file that gave no line has one too."""
        while self._uncounted:
            self._count_first()
        reason, status = self._failure or reader.damage, Status.PARTIAL
        if self._failure is not None and not self._coverage:
            status = Status.UNREADABLE
            self._coverage_of(self._own).format = None
        for coverage in [*self._coverage.values()] or [self._coverage_of(self._own)]:
            coverage.gaps += [gap for gap in reader.gaps if gap.container is coverage.container]
            coverage.done = True
            if reason is not None:
                coverage.status, coverage.reason = status, reason


def _sample(chunks: Iterator[bytes]) -> bytes:
    """Take as many chunks as it needs for telling the format."""
    sample = b""
    for chunk in chunks:
        sample += chunk
        if len(sample) >= SAMPLE_BYTES:
            break
    return sample


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error)
