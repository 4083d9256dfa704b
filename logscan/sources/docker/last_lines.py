"""LastLines: the last N lines of a log, where the engine counts records.

A long line is many records, so `tail=2` may be two pieces out of the middle of one line. All pieces of a
line carry the time of its first, and the order of a log is that of its times but for a moment
between the two streams. So once a listing begins clearly before a line, all of that line is in it;
until then more is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from logscan.batch import Batch
from logscan.errors import StreamTruncated
from logscan.framing.line_block import NumberedIndex, last_of, picked
from logscan.framing.time_range import TimeRange
from logscan.sources.docker.completeness import Witness
from logscan.sources.docker.engine import ContainerInfo, Engine, LogQuery
from logscan.sources.docker.record_reader import RecordReader
from logscan.sources.json_file import SLACK_NS


def last_lines(engine: Engine, info: ContainerInfo, lines: int, wanted: TimeRange) -> Iterator[Batch]:
    """Yield the last `lines` lines, those of the wanted times. Raises StreamTruncated when the engine gave less."""
    count = lines + 1
    while lines:
        reader = RecordReader(engine, info, LogQuery(tail=count), TimeRange())
        listing = list(reader.batches())
        kept = list(last_of(listing, lines))
        whole = reader.records < count
        if whole or begins_before(listing, kept):
            yield from inside(kept, wanted)
            if whole:
                _check_beginning(engine, info, reader)
            return
        count *= 4


def begins_before(listing: Iterable[Batch], kept: Iterable[Batch]) -> bool:
    """Tell whether a listing begins clearly before the lines that are kept of it, so that these are whole."""
    return _first_time(listing) + SLACK_NS < _first_time(kept)


def inside(batches: Iterable[Batch], wanted: TimeRange) -> Iterator[Batch]:
    """Yield the lines of the wanted times."""
    for batch in batches:
        index = batch.index
        chosen = (
            [wanted.holds(index.entry(number)[0]) for number in range(batch.lines)]
            if isinstance(index, NumberedIndex)
            else []
        )
        if any(chosen):
            yield picked(batch, chosen)


def _first_time(batches: Iterable[Batch]) -> int:
    return min((batch.first_ns for batch in batches if batch.first_ns is not None), default=0)


def _check_beginning(engine: Engine, info: ContainerInfo, reader: RecordReader) -> None:
    """See that the log really begins where the listing does, and the engine did not stop at damage."""
    earlier = RecordReader(engine, info, LogQuery(tail=reader.records + 1), TimeRange())
    for _ in earlier.batches():
        break
    moved = Witness(engine, info).last() != reader.last_record  # by lines that were written meanwhile
    if earlier.first_record != reader.first_record and not moved:
        raise StreamTruncated("the engine's copy of the log is damaged: it gave fewer lines than there are")
