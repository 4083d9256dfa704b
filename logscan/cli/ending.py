"""Ending: how a command that goes on for ever is asked to end.

Owns the signals, and noticing that nobody reads the result any more. Does not own the end itself: who runs looks
at `stop` between two steps.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TextIO

from logscan.follow import Stop

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_HINT = b"\nending in order; once more ends it at once\n"


@contextmanager
def ended_by_signals(stop: Stop, *, quiet: bool = False) -> Iterator[None]:
    """Within, the first SIGINT or SIGTERM asks for the end, and the second one takes it.

    The process then exits with 128 and the signal's number, as if it had been killed: whatever it was doing is
    safe against that.
    """

    def end(number: int, _frame: FrameType | None) -> None:
        if stop.asked:
            os._exit(128 + number)
        stop()
        if not quiet and sys.stderr.isatty():
            os.write(sys.stderr.fileno(), _HINT)  # `print` may be what the signal has interrupted

    before = {number: signal.signal(number, end) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def end_without_reader(stop: Stop, stream: TextIO) -> None:
    """Ask for the end once nobody reads `stream` any more, as after `| head -1`, even if nothing is written to it."""
    threading.Thread(target=_watch, args=(stop, stream.fileno()), name="reader", daemon=True).start()


def _watch(stop: Stop, number: int) -> None:
    poll = select.poll()
    poll.register(number, 0)  # asks for nothing, so it waits for an error or a hang-up alone
    # macOS answers at once, and with POLLNVAL, for devices such as /dev/null.
    if any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll()):
        stop()
