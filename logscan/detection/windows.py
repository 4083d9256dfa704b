"""Windows over a rule's own hits: they decide when hits become a finding, counting by event time.

Owns what `event_count`, `value_count`, `spike` and `new_value` mean for the hits of one key. All are
half-open: two hits exactly `within` apart are not in one window. Does not own keys, evidence or
windows over other rules (combining), nor silence (absence). There is no clock: events come in the
order of their time, so a replay of last week gives last week's findings.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from logscan.detection.event import Event
from logscan.detection.fifo import Fifo
from logscan.ruleset.model import EventCount, NewValue, Spike, ValueCount

MAX_HELD = 50_000
"""A window that has not fired holds so many hits; it forgets the earliest beyond."""

MAX_VALUES = 10_000
"""So many values are learned per key; what comes beyond can't be told from new and stays silent."""


class State(NamedTuple):
    """What a window knows beside its queues: plain values, and sequences of events where these are few."""

    values: Sequence[Any] = ()
    begun: Sequence[tuple[Event, ...]] = ()


class Window(Protocol):
    """Holds the hits of one key back until they mean something."""

    forgotten: int
    """How many hits a bound made it forget."""

    is_open: bool
    """Whether it has fired, and lets every further hit through."""

    def admit(self, event: Event) -> Sequence[Event]:
        """Give the events that count from now on; time never falls from one call to the next."""
        ...

    def settle(self, before_ns: int) -> Sequence[Event]:
        """Give what counts once no event before this moment will come."""
        ...

    @property
    def over_ns(self) -> int | None:
        """The moment from which on it is as good as new; None where it never will be."""
        ...

    @property
    def queues(self) -> Sequence[Fifo[Any]]:
        """What it holds, to be kept item by item: events, numbers or digests."""
        ...

    def state(self) -> State:
        """Give the rest of what it knows."""
        ...

    def restore(self, state: State) -> None:
        """Go on from what was kept; the queues have been filled already."""
        ...


class Immediate:
    """A window that decides at each hit, so that the passing of time alone changes nothing."""

    forgotten = 0
    is_open = False

    @property
    def over_ns(self) -> int | None:
        return None

    @property
    def queues(self) -> Sequence[Fifo[Any]]:
        return ()

    def settle(self, before_ns: int) -> Sequence[Event]:  # noqa: ARG002 - asked of every window
        return ()


def _last_ns(held: Fifo[Event]) -> int:
    return held[-1].counts_at_ns if held else 0


class EventCountWindow(Immediate):
    """Fires when `count` hits lie within the window, then lets all through. Holds those that lie within it."""

    def __init__(self, window: EventCount) -> None:
        self._window = window
        self._held: Fifo[Event] = Fifo()
        self.is_open = False

    def admit(self, event: Event) -> Sequence[Event]:
        if self.is_open:
            return (event,)
        held = self._held
        held.append(event)
        while event.counts_at_ns - held[0].counts_at_ns >= self._window.within:
            held.popleft()
        if len(held) < self._window.count:
            return ()
        events, self.is_open = tuple(held), True
        held.clear()
        return events

    @property
    def over_ns(self) -> int | None:
        return None if self.is_open else _last_ns(self._held) + self._window.within

    @property
    def queues(self) -> Sequence[Fifo[Any]]:
        return (self._held,)

    def state(self) -> State:
        return State((self.is_open,))

    def restore(self, state: State) -> None:
        (self.is_open,) = state.values


class ValueCountWindow(Immediate):
    """Fires when the window holds `count` different values. A hit without the field takes no part."""

    def __init__(self, window: ValueCount, max_held: int = MAX_HELD) -> None:
        self._window = window
        self._max_held = max_held
        self._held: Fifo[Event] = Fifo()
        self._values: deque[bytes] = deque()  # of those held
        self._counts: Counter[bytes] = Counter()
        self.is_open = False

    def admit(self, event: Event) -> Sequence[Event]:
        value = event.value(self._window.field)
        if value is None:
            return ()
        if self.is_open:
            return (event,)
        self._held.append(event)
        self._values.append(value)
        self._counts[value] += 1
        while event.counts_at_ns - self._held[0].counts_at_ns >= self._window.within:
            self._drop_earliest()
        if len(self._held) > self._max_held:
            self._drop_earliest()
            self.forgotten += 1
        return self._fired() if len(self._counts) >= self._window.count else ()

    def _drop_earliest(self) -> None:
        self._held.popleft()
        value = self._values.popleft()
        self._counts[value] -= 1
        if not self._counts[value]:
            del self._counts[value]

    def _fired(self) -> Sequence[Event]:
        events = tuple(self._held)
        self.is_open = True
        self._held.clear()
        self._values.clear()
        self._counts.clear()
        return events

    @property
    def over_ns(self) -> int | None:
        return None if self.is_open else _last_ns(self._held) + self._window.within

    @property
    def queues(self) -> Sequence[Fifo[Any]]:
        return (self._held,)

    def state(self) -> State:
        return State((self.is_open,))

    def restore(self, state: State) -> None:
        (self.is_open,) = state.values
        self._values.extend(value for event in self._held if (value := event.value(self._window.field)) is not None)
        self._counts.update(self._values)


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
        self._held: Fifo[Event] = Fifo(max_held)
        self._before: Fifo[tuple[int, int]] = Fifo()  # the steps that hold hits, and how many
        self._total = 0
        self.is_open = False

    def admit(self, event: Event) -> Sequence[Event]:
        if self.is_open:
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
        events, self.is_open = tuple(self._held), True
        self._held.clear()
        self._before.clear()
        return events

    def _begin(self, step: int) -> None:
        if self._count:
            self._before.append((self._step, self._count))
            self._total += self._count
        while self._before and self._before[0][0] < step - self._averaged:
            self._total -= self._before.popleft()[1]
        self._step, self._count = step, 0
        self._held.clear()

    @property
    def queues(self) -> Sequence[Fifo[Any]]:
        return self._held, self._before

    def state(self) -> State:
        return State((self.is_open, self._first, self._step, self._count))

    def restore(self, state: State) -> None:
        self.is_open, self._first, self._step, self._count = state.values
        self._total = sum(count for _, count in self._before)


class NewValueWindow(Immediate):
    """Lets through each hit with a value that was never there, once it has learned for `learn`.

    Values are remembered as digests: they may be long, and they may be secret.
    """

    def __init__(self, window: NewValue, max_values: int = MAX_VALUES) -> None:
        self._window = window
        self._max_values = max_values
        self._known: set[bytes] = set()
        self._learned: Fifo[bytes] = Fifo()  # the same, in the order in which they came
        self._learned_ns: int | None = None

    def admit(self, event: Event) -> Sequence[Event]:
        value = event.value(self._window.field)
        if value is None:
            return ()
        if self._learned_ns is None:
            self._learned_ns = event.counts_at_ns + self._window.learn
        if value in self._known:
            return ()
        if len(self._known) >= self._max_values:
            self.forgotten += 1
            return ()
        self._known.add(value)
        self._learned.append(value)
        return () if event.counts_at_ns < self._learned_ns else (event,)

    @property
    def queues(self) -> Sequence[Fifo[Any]]:
        return (self._learned,)

    def state(self) -> State:
        return State((self._learned_ns,))

    def restore(self, state: State) -> None:
        (self._learned_ns,) = state.values
        self._known.update(self._learned)
