"""Discovery: finds the containers of one engine and sees what happens to them, for as long as it is there.

Owns listing, again every minute, receiving events, and when to subscribe to them anew; and that each part gets what
the engine told. Does not own what follows from that for the containers (roster), asking for their state
(inspections), what an earlier run knew of them (handover), how logs are read (logs), or whether the engine is there
(presence).

A proxy may keep events closed. Listing takes their place then, every two seconds, and no event is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from logscan.errors import ProtocolError, SourceError
from logscan.sources.docker.engine import ContainerInfo, Engine
from logscan.sources.docker.events import EngineEvent, departed
from logscan.sources.docker.follow.handover import Handover
from logscan.sources.docker.follow.inspections import RETRY_NS, Inspections
from logscan.sources.docker.follow.jobs import Lane, Outcome
from logscan.sources.docker.follow.live_events import JUDGED_AFTER_NS, LiveEvents
from logscan.sources.docker.follow.logs import Logs, Tools
from logscan.sources.docker.follow.meeting import Meeting
from logscan.sources.docker.follow.roster import Departure, Known, Roster
from logscan.sources.docker.follow.wires import Wire
from logscan.sources.live import Start

log = structlog.get_logger()

SECOND_NS = 1_000_000_000

LIST_NS = 60 * SECOND_NS
LIST_ALONE_NS = 2 * SECOND_NS
"""While there are no events."""

SETTLED_NS = SECOND_NS
"""So long after subscribing, what the engine remembered has come."""


class Discovery:
    """The containers of one engine. `tells_events`: whether rules want to see its events."""

    def __init__(
        self, tools: Tools, roster: Roster, logs: Logs, start: Start, *, host: str, tells_events: bool, once: bool
    ) -> None:
        self._tools = tools
        self._roster = roster
        self._logs = logs
        self._host = host
        self._tells_events = tells_events
        self._once = once
        self._inspections = Inspections(
            tools, roster, host=host, once=once, inspected=self._inspected, failed=self._failed
        )
        self._handover = Handover(start, tools.clock.now_ns(), host=host, is_meant=roster.is_meant, tell=tools.tell)
        self._events = LiveEvents(host, self._handover.events_from_ns, tools.tell)
        self._wire: Wire | None = None
        self._rest = b""
        self._subscribed_ns = 0
        self._is_asking = False
        self._list_ns: int | None = None
        self._last_events: bool | None = None
        if start.events_from_ns is None and tells_events and not once:
            self._events.begin()

    def ask_meeting(self) -> int | None:
        """Say that the engine is about to be met; give from when on its events are wanted, None for not at all."""
        self._roster.list_asked()
        if self._once:
            return None
        return self._events.ask_from_ns(self._tools.clock.now_ns())

    def met_again(self, meeting: Meeting) -> None:
        """Go on with an engine that was away, and may be another one."""
        self._roster.doubt_all()
        self.met(meeting)

    def met(self, meeting: Meeting) -> None:
        """Go on with an engine that was met, or that tells of its events again."""
        self.lost()
        self._rest = b""
        if meeting.events is None:
            log.debug("events.refused", host=self._host, instead="a list every two seconds")
        else:
            self._subscribed_ns = self._tools.monotonic_ns()
            self._wire = self._tools.wires.add(meeting.events, self._take_events, self._events_ended, urgent=True)
        self._listed(meeting.listing)

    def lost(self) -> None:
        """The engine is not there."""
        if self._wire is not None:
            self._tools.wires.drop(self._wire)
            self._wire = None

    def due_ns(self) -> int | None:
        """When `ask` has something to do."""
        dues = (None if self._is_asking else self._list_ns, self._inspections.due_ns())
        return min((due for due in dues if due is not None), default=None)

    def ask(self, engine: Engine) -> None:
        """Ask for what is due."""
        now_ns = self._tools.monotonic_ns()
        if not self._is_asking and self._list_ns is not None and now_ns >= self._list_ns:
            self._is_asking = True
            self._ask_again(engine)
        self._inspections.ask(engine)
        for departure in self._roster.departures():
            self._depart(departure)

    def tick(self) -> None:
        """Once a second: tell what has happened, as far as it can be judged by now."""
        if not self._roster.was_listed or self._once:
            return
        if self._wire is not None and not self._is_settled():
            return
        self._handover.tell_missing()
        if self._wire is not None:
            self._events.tell_until(self._tools.clock.now_ns() - JUDGED_AFTER_NS)

    def read_to_ns(self) -> int | None:
        """Give the moment of before which all was told that the containers' logs and events hold; None: not known."""
        if not self._is_known:
            return None
        if self._wire is None or not self._tells_events:
            return self._logs.read_to_ns()
        return min(self._logs.read_to_ns(), self._events.told_to_ns)

    @property
    def _is_known(self) -> bool:
        """Whether every container was listed, and inspected where it is followed."""
        return self._roster.was_listed and self._inspections.are_done

    def _is_settled(self) -> bool:
        """Whether all events of before now have come, but for those on the way."""
        is_new = self._tools.monotonic_ns() - self._subscribed_ns < SETTLED_NS
        return not is_new and not self._tools.wires.is_ready(self._wire)

    def is_read(self, engine: Engine) -> bool:
        """Whether every log and all events were read to their end, where that is asked for once."""
        if not (self._once and self._is_known and self._logs.are_done):
            return False
        if self._last_events is None:
            self._last_events = False
            self._handover.tell_missing()
            if self._tells_events:
                self._ask_last_events(engine)
            else:
                self._last_events = True
        return self._last_events

    def _ask_last_events(self, engine: Engine) -> None:
        until_ns = self._tools.clock.now_ns()
        since_ns = self._events.ask_from_ns(until_ns)
        self._tools.jobs.begin(
            Lane.DISCOVER,
            lambda: engine.events(since_ns, until_ns) or [],
            lambda outcome: self._last_events_came(outcome, until_ns),
        )

    def _last_events_came(self, outcome: Outcome[list[EngineEvent]], until_ns: int) -> None:
        self._last_events = True
        if outcome.value is None:
            self._failed(outcome.error)
            return
        for event in outcome.value:
            self._happened(event)
        self._events.tell_until(until_ns)

    def _ask_again(self, engine: Engine) -> None:
        """List; and subscribe, if no events come."""
        events_from_ns = self.ask_meeting() if self._wire is None else None
        subscribes = self._wire is None
        if not subscribes:
            self._roster.list_asked()
        self._tools.jobs.begin(
            Lane.DISCOVER,
            lambda: Meeting.of(engine, events_from_ns),
            lambda outcome: self._asked_again(outcome, subscribes=subscribes),
        )

    def _asked_again(self, outcome: Outcome[Meeting], *, subscribes: bool) -> None:
        self._is_asking = False
        meeting = outcome.value
        if meeting is None:
            self._list_ns = self._tools.monotonic_ns() + RETRY_NS
            self._failed(outcome.error)
        elif subscribes and self._wire is None:
            self.met(meeting)
        else:
            meeting.close()
            self._listed(meeting.listing)

    def _failed(self, error: SourceError | None) -> None:
        if error is not None:
            log.debug("discovery.failed", host=self._host, error=error.message)
            self._tools.unreached(error)

    def _listed(self, listing: Sequence[Mapping[str, Any]]) -> None:
        was_told = self._roster.listed(listing)
        self._handover.listed(str(entry["Id"]) for entry in listing)
        now_ns = self._tools.monotonic_ns()
        if self._once:
            self._list_ns = None
        elif self._wire is None:
            self._list_ns = now_ns + LIST_ALONE_NS
        elif was_told:
            self._list_ns = now_ns + LIST_NS
        else:
            log.debug("events.missed", host=self._host, instead="a new subscription")
            self.lost()
            self._list_ns = now_ns

    def _take_events(self, data: bytes) -> bool:
        *lines, self._rest = (self._rest + data).split(b"\n")
        try:
            events = [EngineEvent.read(line) for line in lines if line.strip()]
        except ProtocolError as error:
            log.warning("events.unreadable", host=self._host, error=error.message)
            self._wire = None
            self._list_ns = self._tools.monotonic_ns() + RETRY_NS
            return False
        for event in events:
            self._happened(event)
        return True

    def _events_ended(self, clean: bool) -> None:  # noqa: FBT001 - as a wire tells it
        log.debug("events.ended", host=self._host, clean=clean)
        self._wire = None
        self._list_ns = self._tools.monotonic_ns()

    def _happened(self, event: EngineEvent) -> None:
        self._events.came(event)
        if event.action != "destroy":
            self._roster.happened(event)
        if self._tells_events:
            self._remember(event)
        if event.action == "destroy":
            self._roster.happened(event)
            self._handover.destroyed(event)

    def _remember(self, event: EngineEvent) -> None:
        container = self._logs.container(event.container_id)
        if container is None and self._roster.is_chosen(event.container_id):
            container = departed(event.listed(), self._host)
        if container is not None:
            self._events.happened(event, container)

    def _inspected(self, info: ContainerInfo, known: Known, engine: Engine) -> None:
        checkpoint, since_ns = self._handover.checkpoint(known.listed.id), self._handover.since_ns(known)
        self._logs.inspected(info, engine, checkpoint, since_ns)
        if self._tells_events:
            self._events.inspected(info.container, info.state)

    def _depart(self, departure: Departure) -> None:
        known, time_ns = departure.known, departure.time_ns or self._tools.clock.now_ns()
        if self._logs.container(known.listed.id) is not None:
            self._logs.removed(known.listed.id, time_ns)
        else:
            self._handover.departed(known, time_ns)
