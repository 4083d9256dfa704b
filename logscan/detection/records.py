"""Records: the form in which the detector's memory is written down.

Owns the shapes that several parts write, and the one way from bytes and back. Nothing raw is in them:
text is redacted, values are digests. Does not own who remembers what. Of a container it is
written what findings need.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from logscan.batch import (
    COMPOSE_PROJECT,
    COMPOSE_SERVICE,
    SWARM_SERVICE,
    SWARM_STACK,
    Container,
    Identity,
    Line,
    Service,
    Stream,
)
from logscan.detection.event import Event, Message, Remains
from logscan.detection.keys import Key
from logscan.detection.meaning import Meanings
from logscan.detection.safe_fields import safe_fields
from logscan.detection.sampler import Shown
from logscan.detection.twins import message_of
from logscan.finding import RelatedLine, Sample
from logscan.matching.hit import Hit
from logscan.redact import redact
from logscan.ruleset.model import Rule

VERSION = 1
"""The version of all records. What another one wrote is not read: its windows begin anew."""

_SERVICE_LABELS = (COMPOSE_PROJECT, COMPOSE_SERVICE, SWARM_SERVICE, SWARM_STACK)

T = TypeVar("T")


class Record(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A piece of memory as an array of its values."""


def pack(record: Any) -> bytes:
    """Write a record."""
    return bytes((VERSION,)) + msgspec.msgpack.encode(record)


def unpack(kind: type[T], blob: bytes) -> T | None:
    """Read a record; None for one of another version, or that is damaged."""
    if blob[:1] != bytes((VERSION,)):
        return None
    try:
        return msgspec.msgpack.decode(blob[1:], type=kind)
    except msgspec.MsgspecError:
        return None


class ServiceRecord(Record, frozen=True):
    project: str | None
    name: str

    @classmethod
    def of(cls, service: Service) -> ServiceRecord:
        return cls(service.project, service.name)

    def service(self) -> Service:
        return Service(self.project, self.name)


class KeyRecord(Record, frozen=True):
    """A key, and the stamp of its rule."""

    rule_id: str
    stamp: int
    service: ServiceRecord
    group: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, key: Key, meanings: Meanings) -> KeyRecord:
        return cls(key.rule_id, meanings.stamp(key.rule_id), ServiceRecord.of(key.service), key.group)

    def key(self) -> Key:
        return Key(self.rule_id, self.service.service(), self.group)

    def rule(self, meanings: Meanings) -> Rule | None:
        """Give the rule, unless it is gone or counts otherwise now."""
        return meanings.rule(self.rule_id, self.stamp)


class ContainerRecord(Record, frozen=True):
    """A container, with those of its labels that name its service."""

    key: str
    name: str
    id: str
    image: str
    image_id: str
    host: str
    identity: Identity
    labels: dict[str, str]

    @classmethod
    def of(cls, container: Container) -> ContainerRecord:
        labels = {name: container.labels[name] for name in _SERVICE_LABELS if name in container.labels}
        return cls(
            container.key,
            container.name,
            container.id,
            container.image,
            container.image_id,
            container.host,
            container.identity,
            labels,
        )

    def container(self) -> Container:
        return Container(**{name: getattr(self, name) for name in self.__struct_fields__})


class SampleRecord(Record, frozen=True):
    time_ns: int | None
    stream: Stream
    line: str
    truncated: bool
    before: tuple[str, ...]
    after: tuple[str, ...]
    start: int
    end: int


class ShownRecord(Record, frozen=True):
    checksum: int
    sample: SampleRecord

    @classmethod
    def of(cls, shown: Shown) -> ShownRecord:
        sample = shown.sample
        return cls(shown.checksum, SampleRecord(*(getattr(sample, name) for name in SampleRecord.__struct_fields__)))

    def shown(self) -> Shown:
        sample = self.sample
        return Shown(self.checksum, Sample(**{name: getattr(sample, name) for name in sample.__struct_fields__}))


class RelatedLineRecord(Record, frozen=True):
    container: ContainerRecord
    time_ns: int
    stream: Stream
    line: str

    @classmethod
    def of(cls, line: RelatedLine) -> RelatedLineRecord:
        return cls(ContainerRecord.of(line.container), line.time_ns, line.stream, line.line)

    def related(self) -> RelatedLine:
        return RelatedLine(self.container.container(), self.time_ns, self.stream, self.line)


class EventRecord(Record, frozen=True):
    """An event of one line, without its text. `value` is the digest of the field that its rule counts by."""

    rule_id: str
    stamp: int
    container: ContainerRecord
    time_ns: int | None
    stream: Stream
    counts_at_ns: int
    fields: dict[str, str]
    shown: ShownRecord
    value: bytes | None
    message: tuple[str, str] | None

    @classmethod
    def of(cls, event: Event, meanings: Meanings) -> EventRecord:
        hit, line = event.hit, event.hit.line
        field = getattr(hit.rule.model.window, "field", None)
        message = message_of(event) if hit.rule.model.count_once_within else None
        return cls(
            hit.rule.id,
            meanings.stamp(hit.rule.id),
            ContainerRecord.of(line.container),
            line.time_ns,
            line.stream,
            event.counts_at_ns,
            safe_fields(hit),
            ShownRecord.of(event.shown()),
            None if field is None else event.value(field),
            None if message is None else (message.side, redact(message.text)),
        )

    def event(self, meanings: Meanings) -> Event | None:
        """Give the event again; None when its rule is gone or counts otherwise now."""
        rule = meanings.rule(self.rule_id, self.stamp)
        if rule is None:
            return None
        hit = Hit(rule, Line("", self.time_ns, self.stream, self.container.container()), self.fields, 0, 0, 0)
        message = None if self.message is None else Message(*self.message, redacted=True)
        return Event(hit, self.counts_at_ns, remains=Remains(self.shown.shown(), self.value, message))
