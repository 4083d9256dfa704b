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


@dataclass(slots=True)
class _Reading:
    """The containers of one service: how far each was read, which are idle, and what waits."""

    told_ns: dict[Container, int] = field(default_factory=dict)
    idle: set[Container] = field(default_factory=set)
    waiting: list[tuple[int, str, int, Event]] = field(default_factory=list)
    passed_ns: int | None = None

    def watermark(self, lateness_ns: int) -> int | None:
        """Give the moment before which all has come; it never falls."""
        active = [time_ns for container, time_ns in self.told_ns.items() if container not in self.idle]
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

    def __init__(self, lateness_ns: int) -> None:
        self._lateness_ns = lateness_ns
        self._readings: dict[Service, _Reading] = {}
        self._position = 0

    def told(self, container: Container, time_ns: int) -> int | None:
        """Note that a container was read up to this moment; give the watermark of its service."""
        reading = self._readings.setdefault(container.service, _Reading())
        reading.told_ns[container] = max(time_ns, reading.told_ns.get(container, time_ns))
        reading.idle.discard(container)
        return reading.watermark(self._lateness_ns)

    def idle(self, container: Container) -> int | None:
        """Set a container aside until it is heard again; give the watermark of its service."""
        reading = self._readings.setdefault(container.service, _Reading())
        reading.idle.add(container)
        return reading.watermark(self._lateness_ns)

    def add(self, event: Event) -> bool:
        """Let an event wait; tell whether it came in time."""
        container = event.hit.line.container
        reading = self._readings.setdefault(container.service, _Reading())
        if reading.passed_ns is not None and event.counts_at_ns < reading.passed_ns:
            return False
        self._position += 1
        heapq.heappush(reading.waiting, (event.counts_at_ns, container.key, self._position, event))
        return True

    def release(self, service: Service, before_ns: int) -> Iterator[Event]:
        """Give the events of a service from before this moment, in order."""
        waiting = self._readings[service].waiting
        while waiting and waiting[0][0] < before_ns:
            yield heapq.heappop(waiting)[-1]

    def drain(self) -> Iterator[Event]:
        """Give all events that wait, in order within each service."""
        for reading in self._readings.values():
            while reading.waiting:
                yield heapq.heappop(reading.waiting)[-1]
