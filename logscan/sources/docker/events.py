"""Events: what an engine tells of its containers, and which of their ends somebody wanted.

Owns reading the entries of `/events`, and the judgement of a `die`: planned or not, out of memory or
not. Does not own asking for them (engine), nor the lines that rules see of them (event_log).

An engine doesn't say why a container ended. But everything that ends one on purpose, `docker stop`,
`kill`, `restart`, `rm -f`, and what compose does to recreate it, goes through its API, and leaves a
`kill` before the `die` or a `stop` behind it:

    docker stop      kill (15) … kill (9), if it took too long, die, stop
    docker restart   kill (15), die, stop, start, restart
    docker rm -f     kill (9), die, destroy
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

import msgspec

from logscan.batch import Container
from logscan.errors import ProtocolError
from logscan.sources.docker.select import Listed

SECOND_NS = 1_000_000_000

STOP_NS = 15 * SECOND_NS
"""A signal ends a container within this or is not what ended it: `docker stop` kills after ten seconds."""

SETTLE_NS = 2 * SECOND_NS
"""Events that belong to one end are this close together, a `stop` behind its `die` the farthest."""

ENDING_SIGNALS = (2, 3, 9, 15)
"""INT, QUIT, KILL and TERM. Others, such as HUP, ask a program for something else."""

ENDED_BY_WISH = (0, 130)
"""Exit codes of a program that was done, or that Ctrl-C ended."""

ENDED_BY_SIGNAL = (137, 143)
"""Exit codes that `docker stop` leads to. Where it isn't known who sent the signal, it was."""

SIGNALLED = 128
"""What a shell, and so the engine, adds to the number of the signal that ended a program."""

_NO_LABELS = frozenset(("image", "name", "exitCode", "signal", "execDuration", "oldName", "execID"))


class _Actor(msgspec.Struct):
    id: str = msgspec.field(name="ID")
    attributes: dict[str, str] | None = msgspec.field(name="Attributes", default=None)


class _Entry(msgspec.Struct):
    action: str = msgspec.field(name="Action")
    actor: _Actor = msgspec.field(name="Actor")
    time_ns: int = msgspec.field(name="timeNano")


_ENTRY = msgspec.json.Decoder(_Entry)


@dataclass(frozen=True, slots=True)
class EngineEvent:
    """Something that happened to one container. `detail` is what follows the action: `health_status: unhealthy`."""

    container_id: str
    action: str
    time_ns: int
    detail: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, line: bytes) -> EngineEvent:
        """Read one line of the answer of `/events`. Raises ProtocolError when it is none."""
        try:
            entry = _ENTRY.decode(line)
        except msgspec.DecodeError as error:
            raise ProtocolError(f"the engine tells of an event that can't be read: {error}") from error
        action, _, detail = entry.action.partition(": ")
        return cls(entry.actor.id, action, entry.time_ns, detail, entry.actor.attributes or {})

    @property
    def exit_code(self) -> int | None:
        return _number(self.attributes.get("exitCode"))

    @property
    def signal(self) -> int | None:
        return _number(self.attributes.get("signal"))

    def listed(self) -> Listed:
        """Give the container as the engine would have listed it, for one that is gone."""
        labels = {key: value for key, value in self.attributes.items() if key not in _NO_LABELS}
        return Listed(self.container_id, (self.attributes.get("name", ""),), self.attributes.get("image", ""), labels)


def departed(listed: Listed, host: str) -> Container:
    """Give the container that is gone, as far as its events tell of it."""
    return Container(
        key=listed.id, id=listed.id, name=listed.names[0], image=listed.image, host=host, labels=listed.labels
    )


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a container, around the `die` that ended it: what came `before` and `after`, next to it first.

    `from_start`: its start is known, and so is all that came behind that. `is_last`: no other run followed.
    """

    die: EngineEvent
    before: Sequence[EngineEvent]
    after: Sequence[EngineEvent]
    from_start: bool
    is_last: bool

    @classmethod
    def of(cls, events: Sequence[EngineEvent], index: int) -> Run:
        """Cut out the run that `events[index]` ended; they are those of one container in the order of time."""
        before = list(takewhile(_is_no_start, reversed(events[:index])))
        after = list(takewhile(_is_no_start, events[index + 1 :]))
        is_last = index + 1 + len(after) == len(events)
        return cls(events[index], before, after, from_start=len(before) < index, is_last=is_last)

    @property
    def has_oom(self) -> bool:
        """Whether the engine told that the kernel killed one of its processes."""
        return any(event.action == "oom" for event in (*self.before, *self.after))

    @property
    def has_oom_near(self) -> bool:
        """Whether it did so right at the end."""
        return any(event.action == "oom" and self._is_near(event) for event in (*self.before, *self.after))

    @property
    def was_asked_for(self) -> bool:
        """Whether somebody brought this end about through the engine."""
        return any(map(self._is_brought_by, self.before)) or any(
            event.action == "stop" and self._is_near(event) for event in self.after
        )

    def was_planned(self, memory_from_ns: int | None) -> bool:
        """Tell whether this end was wanted. `memory_from_ns`: since when all events are known; None without any."""
        code = self.die.exit_code
        if self.was_asked_for or code in ENDED_BY_WISH:
            return True
        return code in ENDED_BY_SIGNAL and not (self.from_start or _reaches(memory_from_ns, self.die.time_ns - STOP_NS))

    def _is_brought_by(self, event: EngineEvent) -> bool:
        if event.action != "kill" or event.signal is None:
            return False
        if self.die.exit_code == SIGNALLED + event.signal:
            return True  # however long it took
        return event.signal in ENDING_SIGNALS and self.die.time_ns - event.time_ns < STOP_NS

    def _is_near(self, event: EngineEvent) -> bool:
        return abs(event.time_ns - self.die.time_ns) < SETTLE_NS


def by_container(events: Iterable[EngineEvent]) -> dict[str, list[EngineEvent]]:
    """Sort events by container, and those of each by time."""
    told: dict[str, list[EngineEvent]] = {}
    for event in sorted(events, key=lambda event: event.time_ns):
        told.setdefault(event.container_id, []).append(event)
    return told


def _reaches(memory_from_ns: int | None, time_ns: int) -> bool:
    return memory_from_ns is not None and memory_from_ns <= time_ns


def _is_no_start(event: EngineEvent) -> bool:
    return event.action != "start"


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None
