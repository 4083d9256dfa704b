"""Twins: one message that a program prints on both streams counts once.

Often it stands as JSON on one stream and as `LEVEL:logger:message` on the other. Owns what makes
two lines twins: the same rule and key, the same container, different streams, close in time, and the
message of one at the end of the other. Where streams are not known, one of them must be JSON and the
other not. Each line has one twin at most, so two real messages and their twins stay two.
"""

from __future__ import annotations

from collections import deque

from logscan.batch import Stream
from logscan.detection.event import Event
from logscan.matching.views import LineView

MAX_UNPAIRED = 1000
"""So many lines of one stream wait for their twins; the earliest give up."""

_OPPOSITE = {
    Stream.STDOUT.value: Stream.STDERR.value,
    Stream.STDERR.value: Stream.STDOUT.value,
    "json": "plain",
    "plain": "json",
}


class Twins:
    """The lines of one key and container that may still meet their twins. Fed in the order of time."""

    def __init__(self, within_ns: int) -> None:
        self._within_ns = within_ns
        self._unpaired: dict[str, deque[tuple[int, str]]] = {side: deque(maxlen=MAX_UNPAIRED) for side in _OPPOSITE}

    def is_second(self, event: Event) -> bool:
        """Tell whether the event is the later of two twins. If not, it may become the earlier."""
        side, message = _side_and_message(event)
        others = self._unpaired[_OPPOSITE[side]]
        while others and event.counts_at_ns - others[0][0] > self._within_ns:
            others.popleft()
        for place, (_, other) in enumerate(others):
            if _same(message, other):
                del others[place]
                return True
        self._unpaired[side].append((event.counts_at_ns, message))
        return False


def _side_and_message(event: Event) -> tuple[str, str]:
    line = event.hit.line
    view = LineView(line.text)
    message = (line.text if view.message is None else view.message).strip()
    if line.stream is Stream.UNKNOWN:
        return ("plain" if view.document is None else "json"), message
    return line.stream.value, message


def _same(one: str, other: str) -> bool:
    """Tell whether one message ends with the other; an empty one says nothing."""
    return bool(one and other) and (one.endswith(other) or other.endswith(one))
