"""HostReader: follows the containers of one engine, by one loop and a few threads for calls that wait.

Owns the loop: what has its turn when, until somebody stops it; and that the engine's absence is told and its
return is used. Does not own finding containers (discovery), reading their logs (logs), nor what lines mean.

    a turn:  outcomes of calls ─► is the engine there? ─► ask it what is due ─► tick, once a second ─► read

While the inbox is full, no log is read: what comes waits in the sockets, and then in the engine.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

import structlog

from logscan.errors import SourceError
from logscan.redact import redact
from logscan.sources.docker.engine import Engine, NoAnswer
from logscan.sources.docker.follow.clock import EngineClock
from logscan.sources.docker.follow.discovery import Discovery
from logscan.sources.docker.follow.jobs import Jobs, Lane, Outcome
from logscan.sources.docker.follow.logs import Logs, Tools
from logscan.sources.docker.follow.meeting import Meeting
from logscan.sources.docker.follow.presence import Presence
from logscan.sources.docker.follow.roster import Roster
from logscan.sources.docker.follow.wires import Wires
from logscan.sources.docker.select import Selection, own_container_id
from logscan.sources.live import Back, Ended, Inbox, Lost, News, ReadTo, Start

log = structlog.get_logger()

SECOND_NS = 1_000_000_000

TICK_NS = SECOND_NS
PING_TIMEOUT_S = 10
FULL_WAIT_S = 0.05
"""While the inbox is full, events and outcomes of calls are seen to this often."""

PAUSE_S = 0.004
"""After a round of reads that all brought little: the next one brings more then, for the price of one wake-up."""


class HostReader:
    """The containers of one engine that `selection` chooses; a LiveSource.

    `events`: rules look at the engine's events. `once`: each log is read to its end once, then it ends.
    """

    def __init__(
        self,
        engine: Engine,
        selection: Selection,
        *,
        events: bool,
        once: bool = False,
        wall_ns: Callable[[], int] = time.time_ns,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._engine = engine
        self._roster = Roster(selection, own_container_id())
        self._events = events
        self._once = once
        self._wall_ns = wall_ns
        self._monotonic_ns = monotonic_ns
        self._jitter = jitter
        self._loop: _Loop | None = None
        self._thread: threading.Thread | None = None

    @property
    def host(self) -> str:
        return self._engine.name

    @property
    def unmatched(self) -> tuple[str, ...]:
        """The names asked for that no container has had yet."""
        return self._roster.unmatched

    def start(self, start: Start, inbox: Inbox) -> None:
        self._loop = _Loop(
            self._engine,
            self._roster,
            start,
            inbox,
            events=self._events,
            once=self._once,
            clock=EngineClock(self._wall_ns, self._monotonic_ns),
            monotonic_ns=self._monotonic_ns,
            jitter=self._jitter,
        )
        self._thread = threading.Thread(target=self._loop.run, name="logscan-host", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        if self._loop is not None:
            self._loop.stop()

    def close(self, timeout_s: float) -> None:
        if self._loop is None or self._thread is None:
            return
        self._loop.stop()
        until_ns = self._monotonic_ns() + int(timeout_s * SECOND_NS)
        self._thread.join(timeout_s)
        self._loop.close(max(0.0, (until_ns - self._monotonic_ns()) / SECOND_NS))


class _Loop:
    """The loop of one reader. All but `stop` and `close` runs in its thread."""

    def __init__(
        self,
        engine: Engine,
        roster: Roster,
        start: Start,
        inbox: Inbox,
        *,
        events: bool,
        once: bool,
        clock: EngineClock,
        monotonic_ns: Callable[[], int],
        jitter: Callable[[], float],
    ) -> None:
        self._engine = engine
        self._host = engine.name
        self._inbox = inbox
        self._once = once
        self._clock = clock
        self._monotonic_ns = monotonic_ns
        self._wires = Wires()
        self._jobs = Jobs(self._wires.wake, monotonic_ns)
        self._presence = Presence(monotonic_ns(), jitter)
        tools = Tools(self._jobs, self._wires, clock, monotonic_ns, jitter, inbox.put, self._unreached)
        self._logs = Logs(tools, digest_key=start.digest_key, once=once)
        self._discovery = Discovery(tools, roster, self._logs, start, host=self._host, tells_events=events, once=once)
        self._stopped = threading.Event()
        self._was_met = False
        self._is_reaching = False
        self._tick_ns = monotonic_ns() + TICK_NS

    def stop(self) -> None:
        self._stopped.set()
        self._wires.wake()

    def close(self, timeout_s: float) -> None:
        self._jobs.join(timeout_s)
        self._engine.close()

    def run(self) -> None:
        """Run until it is stopped, or has read all that was asked for. Its last news is Ended."""
        try:
            while not self._stopped.is_set():
                self._turn()
        except Exception as error:
            log.exception("follow.failed", host=self._host)
            self._tell(
                Lost(self._host, None, f"a fault of logscan itself: {type(error).__name__}: {redact(str(error))}")
            )
        finally:
            self._jobs.stop()
            self._wires.close()
            self._tell(Ended(self._host))

    def _turn(self) -> None:
        self._jobs.finish()
        self._reach()
        if self._presence.is_here:
            self._discovery.ask(self._engine)
            self._logs.ask(self._engine)
            if self._once and self._discovery.is_read(self._engine):
                self._stopped.set()
        if self._inbox.is_full:
            self._inbox.wait_for_room(FULL_WAIT_S)
            self._wires.read_urgent()
            return
        self._wires.wait(self._timeout_s())
        if self._monotonic_ns() >= self._tick_ns:
            self._tick()
        pieces = self._wires.pieces
        brought_little = self._wires.read(lambda: self._inbox.is_full)
        if self._wires.pieces > pieces:
            self._presence.heard(self._monotonic_ns())
        if brought_little:
            time.sleep(PAUSE_S)

    def _timeout_s(self) -> float:
        due_ns = self._tick_ns
        if not self._is_reaching:
            due_ns = min(due_ns, self._presence.due_ns())
        if self._presence.is_here:
            dues = (self._discovery.due_ns(), self._logs.due_ns())
            due_ns = min([due_ns, *(due for due in dues if due is not None)])
        return (due_ns - self._monotonic_ns()) / SECOND_NS

    def _tick(self) -> None:
        """Right after `wait`: the wires that hold something are known."""
        now_ns = self._monotonic_ns()
        self._tick_ns = now_ns + TICK_NS
        with self._inbox.together():
            self._logs.tick()
            self._discovery.tick()
            if self._presence.is_here and (read_to_ns := self._discovery.read_to_ns()) is not None:
                self._tell(ReadTo(self._host, read_to_ns))
            if self._presence.gives_up(now_ns):
                self._tell_lost()

    def _reach(self) -> None:
        """Ask an engine that was silent whether it is there, and one that is not, again and again."""
        if self._is_reaching or self._monotonic_ns() < self._presence.due_ns():
            return
        self._is_reaching = True
        engine = self._engine
        if self._presence.is_here:
            self._jobs.begin(Lane.REACH, lambda: engine.ping(timeout_s=PING_TIMEOUT_S), self._pinged)
            return
        events_from_ns, again = self._discovery.ask_meeting(), self._was_met
        self._jobs.begin(
            Lane.REACH,
            lambda: Meeting.of(engine.renewed(timeout_s=PING_TIMEOUT_S) if again else engine, events_from_ns),
            self._met,
        )

    def _pinged(self, outcome: Outcome[int | None]) -> None:
        self._is_reaching = False
        now_ns = self._monotonic_ns()
        if outcome.error is None:
            self._presence.reached(now_ns)
            if outcome.value is not None:
                self._clock.told_date(outcome.value, outcome.began_ns, outcome.ended_ns)
            return
        self._presence.failed(now_ns, outcome.error.message, outcome.error.help)
        if self._presence.gives_up(now_ns, at_once=isinstance(outcome.error, NoAnswer) and outcome.error.timed_out):
            self._tell_lost()

    def _met(self, outcome: Outcome[Meeting]) -> None:
        self._is_reaching = False
        now_ns, meeting = self._monotonic_ns(), outcome.value
        if meeting is None:
            self._not_met(now_ns, outcome.error)
            return
        if meeting.engine is not self._engine:
            self._engine.close()
            self._engine = meeting.engine
        if self._presence.reached(now_ns):
            self._tell(Back(self._host, None))
        self._discovery.met_again(meeting)
        self._was_met = True

    def _not_met(self, now_ns: int, error: SourceError | None) -> None:
        if error is None:
            return
        log.debug("engine.away", host=self._host, error=error.message)
        self._presence.try_failed(now_ns, error.message, error.help)
        self._discovery.lost()
        if self._presence.gives_up(now_ns, at_once=self._once):
            self._tell_lost()
        if self._once:
            self._stopped.set()

    def _unreached(self, error: SourceError) -> None:
        """A call got no answer. One that was merely slow says nothing about the engine: it will be pinged."""
        if not (isinstance(error, NoAnswer) and error.timed_out):
            self._presence.failed(self._monotonic_ns(), error.message, error.help)

    def _tell_lost(self) -> None:
        self._tell(Lost(self._host, None, self._presence.reason, self._presence.help))

    def _tell(self, news: News) -> None:
        self._inbox.put(news)
