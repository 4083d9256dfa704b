"""Assemble, live: settings in, hosts that are followed out. Names concrete classes, as only `assemble` does besides.

Owns what `follow` and `scan --since last` are made of: the state, and for each host a reader, a detector and
what was known of it. Does not own the loop (follow), nor any of the parts' work.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from random import SystemRandom
from typing import TextIO, assert_never

from logscan.announce import Announcer
from logscan.assemble import (
    RuleChoice,
    Warn,
    choose_rules,
    exit_code,
    found_by,
    load_matcher,
    quarantine_errors,
    selection_of,
    sink_of,
)
from logscan.counting import Counting
from logscan.detection.detector import Detector
from logscan.errors import ExitCode, LogscanError, SourceError
from logscan.finding import Report, ScanError
from logscan.follow import Follow, Part, Stop
from logscan.framing.time_range import TimeRange
from logscan.keeper import Keeper
from logscan.matching.matcher import Matcher
from logscan.redact import redact
from logscan.settings import (
    DEFAULT_RANGE_NS,
    SECOND_NS,
    CommonSettings,
    FollowFormat,
    FollowSettings,
    ScanSettings,
    Since,
)
from logscan.sinks.live import LiveSink
from logscan.sinks.live_ndjson import LiveNdjsonSink
from logscan.sinks.live_text import LiveTextSink
from logscan.sinks.terminal import columns_of, has_color
from logscan.sources.docker.engine import Engine
from logscan.sources.docker.follow.host import HostReader
from logscan.sources.live import Back, First, Lost, Start
from logscan.store.errors import StateFull
from logscan.store.store import Loaded, Store

LATENESS_NS = 5_000_000_000
"""Lines of one service may come out of order by so much, and windows still see them in order."""

MARGIN_NS = 60_000_000_000
"""A container may have been made so long before the last commit, and met by nobody: the machine may be busy."""

LOST_AFTER_S = 3.0
"""An engine that has not answered for so long is told of."""

FIRST_WAIT_S, LONGEST_WAIT_S = 0.2, 10.0
"""Between two tries to reach an engine."""


class Reaching:
    """Reaches engines, each by a thread of its own, and makes parts of those that answer.

    `patient`: an engine that doesn't answer is tried for ever; else once, and why not is in `errors`.
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
        self._reached: queue.SimpleQueue[Engine | Lost | Back | LogscanError | None] = queue.SimpleQueue()
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
            match one:
                case LogscanError():
                    raise one
                case Engine():
                    self.expected -= 1
                    taken.append(self._make(one))
                case None:
                    self.expected -= 1
                case _:
                    taken.append(one)
        return taken

    def stop(self) -> None:
        self._stopped.set()

    def _reach(self, host: str | None) -> None:
        try:
            self._reached.put(self._connect(host))
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
    """Makes the part of each host that is reached: of a follow, or of a scan that reads each log to its end once."""

    def __init__(
        self,
        settings: CommonSettings,
        choice: RuleChoice,
        matcher: Matcher,
        keeper: Keeper,
    ) -> None:
        self._settings = settings
        self._choice = choice
        self._matcher = matcher
        self._keeper = keeper

    def make(self, engine: Engine) -> Part:
        """Make the part of a host out of what the store knows of it."""
        settings, host = self._settings, engine.name
        first, since_ns, wanted = self._beginning(engine)
        loaded = self._keeper.store.load(host)
        detector = Detector(
            self._choice.run,
            samples=settings.samples,
            lateness_ns=LATENESS_NS,
            recall=partial(self._keeper.recall, host),
        )
        detector.restore(loaded.rows)
        counting = Counting(
            host,
            self._matcher,
            detector,
            digest_key=self._keeper.store.digest_key,
            checkpoints=loaded.checkpoints,
            wanted=wanted,
            context=settings.context,
            forgotten_ns=None if self._keeper.store.recovered_from is None else time.time_ns() + engine.clock_skew_ns,
        )
        source = HostReader(
            engine,
            selection_of(settings),
            events=any(rule.model.input == "event" for rule in self._choice.run),
            once=isinstance(settings, ScanSettings),
        )
        start = Start(
            digest_key=self._keeper.store.digest_key,
            logs=loaded.checkpoints,
            first=first,
            since_ns=since_ns,
            events_from_ns=loaded.events_told_ns,
            last_ns=self._last_ns(loaded, engine),
        )
        asked = [rule.id for rule in self._choice.asked]
        announcer = Announcer(host, asked=asked, min_severity=settings.min_severity)
        return Part(source, counting, announcer, start, loaded.undelivered)

    def _last_ns(self, loaded: Loaded, engine: Engine) -> int | None:
        """Give a moment at which the run before this one was there for sure; None when there was none."""
        if loaded.committed_ns is None:
            return None
        moment_ns = max(loaded.committed_ns - MARGIN_NS, self._keeper.store.made_ns) + engine.clock_skew_ns
        return moment_ns - moment_ns % SECOND_NS  # an engine lists in whole seconds when containers were made

    def _beginning(self, engine: Engine) -> tuple[First, int | None, TimeRange]:
        """Say from where logs are read that nothing is known of, and which lines of all logs are wanted.

        What a checkpoint says was read is never read again: where a moment is asked for, all that lies between is
        read, and what is older is not counted.
        """
        settings, now_ns = self._settings, time.time_ns() + engine.clock_skew_ns
        if isinstance(settings, ScanSettings):
            return First.MOMENT, now_ns - DEFAULT_RANGE_NS, TimeRange()
        assert isinstance(settings, FollowSettings)  # noqa: S101 - for the type checker: there are two kinds
        match settings.since:
            case Since.LAST:
                return First.NOW, None, TimeRange(None, settings.until_ns)
            case Since.NOW:
                return First.NOW, None, TimeRange(now_ns, settings.until_ns)
            case since_ns:
                return First.MOMENT, since_ns, TimeRange(since_ns, settings.until_ns)


