"""Wires: the answers that are read as they come, all by one thread.

Owns waiting for them, turns, and taking the HTTP chunks off. Does not own what the bytes are (who adds a wire
takes them), nor when nothing is to be read: that is asked for before each read, so what lies in a socket then stays
there, and holds up the engine, not us.

Each wire that has something gets one bounded read in a round, in turn: one that brings much leaves the others theirs.
"""

from __future__ import annotations

import selectors
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from logscan.errors import StreamError
from logscan.framing.chunks import ChunkDecoder, IdentityDecoder
from logscan.sources.docker.follow.pump import Pump
from logscan.sources.docker.log_response import READ_BYTES, SMALL_READ, LiveBody, LogResponse

WAKE_BYTES = 4096


@dataclass(eq=False, slots=True)
class Wire:
    """One answer. `take` is given its body piece by piece, and says False to hang up.

    `ended` is told when it ends by itself, and whether that was clean: with its last chunk. `urgent`: it is read
    also while nothing else is.
    """

    body: LiveBody | Pump
    chunks: ChunkDecoder | IdentityDecoder
    take: Callable[[bytes], bool]
    ended: Callable[[bool], None]
    urgent: bool = False
    is_open: bool = True


class Wires:
    """All wires of one host. A context manager; `wake` may be called by any thread."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)
        self._waker.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ, None)
        self._open: set[Wire] = set()
        self._ready: dict[Wire, None] = {}
        self._pumped: set[Wire] = set()
        self.pieces = 0
        """So many pieces have come, on any wire."""

    @property
    def pumped(self) -> int:
        """How many answers are read by threads of their own."""
        return len(self._pumped)

    def wake(self) -> None:
        """End a `wait` that is under way, or the next."""
        with suppress(BlockingIOError, OSError):  # full: it is awake; closed: nobody waits any more
            self._waker.send(b"!")

    def add(
        self,
        response: LogResponse,
        take: Callable[[bytes], bool],
        ended: Callable[[bool], None],
        *,
        urgent: bool = False,
    ) -> Wire | None:
        """Read an answer from now on; None when it has ended already, which `ended` is told then."""
        chunks = ChunkDecoder() if response.chunked else IdentityDecoder(response.length)
        wire = Wire(response.live() or Pump(response, self.wake), chunks, take, ended, urgent)
        if wire.body.socket is None:
            self._pumped.add(wire)
        else:
            self._selector.register(wire.body.socket, selectors.EVENT_READ, wire)
        self._open.add(wire)
        if chunks.ended:
            self._end(wire, clean=True)
            return None
        self._ready[wire] = None
        return wire

    def drop(self, wire: Wire) -> None:
        """Hang up. What it still holds is nobody's, and `ended` is not told."""
        if not wire.is_open:
            return
        wire.is_open = False
        self._open.discard(wire)
        self._ready.pop(wire, None)
        self._pumped.discard(wire)
        if wire.body.socket is not None:
            self._selector.unregister(wire.body.socket)
        wire.body.close()

    def wait(self, timeout_s: float) -> None:
        """Wait until a wire has something, or `wake`; not at all while one is known to."""
        for key, _ in self._selector.select(0 if self._ready else max(0.0, timeout_s)):
            if key.data is None:
                with suppress(BlockingIOError):
                    self._woken.recv(WAKE_BYTES)
            else:
                self._ready.setdefault(key.data)
        self._ready.update((wire, None) for wire in self._pumped if wire.body.has_more)

    def is_ready(self, wire: Wire | None) -> bool:
        """Tell whether a wire is known to hold unread bytes."""
        return wire in self._ready

    def read(self, is_full: Callable[[], bool]) -> bool:
        """Give each wire that has something its turn; tell whether all they had was little."""
        little = bool(self._ready)
        for wire in list(self._ready):
            if not wire.is_open or (is_full() and not wire.urgent):
                continue
            self._ready.pop(wire)
            little = self._read(wire) < SMALL_READ and little
        return little

    def read_urgent(self) -> None:
        """Give those their turn that are read at any time."""
        for wire in [wire for wire in self._open if wire.urgent]:
            self._read(wire)

    def close(self) -> None:
        """Hang up everywhere."""
        for wire in list(self._open):
            self.drop(wire)
        self._selector.close()
        self._woken.close()
        self._waker.close()

    def _read(self, wire: Wire) -> int:
        try:
            data = wire.body.read()
            if data is None:
                return 0
            if not data:
                wire.chunks.finish()
                self._end(wire, clean=True)
                return 0
            self.pieces += 1
            body = wire.chunks.feed(data)
        except StreamError:
            self._end(wire, clean=False)
            return 0
        if body and not wire.take(body):
            self.drop(wire)
        elif wire.is_open and wire.chunks.ended:
            self._end(wire, clean=True)
        elif wire.is_open and (wire.body.has_more or len(data) >= READ_BYTES):
            self._ready[wire] = None
        return len(data)

    def _end(self, wire: Wire, *, clean: bool) -> None:
        self.drop(wire)
        wire.ended(clean)
