"""LogResponse: the body of a logs request, or of the events, as raw blocks of bytes, read below the SDK.

Owns the socket under the SDK's response, the pace of reading and its deadlines. Does not own what
the bytes mean (framing). The SDK's own generator is not used: it throws the stream ids away, takes
a cut connection for a clean end, and yields a TTY byte by byte.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Self

import requests

from logscan.errors import StreamTruncated

BLOCK_BYTES = 256 << 10
"""A block is handed on when it holds this much, or when the log ends."""

LAST_CHUNK = b"0\r\n\r\n"
"""What a chunked body ends with. The engine keeps the connection open behind it for minutes."""

READ_BYTES = 128 << 10
SMALL_READ = 24 << 10
PAUSE_S = 0.0004
"""After a read that brought little we wait a moment, so that the next one brings more: the engine
writes line by line, and each wake-up costs both sides more than the bytes do. Measured on 3 million
lines: 15.0 s and 640,000 reads without the pause, 9.4 s and 14,000 reads with it."""

KEEPALIVE = {"TCP_KEEPIDLE": 30, "TCP_KEEPALIVE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}
"""Seconds of silence before the first probe (macOS has the second name), between probes, and probes until the end."""

TICK_S = 1.0
SILENCE_S = 120.0
"""A one-shot read that brings nothing for this long is given up."""


class LogResponse:
    """The body of one logs request. Use as a context manager: leaving it closes the connection."""

    def __init__(self, response: requests.Response) -> None:
        self._response = response
        raw: Any = response.raw
        self._buffered: Any = raw._fp.fp
        self.chunked = bool(getattr(raw._fp, "chunked", False))
        self.length = None if self.chunked else _content_length(response)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def content_type(self) -> str:
        """What the engine says the body is; engines before API 1.42 say nothing of use."""
        return str(self._response.headers.get("Content-Type", ""))

    def close(self) -> None:
        """Close the connection; it can't be used again with its body unread."""
        self._response.close()

    @property
    def date_ns(self) -> int | None:
        """When the engine answered, in whole seconds of its clock; None where it doesn't say."""
        return date_ns(self._response.headers)

    def live(self) -> LiveBody | None:
        """Take the body over for reading without waiting; None when it has no socket, as over ssh."""
        connection = _socket_below(self._buffered)
        return None if connection is None else LiveBody(self._response, self._buffered, connection)

    def blocks(self, *, sleep: Callable[[float], None] = time.sleep) -> Iterator[bytes]:
        """Yield the body's raw bytes until the connection ends; stop asking when the framing has ended.

        Raises StreamTruncated when the connection breaks or stays silent for SILENCE_S.
        """
        read = self._reader()
        parts: list[bytes] = []
        size = 0
        end = b""  # of the body so far: its last chunk may come in two reads
        while data := read():
            parts.append(data)
            size += len(data)
            end = (end + data)[-len(LAST_CHUNK) :]
            if size >= BLOCK_BYTES or end == LAST_CHUNK or not self.chunked:
                yield b"".join(parts)
                parts, size = [], 0
            elif len(data) < SMALL_READ:
                sleep(PAUSE_S)
        if parts:
            yield b"".join(parts)

    def _reader(self) -> Callable[[], bytes]:
        connection = _socket_below(self._buffered)
        if connection is None:  # an ssh connection has no usable socket
            return lambda: bytes(self._buffered.read1(READ_BYTES))
        return _SocketReader(self._buffered, connection)


class _SocketReader:
    """Reads what the SDK's buffered reader holds already, then the socket itself."""

    def __init__(self, buffered: Any, connection: socket.socket) -> None:
        self._connection = connection
        self._held = _held(buffered, connection)
        connection.settimeout(TICK_S)

    def __call__(self) -> bytes:
        if self._held:
            held, self._held = self._held, b""
            return held
        for _ in range(int(SILENCE_S / TICK_S)):
            try:
                return self._connection.recv(READ_BYTES)
            except TimeoutError:
                continue
            except OSError as error:
                raise StreamTruncated(f"the connection to the engine broke: {error}") from error
        raise StreamTruncated(f"the engine sent nothing for {SILENCE_S:.0f} s")


class LiveBody:
    """A body that is read when there is something, and never waited for. `socket` tells a selector when."""

    def __init__(self, response: requests.Response, buffered: Any, connection: socket.socket) -> None:
        self._response = response
        self.socket = connection
        self._held = _held(buffered, connection)
        _keep_alive(connection)

    @property
    def has_more(self) -> bool:
        """Whether bytes lie here that the socket doesn't show: held by the SDK, or decrypted by TLS already."""
        return bool(self._held) or (isinstance(self.socket, ssl.SSLSocket) and self.socket.pending() > 0)

    def read(self, size: int = READ_BYTES) -> bytes | None:
        """Give what has come, at most about `size` bytes; b"" at the end, None when there is nothing now.

        Raises StreamTruncated when the connection broke.
        """
        if self._held:
            held, self._held = self._held, b""
            return held
        try:
            return self.socket.recv(size)
        except (BlockingIOError, InterruptedError, ssl.SSLWantReadError):
            return None
        except OSError as error:
            raise StreamTruncated(f"the connection to the engine broke: {error}") from error

    def close(self) -> None:
        """Hang up. The connection isn't given back: with its body unread nobody can use it."""
        self._response.raw.close()


def _held(buffered: Any, connection: socket.socket) -> bytes:
    """Take what the SDK's reader holds; the connection does not block from here on.

    Up to 8 KiB of the body arrived together with the headers and sit in the buffer. A peek on an
    empty buffer would block, so it is asked without waiting.
    """
    connection.settimeout(0)
    try:
        held = buffered.peek()
    except (BlockingIOError, ssl.SSLWantReadError):
        held = b""
    return bytes(buffered.read1(len(held))) if held else b""


def _keep_alive(connection: socket.socket) -> None:
    """Notice within a minute that a peer is gone without a word; unix sockets can't lose theirs so."""
    if connection.family not in (socket.AF_INET, socket.AF_INET6):
        return
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in KEEPALIVE.items():
        if (option := getattr(socket, name, None)) is not None:  # not every system has them all
            connection.setsockopt(socket.IPPROTO_TCP, option, value)


def date_ns(headers: Mapping[str, str]) -> int | None:
    """Read the `Date` of an answer: whole seconds, rounded down. None where there is none."""
    try:
        return int(parsedate_to_datetime(headers["Date"]).timestamp()) * 1_000_000_000
    except (KeyError, ValueError, TypeError):
        return None


def _socket_below(buffered: Any) -> socket.socket | None:
    connection = getattr(getattr(buffered, "raw", None), "_sock", None)
    return connection if isinstance(connection, socket.socket) else None


def _content_length(response: requests.Response) -> int | None:
    text = response.headers.get("Content-Length", "")
    return int(text) if text.isdigit() else None
