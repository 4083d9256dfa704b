"""Finding, Hit's end product: what is wrong, where, how often, since when, how bad, what to do.

Owns the shapes that detection makes and sinks print, the order of severities, the order of
findings and the fingerprint. Does not own how they are counted (detection) or shown (sinks).
Everything in a Finding has been redacted already.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from logscan.batch import Batch, Container, Identity, Service, Stream


class Severity(IntEnum):
    """How much harm, not how loud the log's own level was. Ordered: INFO is least."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    def __str__(self) -> str:
        return self.name.lower()

    @classmethod
    def parse(cls, word: str) -> Severity:
        """Read `info`, `low`, `medium`, `high` or `critical`; ValueError for anything else."""
        try:
            return cls[word.upper()]
        except KeyError:
            raise ValueError(f"{word!r} is no severity") from None


@dataclass(frozen=True, slots=True)
class Sample:
    """One line of evidence, at most 4 KiB around the match, with the lines around it.

    The match lies at `start` to `end` in `line`; 0, 0 when it lies nowhere in it, as in a decoded message.
    """

    time_ns: int | None
    stream: Stream
    line: str
    truncated: bool = False
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class RelatedLine:
    """A line of another container that may tell the cause, redacted and cut as samples are."""

    container: Container
    time_ns: int
    stream: Stream
    line: str


@dataclass(frozen=True, slots=True)
class Share:
    """How many of a finding's hits came from one container."""

    container: Container
    count: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem of one service: all hits of one rule and one group value.

    `count` is exact. `first_seen_ns` and `last_seen_ns` are nanoseconds since the epoch, None when no
    hit carried a time. `container` is that of the newest hit; `containers` has at most ten,
    most hits first. `state` is None without a store. `rule_title` may name fields that `title` fills
    in. `related` has at most ten lines, nearest first.
    """

    fingerprint: str
    rule_id: str
    rule_title: str
    rule_file: str
    severity: Severity
    title: str
    count: int
    first_seen_ns: int | None
    last_seen_ns: int | None
    service: Service
    container: Container
    containers: tuple[Share, ...]
    fields: Mapping[str, str]
    samples: tuple[Sample, ...]
    why: str | None = None
    advice: str | None = None
    references: tuple[str, ...] = ()
    state: str | None = None
    related: tuple[RelatedLine, ...] = ()

    @property
    def sort_key(self) -> tuple[int, int, str, str, str, str]:
        """Worst first, then most often; the rest makes the order total."""
        return (
            -self.severity,
            -self.count,
            self.rule_id,
            self.service.project or "",
            self.service.name,
            self.fingerprint,
        )


class ChangeKind(StrEnum):
    """What happened to a finding."""

    OPENED = "opened"
    UPDATED = "updated"
    ESCALATED = "escalated"
    RESOLVED = "resolved"
    REGRESSED = "regressed"


@dataclass(frozen=True, slots=True)
class Change:
    """What hits did to a finding: its severity and count from now on, and the time of the newest of them."""

    kind: ChangeKind
    fingerprint: str
    rule_id: str
    severity: Severity
    count: int
    time_ns: int | None


def fingerprint_v1(rule_id: str, service: Service, group: Sequence[tuple[str, str]]) -> str:
    """Name a finding so that it keeps its name over runs, hosts and recreated containers.

    `group`: (field, redacted value) pairs in the order of the rule's `group_by`. The digest runs
    over a canonical form in which every part is preceded by its length, so no two tuples collide by
    concatenation. A project that is absent differs from one that is empty.
    """
    parts = [rule_id, "0" if service.project is None else "1" + service.project, service.name]
    for name, value in group:
        parts += [name, value]
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big") + data)
    return f"v1:{digest.hexdigest()[:32]}"


class Status(StrEnum):
    """How much of a source was read."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    UNREADABLE = "unreadable"


class GapReason(StrEnum):
    """Why lines are missing."""

    ROTATED = "rotated"
    TRUNCATED = "truncated"
    RECREATED = "recreated"
    LOSSY_DRIVER = "lossy driver"
    DAMAGED = "damaged"
    REMOVED = "removed"
    STATE_LOST = "state lost"


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of a container's log that is known to be missing."""

    container: Container
    from_ns: int | None
    to_ns: int | None
    reason: GapReason


@dataclass(slots=True)
class Coverage:
    """What was read of one source, and what could not be. Filled while reading.

    `lines` counts every line that was searched, `bytes` their text, newlines included; in the engine's own files,
    their records, unless the last lines alone were asked for. `driver` is
    the container's log driver, None for files; `format` is what a file was found to be; `read` says
    by which way the bytes came: `api`, `direct`, `file` or `stdin`. `started_ns` and `ended_ns` are those of
    the container's last run, where the engine tells; `from_start` says whether its lines go back that
    far, or the oldest may be gone. `done` is for who watches.
    """

    container: Container
    driver: str | None
    read: str
    format: str | None = None
    status: Status = Status.COMPLETE
    reason: str | None = None
    lines: int = 0
    bytes: int = 0
    truncated: int = 0
    untimed: int = 0
    first_seen_ns: int | None = None
    last_seen_ns: int | None = None
    gaps: list[Gap] = field(default_factory=list)
    started_ns: int | None = None
    ended_ns: int | None = None
    from_start: bool = True
    done: bool = False

    @property
    def identity(self) -> Identity:
        return self.container.identity

    def count(self, batch: Batch) -> None:
        """Note what a batch brought."""
        self.lines += batch.lines
        self.bytes += batch.size
        self.truncated += batch.truncated
        self._saw(batch.first_ns)
        self._saw(batch.last_ns)

    def _saw(self, time_ns: int | None) -> None:
        if time_ns is None:
            return
        if self.first_seen_ns is None or time_ns < self.first_seen_ns:
            self.first_seen_ns = time_ns
        if self.last_seen_ns is None or time_ns > self.last_seen_ns:
            self.last_seen_ns = time_ns


@dataclass(frozen=True, slots=True)
class ScanError:
    """Something that went wrong without ending the scan. `kind`: `engine`, `source` or `rule`."""

    kind: str
    source: str
    message: str
    help: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """The result of one scan. Times are nanoseconds since the epoch; findings are sorted."""

    started_ns: int
    finished_ns: int
    since_ns: int | None
    until_ns: int | None
    findings: tuple[Finding, ...]
    sources: tuple[Coverage, ...]
    errors: tuple[ScanError, ...]
