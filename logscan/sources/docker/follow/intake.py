"""Intake: the records of a log that are wanted, to news of its lines.

Owns the decoder, which lives on over many reads, the mark behind the last record taken, and which records have
been looked at before the last checkpoint. Does not own which records are wanted, nor where they come from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from logscan.batch import Batch
from logscan.checkpoint import BEGINNING, Checkpoint, Mark, Place
from logscan.errors import StreamError
from logscan.framing.frames import FrameDecoder
from logscan.framing.place import PlaceSearch, PlaceTracker
from logscan.framing.time_range import TimeRange
from logscan.framing.tty import TtyDecoder
from logscan.sources.docker.engine import ContainerInfo
from logscan.sources.live import Lines, News


class Intake:
    """Takes the records of one log in their order, each once, and tells its lines.

    The `before` of the news is a mark from which their lines can be decoded: where a line had begun in earlier
    records, it lies before that line.
    """

    def __init__(
        self, info: ContainerInfo, start: Checkpoint, *, digest_key: bytes, tell: Callable[[News], None]
    ) -> None:
        self.container = info.container
        self.has_told = False
        self._tty = info.tty
        self._key = digest_key
        self._tell = tell
        self._tracker = PlaceTracker(digest_key, start.mark, tty=info.tty)
        decoder = TtyDecoder if info.tty else FrameDecoder
        self._decoder: TtyDecoder | FrameDecoder = decoder(info.container, TimeRange(since_ns=start.since_ns))
        self.to_replay = start.replayed
        """So many of the next records have been looked at before."""
        self.looked_at = start.looked_at
        """The place behind those, BEGINNING where that isn't known."""

    @property
    def place(self) -> Place:
        """The place right behind the last record taken."""
        return self._tracker.mark.place

    def found(self, search: PlaceSearch) -> None:
        """Note that a search has come upon the place: it has seen what lies before it."""
        self._tracker.recall(search)

    def take(self, data: bytes) -> int:
        """Take the next bytes of the log; give how many records they made whole.

        Raises StreamError when they are no log any further, having told what comes before that.
        """
        taken = 0
        if self.to_replay:
            taken = self._told(self._decoder.feed(data, most=self.to_replay))
            if self.to_replay:
                return taken
            data = b""  # what lies behind the last replayed record waits in the decoder
        return taken + self._told(self._decoder.feed(data))

    def end_read(self) -> int:
        """Note that a read came to its end; give how many records that made whole. Raises StreamError if it was cut."""
        return self._told(self._decoder.end_read())

    def interrupt(self) -> None:
        """Note that a read has ended in any other way: the record that it has begun comes again."""
        self._decoder.interrupt()

    def settle(self) -> None:
        """Note that the container has ended and its log was read whole: what has no newline is a line now."""
        self._told(self._decoder.settle())

    def tell_mark(self) -> None:
        """Tell where reading stands, though there are no lines."""
        self._tell_lines(None, self._tracker.mark)

    def move_to(self, place: Place) -> None:
        """Go on from another place of the log."""
        mark = self._tracker.mark
        self._tracker = PlaceTracker(self._key, Mark(place, mark.records, mark.lines, mark.bytes), tty=self._tty)

    def skip_replay(self) -> None:
        """Go on behind the records that would be replayed: not all of them are in the log any more."""
        mark = self._tracker.mark
        place = mark.place if self.looked_at == BEGINNING else self.looked_at
        mark = Mark(place, mark.records + self.to_replay, mark.lines, mark.bytes)
        self._tracker, self.to_replay = PlaceTracker(self._key, mark, tty=self._tty), 0

    def _told(self, batches: Iterator[Batch]) -> int:
        """Account for what the decoder gives, and tell it; give the number of records."""
        batch: Batch | None = None
        fault: StreamError | None = None
        try:
            for one in batches:  # one at most, and a fault may come behind it
                batch = one
        except StreamError as error:
            fault = error
        taken, open_ = self._decoder.taken, self._decoder.unfinished
        if taken.count or batch is not None:
            before = self._tracker.unfinished or self._tracker.mark
            lines, size = (batch.lines, len(batch.text)) if batch is not None else (0, 0)
            self._tracker.took(taken, lines=lines, size=size, unfinished=open_)
            self._tell_lines(batch, before)
            self.to_replay = max(0, self.to_replay - taken.count)
        if fault is not None:
            raise fault
        return taken.count

    def _tell_lines(self, batch: Batch | None, before: Mark) -> None:
        batch = batch or Batch(self.container, b"", 0)
        batch.container = self.container  # it may have been renamed
        self.has_told = True
        mark, unfinished = self._tracker.mark, self._tracker.unfinished
        self._tell(Lines(batch, before, mark, unfinished=unfinished, replayed=self.to_replay > 0))
