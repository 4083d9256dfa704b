"""Windows over a rule's own hits: they decide when hits become a finding, counting by event time.

Owns what `event_count`, `value_count`, `spike` and `new_value` mean for the hits of one key. All are
half-open: two hits exactly `within` apart are not in one window. Does not own keys, evidence or
windows over other rules (combining), nor silence (absence). There is no clock: events come in the
order of their time, so a replay of last week gives last week's findings.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from hashlib import blake2b
from typing import Protocol

from logscan.detection.event import Event, field_value
from logscan.ruleset.model import EventCount, NewValue, Spike, ValueCount

MAX_HELD = 50_000
"""A window that has not fired holds so many hits; it forgets the earliest beyond."""

MAX_VALUES = 10_000
"""So many values are learned per key; what comes beyond can't be told from new and stays silent."""


class Window(Protocol):
    """Holds the hits of one key back until they mean something."""

    forgotten: int
    """How many hits a bound made it forget."""

    def admit(self, event: Event) -> Sequence[Event]:
        """Give the events that count from now on; time never falls from one call to the next."""
        ...

    def settle(self, before_ns: int) -> Sequence[Event]:
        """Give what counts once no event before this moment will come."""
        ...


class Immediate:
    """A window that decides at each hit, so that the passing of time alone changes nothing."""

    forgotten = 0

    def settle(self, before_ns: int) -> Sequence[Event]:  # noqa: ARG002 - asked of every window
        return ()


class EventCountWindow(Immediate):
    """Fires when `count` hits lie within the window, then lets all through. Holds at most `count`."""

    def __init__(self, window: EventCount) -> None:
        self._window = window
        self._held: deque[Event] = deque(maxlen=window.count)
        self._open = False

    def admit(self, event: Event) -> Sequence[Event]:
        if self._open:
            return (event,)
        held = self._held
        held.append(event)
        if len(held) < self._window.count or event.counts_at_ns - held[0].counts_at_ns >= self._window.within:
            return ()
        self._open, self._held = True, deque()
        return tuple(held)


class ValueCountWindow(Immediate):
    """Fires when the window holds `count` different values. A hit without the field takes no part."""

    def __init__(self, window: ValueCount, max_held: int = MAX_HELD) -> None:
        self._window = window
        self._max_held = max_held
        self._held: deque[tuple[Event, str]] = deque()
        self._values: Counter[str] = Counter()
        self._open = False

    def admit(self, event: Event) -> Sequence[Event]:
        value = field_value(event.hit, self._window.field)
        if value is None:
            return ()
        if self._open:
            return (event,)
        self._held.append((event, value))
        self._values[value] += 1
        while event.counts_at_ns - self._held[0][0].counts_at_ns >= self._window.within:
            self._drop_earliest()
        if len(self._held) > self._max_held:
            self._drop_earliest()
            self.forgotten += 1
        return self._fired() if len(self._values) >= self._window.count else ()

    def _drop_earliest(self) -> None:
        _, value = self._held.popleft()
        self._values[value] -= 1
        if not self._values[value]:
            del self._values[value]

    def _fired(self) -> Sequence[Event]:
        events = tuple(event for event, _ in self._held)
        self._open = True
        self._held.clear()
        self._values.clear()
        return events


class SpikeWindow(Immediate):
    """Fires when a step holds `times` the average of the steps before it, and at least `min`.

    Steps begin at multiples of `within` since the epoch. Empty ones count in the average, and no
    step fires until `over` lies between it and the step of the first hit.
    """

    def __init__(self, window: Spike, max_held: int = MAX_HELD) -> None:
        self._window = window
        self._averaged = window.over // window.within
        self._first: int | None = None
        self._step = 0
        self._count = 0
        self._held: deque[Event] = deque(maxlen=max_held)
        self._before: deque[tuple[int, int]] = deque()  # the steps that hold hits, and how many
        self._total = 0
        self._open = False

    def admit(self, event: Event) -> Sequence[Event]:
        if self._open:
            return (event,)
        step = event.counts_at_ns // self._window.within
        if self._first is None:
            self._first = step
        if step != self._step:
            self._begin(step)
        self._count += 1
        if step - self._first < self._averaged:
            return ()
        self.forgotten += len(self._held) == self._held.maxlen
        self._held.append(event)
        # Multiplied out, since a mean would be rounded.
        if self._count < self._window.min or self._count * self._averaged < self._window.times * self._total:
            return ()
        events, self._open = tuple(self._held), True
        self._held.clear()
        return events

    def _begin(self, step: int) -> None:
        if self._count:
            self._before.append((self._step, self._count))
            self._total += self._count
        while self._before and self._before[0][0] < step - self._averaged:
            self._total -= self._before.popleft()[1]
        self._step, self._count = step, 0
        self._held.clear()


class NewValueWindow(Immediate):
    """Lets through each hit with a value that was never there, once it has learned for `learn`.

    Values are remembered as digests: they may be long, and they may be secret.
    """

    def __init__(self, window: NewValue, max_values: int = MAX_VALUES) -> None:
        self._window = window
        self._max_values = max_values
        self._known: set[bytes] = set()
        self._learned_ns: int | None = None

    def admit(self, event: Event) -> Sequence[Event]:
        value = field_value(event.hit, self._window.field)
        if value is None:
            return ()
        if self._learned_ns is None:
            self._learned_ns = event.counts_at_ns + self._window.learn
        digest = blake2b(value.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if digest in self._known:
            return ()
        if len(self._known) >= self._max_values:
            self.forgotten += 1
            return ()
        self._known.add(digest)
        return () if event.counts_at_ns < self._learned_ns else (event,)
