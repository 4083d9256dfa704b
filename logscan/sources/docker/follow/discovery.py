"""Discovery: finds the containers of one engine and sees what happens to them, for as long as it is there.

Owns asking: to subscribe to events, then to list, so that nothing is missed in between; to list again every
minute, and to inspect what changed. Does not own what follows from the answers (roster), how logs are read (logs), or
whether the engine is there (presence).

A proxy may keep events closed. Listing takes their place then, every two seconds, and no event is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog

from logscan.batch import Container
from logscan.checkpoint import Checkpoint
from logscan.errors import ProtocolError, SourceError
from logscan.finding import Gap, GapReason
from logscan.sources.docker.engine import CALL_TIMEOUT_S, ContainerInfo, Engine, NoAnswer, Refused
from logscan.sources.docker.events import EngineEvent, departed
from logscan.sources.docker.follow.jobs import Lane, Outcome
from logscan.sources.docker.follow.live_events import JUDGED_AFTER_NS, LiveEvents
from logscan.sources.docker.follow.logs import Logs, Tools
from logscan.sources.docker.follow.roster import Departure, Known, Roster
from logscan.sources.docker.follow.wires import Wire
from logscan.sources.docker.log_response import LogResponse
from logscan.sources.docker.select import Listed
from logscan.sources.live import Back, First, GapFound, Lost, Removed, Start

log = structlog.get_logger()

SECOND_NS = 1_000_000_000

LIST_NS = 60 * SECOND_NS
LIST_ALONE_NS = 2 * SECOND_NS
"""While there are no events."""

RETRY_NS = 2 * SECOND_NS
"""A call that failed is made again after this."""

SETTLED_NS = SECOND_NS
"""So long after subscribing, what the engine remembered has come."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """What an engine said when it was met: its events from then on, None where they are closed, and its containers."""

    engine: Engine
    events: LogResponse | None
    listing: Sequence[Mapping[str, Any]]

    @classmethod
    def of(cls, engine: Engine, events_from_ns: int | None) -> Meeting:
        """Subscribe, then list: what happens meanwhile is in either. Raises SourceError.

        `events_from_ns`: None when events are not wanted. Over ssh a subscription could not be ended.
        """
        events = None
        if events_from_ns is not None and not engine.over_ssh:
            events = engine.event_stream(events_from_ns, timeout_s=CALL_TIMEOUT_S)
        try:
            return cls(engine, events, engine.list_containers(timeout_s=CALL_TIMEOUT_S))
        except BaseException:
            if events is not None:
                events.close()
            raise

    def close(self) -> None:
        """Nobody wants it any more."""
        if self.events is not None:
            self.events.close()


class Discovery:
    """The containers of one engine. `tells_events`: whether rules want to see its events."""

    def __init__(
        self, tools: Tools, roster: Roster, logs: Logs, start: Start, *, host: str, tells_events: bool, once: bool
    ) -> None:
        self._tools = tools
        self._roster = roster
        self._logs = logs
        self._start = start
        self._host = host
        self._tells_events = tells_events
        self._once = once
        self._began_ns = tools.clock.now_ns()
        self._events = LiveEvents(host, self._events_from_ns(), tools.tell)
        self._wire: Wire | None = None
        self._rest = b""
        self._subscribed_ns = 0
        self._is_asking = False
        self._list_ns: int | None = None
        self._retries: dict[str, int] = {}
        self._unseen: set[str] = set()
        self._gone: set[str] = set()
        self._inspecting = 0
        self._missing = dict(start.logs)
        self._last_events: bool | None = None
        if start.events_from_ns is None and tells_events and not once:
            self._events.begin()

    def _events_from_ns(self) -> int:
        if self._start.events_from_ns is not None:
            return self._start.events_from_ns
        if self._start.first is First.MOMENT and self._start.since_ns is not None:
            return self._start.since_ns
        return self._began_ns

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
        dues = (None if self._is_asking else self._list_ns, *self._retries.values())
        return min((due for due in dues if due is not None), default=None)

    def ask(self, engine: Engine) -> None:
        """Ask for what is due."""
        now_ns = self._tools.monotonic_ns()
        if not self._is_asking and self._list_ns is not None and now_ns >= self._list_ns:
            self._is_asking = True
            self._ask_again(engine)
        for id_ in [id_ for id_, due_ns in self._retries.items() if now_ns >= due_ns]:
            del self._retries[id_]
            self._roster.not_inspected(id_)
        for id_ in self._roster.to_inspect():
            self._inspect(engine, id_)
        for departure in self._roster.departures():
            self._depart(departure)

    def tick(self) -> None:
        """Once a second: tell what has happened, as far as it can be judged by now."""
        if not self._roster.was_listed or self._once:
            return
        if self._wire is not None and not self._is_settled():
            return
        if self._missing:
            self._tell_missing()
        if self._wire is not None:
            self._events.tell_until(self._tools.clock.now_ns() - JUDGED_AFTER_NS)

    def read_to_ns(self) -> int | None:
        """Give the moment of before which all was told that the containers' logs and events hold; None: not known."""
        if not self._roster.was_listed or self._inspecting or not self._roster.is_asked:
            return None
        if self._wire is None or not self._tells_events:
            return self._logs.read_to_ns()
        return min(self._logs.read_to_ns(), self._events.told_to_ns)

    def _is_settled(self) -> bool:
        """Whether all events of before now have come, but for those on the way."""
        is_new = self._tools.monotonic_ns() - self._subscribed_ns < SETTLED_NS
        return not is_new and not self._tools.wires.is_ready(self._wire)

    def is_read(self, engine: Engine) -> bool:
        """Whether every log and all events were read to their end, where that is asked for once."""
        is_known = self._roster.was_listed and not self._inspecting and self._roster.is_asked
        if not (self._once and is_known and self._logs.are_done):
            return False
        if self._last_events is None:
            self._last_events = False
            self._tell_missing()
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
        for entry in listing:
            self._missing.pop(str(entry["Id"]), None)
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
        id_ = event.container_id
        self._events.came(event)
        if event.action != "destroy":
            self._roster.happened(event)
        if self._tells_events:
            self._remember(event)
        if event.action == "destroy":
            self._roster.happened(event)
            if (checkpoint := self._missing.pop(id_, None)) is not None:
                self._tell_gone(event.listed(), checkpoint, event.time_ns)

    def _remember(self, event: EngineEvent) -> None:
        container = self._logs.container(event.container_id)
        if container is None and self._roster.is_chosen(event.container_id):
            container = departed(event.listed(), self._host)
        if container is not None:
            self._events.happened(event, container)

    def _inspect(self, engine: Engine, id_: str) -> None:
        self._inspecting += 1
        self._tools.jobs.begin(
            Lane.INSPECT,
            lambda: engine.inspect(id_, timeout_s=CALL_TIMEOUT_S),
            lambda outcome: self._inspected(engine, id_, outcome),
        )

    def _inspected(self, engine: Engine, id_: str, outcome: Outcome[ContainerInfo]) -> None:
        self._inspecting -= 1
        known, info, error = self._roster.get(id_), outcome.value, outcome.error
        if known is None:
            return
        if info is not None:
            self._seen(info.container)
            self._roster.inspected(id_, running=info.running)
            self._logs.inspected(info, engine, self._start.logs.get(id_), self._since_ns(known))
            if self._tells_events:
                self._events.inspected(info.container, info.state)
        elif isinstance(error, Refused) and error.status == HTTPStatus.NOT_FOUND:
            self._roster.gone(id_)
        elif error is not None:
            self._not_inspected(id_, known, error)

    def _not_inspected(self, id_: str, known: Known, error: SourceError) -> None:
        is_silent = isinstance(error, NoAnswer)
        if (self._once or not is_silent) and id_ not in self._unseen:
            self._unseen.add(id_)
            self._tools.tell(Lost(self._host, departed(known.listed, self._host), error.message, error.help))
        if not self._once:
            self._retries[id_] = self._tools.monotonic_ns() + (RETRY_NS if is_silent else LIST_NS)
        if is_silent:
            self._failed(error)

    def _seen(self, container: Container) -> None:
        if container.id in self._unseen:
            self._unseen.discard(container.id)
            self._tools.tell(Back(self._host, container))

    def _since_ns(self, known: Known) -> int | None:
        """Say from when on a log is read that is met for the first time; None: from its beginning."""
        if not known.at_first:
            return None
        if self._start.first is First.MOMENT:
            return self._start.since_ns
        is_new = known.born_ns is not None and known.born_ns >= self._news_from_ns()
        return None if is_new else self._began_ns

    def _news_from_ns(self) -> int:
        """Since when containers are new: older ones were there for the last run of logscan, or before this one."""
        last_ns = self._start.last_ns
        return self._began_ns if last_ns is None else min(self._began_ns, last_ns)

    def _depart(self, departure: Departure) -> None:
        known = departure.known
        id_, time_ns = known.listed.id, departure.time_ns or self._tools.clock.now_ns()
        if self._logs.container(id_) is not None:
            self._logs.removed(id_, time_ns)
        elif (checkpoint := self._start.logs.get(id_)) is not None:
            self._tell_gone(known.listed, checkpoint, time_ns)
        elif known.started_ns is not None and known.started_ns >= self._news_from_ns():
            gap = Gap(departed(known.listed, self._host), known.started_ns, time_ns, GapReason.REMOVED)
            self._tools.tell(GapFound(gap))  # it was gone before it could be asked for

    def _tell_missing(self) -> None:
        """Tell of the containers that were removed while no logscan ran, and of which no event is left."""
        for id_, checkpoint in self._missing.items():
            self._tell_gone(Listed(id_, (checkpoint.name,), "", {}), checkpoint, None)
        self._missing.clear()

    def _tell_gone(self, listed: Listed, checkpoint: Checkpoint, time_ns: int | None) -> None:
        if listed.id in self._gone:
            return
        self._gone.add(listed.id)
        container = departed(listed, self._host)
        if self._roster.is_meant(listed):
            gap = Gap(container, checkpoint.mark.place.time_ns or checkpoint.since_ns, time_ns, GapReason.REMOVED)
            self._tools.tell(GapFound(gap))
        self._tools.tell(Removed(container))
