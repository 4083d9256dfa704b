"""Handover: what the last run of logscan left, beside what is there now.

Owns from when on a log is read that is met for the first time, and telling of the containers that were known and
are gone. Does not own finding out what is there (discovery), nor the logs that are followed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from logscan.checkpoint import Checkpoint
from logscan.finding import Gap, GapReason
from logscan.sources.docker.events import EngineEvent, departed
from logscan.sources.docker.follow.roster import Known
from logscan.sources.docker.select import Listed
from logscan.sources.live import First, GapFound, News, Removed, Start


class Handover:
    """What `start` says of one host, where this run began at `began_ns`, by the engine's clock.

    `is_meant` tells whether a container that is not there would be followed.
    """

    def __init__(
        self,
        start: Start,
        began_ns: int,
        *,
        host: str,
        is_meant: Callable[[Listed], bool],
        tell: Callable[[News], None],
    ) -> None:
        self._start = start
        self._began_ns = began_ns
        self._host = host
        self._is_meant = is_meant
        self._tell = tell
        self._missing = dict(start.logs)
        self._gone: set[str] = set()

    @property
    def events_from_ns(self) -> int:
        """From when on events are told."""
        if self._start.events_from_ns is not None:
            return self._start.events_from_ns
        if self._start.first is First.MOMENT and self._start.since_ns is not None:
            return self._start.since_ns
        return self._began_ns

    def checkpoint(self, container_id: str) -> Checkpoint | None:
        """Give where reading a log goes on; None for one that was not read before."""
        return self._start.logs.get(container_id)

    def since_ns(self, known: Known) -> int | None:
        """Say from when on a log is read that is met for the first time; None: from its beginning."""
        if not known.at_first:
            return None
        if self._start.first is First.MOMENT:
            return self._start.since_ns
        is_new = known.born_ns is not None and known.born_ns >= self._news_from_ns
        return None if is_new else self._began_ns

    def listed(self, container_ids: Iterable[str]) -> None:
        """Note that these are there."""
        for id_ in container_ids:
            self._missing.pop(id_, None)

    def destroyed(self, event: EngineEvent) -> None:
        """Note that a container is gone, which may never have been listed."""
        if (checkpoint := self._missing.pop(event.container_id, None)) is not None:
            self._tell_gone(event.listed(), checkpoint, event.time_ns)

    def departed(self, known: Known, time_ns: int) -> None:
        """Tell of a container that was there, and is gone before its log was followed."""
        if (checkpoint := self.checkpoint(known.listed.id)) is not None:
            self._tell_gone(known.listed, checkpoint, time_ns)
        elif known.started_ns is not None and known.started_ns >= self._news_from_ns:
            gap = Gap(departed(known.listed, self._host), known.started_ns, time_ns, GapReason.REMOVED)
            self._tell(GapFound(gap))  # it was gone before it could be asked for

    def tell_missing(self) -> None:
        """Tell of the containers that were removed while no logscan ran, and of which no event is left."""
        for id_, checkpoint in self._missing.items():
            self._tell_gone(Listed(id_, (checkpoint.name,), "", {}), checkpoint, None)
        self._missing.clear()

    @property
    def _news_from_ns(self) -> int:
        """Since when containers are new: older ones were there for the last run of logscan, or before this one."""
        last_ns = self._start.last_ns
        return self._began_ns if last_ns is None else min(self._began_ns, last_ns)

    def _tell_gone(self, listed: Listed, checkpoint: Checkpoint, time_ns: int | None) -> None:
        if listed.id in self._gone:
            return
        self._gone.add(listed.id)
        container = departed(listed, self._host)
        if self._is_meant(listed):
            gap = Gap(container, checkpoint.mark.place.time_ns or checkpoint.since_ns, time_ns, GapReason.REMOVED)
            self._tell(GapFound(gap))
        self._tell(Removed(container))
