"""Twins: one message that a program prints on both streams counts once.

Often it stands as JSON on one stream and as `LEVEL:logger:message` on the other. Owns what makes
two lines twins: the same rule and key, the same container, different streams, close in time, and the
message of one at the end of the other. Where streams are not known, one of them must be JSON and the
other not. Each line has one twin at most, so two real messages and their twins stay two.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from logscan.batch import Stream
from logscan.detection.event import Event, Message
from logscan.matching.views import LineView
from logscan.redact import redact

MAX_UNPAIRED = 1000
"""So many lines of one stream wait for their twins; the earliest give up."""

_OPPOSITE = {
    Stream.STDOUT.value: Stream.STDERR.value,
    Stream.STDERR.value: Stream.STDOUT.value,
    "json": "plain",
    "plain": "json",
}


MAX_MESSAGE_CHARS = 4096
"""Of a longer message its end is compared, for there the twin stands."""


class Twins:
    """The lines of one key and container that may still meet their twins. Fed in the order of time."""

    def __init__(self, within_ns: int) -> None:
        self._within_ns = within_ns
        self._unpaired: dict[str, deque[tuple[int, Message]]] = {side: deque(maxlen=MAX_UNPAIRED) for side in _OPPOSITE}

    def is_second(self, event: Event) -> bool:
        """Tell whether the event is the later of two twins. If not, it may become the earlier."""
        message = message_of(event)
        for waiting in self._unpaired.values():
            while waiting and event.counts_at_ns - waiting[0][0] > self._within_ns:
                waiting.popleft()
        others = self._unpaired[_OPPOSITE[message.side]]
        for place, (_, other) in enumerate(others):
            if _same(message, other):
                del others[place]
                return True
        self._unpaired[message.side].append((event.counts_at_ns, message))
        return False

    @property
    def over_ns(self) -> int:
        """The moment from which on no line waits any more."""
        newest = (waiting[-1][0] for waiting in self._unpaired.values() if waiting)
        return max(newest, default=0) + self._within_ns + 1

    def kept(self) -> list[tuple[int, str, str]]:
        """Give what waits, redacted: when, on which side, and the message."""
        return [
            (time_ns, side, redact(message.text))
            for side, waiting in self._unpaired.items()
            for time_ns, message in waiting
        ]

    def restore(self, kept: Iterable[tuple[int, str, str]]) -> None:
        """Go on from what was kept."""
        for time_ns, side, text in kept:
            self._unpaired[side].append((time_ns, Message(side, text, redacted=True)))


def message_of(event: Event) -> Message:
    """Give what the line of an event says, and on which side."""
    if event.remains is not None and event.remains.message is not None:
        return event.remains.message
    line = event.hit.line
    view = LineView(line.text)
    text = (line.text if view.message is None else view.message).strip()[-MAX_MESSAGE_CHARS:]
    if line.stream is Stream.UNKNOWN:
        return Message("plain" if view.document is None else "json", text)
    return Message(line.stream.value, text)


def _same(one: Message, other: Message) -> bool:
    """Tell whether one message ends with the other; an empty one says nothing.

    Where the secrets of one are gone, those of the other are left aside.
    """
    if one.redacted != other.redacted:
        one, other = (message if message.redacted else Message("", redact(message.text)) for message in (one, other))
    return bool(one.text and other.text) and (one.text.endswith(other.text) or other.text.endswith(one.text))
