"""Lines: bytes in any chunking become batches of whole lines.

Owns where a line ends, the cap on long lines, colour codes and the size of a batch. Does not own
where the bytes come from, nor what is written around a line (frame headers, timestamps, records):
those who know that use `OpenLine` and `strip_colours` on what they took out of it.

A block of a mebibyte is handled with a dozen C calls (`find`, `rfind`, `count`, one copy), never
with Python work per line: that is what keeps a file at the speed of the search behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from logscan.batch import MAX_BATCH_BYTES, MAX_LINE_BYTES, Batch, Container

READ_BYTES = MAX_BATCH_BYTES - MAX_LINE_BYTES
"""The best size of a read: what it brings and the line left open before it make one batch, not two."""

_HALF = MAX_LINE_BYTES // 2

_MARKERS_BYTES = 256
# Kept free in a batch: a line that is barely too long grows by its marker, and four such lines fit in a batch.

_COLOURS = re.compile(
    rb"\x1b(?:"
    rb"\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor movements
    rb"|\][^\x07\x1b\n]*(?:\x07|\x1b\\)"  # OSC: window titles, hyperlinks
    rb"|[()][0-9A-Za-z]"  # character sets; `tput sgr0` ends with one
    rb")"
)


def strip_colours(text: bytes) -> bytes:
    """Take the terminal's escape sequences out of `text`. No sequence holds a newline."""
    return _COLOURS.sub(b"", text) if b"\x1b" in text else text


def long_lines(text: bytes, limit: int, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
    """Give start and end (newline left out) of each line in `text[start:end]` that is longer than `limit` bytes.

    Hops from the last newline within `limit` to the next, so short lines in between cost nothing.
    """
    end = len(text) if end is None else end
    while end - start > limit:
        newline = text.rfind(b"\n", start, min(end, start + limit + 1))
        if newline < 0:
            newline = text.find(b"\n", start + limit + 1, end)
            newline = end if newline < 0 else newline
            yield start, newline
        start = newline + 1


def _cap(line: bytes | bytearray, size: int) -> bytes:
    """Head and tail of a line of `size` bytes, of which `line` has at least these.

    NUL on both sides of the marker: no literal that a rule looks for can lie across the seam.
    """
    return b"%b\0[... %d bytes ...]\0%b" % (line[:_HALF], size - MAX_LINE_BYTES, line[-_HALF:])


class OpenLine:
    """A line whose end has not come yet. Takes a line of any length in bounded memory.

    `size` is how many bytes came, also those that were dropped.
    """

    __slots__ = ("_kept", "size")

    def __init__(self) -> None:
        self._kept = bytearray()
        self.size = 0

    @property
    def truncated(self) -> bool:
        return self.size > MAX_LINE_BYTES

    def append(self, data: bytes) -> None:
        self._kept += data
        self.size += len(data)
        # Dropping the middle moves the tail, so it waits until that pays for many small pieces.
        if len(self._kept) > 4 * MAX_LINE_BYTES:
            del self._kept[_HALF:-_HALF]

    def take(self) -> bytes:
        """Give the line without a newline, capped when it is too long, and begin the next one."""
        line = _cap(self._kept, self.size) if self.truncated else bytes(self._kept)
        self._kept.clear()
        self.size = 0
        return line


class LineCutter:
    """Cuts the bytes of one container into batches of whole lines.

    Bytes that are not text, `\\r` and invalid UTF-8 stay as they are. Colour codes are stripped.
    The batches carry no times; who knows them sets `index`, `first_ns` and `last_ns`.
    """

    def __init__(self, container: Container) -> None:
        self.container = container
        self._open = OpenLine()

    def feed(self, data: bytes) -> Iterator[Batch]:
        """Take the next bytes; give the lines that are whole now."""
        first = data.find(b"\n")
        if first < 0:
            self._open.append(data)
            return iter(())
        self._open.append(data[:first])
        truncated = self._open.truncated
        line = self._open.take()
        end = data.rfind(b"\n") + 1
        self._open.append(data[end:])
        return self._batches(line, truncated, data, first, end)

    def flush(self) -> Iterator[Batch]:
        """Tell that no more will come; give the last line, if it lacked its newline."""
        if not self._open.size:
            return iter(())
        truncated = self._open.truncated
        return self._batches(self._open.take(), truncated, b"\n", 0, 1)

    def _batches(self, line: bytes, truncated: bool, data: bytes, start: int, end: int) -> Iterator[Batch]:  # noqa: FBT001
        """Give `line` and `data[start:end]`, which goes on with that line's newline, as batches."""
        while start < end:
            room = MAX_BATCH_BYTES - _MARKERS_BYTES - len(line)
            stop = end if end - start <= room else data.rfind(b"\n", start, start + room) + 1
            if not stop:  # one line alone is longer than a batch
                stop = data.find(b"\n", start) + 1
            capped, text = self._text(line, data, start, stop)
            yield Batch(self.container, text, text.count(b"\n"), truncated=truncated + capped)
            line, truncated, start = b"", False, stop

    def _text(self, line: bytes, data: bytes, start: int, stop: int) -> tuple[int, bytes]:
        """Join `line` and `data[start:stop]` with one copy; give how many lines were capped, and the text."""
        view, parts, capped = memoryview(data), [memoryview(line)], 0
        for begin, end in long_lines(data, MAX_LINE_BYTES, start, stop):
            parts += view[start:begin], memoryview(_cap(data[begin:end], end - begin))
            capped, start = capped + 1, end
        parts.append(view[start:stop])
        return capped, strip_colours(b"".join(parts))
