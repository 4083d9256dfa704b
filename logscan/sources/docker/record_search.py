"""RecordSearch: where in a file of Docker's json-file driver the records of a time begin.

Owns the bisection. The engine writes records in the order of their times, but for moments between the two streams, so
the last ten minutes of a gigabyte are found with a few dozen small reads. Does not own what records mean (json_file),
nor leaving out those that are outside the wanted times: what is found lies a little before them.

All pieces of a long line carry the time of its first, however late they are written: the other stream may have gone on
meanwhile. So only where a line begins is a time what it says, and to know that takes the record before it.

A clock that was set back puts later records before earlier ones. Where that happened, the last place is found at which
the wanted times begin, and what was written at those times before the clock was set back is not read.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from typing import IO, Final

from logscan.framing.line_block import ends_line
from logscan.sources.json_file import SLACK_NS, decode_record

LogFile = IO[bytes] | gzip.GzipFile

NEAR_BYTES: Final = 256 << 10
"""So much is read at once. No record is longer: it holds 16 KiB, of which each byte may be written as six."""


def start_of(file: LogFile, size: int, time_ns: int) -> int:
    """Give where a record begins before which all are earlier than `time_ns`, at most NEAR_BYTES before the first."""
    earlier, later = 0, size
    while later - earlier > NEAR_BYTES:
        middle = (earlier + later) // 2
        begin, found_ns = next(_records(file, middle), (later, None))
        if begin < later and is_earlier(found_ns, time_ns):
            earlier = begin
        else:
            later = middle
    return earlier


def first_time(file: LogFile) -> int | None:
    """Give the time of the first line that begins in a file for certain; None where none can be read near its start."""
    return next((time_ns for _, time_ns in _records(file, 0)), None)


def is_earlier(found_ns: int | None, time_ns: int) -> bool:
    """Tell whether a record of that time, and all before it, are earlier than `time_ns` for certain."""
    return found_ns is not None and found_ns + SLACK_NS < time_ns


def _records(file: LogFile, start: int) -> Iterator[tuple[int, int]]:
    """Yield where lines begin near `start`, and their times, each behind another record of its stream."""
    file.seek(start)
    begins: dict[int, bool] = {}
    for line in file.read(NEAR_BYTES).split(b"\n"):
        record = decode_record(line)
        if record is None:  # damaged, or the one around `start`
            begins.clear()
        else:
            text, time_ns, stream = record
            if begins.get(stream):
                yield start, time_ns
            begins[stream] = ends_line(text)
        start += len(line) + 1
