"""Watermarks: a stream's events wait until all that belong before them have come.

Owns how far each container has been read, and the events that wait. A service is as far as the
slowest of its containers, less the lateness; idle ones are set aside. An event from before that
moment is late. The counterpart for input that ends, where nothing is late, is `order`.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field

from logscan.batch import Container, Service
from logscan.detection.event import Event
from logscan.detection.meaning import Meanings
from logscan.detection.records import EventRecord, Record, ServiceRecord, pack, unpack
from logscan.state_row import StateRow

TOLD = "told"
"""The kind of row that says how far a container has been read, under its key."""

PASSED = "passed"
"""The kind of row that says which moment a service has passed, under its name."""

WAITING = "waiting"
"""The kind of row that holds an event that waits, under its position."""


class _ToldRecord(Record, frozen=True):
    service: ServiceRecord
    time_ns: int | None
    idle: bool


class _PassedRecord(Record, frozen=True):
    service: ServiceRecord
    time_ns: int


@dataclass(slots=True)
class _Reading:
    """The containers of one service by their keys: how far each was read, which are idle, and what waits."""

    told_ns: dict[str, int] = field(default_factory=dict)
    idle: set[str] = field(default_factory=set)
    waiting: list[tuple[int, str, int, Event]] = field(default_factory=list)
    passed_ns: int | None = None

    def watermark(self, lateness_ns: int) -> int | None:
        """Give the moment before which all has come; it never falls."""
        active = [time_ns for key, time_ns in self.told_ns.items() if key not in self.idle]
        if active:
            moment_ns = min(active) - lateness_ns
        elif self.told_ns:
            # All are idle, so what waits is waited for in vain.
            moment_ns = max(self.told_ns.values()) + 1
        else:
            return None
        if self.passed_ns is None or moment_ns > self.passed_ns:
            self.passed_ns = moment_ns
        return self.passed_ns


class Watermarks:
    """Holds the events of a stream, and gives them back by (time, container, position)."""

    def __init__(self, lateness_ns: int, meanings: Meanings) -> None:
        self._lateness_ns = lateness_ns
        self._meanings = meanings
        self._readings: dict[Service, _Reading] = {}
        self._services: dict[str, Service] = {}
        self._position = 0
        self._moved: set[str] = set()
        self._touched: set[Service] = set()
        self._arrived: dict[int, Event] = {}
        self._released: list[int] = []

    def told(self, container: Container, time_ns: int) -> int | None:
        """Note that a container was read up to this moment; give the watermark of its service."""
        reading = self._reading(container)
        reading.told_ns[container.key] = max(time_ns, reading.told_ns.get(container.key, time_ns))
        reading.idle.discard(container.key)
        return reading.watermark(self._lateness_ns)

    def idle(self, container: Container) -> int | None:
        """Set a container aside until it is heard again; give the watermark of its service."""
        reading = self._reading(container)
        reading.idle.add(container.key)
        return reading.watermark(self._lateness_ns)

    def leave(self, container: Container) -> tuple[Service, int | None]:
        """Forget how far a container was read; give the service that it was in, and its watermark then.

        The last one leaves as if it were idle, so that nothing waits any more.
        """
        service = self._services.pop(container.key, container.service)
        reading = self._readings.get(service)
        if reading is None:
            return service, None
        self._moved.add(container.key)
        self._touched.add(service)
        reading.idle.add(container.key)
        reading.watermark(self._lateness_ns)
        reading.told_ns.pop(container.key, None)
        reading.idle.discard(container.key)
        return service, reading.passed_ns

    def service_of(self, container_key: str) -> Service | None:
        """Give the service of a container that is read."""
        return self._services.get(container_key)

    def is_read(self, service: Service) -> bool:
        """Tell whether a service has a container that is read, busy or idle."""
        reading = self._readings.get(service)
        return reading is not None and bool(reading.told_ns or reading.idle)

    def add(self, event: Event) -> bool:
        """Let an event wait; tell whether it came in time."""
        reading = self._reading(event.hit.line.container)
        if reading.passed_ns is not None and event.counts_at_ns < reading.passed_ns:
            return False
        self._position += 1
        self._wait(reading, self._position, event)
        self._arrived[self._position] = event
        return True

    def release(self, service: Service, before_ns: int) -> Iterator[Event]:
        """Give the events of a service from before this moment, in order."""
        waiting = self._readings[service].waiting
        while waiting and waiting[0][0] < before_ns:
            yield self._next(waiting)

    def drain(self) -> Iterator[Event]:
        """Give all events that wait, in order within each service."""
        for reading in self._readings.values():
            while reading.waiting:
                yield self._next(reading.waiting)

    def purge(self, service: Service) -> None:
        """Forget a service that has no container any more."""
        if self._readings.pop(service, None) is not None:
            self._touched.add(service)

    def services(self) -> Iterator[Service]:
        """Give the services of which something is remembered."""
        return iter(self._readings)

    def collect(self) -> Iterator[StateRow]:
        """Give what changed since this was asked last."""
        for key in self._moved:
            yield StateRow(TOLD, key.encode(), self._packed_told(key))
        for service in self._touched:
            reading, name = self._readings.get(service), ServiceRecord.of(service)
            passed_ns = None if reading is None else reading.passed_ns
            blob = None if passed_ns is None else pack(_PassedRecord(name, passed_ns))
            yield StateRow(PASSED, pack(name), blob)
        for position in self._released:
            yield StateRow(WAITING, _position_key(position), None)
        for position, event in self._arrived.items():
            yield StateRow(WAITING, _position_key(position), pack(EventRecord.of(event, self._meanings)))
        for changed in (self._moved, self._touched, self._released, self._arrived):
            changed.clear()

    def restore_told(self, row: StateRow) -> bool:
        """Go on from how far a container was read; tell whether the row could be read."""
        record = None if row.blob is None else unpack(_ToldRecord, row.blob)
        if record is None:
            return False
        key, service = row.key.decode(), record.service.service()
        self._services[key] = service
        reading = self._readings.setdefault(service, _Reading())
        if record.time_ns is not None:
            reading.told_ns[key] = record.time_ns
        if record.idle:
            reading.idle.add(key)
        return True

    def restore_passed(self, row: StateRow) -> bool:
        """Go on from the moment that a service has passed; tell whether the row could be read."""
        record = None if row.blob is None else unpack(_PassedRecord, row.blob)
        if record is None:
            return False
        self._readings.setdefault(record.service.service(), _Reading()).passed_ns = record.time_ns
        return True

    def restore_waiting(self, row: StateRow) -> bool:
        """Let an event wait that was kept; tell whether it is still of use."""
        record = None if row.blob is None else unpack(EventRecord, row.blob)
        event = None if record is None else record.event(self._meanings)
        if event is None:
            return False
        position = int.from_bytes(row.key, "big")
        self._position = max(self._position, position)
        reading = self._readings.setdefault(event.hit.line.container.service, _Reading())
        self._wait(reading, position, event)
        return True

    def _reading(self, container: Container) -> _Reading:
        key, service = container.key, container.service
        self._services[key] = service
        self._moved.add(key)
        self._touched.add(service)
        reading = self._readings.get(service)
        if reading is None:
            reading = self._readings[service] = _Reading()
        return reading

    def _wait(self, reading: _Reading, position: int, event: Event) -> None:
        heapq.heappush(reading.waiting, (event.counts_at_ns, event.hit.line.container.key, position, event))

    def _next(self, waiting: list[tuple[int, str, int, Event]]) -> Event:
        *_, position, event = heapq.heappop(waiting)
        if self._arrived.pop(position, None) is None:
            self._released.append(position)
        return event

    def _packed_told(self, key: str) -> bytes | None:
        service = self._services.get(key)
        if service is None:
            return None
        reading = self._readings[service]
        return pack(_ToldRecord(ServiceRecord.of(service), reading.told_ns.get(key), key in reading.idle))


def _position_key(position: int) -> bytes:
    return position.to_bytes(8, "big")
