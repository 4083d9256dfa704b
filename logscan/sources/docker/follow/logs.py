"""Logs: all followed logs of one host, and the requests for them.

Owns the order in which they are asked for, how many requests go out, and what happens to an answer on its way. Does
not own what is asked of a log, or what its bytes mean (followed_log), nor which containers there are (discovery).

A log that rotates has a bell: a second answer that follows it from its end, whose bytes are counted and thrown away.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

from logscan.batch import Container
from logscan.checkpoint import Checkpoint
from logscan.errors import SourceError
from logscan.sources.docker.engine import HEADER_TIMEOUT_S, ContainerInfo, Engine, LogQuery, NoAnswer, Refused
from logscan.sources.docker.follow.backoff import Backoff
from logscan.sources.docker.follow.clock import EngineClock
from logscan.sources.docker.follow.followed_log import FollowedLog
from logscan.sources.docker.follow.jobs import Jobs, Lane, Outcome
from logscan.sources.docker.follow.pace import Budget
from logscan.sources.docker.follow.reads import Ask
from logscan.sources.docker.follow.rotation import rotates
from logscan.sources.docker.follow.wires import Wire, Wires
from logscan.sources.docker.log_response import LogResponse
from logscan.sources.docker.record_reader import check_kind
from logscan.sources.live import News, Removed

SECOND_NS = 1_000_000_000

OPENS_PER_SECOND = 200
OPENS_AT_ONCE = 64

ROUND_NS = 2_000_000
"""Who is due is looked up no more often than this: it costs a step per log."""

BELL_TIMEOUT_S = 5
"""Podman sends no headers before the first line: such a bell tells nothing, and holds up the opening of others."""

BELL_LIVED_NS = 10 * SECOND_NS
"""A bell that was heard for so long was no failure."""

POLL_NS = 2 * SECOND_NS
"""A log that has no bell, or none yet, is pulled this often."""

LEAVING_NS = 10 * SECOND_NS
"""So long the last answer for a container that was removed may take to end."""

UNREADABLE_HELP = "give the container a log driver that keeps logs, such as local"


@dataclass(eq=False, slots=True)
class _Opening:
    """A request for which the headers are still to come."""


@dataclass(eq=False, slots=True)
class _Bell:
    """The bell of one log: a wire, or when to open one."""

    backoff: Backoff
    wire: Wire | None = None
    opening: _Opening | None = None
    due_ns: int = 0
    since_ns: int = 0


@dataclass(eq=False, slots=True)
class _Entry:
    """One log, with the answer that is being read, or the request for it. `leaving`: when it has to end at last."""

    log: FollowedLog
    bell: _Bell
    tty: bool
    wire: Wire | None = None
    opening: _Opening | None = None
    leaving_ns: int | None = None

    @property
    def is_busy(self) -> bool:
        return self.wire is not None or self.opening is not None


@dataclass(frozen=True, slots=True)
class Tools:
    """What the parts of one host's reader share. `unreached` is told of calls to which nobody answered."""

    jobs: Jobs
    wires: Wires
    clock: EngineClock
    monotonic_ns: Callable[[], int]
    jitter: Callable[[], float]
    tell: Callable[[News], None]
    unreached: Callable[[SourceError], None] = field(repr=False)


