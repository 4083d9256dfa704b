"""The events that a follow tells, as pydantic models: one JSON object each, under `logscan.event/v1`.

Owns their shape, the way from what happened into them, and the bytes in which they wait in the store between
commit and telling. Does not own when something is told, nor under which id (announce). An event may be told
twice, after a crash between the two; its `id` is then the same.
"""

from __future__ import annotations

from typing import Final, Literal, Self

from pydantic import Field

from logscan.finding import ChangeKind, Finding, Gap
from logscan.sinks.document import ContainerDocument, Document, FindingDocument, Text, Time, to_json
from logscan.sinks.times import rfc3339
from logscan.sources.live import Back, Lost

EVENT_SCHEMA: Final = "logscan.event/v1"

EventType = Literal[
    "finding.opened",
    "finding.updated",
    "finding.escalated",
    "finding.resolved",
    "finding.regressed",
    "gap",
    "source.lost",
    "source.back",
]

_FINDING_EVENTS: dict[ChangeKind, EventType] = {
    ChangeKind.OPENED: "finding.opened",
    ChangeKind.UPDATED: "finding.updated",
    ChangeKind.ESCALATED: "finding.escalated",
    ChangeKind.RESOLVED: "finding.resolved",
    ChangeKind.REGRESSED: "finding.regressed",
}
_STATES = {
    ChangeKind.OPENED: "new",
    ChangeKind.UPDATED: "ongoing",
    ChangeKind.ESCALATED: "ongoing",
    ChangeKind.RESOLVED: "resolved",
    ChangeKind.REGRESSED: "regressed",
}
"""How a finding stands after a change, where nobody knows better."""


class EventGapDocument(Document):
    """A stretch of a container's log that is known to be missing."""

    container: ContainerDocument
    from_: Time = Field(alias="from")
    to: Time
    reason: Text

    @classmethod
    def of(cls, gap: Gap) -> Self:
        return cls(
            container=ContainerDocument.of(gap.container),
            **{"from": rfc3339(gap.from_ns)},
            to=rfc3339(gap.to_ns),
            reason=gap.reason.value,
        )


class EventSourceDocument(Document):
    """A host, or one container of it, that can't be read, or can be again; `container` is null for the host."""

    host: Text
    container: ContainerDocument | None
    reason: Text | None
    help: Text | None

    @classmethod
    def of(cls, told: Lost | Back) -> Self:
        return cls(
            host=told.host,
            container=None if told.container is None else ContainerDocument.of(told.container),
            reason=told.reason if isinstance(told, Lost) else None,
            help=told.help if isinstance(told, Lost) else None,
        )


class EventDocument(Document):
    """What happened. Of `finding`, `gap` and `source` that one is not null which `type` speaks of."""

    schema_: Literal["logscan.event/v1"] = Field(alias="schema")
    id: Text
    type: EventType
    time: Time
    host: Text
    finding: FindingDocument | None = None
    gap: EventGapDocument | None = None
    source: EventSourceDocument | None = None


# `id`: the same for the same event, however often it is told. `time_ns`: when it happened.


def finding_event(kind: ChangeKind, finding: Finding, *, id: str, time_ns: int, host: str) -> EventDocument:  # noqa: A002 - the contract's word
    """Tell what happened to a finding. Its `state`, where it has none, is what the change means."""
    document = FindingDocument.of(finding)
    if document.state is None:
        document = document.model_copy(update={"state": _STATES[kind]})
    return _event(_FINDING_EVENTS[kind], id, time_ns, host).model_copy(update={"finding": document})


def gap_event(gap: Gap, *, id: str, time_ns: int, host: str) -> EventDocument:  # noqa: A002 - the contract's word
    return _event("gap", id, time_ns, host).model_copy(update={"gap": EventGapDocument.of(gap)})


def source_event(told: Lost | Back, *, id: str, time_ns: int) -> EventDocument:  # noqa: A002 - the contract's word
    kind: EventType = "source.lost" if isinstance(told, Lost) else "source.back"
    return _event(kind, id, time_ns, told.host).model_copy(update={"source": EventSourceDocument.of(told)})


def _event(kind: EventType, ident: str, time_ns: int, host: str) -> EventDocument:
    return EventDocument(schema=EVENT_SCHEMA, id=ident, type=kind, time=rfc3339(time_ns), host=host)


def encode(event: EventDocument) -> bytes:
    """Write an event on one line of printable ASCII, without a newline."""
    return to_json(event).encode("ascii")


def decode(data: bytes) -> EventDocument:
    """Read what `encode` wrote."""
    return EventDocument.model_validate_json(data)


def finding_document(finding: Finding) -> bytes:
    """Write a finding as `logscan.finding/v1` on one line of printable ASCII."""
    return to_json(FindingDocument.of(finding)).encode("ascii")
