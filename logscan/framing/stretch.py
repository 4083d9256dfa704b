"""Stretches: parts of a file that are read where they are searched, in any order and by any process.

Owns which lines belong to a stretch: those that begin in it, whole. So of stretches that lie one behind the other each
line is read once. Does not own what a source makes of its lines, nor who reads which stretch (matching.search_ahead).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from logscan.batch import MAX_LINE_BYTES, Batch, Container
from logscan.framing.ansi import strip_ansi
from logscan.framing.lines import READ_BYTES, LineCutter, long_lines

STRETCH_BYTES: Final = READ_BYTES
"""The best size: with the end of its last line it makes a batch."""

_BEYOND_BYTES: Final = (16 << 10, MAX_LINE_BYTES)
"""So much is read beyond a stretch, for the end of its last line; the second is for logs of long lines."""


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """Part of a plain file of `container`: from byte `start`, which is not the first, to `end`. `file` is open.

    `finish` gives a batch of its lines what its source knows of them, and `fail` hears why it can't be read; both are
    called in the order of the stretches.
    """

    file: int
    start: int
    end: int
    container: Container
    finish: Callable[[Batch], Batch]
    fail: Callable[[OSError], None]


class Pause:
    """Between stretches and batches: what came before is to be taken before more is asked for."""


Portion = Batch | Stretch | Pause
"""What a source gives: lines, or where they are."""


def divide(file: int, place: int) -> tuple[bytes, Sequence[int], int]:
    """Divide most of what lies behind `place` of a file.

    Gives what is left of the line at `place`, where the stretches behind it start, and where the last one ends: lines
    begin there and at the first start. No stretches where there is too little, or no plain file. May raise OSError.
    """
    size = os.fstat(file).st_size  # none of what is no plain file
    if size < place + 2 * STRETCH_BYTES:
        return b"", (), place
    near_end = size - STRETCH_BYTES
    rest, ending = (_to_line_end(file, at) for at in (place, near_end))
    if not rest or not ending:
        return b"", (), place
    last = near_end + len(ending)
    return rest, range(place + len(rest), last, STRETCH_BYTES), last


def _to_line_end(file: int, place: int) -> bytes:
    data = os.pread(file, MAX_LINE_BYTES, place)
    return data[: data.find(b"\n") + 1]


def read_lines(file: int, start: int, end: int) -> bytes | None:
    """Give the lines of a stretch as the text of a batch.

    None where they need care: one is long, or the file ends there. May raise OSError.
    """
    before = end - start  # behind each newline among so many bytes from `start` - 1 on, a line of the stretch begins
    for beyond in _BEYOND_BYTES:
        data = os.pread(file, before + 1 + beyond, start - 1)
        stop = data.find(b"\n", before) + 1
        if stop:
            break
    else:
        return None
    begin = data.find(b"\n", 0, before) + 1
    if not begin:
        return b""
    text = data[begin:stop]
    if any(True for _ in long_lines(text, MAX_LINE_BYTES)):
        return None
    return strip_ansi(text)


def read_with_care(stretch: Stretch) -> Iterator[Batch]:
    """Give the lines of any stretch, however long they are, as finished batches; the last one ends at an error."""
    cutter = LineCutter(stretch.container)
    try:
        yield from map(stretch.finish, _cut(stretch, cutter))
    except OSError as error:
        stretch.fail(error)
    yield from map(stretch.finish, cutter.flush())


def _cut(stretch: Stretch, cutter: LineCutter) -> Iterator[Batch]:
    place, begun = stretch.start - 1, False
    while data := os.pread(stretch.file, READ_BYTES, place):
        before = max(stretch.end - 1 - place, 0)
        place += len(data)
        begin = 0
        if not begun:
            begin = data.find(b"\n", 0, before) + 1
            begun = begin > 0
        if begun:
            stop = data.find(b"\n", before) + 1
            yield from cutter.feed(data[begin : stop or len(data)])
            if stop:
                return
        elif before <= len(data):
            return
