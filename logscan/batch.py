"""Batch, Line and Container: what sources hand to the matcher.

A batch is a run of whole lines of one container, still bytes. It owns finding the line around
an offset, and nothing else: framing made the bytes, matching decides which offsets matter. Work
is paid per hit, never per line on the way in, so a batch keeps times and streams in whatever flat
form its source had them, behind `LineIndex`, and looks them up only when asked.
"""

from __future__ import annotations

import sys
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol

import msgspec

_COUNTS_SLOWLY = sys.version_info < (3, 13)
_LOOK_BYTES = 4096
_SHORT_LINE = 30

MAX_BATCH_BYTES = 1 << 20
"""A batch holds at most this many bytes of text (1 MiB), unless one line alone is longer."""

MAX_LINE_BYTES = 256 << 10
"""A longer line keeps its head and its tail, half of this each; what lies between is dropped."""

CARRIAGE_RETURN = 0x0D

COMPOSE_PROJECT = "com.docker.compose.project"
COMPOSE_SERVICE = "com.docker.compose.service"
SWARM_SERVICE = "com.docker.swarm.service.name"
SWARM_STACK = "com.docker.stack.namespace"


class Stream(StrEnum):
    """Which of a program's outputs a line came from; `UNKNOWN` for TTYs and plain files."""

    STDOUT = "stdout"
    STDERR = "stderr"
    UNKNOWN = "unknown"


class Identity(StrEnum):
    """Whether we know whose log this is. Rules of every `where` apply to an unknown one."""

    KNOWN = "known"
    UNKNOWN = "unknown"


class Service(NamedTuple):
    """The logical service: what stays the same when a container is recreated. A tuple, since it is a key everywhere."""

    project: str | None
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Container:
    """Who wrote a log: a container as inspect tells, or a file that stands for one.

    `id`, `image` and `image_id` are empty for files that don't say. `key` identifies the source
    within one run: the container's full ID, or the file's path. `service`: compose project and service,
    else swarm stack and service, else the container's name; worked out once, since every hit asks.
    Compared by identity, so it may key a dict cheaply.
    """

    key: str
    name: str
    id: str = ""
    image: str = ""
    image_id: str = ""
    host: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    identity: Identity = Identity.KNOWN
    service: Service = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "service", _service_of(self.name, self.labels))


def _service_of(name: str, labels: Mapping[str, str]) -> Service:
    if service := labels.get(COMPOSE_SERVICE):
        return Service(labels.get(COMPOSE_PROJECT), service)
    if service := labels.get(SWARM_SERVICE):
        return Service(labels.get(SWARM_STACK), service)
    return Service(None, name)


class Line(msgspec.Struct, frozen=True, gc=False):
    """One decoded line without its newline, and without a carriage return before it.

    `time_ns`: nanoseconds since the epoch, UTC: when the daemon read the line, else the time
    written in it, else None. Invalid UTF-8 is replaced by U+FFFD.

    A Struct, as a Hit is: in a log that is full of hits a dataclass would take as long to make as a search.
    """

    text: str
    time_ns: int | None
    stream: Stream
    container: Container


class Input(StrEnum):
    """What a batch holds: lines that a program printed, or events of the engine, written as JSON lines."""

    LINE = "line"
    EVENT = "event"


class LineIndex(Protocol):
    """Time and stream of a batch's lines, in the flat form that their source had.

    `verbatim`: whether lines stand in the text as they were said: no stamp before them, no record around them.
    """

    __slots__ = ()

    @property
    def verbatim(self) -> bool:
        return False

    def content(self, text: bytes, start: int, end: int) -> int:  # noqa: ARG002 - others have stamps before it
        """Tell where the content of the line `text[start:end]` starts."""
        return start

    def said(self, text: bytes, start: int, end: int) -> str:
        """Decode what the line `text[start:end]` says."""
        begin = self.content(text, start, end)
        if end > begin and text[end - 1] == CARRIAGE_RETURN:
            end -= 1
        return text[begin:end].decode("utf-8", "replace")

    @abstractmethod
    def locate(self, text: bytes, start: int, end: int) -> tuple[int | None, Stream]:
        """Tell the time and the stream of the line `text[start:end]`."""


class Untimed(LineIndex):
    """The index of lines that carry neither time nor stream."""

    __slots__ = ()

    @property
    def verbatim(self) -> bool:
        return True

    def locate(self, text: bytes, start: int, end: int) -> tuple[int | None, Stream]:  # noqa: ARG002
        return None, Stream.UNKNOWN


def count_lines(text: bytes) -> int:
    """Count newlines.

    Before Python 3.13 `count` looks at one character after the other, and takes as long as the search. `replace` leaps
    from one to the next: for lines of 150 characters in half the time, for blank ones in 26 times as much.
    """
    if not _COUNTS_SLOWLY or text.count(b"\n", 0, _LOOK_BYTES) > _LOOK_BYTES // _SHORT_LINE:
        return text.count(b"\n")
    return len(text) - len(text.replace(b"\n", b""))


class Batch:
    """A run of whole lines of one container: `text` ends in a newline after each line.

    `lines` is the number of lines in `text`: None for one that nobody has counted yet, which whoever searches the text
    elsewhere may do along with it. `truncated` is how many of them were capped. `size` is how many bytes they took
    where they were read; None for those of `text`. `first_ns` and `last_ns` are the earliest and latest time in it, as
    far as the source knows them without looking at each line. Rules look at batches of their own `input` alone.
    """

    __slots__ = ("_lines", "_size", "container", "first_ns", "index", "input", "last_ns", "text", "truncated")

    def __init__(
        self,
        container: Container,
        text: bytes,
        lines: int | None,
        index: LineIndex | None = None,
        *,
        truncated: int = 0,
        size: int | None = None,
        first_ns: int | None = None,
        last_ns: int | None = None,
        input: Input = Input.LINE,  # noqa: A002 - the word of the rules
    ) -> None:
        self.input = input
        self.container = container
        self.text = text
        self._lines = lines
        self.index: LineIndex = index or Untimed()
        self.truncated = truncated
        self._size = size
        self.first_ns = first_ns
        self.last_ns = last_ns

    @property
    def lines(self) -> int:
        """The number of lines; they are counted when somebody asks first."""
        if self._lines is None:
            self._lines = count_lines(self.text)
        return self._lines

    @property
    def size(self) -> int:
        """How many bytes the lines took where they were read."""
        return len(self.text) if self._size is None else self._size

    @property
    def is_counted(self) -> bool:
        """Whether it costs nothing to ask for the number of lines."""
        return self._lines is not None

    def take_count(self, lines: int) -> None:
        """Learn from others how many lines there are."""
        self._lines = lines

    def span_at(self, offset: int) -> tuple[int, int]:
        """Give start and end of the line that holds the byte at `offset`; the newline is left out."""
        start = self.text.rfind(b"\n", 0, offset) + 1
        end = self.text.find(b"\n", offset)
        return start, len(self.text) if end < 0 else end

    def content(self, start: int, end: int) -> str:
        """Decode what the line `text[start:end]` says, without asking for its time."""
        return self.index.said(self.text, start, end)

    def line(self, start: int, end: int, content: str | None = None) -> Line:
        """Give the line `text[start:end]`, with its `content` where that was decoded already.

        Asking in rising order is the cheap way.
        """
        if content is None:
            content = self.content(start, end)
        return Line(content, *self.index.locate(self.text, start, end), self.container)

    def line_at(self, offset: int) -> Line:
        """Decode the line around `offset`."""
        return self.line(*self.span_at(offset))
