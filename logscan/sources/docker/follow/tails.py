"""Tails: how many of a log's last records to ask for, so that an answer begins before the place.

Too few cost another request, too many are read for nothing: a log may hold gigabytes, and the place nearly
always lies near its end.
"""

from __future__ import annotations

FIRST = 64
STREAM = 256
LONGEST = 1 << 18
"""Beyond this a log is asked for as a whole."""

FACTOR = 8
RECORD_BYTES = 40
"""No record is shorter: a frame's header, a stamp, a space and a newline."""

MARGIN = 16


class Tails:
    """What to ask for next. None stands for all of the log.

    `whole`: every pull asks for all of it. Podman cuts lines into pieces, and a read from the end joins them in
    another way than one from the beginning.
    """

    def __init__(self, *, whole: bool = False) -> None:
        self._whole = whole
        self._grown: int | None = 0
        self._enough = 0
        self._stream = STREAM
        self._rung = 0
        self._size: int | None = None
        self._readable: int | None = None

    @property
    def _is_short(self) -> bool:
        """Whether the log is known to hold less than a stream asks for: then all of it is no more to read."""
        return self._size is not None and self._size < self._stream

    def rang(self, size: int) -> None:
        """Note that so many bytes were written, 0 for who knows how many."""
        self._rung += size

    def took(self, records: int) -> None:
        """Note that the log has grown by so many records."""
        if self._size is not None:
            self._size += records
        if self._readable is not None:
            self._readable += records

    def pull(self) -> int | None:
        """Give the tail for a pull."""
        rung, self._rung = self._rung, 0
        if self._whole or self._is_short or self._grown is None:
            return self.all
        guess = rung // RECORD_BYTES + MARGIN if rung else FIRST
        return self._readably(self._grown or max(guess, self._enough))

    def stream(self) -> int | None:
        """Give the tail for a stream."""
        return self.all if self._is_short else self._readably(self._stream)

    @property
    def all(self) -> int | None:
        """Give the tail for all that can be read."""
        return self._readable

    def _readably(self, tail: int) -> int:
        return tail if self._readable is None else min(tail, self._readable)

    def began_late(self, tail: int | None) -> None:
        """Note that an answer to this began behind the place."""
        self._grown = None if tail is None or tail * FACTOR > LONGEST else tail * FACTOR

    def want_all(self) -> None:
        """Note that nothing less than the whole log will do."""
        self._grown = None

    def stream_began_late(self) -> None:
        """Note that more was written between pull and stream than the stream asked for."""
        self._stream = min(2 * self._stream, LONGEST)

    def pulled(self, size: int | None) -> None:
        """Note that a pull found the place; `size`: the records of the log, where it showed them all."""
        # A busy log writes many records in the time that an answer has to begin before the place.
        self._enough = self._grown or self._enough - self._enough // FACTOR
        self._grown, self._size = 0, size

    def are_lacking(self, tail: int | None, records: int) -> bool:
        """Tell whether an answer with so many records is short of what a log must hold that never forgets."""
        return self._size is not None and records < (self._size if tail is None else min(tail, self._size))

    def forget_size(self) -> None:
        """Note that the log has lost records."""
        self._size = None

    def salvaged(self, records: int) -> None:
        """Note that there is a damaged record before the last so many."""
        self._readable = records

    def streamed(self) -> None:
        """Note that a stream found the place."""
        self._stream = STREAM
