"""What every sink of a follow offers: it is told what happens while it happens.

A sink gets the stream that it writes to when it is made, and opens and closes nothing. It reads no clock:
`tick` brings the time. When nobody reads its stream any more, BrokenPipeError gets out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from logscan.finding import Severity
from logscan.sinks.event_document import EventDocument


@dataclass(frozen=True, slots=True)
class FollowStatus:
    """Where a follow stands. `lines`: read since it began; `open_findings`: those that are not resolved."""

    now_ns: int
    sources: int
    lines: int
    open_findings: int


@dataclass(frozen=True, slots=True)
class FollowSummary:
    """What a follow comes to. `findings`: the open ones, by severity; `lost`: names of what can't be read now."""

    since_ns: int
    lines: int = 0
    bytes: int = 0
    sources: int = 0
    gaps: int = 0
    findings: Mapping[Severity, int] = field(default_factory=dict)
    lost: Sequence[str] = ()
    until_ns: int | None = None


class LiveSink(Protocol):
    """Something that tells what happens."""

    def emit(self, event: EventDocument) -> None:
        """Tell an event. It has been committed already."""
        ...

    def notice(self, message: str, help: str | None) -> None:  # noqa: A002 - the word users see
        """Tell a person what is doubtful about the follow itself and stops nothing."""
        ...

    def tick(self, status: FollowStatus) -> None:
        """Take the time, and how it goes. Comes about once a second, also when nothing happens."""
        ...

    def flush(self) -> None:
        """See that all that was told gets out. Comes after the events of each commit."""
        ...

    def close(self, summary: FollowSummary) -> None:
        """Tell the end."""
        ...
