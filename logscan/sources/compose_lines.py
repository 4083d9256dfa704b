"""Compose lines: the output of `docker compose logs`, sorted by the container that each line came from.

Owns the prefix `name-1  | `, with or without colour and Docker's stamps behind the bar. This is work
per line, for the lines of one container have to be brought together before one search can see them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from logscan.batch import Batch, Container
from logscan.finding import Gap
from logscan.framing.lines import LineCutter
from logscan.sources.docker_stamps import join_pieces
from logscan.sources.formats import COMPOSE_PREFIX
from logscan.sources.written_times import Stamp, Timekeeper

_SEAM = re.compile(rb"\0\[\.\.\. \d+ bytes \.\.\.\]\0")
"""What framing leaves in a line that it capped."""


class ComposeReader:
    """Reads lines of several containers.

    A line without a prefix (`exited with code 1`, `Attaching to`) goes with the line
    before it, at the start with the file's `own` container. `container_of` makes a prefix's container.
    """

    damage: str | None = None
    gaps: Sequence[Gap] = ()

    def __init__(self, own: Container, container_of: Callable[[str], Container], stamp: Stamp) -> None:
        self._cutter = LineCutter(own)
        self._current = own
        self._container_of = container_of
        self._stamp = stamp
        self._containers: dict[bytes, Container] = {}
        self._keepers: dict[Container, Timekeeper] = {}

    def feed(self, data: bytes) -> Iterator[Batch]:
        for mixed in self._cutter.feed(data):
            yield from self._sorted(mixed)

    def flush(self) -> Iterator[Batch]:
        for mixed in self._cutter.flush():
            yield from self._sorted(mixed)

    def _sorted(self, mixed: Batch) -> Iterator[Batch]:
        lines: dict[Container, list[bytes]] = {}
        for line in mixed.text.split(b"\n")[:-1]:
            prefix = COMPOSE_PREFIX.match(line)
            if prefix is not None:
                self._current = self._container(prefix[1])
            lines.setdefault(self._current, []).append(line[prefix.end() :] if prefix else line)
        for container, own in lines.items():
            truncated = sum(_SEAM.search(line) is not None for line in own) if mixed.truncated else 0
            text = join_pieces(b"\n".join([*own, b""]))
            yield self._keeper(container).time(Batch(container, text, len(own), truncated=truncated))

    def _container(self, prefix: bytes) -> Container:
        container = self._containers.get(prefix)
        if container is None:
            container = self._containers[prefix] = self._container_of(prefix.decode("ascii"))
        return container

    def _keeper(self, container: Container) -> Timekeeper:
        return self._keepers.setdefault(container, Timekeeper(self._stamp))
