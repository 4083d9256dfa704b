"""LiveEvents: what happens to containers while they are followed, as lines for rules with `input: event`.

Owns remembering the events of the last hour, the moment at which they are judged, and that each line is told once. Does
not own what a line says (history), nor receiving events (discovery).

Why a container ended shows in what surrounds its `die`, and a `stop` may come seconds behind it. So a line is
told when it is `JUDGED_AFTER_NS` old. Where one run of logscan stopped telling, the next one goes on; it asks for the
events of an hour before that as well, to judge by.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from logscan.batch import Container
from logscan.sources.docker.event_log import LEAD_NS, event_batch
from logscan.sources.docker.events import SECOND_NS, EngineEvent
from logscan.sources.docker.history import Told, tell
from logscan.sources.docker.state import NO_STATE, ContainerState
from logscan.sources.live import EventLines, EventsTold, News

JUDGED_AFTER_NS = 6 * SECOND_NS

QUIET_NS = 5 * SECOND_NS
"""While nothing happens, it is told that nothing did no more often than this: each time is a write to the disk."""


@dataclass(slots=True)
class _Life:
    """One container: its events in the order of time, its last known state, and what was told of it."""

    container: Container
    state: ContainerState = NO_STATE
    events: list[EngineEvent] = field(default_factory=list)
    told: dict[tuple[str, int], int] = field(default_factory=dict)
    open: bool = True
    """Whether there may be something that was not told yet."""


class LiveEvents:
    """The events of one host's followed containers. `from_ns`: lines of before this are not told."""

    def __init__(self, host: str, from_ns: int, tell_news: Callable[[News], None]) -> None:
        self._host = host
        self._from_ns = from_ns
        self._tell = tell_news
        self._lives: dict[str, _Life] = {}
        self._last: EngineEvent | None = None
        self._memory_from_ns = from_ns
        self._subscribed_ns = from_ns
        self._judged_ns = self._noted_ns = from_ns
        self._resumed_behind: EngineEvent | None = None

    def begin(self) -> None:
        """Note from when on events are told, before any is: a run that follows this one has to go on from there."""
        self._tell(EventsTold(self._host, self._from_ns))

    def ask_from_ns(self, now_ns: int) -> int:
        """From when on events are to be asked for, whenever they are subscribed to: now, on the engine's clock."""
        self._subscribed_ns = now_ns
        self._resumed_behind = self._last
        if self._last is not None:
            return self._last.time_ns
        self._memory_from_ns = now_ns
        return max(0, self._from_ns - LEAD_NS)

    def came(self, event: EngineEvent) -> None:
        """Take note that an event came, of whatever container.

        A subscription that is renewed begins with the last event that is known. Where it doesn't, the engine
        has forgotten some, as after a restart.
        """
        if self._resumed_behind is None:
            self._memory_from_ns = min(self._memory_from_ns, event.time_ns)
        elif event.time_ns > self._resumed_behind.time_ns:
            self._memory_from_ns = min(self._subscribed_ns, event.time_ns)
        self._resumed_behind = None
        if self._last is None or event.time_ns > self._last.time_ns:
            self._last = event

    def happened(self, event: EngineEvent, container: Container) -> None:
        """Remember an event of a followed container; `container` as it is known, or as the event tells."""
        life = self._lives.setdefault(event.container_id, _Life(container))
        if event not in life.events:
            insort(life.events, event, key=lambda one: one.time_ns)
            life.open = True

    def inspected(self, container: Container, state: ContainerState) -> None:
        """Take the state of a followed container."""
        life = self._lives.setdefault(container.id, _Life(container))
        life.container, life.state, life.open = container, state, True

    @property
    def told_to_ns(self) -> int:
        """Every line of before this was told."""
        return self._judged_ns

    def tell_until(self, until_ns: int) -> None:
        """Tell every line of before `until_ns` that was not told yet."""
        self._forget(self._judged_ns - LEAD_NS)
        has_told = False
        for life in self._lives.values():
            if life.open:
                has_told = self._tells_of(life, until_ns) or has_told
        self._judged_ns = max(self._judged_ns, until_ns)
        if has_told or self._judged_ns - self._noted_ns >= QUIET_NS:
            self._noted_ns = self._judged_ns
            self._tell(EventsTold(self._host, self._judged_ns))

    def _tells_of(self, life: _Life, until_ns: int) -> bool:
        told = tell(life.events, self._unforgotten(life), memory_from_ns=self._memory_from_ns, until_ns=until_ns)
        floor_ns = max(self._from_ns, self._judged_ns - LEAD_NS)
        wanted = [line for line in told if line[0] >= floor_ns and _key(line) not in life.told]
        if lines := [line for line in wanted if line[0] < until_ns]:
            life.told.update((_key(line), line[0]) for line in lines)
            self._tell(EventLines(event_batch(life.container, lines)))
        life.open = len(lines) < len(wanted)
        return bool(lines)

    def _unforgotten(self, life: _Life) -> ContainerState:
        """Leave out of a state what it shows of the time before this began, when others told of it."""
        state = life.state
        if self._memory_from_ns <= self._from_ns:
            return replace(state, restart_count=0, health="")
        failed = [check.ended_ns for check in state.checks if check.failed]
        was_ill_before = bool(failed) and min(failed) < self._from_ns
        seen = any(event.time_ns >= self._from_ns for event in life.events)
        return replace(
            state,
            restart_count=0 if seen else state.restart_count,
            health="" if was_ill_before else state.health,
        )

    def _forget(self, before_ns: int) -> None:
        for id_ in [id_ for id_, life in self._lives.items() if not life.open and _ended(life) < before_ns]:
            del self._lives[id_]
        for life in self._lives.values():
            if life.events and life.events[0].time_ns < before_ns:
                life.events = [event for event in life.events if event.time_ns >= before_ns]
                life.told = {key: time_ns for key, time_ns in life.told.items() if time_ns >= before_ns}


def _ended(life: _Life) -> int:
    return max(*(event.time_ns for event in life.events), *life.told.values(), 0, 0)


def _key(line: Told) -> tuple[str, int]:
    """Name a line by what doesn't change when more becomes known: a `die` may be seen in another light later."""
    time_ns, fields = line
    event = str(fields["event"])
    return event, 0 if event == "state" else time_ns