def run_follow(settings: FollowSettings, *, out: TextIO, stop: Stop, warn: Warn | None = None) -> ExitCode:
    """Follow until `stop` is set, or until the time that was asked for has passed; tell in `out` what happens.

    Raises UsageError and RuleError before anything is read, StateInUse and StateUnusable. An engine that doesn't
    answer is waited for.
    """
    choice = choose_rules(settings, warn)
    matcher = load_matcher(choice.run)
    with _state(settings, "follow", warn) as store:
        sink = _live_sink(settings, out, warn)
        keeper = Keeper(store, monotonic=time.monotonic, notice=sink.notice)
        reaching = Reaching(settings, _Parts(settings, choice, matcher, keeper).make, patient=True)
        follow = Follow(reaching, matcher, keeper, sink, stop=stop, until_ns=settings.until_ns)
        follow.run()
        return _verdict(settings, follow, matcher, stop)


def run_scan_last(settings: ScanSettings, *, out: TextIO, warn: Warn | None = None) -> ExitCode:
    """Read what came since the last run on the same state, keep how far that was, then write the report to `out`.

    What is counted is what this run found; severity and state are those of the whole finding. Raises as `run_follow`.
    """
    choice = choose_rules(settings, warn)
    matcher = load_matcher(choice.run)
    started_ns = time.time_ns()
    with _state(settings, "scan --since last", warn) as store:
        keeper = Keeper(store, monotonic=time.monotonic, notice=warn or _say_nothing)
        reaching = Reaching(settings, _Parts(settings, choice, matcher, keeper).make, patient=False)
        follow = Follow(reaching, matcher, keeper, None, stop=Stop())
        follow.run()
        if not keeper.has_room:
            raise StateFull(f"what was read can't be kept in {settings.state}", help="make room there, and scan again")
        report = _report(settings, follow, (*reaching.errors, *quarantine_errors(matcher)), started_ns)
    report = found_by(choice.asked, report)
    sink_of(settings, out).emit(report)
    return exit_code(report, settings)


def _say_nothing(_message: str, _help: str | None) -> None:
    """Leave it at the exit code."""


def _state(settings: CommonSettings, command: str, warn: Warn | None) -> Store:
    store = Store.open(settings.state, now_ns=time.time_ns(), command=command)
    if store.recovered_from is not None and warn is not None:
        warn(
            f"the state in {settings.state} was damaged, and a new one is begun",
            f"the damaged file is kept as {store.recovered_from}; what was read before it counts anew or is a gap",
        )
    return store


def _live_sink(settings: FollowSettings, out: TextIO, warn: Warn | None) -> LiveSink:
    match settings.format:
        case FollowFormat.NDJSON:
            return LiveNdjsonSink(out, warn=warn)
        case FollowFormat.TEXT:
            return LiveTextSink(
                out,
                width=partial(columns_of, out),
                color=has_color(out),
                redraws=out.isatty() and os.environ.get("TERM") != "dumb" and not settings.quiet,
                samples=settings.samples if settings.verbose else 1,
                several_hosts=len(settings.hosts) > 1,
            )
    assert_never(settings.format)


def _verdict(settings: FollowSettings, follow: Follow, matcher: Matcher, stop: Stop) -> ExitCode:
    """Tell what the end of a follow means: one that was asked to end did what it should."""
    if stop.asked:
        return ExitCode.DONE
    summary = follow.summary()
    if (summary.lost or matcher.quarantined) and not settings.allow_incomplete:
        return ExitCode.INCOMPLETE
    if settings.fail_on is not None and any(severity >= settings.fail_on for severity in summary.findings):
        return ExitCode.FINDINGS
    return ExitCode.DONE


def _report(settings: ScanSettings, follow: Follow, errors: Sequence[ScanError], started_ns: int) -> Report:
    lost = [one for part in follow.parts.values() for one in part.counting.lost if one.container is None]
    found = [one for one in follow.this_run.findings() if one.severity >= settings.min_severity]
    return Report(
        started_ns=started_ns,
        finished_ns=time.time_ns(),
        since_ns=None,
        until_ns=max((part.counting.engine_ns for part in follow.parts.values()), default=started_ns),
        findings=tuple(sorted(found, key=lambda finding: finding.sort_key)),
        sources=tuple(one for part in follow.parts.values() for one in part.counting.coverage),
        errors=(*errors, *(ScanError("engine", one.host, one.reason, one.help) for one in lost)),
    )
