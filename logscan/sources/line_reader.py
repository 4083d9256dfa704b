"""LineReader: what turns the bytes of a file into batches, one kind per format.

Owns the interface, and the reader of text that is one container's: plain, or with Docker's stamps.
Does not own opening files, nor the coverage: readers know nothing but bytes and lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from logscan.batch import Batch, Container
from logscan.finding import Gap
from logscan.framing.lines import LineCutter
from logscan.sources.written_times import Stamp, Timekeeper


class LineReader(Protocol):
    """Takes a file's bytes in any chunking. Each iterator must be exhausted before the next call."""

    @property
    def damage(self) -> str | None:
        """What was found broken so far, as a reason for people; None when nothing was."""
        ...

    @property
    def gaps(self) -> Sequence[Gap]:
        """The stretches that could not be read."""
        ...

    def feed(self, data: bytes) -> Iterator[Batch]:
        """Take the next bytes; give the lines that are whole now."""
        ...

    def flush(self) -> Iterator[Batch]:
        """Tell that no more will come; give what is left."""
        ...


class TextReader:
    """Reads lines of text of one container. `mend` repairs a batch's text before it is searched."""

    damage: str | None = None
    gaps: Sequence[Gap] = ()

    def __init__(self, container: Container, stamp: Stamp, mend: Callable[[bytes], bytes] | None = None) -> None:
        self._cutter = LineCutter(container)
        self._keeper = Timekeeper(stamp)
        self._mend = mend

    @property
    def is_plain(self) -> bool:
        """Whether lines are searched as they stand in the file, but for colours."""
        return self._mend is None

    def feed(self, data: bytes) -> Iterator[Batch]:
        return map(self.finish, self._cutter.feed(data))

    def flush(self) -> Iterator[Batch]:
        return map(self.finish, self._cutter.flush())

    def finish(self, batch: Batch) -> Batch:
        """Make a batch of its lines whole: mended, and with times. Batches come in the order of the file."""
        if self._mend is not None:
            batch.text = self._mend(batch.text)
        return self._keeper.time(batch)