class Logs:
    """The followed logs, by the full ID of the container."""

    def __init__(self, tools: Tools, *, digest_key: bytes, once: bool) -> None:
        self._tools = tools
        self._digest_key = digest_key
        self._once = once
        self._entries: dict[str, _Entry] = {}
        self._budget = Budget(OPENS_PER_SECOND, OPENS_AT_ONCE, tools.monotonic_ns())
        self._next_ns: int | None = None
        self._looked_ns = 0
        self._polled_ns = 0
        self._are_deaf = False

    @property
    def are_done(self) -> bool:
        """Whether each log was read to its end, where that is asked for once."""
        return all(entry.log.is_done and not entry.is_busy for entry in self._entries.values())

    def read_to_ns(self) -> int:
        """Give the moment of before which all was told that these logs hold."""
        engine_ns = self._tools.clock.now_ns()
        read_to = (entry.log.read_to_ns(engine_ns) for entry in self._entries.values())
        return min((time_ns for time_ns in read_to if time_ns is not None), default=engine_ns)

    def container(self, container_id: str) -> Container | None:
        entry = self._entries.get(container_id)
        return entry.log.container if entry else None

    def inspected(
        self, info: ContainerInfo, engine: Engine, checkpoint: Checkpoint | None, since_ns: int | None
    ) -> None:
        """Take what inspect told; a log that is not followed yet is from now on."""
        if entry := self._entries.get(info.container.id):
            now_ns = self._tools.monotonic_ns()
            entry.log.inspected(info, now_ns)
            entry.log.ring(now_ns)  # it may have started and ended again since it was last inspected
            entry.bell.backoff.reset()
            entry.bell.due_ns = 0
        else:
            log = FollowedLog(
                info,
                checkpoint,
                digest_key=self._digest_key,
                since_ns=since_ns,
                rotates=rotates(info, engine) or engine.over_ssh,
                whole=engine.is_podman,
                tell=self._tools.tell,
                jitter=self._tools.jitter,
                once=self._once,
            )
            self._entries[info.container.id] = _Entry(log, _Bell(Backoff(self._tools.jitter)), info.tty)
        self._look_again()

    def removed(self, container_id: str, time_ns: int) -> None:
        """A container was removed: what is being read of it is its last."""
        if entry := self._entries.get(container_id):
            now_ns = self._tools.monotonic_ns()
            entry.leaving_ns = now_ns + LEAVING_NS
            entry.log.removed(now_ns, time_ns)
            self._look_again()

    def due_ns(self) -> int | None:
        """When `ask` has something to do; None: not before something happens."""
        return None if self._next_ns is None else max(self._next_ns, self._looked_ns + ROUND_NS)

    def ask(self, engine: Engine) -> None:
        """Send the requests that are due, as far as there is room: who waited longest goes first."""
        now_ns, due_ns = self._tools.monotonic_ns(), self.due_ns()
        if due_ns is None or now_ns < due_ns:
            return
        self._looked_ns, self._next_ns = now_ns, None
        for id_, entry in list(self._entries.items()):
            if entry.leaving_ns is None:
                self._ask_bell(id_, entry, engine, now_ns)
            elif self._leaves(id_, entry, now_ns):
                continue
            due_ns = None if entry.opening else entry.log.due_ns()
            if due_ns is None:
                continue
            if due_ns > now_ns:
                self._look_at(due_ns)
            elif self._may_open(Lane.OPEN, now_ns):
                self._entries[id_] = self._entries.pop(id_)
                self._open(id_, entry, engine, now_ns)

    def tick(self) -> None:
        """Once a second, right after it was looked which wires hold something: let those that hold nothing know."""
        now_ns, engine_ns = self._tools.monotonic_ns(), self._tools.clock.now_ns()
        polls = now_ns - self._polled_ns >= POLL_NS
        self._polled_ns = now_ns if polls else self._polled_ns
        for entry in self._entries.values():
            if self._tools.wires.is_ready(entry.wire) or entry.leaving_ns is not None:
                continue
            if polls and entry.bell.wire is None and entry.log.wants_bell:
                entry.log.ring(now_ns)
            entry.log.tick(now_ns, engine_ns)
        self._look_again()

    def _may_open(self, lane: Lane, now_ns: int) -> bool:
        """Take a place for a request, if there is one; the end of a request that is under way makes us look again."""
        if not self._tools.jobs.room(lane) or self._tools.wires.pumped >= Lane.OPEN.width:
            return False
        if self._budget.take(now_ns):
            return True
        self._look_at(self._budget.due_ns())
        return False

    def _look_at(self, time_ns: int) -> None:
        self._next_ns = time_ns if self._next_ns is None else min(self._next_ns, time_ns)

    def _look_again(self) -> None:
        self._next_ns = 0

    def _open(self, id_: str, entry: _Entry, engine: Engine, now_ns: int) -> None:
        ask = entry.log.ask(now_ns)
        if ask is None:
            self._look_again()
            return
        if entry.wire is not None:
            self._tools.wires.drop(entry.wire)
            entry.wire = None
        opening = entry.opening = _Opening()
        self._tools.jobs.begin(
            Lane.OPEN,
            lambda: _answer(engine, id_, ask, tty=entry.tty),
            lambda outcome: self._opened(entry, opening, outcome),
        )

    def _opened(self, entry: _Entry, opening: _Opening, outcome: Outcome[LogResponse]) -> None:
        self._look_again()
        now_ns, response = self._tools.monotonic_ns(), outcome.value
        if entry.opening is not opening:
            if response:
                response.close()
            return
        entry.opening = None
        if response is None:
            self._refused(entry, outcome.error, now_ns)
            return
        if response.date_ns is not None:
            self._tools.clock.told_date(response.date_ns, outcome.began_ns, outcome.ended_ns)
        entry.log.began(now_ns)
        entry.wire = self._tools.wires.add(
            response, lambda data: self._take(entry, data), lambda clean: self._ended(entry, clean=clean)
        )

    def _refused(self, entry: _Entry, error: SourceError | None, now_ns: int) -> None:
        assert error is not None  # noqa: S101 - for the type checker: an outcome is a value or an error
        status = error.status if isinstance(error, Refused) else None
        permanent = status == HTTPStatus.NOT_IMPLEMENTED
        entry.log.refused(
            now_ns,
            error.message,
            UNREADABLE_HELP if permanent else error.help,
            permanent=permanent,
            gone=status == HTTPStatus.NOT_FOUND,
        )
        if isinstance(error, NoAnswer):
            self._tools.unreached(error)

    def _take(self, entry: _Entry, data: bytes) -> bool:
        wanted = entry.log.feed(data, self._tools.monotonic_ns())
        if not wanted:
            entry.wire = None
            self._look_again()
        return wanted

    def _ended(self, entry: _Entry, *, clean: bool) -> None:
        entry.wire = None
        entry.log.ended(self._tools.monotonic_ns(), clean=clean, engine_ns=self._tools.clock.now_ns())
        self._look_again()

    def _leaves(self, id_: str, entry: _Entry, now_ns: int) -> bool:
        """Let go of a container that was removed, once its last answer has ended, or has had its time."""
        leaving_ns = entry.leaving_ns or 0
        if not entry.log.is_done and now_ns < leaving_ns:
            self._look_at(leaving_ns)
            return False
        for wire in (entry.wire, entry.bell.wire):
            if wire is not None:
                self._tools.wires.drop(wire)
        if not entry.log.is_done:
            entry.log.ended(now_ns, clean=False, engine_ns=self._tools.clock.now_ns())
        entry.wire = entry.opening = entry.bell.opening = None
        del self._entries[id_]
        self._tools.tell(Removed(entry.log.container))
        return True

    def _ask_bell(self, id_: str, entry: _Entry, engine: Engine, now_ns: int) -> None:
        bell = entry.bell
        if bell.wire is not None and not entry.log.wants_bell:
            self._tools.wires.drop(bell.wire)
            bell.wire = None
        if bell.wire or bell.opening or not entry.log.wants_bell or self._are_deaf or engine.over_ssh:
            return
        if bell.due_ns > now_ns:
            self._look_at(bell.due_ns)
        elif self._may_open(Lane.BELL, now_ns):
            opening = bell.opening = _Opening()
            query = LogQuery(follow=True, tail=0)
            self._tools.jobs.begin(
                Lane.BELL,
                lambda: engine.logs(id_, query, timeout_s=BELL_TIMEOUT_S),
                lambda outcome: self._bell_opened(entry, opening, outcome, is_podman=engine.is_podman),
            )

    def _bell_opened(self, entry: _Entry, opening: _Opening, outcome: Outcome[LogResponse], *, is_podman: bool) -> None:
        self._look_again()
        bell, response = entry.bell, outcome.value
        if bell.opening is not opening:
            if response:
                response.close()
            return
        bell.opening = None
        if response is None:
            bell.due_ns = self._tools.monotonic_ns() + bell.backoff.next_ns()
            if isinstance(outcome.error, NoAnswer):
                self._are_deaf = self._are_deaf or (outcome.error.timed_out and is_podman)
                self._tools.unreached(outcome.error)
            return
        bell.since_ns = self._tools.monotonic_ns()
        bell.wire = self._tools.wires.add(
            response, lambda data: self._rang(entry, len(data)), lambda _: self._bell_ended(entry)
        )
        entry.log.ring(bell.since_ns)  # for what was written before it was heard

    def _rang(self, entry: _Entry, size: int) -> bool:
        entry.log.ring(self._tools.monotonic_ns(), size)
        self._look_again()
        return True

    def _bell_ended(self, entry: _Entry) -> None:
        bell, now_ns = entry.bell, self._tools.monotonic_ns()
        bell.wire = None
        if now_ns - bell.since_ns > BELL_LIVED_NS:
            bell.backoff.reset()
        bell.due_ns = now_ns + bell.backoff.next_ns()
        entry.log.ring(now_ns)
        self._look_again()


def _answer(engine: Engine, id_: str, ask: Ask, *, tty: bool) -> LogResponse:
    response = engine.logs(id_, LogQuery(follow=ask.follow, tail=ask.tail), timeout_s=HEADER_TIMEOUT_S)
    try:
        check_kind(response, tty=tty)
    except SourceError:
        response.close()
        raise
    return response
