"""RecordReader: one request for a log, from the connection to batches.

Puts the stages of framing together: the connection's bytes, the chunks of the answer, then frames,
or lines of a terminal. Remembers the first and the last record, so that two reads can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator

from logscan.batch import Batch
from logscan.errors import ProtocolError
from logscan.framing.chunks import ChunkDecoder, IdentityDecoder
from logscan.framing.frames import FrameDecoder, split_records
from logscan.framing.time_range import TimeRange
from logscan.framing.tty import TtyDecoder
from logscan.sources.docker.engine import ContainerInfo, Engine, LogQuery
from logscan.sources.docker.log_response import LogResponse

MULTIPLEXED, RAW = "multiplexed-stream", "raw-stream"
"""What engines from API 1.42 on call the two kinds of body; older ones say nothing."""


class RecordReader:
    """One read of one container's log. `records`, `first_record` and `last_record` as it went."""

    def __init__(self, engine: Engine, info: ContainerInfo, query: LogQuery, wanted: TimeRange) -> None:
        self._engine = engine
        self._info = info
        self._query = query
        decoder = TtyDecoder if info.tty else FrameDecoder
        self._decoder: TtyDecoder | FrameDecoder = decoder(info.container, wanted)

    @property
    def records(self) -> int:
        return self._decoder.records

    @property
    def first_record(self) -> bytes:
        return self._decoder.first_record

    @property
    def last_record(self) -> bytes:
        return self._decoder.last_record

    def batches(self) -> Iterator[Batch]:
        """Read to the end. Raises SourceError, or StreamError when the log was cut or is none."""
        for body in body_blocks(self._engine, self._info, self._query):
            yield from self._decoder.feed(body)
        yield from self._decoder.finish()


def body_blocks(engine: Engine, info: ContainerInfo, query: LogQuery) -> Iterator[bytes]:
    """Yield the body of one answer, its chunks taken off. Raises StreamTruncated when it is cut."""
    with engine.logs(info.container.id, query) as response:
        check_kind(response, tty=info.tty)
        chunks = ChunkDecoder() if response.chunked else IdentityDecoder(response.length)
        if not chunks.ended:
            for block in response.blocks():
                if body := chunks.feed(block):
                    yield body
                if chunks.ended:
                    break
        chunks.finish()


def records(engine: Engine, info: ContainerInfo, query: LogQuery) -> Iterator[bytes]:
    """Yield the records of a log that has frames, one at a time, each with its header."""
    yield from split_records(body_blocks(engine, info, query))


def check_kind(response: LogResponse, *, tty: bool) -> None:
    """Refuse to take frames apart where there are none: lengths would be read out of the text."""
    said = response.content_type
    if (said.endswith(MULTIPLEXED) and tty) or (said.endswith(RAW) and not tty):
        raise ProtocolError(f"the engine sends {said}, but says that the container has {'a' if tty else 'no'} terminal")
