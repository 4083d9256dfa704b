"""EventLog: what happened to an engine's containers, as batches of JSON lines for rules with `input: event`.

Owns asking once for what the engine remembers, and whose of it a scan is about: the chosen containers, and those
that are gone but were like them. Does not own what a line says (history). No such line counts in the
coverage: it is no part of any log. An engine that keeps its events to itself is no fault; the state of each
container is told then.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator, Mapping, Sequence

import msgspec
import structlog

from logscan.batch import Batch, Container, Input, Stream
from logscan.errors import SourceError
from logscan.finding import ScanError
from logscan.framing.time_range import TimeRange
from logscan.sources.docker.engine import ContainerInfo, Engine
from logscan.sources.docker.events import SECOND_NS, EngineEvent, by_container, departed
from logscan.sources.docker.history import Told, tell
from logscan.sources.docker.select import Selection, own_container_id
from logscan.sources.docker.state import NO_STATE, ContainerState
from logscan.sources.json_file import RecordIndex

log = structlog.get_logger()

LEAD_NS = 3600 * SECOND_NS
"""Events are asked for from so long before the wanted times: what ended a container may lie there, and whether
the engine remembers all that is wanted shows in whether it remembers anything older."""

_UNKNOWN = tuple(Stream).index(Stream.UNKNOWN)


class EventLog:
    """The events of the chosen containers of one engine, and of those that were there and are gone.

    `known`: the IDs of all containers that the engine has, chosen or not. `until_ns`: now, on the
    engine's clock; it would wait for events of later than that.
    """

    def __init__(
        self,
        engine: Engine,
        infos: Sequence[ContainerInfo],
        known: Collection[str],
        selection: Selection,
        *,
        wanted: TimeRange,
        until_ns: int,
    ) -> None:
        self._engine = engine
        self._infos = infos
        self._known = known
        self._selection = selection
        self._wanted = wanted
        self._until_ns = until_ns
        self.error: ScanError | None = None

    def batches(self) -> Iterator[Batch]:
        """Ask once. Never raises SourceError: what went wrong is in `error`."""
        events = self._remembered()
        memory_from_ns = min((event.time_ns for event in events), default=None)
        told = by_container(events)
        log.debug("events.read", events=len(events), containers=len(told), since=memory_from_ns)
        for info in self._infos:
            yield from self._batch(info.container, told.get(info.container.id, []), info.state, memory_from_ns)
        for container in self._departed(told):
            yield from self._batch(container, told[container.id], NO_STATE, memory_from_ns)

    def _remembered(self) -> list[EngineEvent]:
        since_ns = max(0, (self._wanted.since_ns or 0) - LEAD_NS)
        try:
            events = self._engine.events(since_ns, self._until_ns)
        except SourceError as error:
            self.error = ScanError("source", "events", error.message, error.help)
            return []
        if events is None:
            log.debug("events.refused", instead="the state of each container")
        return events or []

    def _departed(self, told: Mapping[str, Sequence[EngineEvent]]) -> Iterator[Container]:
        gone = [events[0].listed() for id_, events in told.items() if id_ not in self._known]
        chosen, _ = self._selection.choose(gone, own_container_id())
        for one in chosen:
            yield departed(one, self._engine.name)

    def _batch(
        self, container: Container, events: Sequence[EngineEvent], state: ContainerState, memory_from_ns: int | None
    ) -> Iterator[Batch]:
        told = tell(events, state, memory_from_ns=memory_from_ns, until_ns=self._until_ns)
        lines = [line for line in told if self._wanted.holds(line[0])]
        if self._remembers_all(memory_from_ns):
            lines = [line for line in lines if line[1]["event"] != "state"]
        if lines:
            yield event_batch(container, lines)

    def _remembers_all(self, memory_from_ns: int | None) -> bool:
        since_ns = self._wanted.since_ns
        return since_ns is not None and memory_from_ns is not None and memory_from_ns <= since_ns


def event_batch(container: Container, lines: Sequence[Told]) -> Batch:
    """Write lines that are in the order of time."""
    return Batch(
        container,
        b"".join(msgspec.json.encode(fields) + b"\n" for _, fields in lines),
        len(lines),
        RecordIndex(array("q", (time_ns for time_ns, _ in lines)), bytes([_UNKNOWN] * len(lines))),
        first_ns=lines[0][0],
        last_ns=lines[-1][0],
        input=Input.EVENT,
    )
