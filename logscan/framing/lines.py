r"""Lines: bytes in any chunking become batches of whole lines.

Owns where a line ends, the cap on lines that are too long, and the size of a batch. Does not own
where the bytes come from, nor what is written around a line (timestamps, prefixes, records): the
batches carry no times, and who knows them sets `index`, `first_ns` and `last_ns`.

A block of a mebibyte is handled with a dozen C calls (`find`, `rfind`, one copy), never
with Python work per line: that is what keeps a file at the speed of the search behind it. Bytes
that are no text, NUL, `\r` and invalid UTF-8 stay as they are; a hit's line is decoded with care.
"""

from __future__ import annotations

from collections.abc import Iterator

from logscan.batch import MAX_BATCH_BYTES, MAX_LINE_BYTES, Batch, Container
from logscan.framing.ansi import strip_ansi
from logscan.framing.long_line import LongLine

READ_BYTES = MAX_BATCH_BYTES - MAX_LINE_BYTES
"""The best size of a read: what it brings and the line left open before it make one batch, not two."""

_SEAMS_BYTES = 256
# Kept free in a batch: a line that is barely too long grows by its seam, and four such lines fit in a batch.


def long_lines(text: bytes, limit: int, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
    """Give start and end (newline left out) of each line in `text[start:end]` that is longer than `limit` bytes.

    Hops from the last newline within `limit` to the next, so the short lines in between cost nothing.
    """
    end = len(text) if end is None else end
    while end - start > limit:
        newline = text.rfind(b"\n", start, min(end, start + limit + 1))
        if newline < 0:
            newline = text.find(b"\n", start + limit, end)
            newline = end if newline < 0 else newline
            yield start, newline
        start = newline + 1


class LineCutter:
    """Cuts the bytes of one container into batches of whole lines. Memory stays bounded for a line of any length."""

    def __init__(self, container: Container) -> None:
        self.container = container
        self._open: LongLine | None = None

    def feed(self, data: bytes) -> Iterator[Batch]:
        """Take the next bytes; give the lines that are whole now."""
        first = data.find(b"\n")
        if first < 0:
            self._extend(data)
            return iter(())
        self._extend(data[:first])
        line, self._open = self._open, None
        end = data.rfind(b"\n") + 1
        self._extend(data[end:])
        return self._batches(line, data, first, end)

    def flush(self) -> Iterator[Batch]:
        """Tell that no more will come; give the last line, if it lacked its newline."""
        line, self._open = self._open, None
        return iter(()) if line is None else self._batches(line, b"\n", 0, 1)

    def _extend(self, data: bytes) -> None:
        if data:
            self._open = self._open or LongLine()
            self._open.add(data)

    def _batches(self, line: LongLine | None, data: bytes, start: int, end: int) -> Iterator[Batch]:
        """Give `line` and `data[start:end]`, which goes on with that line's newline, as batches."""
        head, truncated = (line.join(), int(line.truncated)) if line else (b"", 0)
        while start < end:
            stop = _stop(data, start, end, MAX_BATCH_BYTES - _SEAMS_BYTES - len(head))
            text, capped = _text(head, data, start, stop)
            yield Batch(self.container, text, None, truncated=truncated + capped)
            head, truncated, start = b"", 0, stop


def _stop(data: bytes, start: int, end: int, room: int) -> int:
    """Find where a batch that begins at `start` and has so much room must end."""
    if end - start <= room:
        return end
    newline = data.rfind(b"\n", start, start + room)
    return (data.find(b"\n", start) if newline < 0 else newline) + 1


def _text(head: bytes, data: bytes, start: int, stop: int) -> tuple[bytes, int]:
    """Join `head` and `data[start:stop]` in one copy; give the text, and how many of its lines were capped."""
    view, parts, capped = memoryview(data), [memoryview(head)], 0
    for begin, end in long_lines(data, MAX_LINE_BYTES, start, stop):
        line = LongLine()
        line.add(data[begin:end])
        parts += view[start:begin], memoryview(line.join())
        capped, start = capped + 1, end
    parts.append(view[start:stop])
    return strip_ansi(b"".join(parts)), capped
