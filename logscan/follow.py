"""Follow: the loop of a scan that doesn't end by itself.

Owns when what was counted is committed, that what is told follows its commit, and the chores of time: findings
that have been quiet long enough, retention, a disk that was full. Does not own what the news mean (counting),
how anything is kept (store) or looks (sinks).

    news ──► counting ──► commit ──► sink
                            one transaction of checkpoints, findings, windows and the events to be told

A commit comes a tenth of a second after something that somebody waits for, and else once a second. What
a commit holds is told after it: a crash in between tells it again at the next start, under the same id.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from logscan.announce import Announcer, event_id
from logscan.counting import Changed, Counting
from logscan.finding import ChangeKind, Coverage, Severity
from logscan.keeper import Keeper
from logscan.matching.matcher import Matcher
from logscan.sinks.event_document import EventDocument, decode, encode, source_event
from logscan.sinks.live import FollowStatus, FollowSummary, LiveSink
from logscan.sources.live import Back, EventsTold, Inbox, Lines, LiveSource, Lost, Start, host_of
from logscan.store.errors import StateFull
from logscan.store.records import Commit, GapRow, Outgoing
from logscan.this_run import ThisRun

SOON_S = 0.1
"""What somebody waits for is told at most so long after it was counted."""

COMMIT_S = 1.0
"""Everything else is committed this often."""

COMMITS_APART = 4
"""From one commit to the next it takes at least so many times as long as a commit: the more there is to tell, the more
is told together, and counting gets on."""

MOST_APART_S = 5.0
"""But no longer than this, however long a commit takes."""

LOOK_S = 0.25
"""A signal, and what comes round with time, is seen to this often."""

TICK_S = 1.0
RESOLVE_S = 30.0
SWEEP_S = 600.0
END_S = 8.0
"""So long the sources may take to end in order."""


class Stop:
    """Whether somebody asked for the end. Set from a signal handler, so it only ever assigns."""

    asked = False

    def __call__(self) -> None:
        self.asked = True


@dataclass(slots=True)
class Part:
    """One host that is followed, and where it begins."""

    source: LiveSource
    counting: Counting
    announcer: Announcer
    start: Start
    undelivered: Sequence[Outgoing] = ()


class Arrivals(Protocol):
    """Hosts that are reached one after the other: an engine may be down when others are followed already."""

    @property
    def expected(self) -> int:
        """How many hosts are still being tried."""
        ...

    def take(self) -> Sequence[Part | Lost | Back]:
        """Give the hosts that were reached, and what there is to tell of the others. Asked without waiting."""
        ...

    def stop(self) -> None:
        """Try no further."""
        ...


class Follow:
    """Follows hosts until it is stopped, or until they end.

    `parts`: the hosts that were reached, by name. `this_run`: what was found, where nothing is told as it comes.
    `clock`: nanoseconds since the epoch; `monotonic`: seconds, for pacing alone. `sink` is None where
    nothing is told as it comes. `until_ns` ends it when every host's time has passed it.
    """

    def __init__(
        self,
        arrivals: Arrivals,
        matcher: Matcher,
        keeper: Keeper,
        sink: LiveSink | None,
        *,
        stop: Stop,
        until_ns: int | None = None,
        clock: Callable[[], int] = time.time_ns,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.parts: dict[str, Part] = {}
        self.this_run = ThisRun()
        self._arrivals = arrivals
        self._matcher = matcher
        self._keeper = keeper
        self._store = keeper.store
        self._sink = sink
        self._stop = stop
        self._until_ns = until_ns
        self._clock = clock
        self._monotonic = monotonic
        self._inbox = Inbox()
        self._delivered: dict[str, list[str]] = {}
        self._began_ns = clock()
        self._committed_s = self._ticked_s = self._resolved_s = self._swept_s = monotonic()
        self._commit_took_s = 0.0
        self._set_aside = 0

    def run(self) -> None:
        """Read until the end. Raises OSError when a sink can't write."""
        try:
            self._loop()
            self._commit()
            self._commit_delivered()
            if self._sink is not None:
                self._sink.close(self.summary())
        finally:
            self._arrivals.stop()
            for part in self.parts.values():
                part.source.stop()
            for part in self.parts.values():
                part.source.close(END_S)

    def _loop(self) -> None:
        stopping_s: float | None = None
        while self._arrivals.expected or not all(part.counting.ended for part in self.parts.values()):
            self._arrive()
            for news in self._inbox.take(self._patience_s()):
                self.parts[host_of(news)].counting.take(news)
                if isinstance(news, (Lines, EventsTold)) and self._is_due():  # the others take next to no time
                    self._commit()
            if self._is_due():
                self._commit()
            self._do_chores()
            if stopping_s is None and (self._stop.asked or self._has_passed()):
                stopping_s = self._monotonic()
                self._arrivals.stop()
                for part in self.parts.values():
                    part.source.stop()
            if stopping_s is not None and self._monotonic() - stopping_s > END_S:
                return
        self._arrive()

    def _arrive(self) -> None:
        """Begin with the hosts that were reached; what was committed and maybe not told is told first."""
        for one in self._arrivals.take():
            if isinstance(one, Part):
                host = one.counting.host
                self.parts[host] = one
                self._tell([(host, decode(event.document)) for event in one.undelivered])
                one.source.start(one.start, self._inbox)
            elif self._sink is not None:
                now_ns = self._clock()
                self._sink.emit(source_event(one, id=event_id(one.host, type(one).__name__, now_ns), time_ns=now_ns))
                self._sink.flush()

    def _has_passed(self) -> bool:
        return self._until_ns is not None and bool(self.parts) and all(map(self._has_read_enough, self.parts.values()))

    def _has_read_enough(self, part: Part) -> bool:
        """Whether a host was read up to the end; what can't be reached then is not waited for."""
        assert self._until_ns is not None  # noqa: S101 - for the type checker: asked where there is an end
        is_away = any(one.container is None for one in part.counting.lost)
        return (self._clock() if is_away else part.counting.read_to_ns) >= self._until_ns

    def _patience_s(self) -> float:
        """Say how long to wait for news: until the next commit is due, if there is something to commit."""
        due_s = self._due_s()
        return LOOK_S if due_s is None else max(0.0, min(due_s - self._monotonic(), LOOK_S))

    def _is_due(self) -> bool:
        due_s = self._due_s()
        return due_s is not None and self._monotonic() >= due_s

    def _due_s(self) -> float | None:
        """Say when to commit next; None while there is nothing to commit."""
        if not any(part.counting.is_dirty for part in self.parts.values()):
            return None
        urgent = any(part.counting.changed.is_urgent for part in self.parts.values())
        apart_s = min(COMMITS_APART * self._commit_took_s, MOST_APART_S)
        return self._committed_s + max(SOON_S if urgent else COMMIT_S, apart_s)

    def _commit(self) -> None:
        """Keep everything that changed, then tell it."""
        self._committed_s = self._monotonic()
        told: list[tuple[str, EventDocument]] = []
        for host, part in self.parts.items():
            commit, events = self._gather(host, part, part.counting.take_changes())
            self._keeper.add(commit)
            told += [(host, event) for event in events]
        self._keeper.keep()
        self._tell(told)
        self._commit_took_s = self._monotonic() - self._committed_s

    def _gather(self, host: str, part: Part, changed: Changed) -> tuple[Commit, list[EventDocument]]:
        now_ns = self._clock()
        collected = part.counting.detector.collect()
        findings = [kept.finding for kept in collected.tallies]
        lives = self._store.states(host, [finding.fingerprint for finding in findings], now_ns=now_ns)
        events: list[EventDocument] = []
        if self._sink is not None:
            events += part.announcer.events(changed, collected.tallies, lives, now_ns=now_ns)
        else:
            before = self._store.counts(host, self.this_run.unknown(host, findings))
            self.this_run.note(host, findings, before, lives)
        resolved = [name for name, (kind, _) in changed.kinds.items() if kind is ChangeKind.RESOLVED]
        resolved += changed.closed
        return Commit(
            host=host,
            now_ns=now_ns,
            checkpoints=changed.checkpoints,
            forgotten=changed.gone,
            events_told_ns=changed.events_told_ns,
            rows=collected.rows,
            findings=part.announcer.rows(collected.tallies),
            resolved=resolved,
            outgoing=[Outgoing(event.id, encode(event)) for event in events],
            delivered=self._delivered.pop(host, []),
            gaps=[GapRow.of(gap, host, now_ns) for gap in changed.gaps],
        ), events

    def _tell(self, told: Sequence[tuple[str, EventDocument]]) -> None:
        if self._sink is None:
            return
        for host, event in told:
            self._sink.emit(event)
            self._delivered.setdefault(host, []).append(event.id)
        self._tell_of_quarantine()
        self._sink.flush()

    def _commit_delivered(self) -> None:
        now_ns = self._clock()
        for host, ids in self._delivered.items():
            self._keeper.add(Commit(host=host, now_ns=now_ns, delivered=ids))
        self._delivered.clear()
        self._keeper.keep(now=True)

    def _do_chores(self) -> None:
        """Do what comes round with time: a commit that is waiting, the sink's clock, resolving, retention."""
        now_s = self._monotonic()
        if not self._keeper.has_room:
            self._keeper.keep()
        if now_s - self._ticked_s >= TICK_S:
            self._ticked_s = now_s
            self._tick()
        if now_s - self._resolved_s >= RESOLVE_S:
            self._resolved_s = now_s
            self._resolve()
        if now_s - self._swept_s >= SWEEP_S and self._keeper.has_room:
            self._swept_s = now_s
            present = [coverage.container.key for coverage in self._coverage()]
            with suppress(StateFull):  # the next commit says so
                self._store.sweep(self._clock(), present=present)

    def _resolve(self) -> None:
        for host, part in self.parts.items():
            counting = part.counting
            if counting.is_caught_up:
                for fingerprint in self._store.overdue(host, counting.engine_ns):
                    counting.resolve(fingerprint, counting.engine_ns)

    def _tick(self) -> None:
        if self._sink is None:
            return
        coverage = self._coverage()
        open_findings = self._open_findings().total()
        self._sink.tick(
            FollowStatus(
                self._clock(),
                sources=len(coverage),
                lines=sum(one.lines for one in coverage),
                open_findings=open_findings,
            )
        )

    def summary(self) -> FollowSummary:
        """Say what it came to."""
        coverage = self._coverage()
        lost = [one for part in self.parts.values() for one in part.counting.lost]
        return FollowSummary(
            since_ns=self._began_ns,
            lines=sum(one.lines for one in coverage),
            bytes=sum(one.bytes for one in coverage),
            sources=len(coverage),
            gaps=sum(len(one.gaps) for one in coverage),
            findings=self._open_findings(),
            lost=[one.container.name if one.container else one.host for one in lost],
            until_ns=self._clock(),
        )

    def _coverage(self) -> list[Coverage]:
        return [one for part in self.parts.values() for one in part.counting.coverage]

    def _open_findings(self) -> Counter[Severity]:
        counts: Counter[Severity] = Counter()
        for host in self.parts:
            counts += self._store.open_findings(host)
        return counts

    def _tell_of_quarantine(self) -> None:
        for one in self._matcher.quarantined[self._set_aside :]:
            self._set_aside += 1
            self._notice(f"the rule {one.rule.id} was set aside: {one.reason}", "narrow its pattern")

    def _notice(self, message: str, help: str | None) -> None:  # noqa: A002 - the word users see
        if self._sink is not None:
            self._sink.notice(message, help)
