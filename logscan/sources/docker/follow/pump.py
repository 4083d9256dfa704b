"""Pump: reads an answer that no selector can watch, as over ssh, by a thread of its own.

Owns the thread, and a short queue: who takes nothing from it holds up the pump, which holds up the engine. A read
that waits can't be cancelled there, so only answers that end by themselves are pumped.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from contextlib import suppress

from logscan.errors import StreamError, StreamTruncated
from logscan.sources.docker.log_response import LogResponse

MAX_BLOCKS = 4
LOOK_S = 0.1
"""A pump that waits for room looks this often whether anyone still wants what it has."""


class Pump:
    """A body as LiveBody gives it, without a socket: `wake` is called when there is something."""

    socket = None

    def __init__(self, response: LogResponse, wake: Callable[[], None]) -> None:
        self._response = response
        self._wake = wake
        self._blocks: queue.Queue[bytes | StreamError] = queue.Queue(MAX_BLOCKS)
        self._closed = threading.Event()
        threading.Thread(target=self._pump, name="logscan-pump", daemon=True).start()

    @property
    def has_more(self) -> bool:
        return not self._blocks.empty()

    def read(self) -> bytes | None:
        """Give a block; b"" at the end, None when there is none now. Raises StreamError."""
        try:
            block = self._blocks.get_nowait()
        except queue.Empty:
            return None
        if isinstance(block, StreamError):
            raise block
        return block

    def close(self) -> None:
        self._closed.set()

    def _pump(self) -> None:
        try:
            for block in self._response.blocks():
                if not self._put(block):
                    return
            self._put(b"")
        except StreamError as error:
            self._put(error)
        except Exception as error:  # noqa: BLE001 - of the SDK's connection, which is none of ours
            self._put(StreamTruncated(f"the connection to the engine broke: {error}"))
        finally:
            self._response.close()

    def _put(self, block: bytes | StreamError) -> bool:
        while not self._closed.is_set():
            with suppress(queue.Full):
                self._blocks.put(block, timeout=LOOK_S)
                self._wake()
                return True
        return False
