"""Keeper: keeps what follow knows in the store, also when there is no room for it now.

Owns what waits for room, when it is tried again, and that what waits outranks what the store has. Does not own
what is kept (follow), nor how (store).
"""

from __future__ import annotations

from collections.abc import Callable

from logscan.store.errors import StateFull
from logscan.store.records import Commit
from logscan.store.store import Store

RETRY_S = 5.0
"""What found no room is tried again this often."""


class Keeper:
    """Commits to `store`. `monotonic` (seconds) is for pacing alone; `notice` is told what is wrong, and what to do."""

    def __init__(
        self, store: Store, *, monotonic: Callable[[], float], notice: Callable[[str, str | None], None]
    ) -> None:
        self.store = store
        self._monotonic = monotonic
        self._notice = notice
        self._waiting: dict[str, Commit] = {}
        self._retry_s: float | None = None

    @property
    def has_room(self) -> bool:
        return self._retry_s is None

    def add(self, commit: Commit) -> None:
        """Take a commit, to be kept with the next `keep`."""
        waiting = self._waiting.get(commit.host)
        self._waiting[commit.host] = commit if waiting is None else waiting.merge(commit)

    def keep(self, *, now: bool = False) -> None:
        """Keep what waits, host by host; where there is no room it goes on waiting. `now`: also before its time."""
        if self._retry_s is not None and self._monotonic() < self._retry_s and not now:
            return
        try:
            for host in list(self._waiting):
                self.store.commit(self._waiting[host])
                del self._waiting[host]
        except StateFull as error:
            if self._retry_s is None:
                self._notice(error.message, error.help)
            self._retry_s = self._monotonic() + RETRY_S
            return
        if self._retry_s is not None:
            self._retry_s = None
            self._notice("the state is kept again", None)

    def recall(self, host: str, fingerprint: str) -> bytes | None:
        """Give the tally of a finding as it was added last, None for one that is not known."""
        if waiting := self._waiting.get(host):
            for row in waiting.findings:
                if row.fingerprint == fingerprint:
                    return row.tally
        return self.store.recall(host, fingerprint)
