"""Oracle: what is emitted, known before it is.

Owns the exact bytes of each stream and the lines and counts that follow from them. Does not own
how they get into a container (emitter), nor how an engine cuts, frames or dates them. A line is
what stands between newlines, without them; a tail without newline is a line too.

A `Script` holds arbitrary bytes and is for questions of exactness, a `Burst` is a rule for many
numbered lines, made inside the container, and is for questions of speed and loss. A `Ticker` is one
for lines that come bit by bit while somebody follows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Self


class Stream(StrEnum):
    """Where a line goes. Not logscan's own enum: the oracle must not share its mistakes."""

    STDOUT = "stdout"
    STDERR = "stderr"


class Mix(StrEnum):
    """Which streams a burst uses; `BOTH` gives odd numbers to stdout and even ones to stderr."""

    STDOUT = "stdout"
    STDERR = "stderr"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes that go to one stream."""

    stream: Stream
    data: bytes


@dataclass(frozen=True, slots=True)
class Pause:
    """Time in which nothing is written."""

    seconds: float


@dataclass(slots=True)
class Script:
    """The bytes that one container emits, in order; its methods chain.

    The order within a stream is exact. Between the streams the engine reads two pipes, so only a
    pause keeps what follows behind what went before.
    """

    steps: list[Write | Pause] = field(default_factory=list)

    def out(self, data: bytes) -> Self:
        return self._write(Stream.STDOUT, data)

    def err(self, data: bytes) -> Self:
        return self._write(Stream.STDERR, data)

    def lines(self, count: int, template: bytes = b"line %d", stream: Stream = Stream.STDOUT) -> Self:
        """Write `count` whole lines; `%d` in the template is the line's number, from 1."""
        return self._write(stream, b"".join(template % number + b"\n" for number in range(1, count + 1)))

    def pause(self, seconds: float) -> Self:
        self.steps.append(Pause(seconds))
        return self

    def bytes_of(self, stream: Stream) -> bytes:
        return b"".join(data for written, data in self._writes() if written is stream)

    def tty_bytes(self) -> bytes:
        """Both streams as a terminal shows them: in one, in order, with its carriage returns."""
        return b"".join(data for _, data in self._writes()).replace(b"\n", b"\r\n")

    def expected(self, stream: Stream) -> list[bytes]:
        return split(self.bytes_of(stream))

    @property
    def count(self) -> int:
        """How many lines there are, over both streams."""
        return sum(len(self.expected(stream)) for stream in Stream)

    def save(self, folder: Path) -> None:
        """Write one file per step, named by its number and by what is to be done with it."""
        for number, step in enumerate(self.steps):
            match step:
                case Write(stream, data):
                    (folder / f"{number:04}.{stream}").write_bytes(data)
                case Pause(seconds):
                    (folder / f"{number:04}.pause").write_text(f"{seconds}")

    def _write(self, stream: Stream, data: bytes) -> Self:
        self.steps.append(Write(stream, data))
        return self

    def _writes(self) -> list[tuple[Stream, bytes]]:
        return [(step.stream, step.data) for step in self.steps if isinstance(step, Write)]


@dataclass(frozen=True, slots=True)
class Burst:
    """`count` numbered lines of at least `size` bytes, newline not counted.

    `rate`: lines per second, about; 0 is as fast as it goes. `ended`: whether the last line has
    its newline.
    """

    count: int
    size: int = 0
    mix: Mix = Mix.STDOUT
    rate: int = 0
    ended: bool = True

    def line(self, number: int) -> bytes:
        return b"S=%s N=%d " % (self._stream(number).encode(), number) + b"x" * self._padding(number)

    def expected(self, stream: Stream) -> list[bytes]:
        return [self.line(number) for number in range(1, self.count + 1) if self._stream(number) is stream]

    def arguments(self) -> list[str]:
        """The burst as `/bin/emit` takes it."""
        return [f"{self.count}", f"{self.size}", f"{self.mix}", f"{self.rate}", "1" if self.ended else "0"]

    def _stream(self, number: int) -> Stream:
        if self.mix is Mix.BOTH:
            return Stream.STDOUT if number % 2 else Stream.STDERR
        return Stream(self.mix)

    def _padding(self, number: int) -> int:
        return max(0, self.size - len(f"S={self._stream(number)} N={number} "))


@dataclass(frozen=True, slots=True)
class Ticker:
    """`count` lines such as `number 3/17;`: block 3, and 17 in it. So a line is known by two small numbers.

    After each `batch` of lines it rests for `rest` seconds (0: never). A line has at least `size` bytes.
    `traces`: on stderr, behind each so-manieth line, a Python trace of three lines that ends in
    `TraceError: trace 170;`. Each run of a container, after a restart, begins with the next block of
    `MAX_BLOCKS`, so that no two runs print the same line.
    """

    count: int
    rest: float = 0.1
    batch: int = 1
    mix: Mix = Mix.BOTH
    size: int = 0
    block: int = 32
    traces: int = 0

    def arguments(self) -> list[str]:
        """The ticker as `/bin/tick` takes it."""
        words = (self.count, self.rest, self.batch, self.mix, self.size, self.block, self.traces)
        return [f"{word}" for word in words]


MAX_BLOCKS = 1000
"""So many blocks one run of a ticker has at most."""


def split(data: bytes) -> list[bytes]:
    """Cut bytes into lines at newlines, and at nothing else."""
    lines = data.split(b"\n")
    return lines if lines[-1] else lines[:-1]
