"""LongLine: one line put together from pieces, in bounded memory however long it gets.

Beyond MAX_LINE_BYTES the head and the tail are kept, half of it each: a message says what it is
about at its start, and a stack trace or a JSON document often says what went wrong at its end.
"""

from __future__ import annotations

from collections import deque

from logscan.batch import MAX_LINE_BYTES

HALF = MAX_LINE_BYTES // 2


def seam(dropped: int) -> bytes:
    """Mark where bytes were dropped. The NUL on both sides keeps a match from spanning the seam."""
    return b"\0[... %d bytes ...]\0" % dropped


class LongLine:
    """A line under assembly, without its newline."""

    __slots__ = ("_head", "_size", "_tail", "_tail_size")

    def __init__(self) -> None:
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_size = 0
        self._size = 0

    @property
    def truncated(self) -> bool:
        """Whether bytes had to be dropped."""
        return self._size > MAX_LINE_BYTES

    def add(self, piece: bytes) -> None:
        """Append a piece, forgetting what lies between head and tail."""
        self._size += len(piece)
        room = HALF - len(self._head)
        if room > 0:
            self._head += piece[:room]
            piece = piece[room:]
        if piece:
            self._tail.append(piece)
            self._tail_size += len(piece)
            while self._tail_size - len(self._tail[0]) >= HALF:
                self._tail_size -= len(self._tail.popleft())

    def join(self) -> bytes:
        """Give the line as it is searched."""
        tail = b"".join(self._tail)
        if not self.truncated:
            return bytes(self._head) + tail
        return bytes(self._head) + seam(self._size - MAX_LINE_BYTES) + tail[-HALF:]
