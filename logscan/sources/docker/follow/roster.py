"""Roster: which containers an engine has, which of them are followed, and of which the state is to be asked for.

Owns putting together what lists and events say, in whatever order they come. An event may tell of what a list
has in it already, and a list that was asked for before an event doesn't know of it. So what events told since a list
was asked for counts more than that list, and everything may be told twice. Does not own asking.

Chosen once, a container stays followed until it is gone: a name that moves to another container, as when a service
is recreated, must not cost the last lines of the one that had it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from logscan.sources.docker.events import EngineEvent
from logscan.sources.docker.select import Listed, Selection

SECOND_NS = 1_000_000_000

CHANGES = ("start", "die", "rename")
"""After these, what inspect told of a container holds no longer."""

RUNNING = ("running", "paused", "restarting")
"""The listed states in which inspect says that a container runs."""

MAX_GONE = 10_000
"""So many that are gone are remembered: what events still tell of them is old."""


@dataclass(slots=True)
class Known:
    """One container of the engine. `born_ns`: when it was created, to the second where only a list tells.

    `at_first`: it was there when the engine was first listed.
    """

    listed: Listed
    born_ns: int | None = None
    at_first: bool = False
    started_ns: int | None = None
    chosen: bool = False
    running: bool | None = None
    due: bool = True
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Departure:
    """A chosen container that is gone. `time_ns`: when, None where no event told of it."""

    known: Known
    time_ns: int | None


class Roster:
    """The containers of one engine. `unmatched`: the names asked for that none of them has."""

    def __init__(self, selection: Selection, own_id: str | None) -> None:
        self._selection = selection
        self._own_id = own_id
        self._known: dict[str, Known] = {}
        self._departed: list[Departure] = []
        self._gone: dict[str, None] = {}
        self._told_since_asked: set[str] = set()
        self._changed = False
        self.was_listed = False
        self.unmatched: tuple[str, ...] = tuple(selection.names)

    def get(self, container_id: str) -> Known | None:
        return self._known.get(container_id)

    def is_chosen(self, container_id: str) -> bool:
        """Tell whether a container that is there is followed."""
        self._choose()
        known = self._known.get(container_id)
        return known is not None and known.chosen

    def is_meant(self, listed: Listed) -> bool:
        """Tell whether a container that is not there would be followed."""
        return bool(self._selection.choose([listed], self._own_id)[0])

    def list_asked(self) -> None:
        """A list is being asked for: what is told from here on is newer than it."""
        self._told_since_asked.clear()

    def listed(self, entries: Iterable[Mapping[str, Any]]) -> bool:
        """Take the list that was asked for, as the engine gives it; False when events should have told of it before."""
        present = {str(entry["Id"]): entry for entry in entries}
        vanished = [id_ for id_ in self._known if id_ not in present and id_ not in self._told_since_asked]
        for id_ in vanished:
            self._remove(id_, None)
        appeared = [id_ for id_ in present if id_ not in self._known and id_ not in self._told_since_asked]
        for id_, entry in present.items():
            if id_ not in self._told_since_asked:
                self._take(id_, entry)
        if self.was_listed:
            return not (vanished or appeared)
        for id_ in present:
            if known := self._known.get(id_):
                known.at_first = True
        self.was_listed = True
        return True

    def happened(self, event: EngineEvent) -> None:
        """Take an event; those that were told before do no harm."""
        id_ = event.container_id
        self._told_since_asked.add(id_)
        if event.action == "destroy":
            self._remove(id_, event.time_ns)
            return
        if id_ in self._gone:
            return  # late, or told again
        known = self._known.get(id_)
        if known is None:
            known = self._known[id_] = Known(event.listed())
            self._changed = True
        if event.action == "create":
            known.born_ns = event.time_ns
        elif event.action == "start":
            known.started_ns = event.time_ns
        elif event.action == "rename":
            self._choose()  # by its old name
            known.listed = event.listed()
            self._changed = True
        known.due = known.due or event.action in CHANGES

    def doubt_all(self) -> None:
        """Nothing that was inspected holds any longer: the engine has been away."""
        for known in self._known.values():
            known.due = True

    def to_inspect(self) -> list[str]:
        """Give the chosen containers of which the state is to be asked for; each is asked for until `inspected`."""
        due = self._due()
        for id_ in due:
            self._known[id_].due, self._known[id_].asked = False, True
        return due

    @property
    def is_asked(self) -> bool:
        """Whether the state of every chosen container was asked for."""
        return not self._due()

    def _due(self) -> list[str]:
        self._choose()
        return [id_ for id_, known in self._known.items() if known.chosen and known.due and not known.asked]

    def inspected(self, container_id: str, *, running: bool) -> None:
        """The state that was asked for is there."""
        if known := self._known.get(container_id):
            known.asked, known.running = False, running

    def not_inspected(self, container_id: str) -> None:
        """The state that was asked for could not be had: ask again."""
        if known := self._known.get(container_id):
            known.asked, known.due = False, True

    def gone(self, container_id: str) -> None:
        """The engine says that there is no such container."""
        self._told_since_asked.add(container_id)
        self._remove(container_id, None)

    def departures(self) -> list[Departure]:
        """Give the chosen containers that are gone since this was last asked."""
        departed, self._departed = self._departed, []
        return departed

    def _take(self, id_: str, entry: Mapping[str, Any]) -> None:
        listed = Listed.read(entry)
        known = self._known.get(id_)
        if known is None:
            known = self._known[id_] = Known(listed)
            self._gone.pop(id_, None)
            self._changed = True
        elif listed.names != known.listed.names:
            known.due = known.due or known.running is not None
            self._changed = True
        known.listed = listed
        if known.born_ns is None and isinstance(created := entry.get("Created"), int):
            known.born_ns = created * SECOND_NS
        if known.running is not None and "State" in entry and known.running != (entry["State"] in RUNNING):
            known.due = True

    def _remove(self, id_: str, time_ns: int | None) -> None:
        self._choose()
        known = self._known.pop(id_, None)
        self._gone[id_] = None
        if len(self._gone) > MAX_GONE:
            del self._gone[next(iter(self._gone))]
        if known is not None and known.chosen:
            self._departed.append(Departure(known, time_ns))
        self._changed = self._changed or known is not None

    def _choose(self) -> None:
        if not self._changed:
            return
        self._changed = False
        chosen, unmatched = self._selection.choose([known.listed for known in self._known.values()], self._own_id)
        self.unmatched = tuple(unmatched)
        for listed in chosen:
            self._known[listed.id].chosen = True
