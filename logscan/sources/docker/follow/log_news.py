"""LogNews: what is told of one log besides its lines.

Owns saying each thing once: lost and back, idle, how far it was read. Does not own when any of it is true.
"""

from __future__ import annotations

from collections.abc import Callable

from logscan.batch import Container
from logscan.finding import Gap, GapReason
from logscan.sources.docker.engine import ContainerInfo
from logscan.sources.live import Back, CaughtUp, GapFound, Idle, Lost, News, Watched


class LogNews:
    """Tells of one log. `container` may be renamed. Times are the engine's, nanoseconds since the epoch."""

    def __init__(self, container: Container, tell: Callable[[News], None]) -> None:
        self.container = container
        self.is_idle = False
        self.is_lost = False
        self.read_to_ns: int | None = None
        """All lines of before this have been told."""
        self._tell = tell

    def watched(self, info: ContainerInfo, since_ns: int | None) -> None:
        """Tell that a container that runs is read whole from its start, or from `since_ns`."""
        if info.running and info.state.started_ns is not None:
            self._tell(Watched(self.container, max(info.state.started_ns, since_ns or 0)))

    def caught_up(self, time_ns: int) -> None:
        self.read_to_ns = max(time_ns, self.read_to_ns or 0)
        self._tell(CaughtUp(self.container, time_ns))

    def idle(self) -> None:
        if not self.is_idle:
            self.is_idle = True
            self._tell(Idle(self.container))

    def awake(self) -> None:
        """Note that it goes on."""
        self.is_idle = False

    def gap(self, reason: GapReason, from_ns: int | None, to_ns: int | None) -> None:
        self._tell(GapFound(Gap(self.container, from_ns, to_ns, reason)))

    def lost(self, reason: str, help_: str | None) -> None:
        if not self.is_lost:
            self.is_lost = True
            self._tell(Lost(self.container.host, self.container, reason, help_))

    def back(self) -> None:
        if self.is_lost:
            self.is_lost = False
            self._tell(Back(self.container.host, self.container))
