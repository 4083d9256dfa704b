"""Counting: what the news of one host lead to.

Owns the way of a host's lines through matcher and detector while they come, the trails of its logs, and
what changed since it was asked last. Does not own reading (sources.live), what is kept or told, nor when
(follow).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from logscan.batch import Batch, Container
from logscan.checkpoint import Checkpoint
from logscan.detection.detector import Detector
from logscan.finding import Change, ChangeKind, Coverage, Gap, GapReason, Status
from logscan.framing.time_range import TimeRange
from logscan.matching.hit import Hit
from logscan.matching.matcher import Matcher
from logscan.sources.live import (
    Back,
    CaughtUp,
    Ended,
    EventLines,
    EventsTold,
    GapFound,
    Idle,
    Lines,
    Lost,
    News,
    ReadTo,
    Removed,
    Watched,
)
from logscan.surroundings import Placed, Surroundings
from logscan.trail import Trail

MAX_GONE = 1_000
"""So many containers that are gone are still named at the end."""

ARRIVING_NS = 5_000_000_000
"""A container that is watched from so soon after the beginning was there already."""

ABREAST_NS = 60_000_000_000
"""A log whose newest line is no older than this, by the newest of its host, has been caught up with."""

_WEIGHT = {
    ChangeKind.UPDATED: 0,
    ChangeKind.RESOLVED: 1,
    ChangeKind.ESCALATED: 2,
    ChangeKind.REGRESSED: 3,
    ChangeKind.OPENED: 4,
}
"""Of several changes of a finding that are told together, the weightiest says what happened."""


@dataclass(slots=True)
class Changed:
    """What happened on a host since it was asked last.

    `kinds`: by fingerprint, the weightiest change and its time. `closed`: findings that are over since their rule
    is gone, or means something else now. `gone`: the containers whose logs are
    no more. `told`: hosts and containers that were lost or came back, in order.
    """

    kinds: dict[str, tuple[ChangeKind, int | None]] = field(default_factory=dict)
    checkpoints: dict[str, Checkpoint] = field(default_factory=dict)
    closed: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    told: list[Lost | Back] = field(default_factory=list)
    events_told_ns: int | None = None

    def __bool__(self) -> bool:
        told = self.kinds, self.closed, self.checkpoints, self.gone, self.gaps, self.told
        return any(told) or self.events_told_ns is not None

    @property
    def is_urgent(self) -> bool:
        """Whether somebody waits to hear of it."""
        return bool(self.gaps or self.told) or any(kind is not ChangeKind.UPDATED for kind, _ in self.kinds.values())


class Counting:
    """Counts what one host's logs bring. `checkpoints` are those with which reading begins, by container.

    `forgotten_ns`: when it was found that what was known of the logs is lost; None where nothing is.
    `engine_ns`: the latest time that the host has told; `read_to_ns`: all of before was counted.
    """

    def __init__(
        self,
        host: str,
        matcher: Matcher,
        detector: Detector,
        *,
        digest_key: bytes,
        checkpoints: Mapping[str, Checkpoint],
        wanted: TimeRange,
        context: int = 0,
        forgotten_ns: int | None = None,
    ) -> None:
        self.host = host
        self.detector = detector
        self.ended = False
        self.engine_ns = 0
        self.read_to_ns = 0
        self._matcher = matcher
        self._digest_key = digest_key
        self._begun_at = checkpoints
        self._wanted = wanted
        self._forgotten_ns = forgotten_ns
        self._surroundings = Surroundings(context)
        self._containers: dict[str, Container] = {}
        self._trails: dict[str, Trail] = {}
        self._coverage: dict[str, Coverage] = {}
        self._gone: deque[Coverage] = deque(maxlen=MAX_GONE)
        self._behind: set[str] = set()
        self._events: list[Batch] = []
        self._lost: dict[str | None, Lost] = {}
        self._dirty: set[str] = set()
        self._changed = Changed()

    @property
    def coverage(self) -> list[Coverage]:
        """What was read since it began, one entry for each container; of those that are gone only the latest."""
        return [*self._gone, *self._coverage.values()]

    @property
    def lost(self) -> list[Lost]:
        """What can't be read now."""
        return list(self._lost.values())

    @property
    def is_caught_up(self) -> bool:
        """Whether every log that is read was read to its end once, so that what is quiet is quiet."""
        return bool(self._coverage) and not self._behind and None not in self._lost

    @property
    def changed(self) -> Changed:
        """What is to be taken."""
        return self._changed

    def take_changes(self) -> Changed:
        """Give what changed, checkpoints included, and begin anew."""
        changed, self._changed = self._changed, Changed()
        for key in self._dirty:
            changed.checkpoints[key] = self._trails[key].checkpoint(self._containers[key].name)
        self._dirty.clear()
        return changed

    @property
    def is_dirty(self) -> bool:
        return bool(self._dirty) or bool(self._changed)

    def take(self, news: News) -> None:  # noqa: C901 - a line for each kind of news
        """Take one piece of news."""
        match news:
            case Lines():
                self._lines(news)
            case CaughtUp(container, time_ns):
                self._caught_up(self._known(container), time_ns)
            case EventLines(batch):
                self._events.append(batch)
            case EventsTold(_, time_ns):
                self._take_events(time_ns)
            case Watched(container, start_ns):
                self._watch(self._known(container), start_ns)
            case ReadTo(_, time_ns):
                self.read_to_ns = time_ns
                self.engine_ns = max(self.engine_ns, time_ns)
            case Idle(container):
                self._idle(self._known(container))
            case Removed(container):
                self._removed(self._known(container))
            case GapFound(gap):
                self._changed.gaps.append(gap)
                self._covered(self._known(gap.container)).gaps.append(gap)
            case Lost():
                self._lose(news)
            case Back():
                self._back(news)
            case Ended():
                self.ended = True

    def resolve(self, fingerprint: str, time_ns: int) -> None:
        """Note that a finding has been quiet for its time."""
        if self.detector.resolve(fingerprint) is not None:
            self._changed.kinds[fingerprint] = ChangeKind.RESOLVED, time_ns
        else:
            self._changed.closed.append(fingerprint)

    def _take_events(self, told_ns: int) -> None:
        """Count events together with the moment up to which they were told: no commit may come in between."""
        for batch in self._events:
            batch.container = self._known(batch.container)
            self._observe(map(Placed, self._matcher.scan(batch)))
        self._events.clear()
        self._changed.events_told_ns = told_ns

    def _lines(self, lines: Lines) -> None:
        batch = lines.batch
        container = batch.container = self._known(batch.container)
        trail = self._trail(container)
        trail.enter(lines)
        if not lines.replayed:
            self._covered(container).count(batch)
        if batch.lines:
            hits = (hit for hit in self._matcher.scan(batch) if trail.counts(hit))
            self._observe(self._surroundings.around(batch, hits, self._matcher.open_offsets))
        self._leave(trail, container)
        if batch.last_ns is not None and not lines.replayed:
            self._note(self.detector.advance(container, batch.last_ns))
            self.engine_ns = max(self.engine_ns, batch.last_ns)
            if batch.last_ns > self.engine_ns - ABREAST_NS:
                self._behind.discard(container.key)

    def _watch(self, container: Container, start_ns: int) -> None:
        self._note(self.detector.watch(container, start_ns))
        if self._forgotten_ns is not None and start_ns <= self._forgotten_ns + ARRIVING_NS:
            self.take(GapFound(Gap(container, None, start_ns, GapReason.STATE_LOST)))

    def _caught_up(self, container: Container, time_ns: int) -> None:
        self.engine_ns = max(self.engine_ns, time_ns)
        self._covered(container)
        self._behind.discard(container.key)
        self._flush(container, self._matcher.expire(container, time_ns))
        self._note(self.detector.advance(container, time_ns))

    def _idle(self, container: Container) -> None:
        self._covered(container)
        self._behind.discard(container.key)
        self._flush(container, self._matcher.leave(container))
        self._note(self.detector.idle(container))

    def _removed(self, container: Container) -> None:
        self._idle(container)
        self._note(self.detector.forget(container))
        self._surroundings.leave(container)
        key = container.key
        self._trails.pop(key, None)
        self._containers.pop(key, None)
        self._lost.pop(key, None)
        self._dirty.discard(key)
        self._changed.gone.append(key)
        self._gone.append(self._coverage.pop(key))

    def _flush(self, container: Container, hits: Iterable[Hit]) -> None:
        """Let go what waited for lines that won't come."""
        trail = self._trails.get(container.key)
        if trail is None:
            return
        counted = [hit for hit in hits if trail.counts(hit)]
        placed = list(self._surroundings.flush(container, counted))
        if placed:
            self._observe(placed)
            self._leave(trail, container)

    def _leave(self, trail: Trail, container: Container) -> None:
        trail.leave(self._matcher.open_hits(container), self._surroundings.waiting(container))
        self._dirty.add(container.key)

    def _observe(self, placed: Iterable[Placed]) -> None:
        for one in placed:
            if self._wanted.holds(one.hit.line.time_ns):
                self._note(self.detector.observe(one.hit, one.before, one.after))

    def _note(self, changes: Iterable[Change]) -> None:
        kinds = self._changed.kinds
        for change in changes:
            known = kinds.get(change.fingerprint)
            kind = change.kind if known is None or _WEIGHT[change.kind] > _WEIGHT[known[0]] else known[0]
            kinds[change.fingerprint] = kind, change.time_ns

    def _lose(self, lost: Lost) -> None:
        self._lost[_key_of(lost)] = lost
        self._changed.told.append(lost)
        if lost.container is not None:
            self._behind.discard(lost.container.key)
            coverage = self._covered(self._known(lost.container))
            coverage.status = Status.PARTIAL if coverage.lines else Status.UNREADABLE
            coverage.reason = lost.reason

    def _back(self, back: Back) -> None:
        if self._lost.pop(_key_of(back), None) is not None:
            self._changed.told.append(back)
        if back.container is not None:
            coverage = self._covered(self._known(back.container))
            coverage.status, coverage.reason = Status.COMPLETE, None

    def _covered(self, container: Container) -> Coverage:
        coverage = self._coverage.get(container.key)
        if coverage is None:
            coverage = self._coverage[container.key] = Coverage(container, None, read="api", from_start=False)
            self._behind.add(container.key)
        return coverage

    def _trail(self, container: Container) -> Trail:
        trail = self._trails.get(container.key)
        if trail is None:
            trail = self._trails[container.key] = Trail(self._begun_at.get(container.key), self._digest_key)
        return trail

    def _known(self, container: Container) -> Container:
        """Give the object by which a container is known; it may have been renamed since."""
        known = self._containers.get(container.key)
        if known is not None and _same(known, container):
            return known
        self._containers[container.key] = container
        if known is not None:
            self._flush(known, self._matcher.leave(known))
            if coverage := self._coverage.get(container.key):
                coverage.container = container
        return container


def _key_of(told: Lost | Back) -> str | None:
    return None if told.container is None else told.container.key


def _same(one: Container, other: Container) -> bool:
    return one is other or (
        (one.name, one.image, one.image_id, one.service) == (other.name, other.image, other.image_id, other.service)
        and one.labels == other.labels
    )
