"""Records: what is handed to the store and what it hands back; and how commits that failed become one.

Owns the shapes, and `Commit.merge`. Does not own how they lie in tables (schema, store). No raw text of a log
is in them: documents are redacted, tallies and state rows are the detector's own bytes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Self

from logscan.checkpoint import Checkpoint
from logscan.duration import UNITS_NS
from logscan.finding import Gap, Severity
from logscan.state_row import StateRow

HOUR_NS: Final = UNITS_NS["h"]
MAX_WAITING_BYTES: Final = 16 << 20
"""A commit that waits for room keeps so many bytes of outgoing events, the newest."""
MAX_WAITING_GAPS: Final = 10_000
MAX_WAITING_TURNS: Final = 100_000


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding as it stands: `document` is its logscan.finding/v1 as JSON, `tally` the detector's own bytes.

    It is overdue to be resolved when it has been quiet for `quiet_ns`.
    """

    fingerprint: str
    rule_id: str
    severity: Severity
    project: str | None
    service: str
    count: int
    first_seen_ns: int | None
    last_seen_ns: int | None
    document: bytes
    tally: bytes
    quiet_ns: int


class Outgoing(NamedTuple):
    """An event that is to be emitted: one logscan.event/v1 as JSON. An `id` is committed once."""

    id: str
    document: bytes


@dataclass(frozen=True, slots=True)
class GapRow:
    """A stretch of a container's log that is known to be missing, and when that was found."""

    host: str
    container_id: str
    container_name: str
    project: str | None
    service: str
    from_ns: int | None
    to_ns: int | None
    reason: str
    found_ns: int

    @classmethod
    def of(cls, gap: Gap, host: str, found_ns: int) -> Self:
        container, service = gap.container, gap.container.service
        return cls(
            host=host,
            container_id=container.key,
            container_name=container.name,
            project=service.project,
            service=service.name,
            from_ns=gap.from_ns,
            to_ns=gap.to_ns,
            reason=gap.reason.value,
            found_ns=found_ns,
        )


class Turn(NamedTuple):
    """A turn in the life of a finding: told at `at_ns` to have `total` hits, or resolved then, where that is None.

    `hour`: the hour, since the epoch, in whose history the hits of this turn are counted. `first`: the total
    of the first commit of those that it stands for, none of which had less than the one before.
    """

    fingerprint: str
    at_ns: int
    hour: int
    total: int | None = None
    first: int = 0

    def added_to(self, count: int) -> int:
        """Tell how many hits came in, where there were `count` before. A count that falls has begun anew."""
        total = self.total or 0
        return total - count if self.first >= count else total


@dataclass(frozen=True, slots=True)
class Commit:
    """What became true of one host since the last commit, to be kept as a whole or not at all.

    Within one commit `forgotten` checkpoints go before others are written, findings are told before those in
    `resolved` are called so, and `outgoing` events come in before those that are `delivered` leave.
    `merged` and `dropped` are filled by `merge`.
    """

    host: str
    now_ns: int
    checkpoints: Mapping[str, Checkpoint] = field(default_factory=dict)
    forgotten: Collection[str] = ()
    events_told_ns: int | None = None
    rows: Sequence[StateRow] = ()
    findings: Sequence[FindingRow] = ()
    resolved: Collection[str] = ()
    outgoing: Sequence[Outgoing] = ()
    delivered: Collection[str] = ()
    gaps: Sequence[GapRow] = ()
    merged: tuple[Turn, ...] | None = None
    dropped: int = 0
    """So many outgoing events and gaps were let go since they had waited for room for too long."""

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The turns in the lives of findings, in their order."""
        if self.merged is not None:
            return self.merged
        now_ns = self.now_ns
        told = (Turn(row.fingerprint, now_ns, _hour(row, now_ns), row.count, row.count) for row in self.findings)
        return (*told, *(Turn(fingerprint, now_ns, now_ns // HOUR_NS) for fingerprint in self.resolved))

    @property
    def size(self) -> int:
        """So many bytes of documents and state it holds, roughly: who keeps it may stop to read beyond a bound."""
        return (
            sum(len(row.document) + len(row.tally) for row in self.findings)
            + sum(len(row.blob or b"") for row in self.rows)
            + sum(len(event.document) for event in self.outgoing)
        )

    def merge(self, later: Commit) -> Commit:
        """Give one commit that does what this one and then `later` would have done, in one go.

        For a commit that found no room. It doesn't grow with time, but with containers and findings.
        """
        if self.host != later.host:
            raise ValueError(f"a commit of {self.host!r} does not merge with one of {later.host!r}")
        kept = {id_: point for id_, point in self.checkpoints.items() if id_ not in later.forgotten}
        emitted = {event.id for event in self.outgoing} & set(later.delivered)
        waiting = [event for event in self.outgoing if event.id not in emitted]
        outgoing = _newest([*waiting, *later.outgoing])
        gaps = [*self.gaps, *later.gaps]
        newest_gaps = gaps[-MAX_WAITING_GAPS:]
        lost = len(waiting) + len(later.outgoing) - len(outgoing) + len(gaps) - len(newest_gaps)
        return Commit(
            host=self.host,
            now_ns=later.now_ns,
            checkpoints=kept | dict(later.checkpoints),
            forgotten={*self.forgotten, *later.forgotten},
            events_told_ns=self.events_told_ns if later.events_told_ns is None else later.events_told_ns,
            rows=tuple({(row.kind, row.key): row for row in (*self.rows, *later.rows)}.values()),
            findings=tuple({row.fingerprint: row for row in (*self.findings, *later.findings)}.values()),
            outgoing=outgoing,
            delivered={*self.delivered, *later.delivered} - emitted,
            gaps=newest_gaps,
            merged=_shortened((*self.turns, *later.turns)),
            dropped=self.dropped + later.dropped + lost,
        )


def _hour(row: FindingRow, now_ns: int) -> int:
    return (now_ns if row.last_seen_ns is None else row.last_seen_ns) // HOUR_NS


def _newest(events: Sequence[Outgoing]) -> Sequence[Outgoing]:
    room = MAX_WAITING_BYTES
    for start in range(len(events) - 1, -1, -1):
        room -= len(events[start].document)
        if room < 0:
            return events[start + 1 :]
    return events


def _shortened(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """Leave out the turns that change nothing: told again in the same hour, or resolved twice."""
    kept: dict[int, Turn] = {}
    newest: dict[str, int] = {}
    for number, turn in enumerate(turns):
        place = newest.get(turn.fingerprint)
        joined = None if place is None else _joined(kept[place], turn)
        if place is None or joined is None:
            newest[turn.fingerprint] = number
            kept[number] = turn
        else:
            kept[place] = joined
    return tuple(kept.values())[-MAX_WAITING_TURNS:]


def _joined(turn: Turn, later: Turn) -> Turn | None:
    if turn.total is None or later.total is None:
        return turn if turn.total == later.total else None
    return turn._replace(total=later.total) if turn.hour == later.hour and later.first >= turn.total else None
