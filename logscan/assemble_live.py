"""Assemble, live: settings in, hosts that are followed out. Beside `assemble` the only place that names concrete classes.

Owns what `follow` and `scan --since last` are made of: the state, and for each host a reader, a detector and
what was known of it. Does not own the loop (follow), nor any of the parts' work.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from random import SystemRandom
from typing import TextIO

from logscan.announce import Announcer
from logscan.assemble import RuleChoice, Warn, choose_rules, exit_code, keep_freed_memory, selection_of, sink_of
from logscan.counting import Counting
from logscan.detection.detector import Detector
from logscan.errors import ExitCode, LogscanError, SourceError
from logscan.finding import Coverage, Finding, Report, ScanError, Status
from logscan.follow import Follow, Part, Stop
from logscan.framing.time_range import TimeRange
from logscan.matching.matcher import Matcher
from logscan.redact import redact
from logscan.settings import CommonSettings, FollowSettings, ScanSettings, Since
from logscan.sources.docker.engine import Engine
from logscan.sources.docker.follow.host import HostReader
from logscan.sources.live import Back, First, Lost, Start
from logscan.store.store import Store

LATENESS_NS = 5_000_000_000
"""Lines of one service may come out of order by so much, and windows still see them in order."""

LOST_AFTER_S = 3.0
"""An engine that has not answered for so long is told of."""

FIRST_WAIT_S, LONGEST_WAIT_S = 0.2, 10.0
"""Between two tries to reach an engine."""


class Reaching:
    """Reaches engines, each by a thread of its own, and makes parts of those that answer.

    `patient`: an engine that doesn't answer is tried for ever; else it is told of once, with all its words in
    `errors`.
    """

    def __init__(
        self,
        settings: CommonSettings,
        make: Callable[[Engine], Part],
        *,
        patient: bool,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._make = make
        self._host_name = settings.host_name
        self._patient = patient
        self._monotonic = monotonic
        self._reached: queue.SimpleQueue[Part | Lost | Back | LogscanError | None] = queue.SimpleQueue()
        self._stopped = threading.Event()
        self.expected = 0
        self.errors: list[ScanError] = []
        for host in dict.fromkeys(settings.hosts) or [None]:
            self.expected += 1
            threading.Thread(target=self._reach, args=(host,), name="reach", daemon=True).start()

    def take(self) -> Sequence[Part | Lost | Back]:
        """Give what has happened. Raises LogscanError for what is no address."""
        taken: list[Part | Lost | Back] = []
        while not self._reached.empty():
            one = self._reached.get()
            if isinstance(one, LogscanError):
                raise one
            if one is None or isinstance(one, Part):
                self.expected -= 1
            if one is not None:
                taken.append(one)
        return taken

    def stop(self) -> None:
        self._stopped.set()

    def _reach(self, host: str | None) -> None:
        try:
            engine = self._connect(host)
            self._reached.put(None if engine is None else self._make(engine))
        except LogscanError as error:
            self._reached.put(error)

    def _connect(self, host: str | None) -> Engine | None:
        began_s, wait_s, lost = self._monotonic(), FIRST_WAIT_S, None
        shown = redact(host or "docker")
        while not self._stopped.is_set():
            try:
                engine = Engine.connect(host, host_name=self._host_name)
            except SourceError as error:
                if not self._patient:
                    self.errors.append(ScanError("engine", shown, error.message, error.help))
                    return None
                if lost is None and self._monotonic() - began_s >= LOST_AFTER_S:
                    lost = Lost(shown, None, error.message, error.help)
                    self._reached.put(lost)
                self._stopped.wait(wait_s * SystemRandom().uniform(0.5, 1.0))
                wait_s = min(2 * wait_s, LONGEST_WAIT_S)
                continue
            if lost is not None:
                self._reached.put(Back(shown, None))
            return engine
        return None


class _Parts:
    """Makes the part of each host that is reached. `once`: each log is read to its end, and that is all."""

    def __init__(
        self,
        settings: CommonSettings,
        choice: RuleChoice,
        matcher: Matcher,
        store: Store,
        *,
        first: First,
        since_ns: int | None,
        once: bool,
    ) -> None:
        self._settings = settings
        self._choice = choice
        self._matcher = matcher
        self._store = store
        self._first = first
        self._since_ns = since_ns
        self._once = once
        self._lock = threading.Lock()

    def make(self, engine: Engine) -> Part:
        """Make a part, on whatever thread the engine was reached."""
        with self._lock:  # two hosts may be reached at once, and the store is no place for two threads
            return self._make(engine)

    def _make(self, engine: Engine) -> Part:
        settings, host = self._settings, engine.name
        loaded = self._store.load(host)
        detector = Detector(
            self._choice.run,
            samples=settings.samples,
            lateness_ns=LATENESS_NS,
            recall=partial(self._store.recall, host),
        )
        detector.restore(loaded.rows)
        counting = Counting(
            host,
            self._matcher,
            detector,
            digest_key=self._store.digest_key,
            checkpoints=loaded.checkpoints,
            wanted=TimeRange(None, settings.until_ns),
            context=settings.context,
        )
        source = HostReader(
            engine,
            selection_of(settings),
            events=any(rule.model.input == "event" for rule in self._choice.run),
            once=self._once,
        )
        start = Start(
            digest_key=self._store.digest_key,
            logs=loaded.checkpoints,
            first=self._first,
            since_ns=self._since_ns,
            events_from_ns=loaded.events_told_ns,
        )
        asked = [rule.id for rule in self._choice.asked]
        announcer = Announcer(host, asked=asked, min_severity=settings.min_severity)
        return Part(source, counting, announcer, start, loaded.undelivered)
