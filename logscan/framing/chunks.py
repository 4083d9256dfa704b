"""ChunkDecoder: takes the HTTP chunks off a response body.

The engine sends one chunk per log record, but nothing promises so: a chunk may hold half a record or
ten. So this stage knows of chunks alone and frames come after it. urllib3 could do it, at several
times the cost: it crosses four Python calls per chunk, and there are as many chunks as lines.
"""

from __future__ import annotations

import re

from logscan.errors import ProtocolError, StreamTruncated

MAX_CHUNK_BYTES = 16 << 20
MAX_SIZE_LINE = 256
"""A chunk's size line, extensions included, is never longer than this in an honest stream."""

_CRLF = b"\r\n"
_HEX = re.compile(rb"[0-9A-Fa-f]{1,16}")
_SIZES = {b"%x" % size: size for size in range(1, 1 << 12)}
"""The sizes of ordinary lines: looking one up is twice as fast as parsing it."""


class ChunkDecoder:
    """Decodes `Transfer-Encoding: chunked`, fed in any pieces. `ended` after the last chunk."""

    def __init__(self) -> None:
        self._rest = b""
        self.ended = False

    def feed(self, data: bytes) -> bytes:
        """Give the body's bytes that `data` completes. Raises ProtocolError for what are no chunks."""
        buffer = self._rest + data if self._rest else data
        position, end = 0, len(buffer)
        parts: list[bytes] = []
        take, find, sizes = parts.append, buffer.find, _SIZES
        while not self.ended:
            line_end = find(_CRLF, position, position + MAX_SIZE_LINE)
            if line_end < 0:
                if end - position >= MAX_SIZE_LINE:
                    raise ProtocolError("the engine's answer holds a chunk without a size")
                break
            text = buffer[position:line_end]
            size = sizes.get(text) or _parse_size(text)
            start = line_end + 2
            stop = start + size
            if stop + 2 > end:
                break
            if buffer[stop : stop + 2] != _CRLF:
                raise ProtocolError("the engine's answer holds a chunk that is longer than it says")
            if size == 0:
                self.ended = True
            take(buffer[start:stop])
            position = stop + 2
        self._rest = buffer[position:] if not self.ended else b""
        return b"".join(parts)

    def finish(self) -> None:
        """Say that the connection has ended. Raises StreamTruncated without the last chunk."""
        if not self.ended:
            raise StreamTruncated("the connection ended in the middle of the log")


def _parse_size(text: bytes) -> int:
    digits = text.split(b";", 1)[0].strip()
    if not _HEX.fullmatch(digits):
        raise ProtocolError(f"the engine's answer holds a chunk of size {text[:20]!r}")
    size = int(digits, 16)
    if size > MAX_CHUNK_BYTES:
        raise ProtocolError(f"the engine announced a chunk of {size} bytes")
    return size


class IdentityDecoder:
    """The body of an answer without chunks: `length` bytes, or all until the connection ends."""

    def __init__(self, length: int | None) -> None:
        self._left = length
        self.ended = length == 0

    def feed(self, data: bytes) -> bytes:
        if self._left is None:
            return data
        data = data[: self._left]
        self._left -= len(data)
        self.ended = self._left == 0
        return data

    def finish(self) -> None:
        """Say that the connection has ended. Raises StreamTruncated when bytes are missing."""
        if self._left:
            raise StreamTruncated(f"the connection ended {self._left} bytes before the end of the log")
