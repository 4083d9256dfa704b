"""Memory: all that a stream's detector must know after a restart, as rows.

Owns which part reads which rows, and that what is of no use any more is taken out of the store. Does not
own what the parts know. Tallies are not in here: they come back one by one, when they are hit again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from logscan.batch import Service
from logscan.detection.absence import WATCHED
from logscan.detection.changes import WITHHELD, Changes
from logscan.detection.held import HELD, WINDOW
from logscan.detection.in_order import InOrder
from logscan.detection.keys import Keys
from logscan.detection.meaning import Meanings
from logscan.detection.neighbours import LINE, MOMENT, Neighbours
from logscan.detection.pairs import TWINS
from logscan.detection.records import KeyRecord, Record, pack, unpack
from logscan.detection.watermarks import PASSED, TOLD, WAITING, Watermarks
from logscan.finding import fingerprint_v1
from logscan.state_row import StateRow

KEY = "key"
"""The kind of row that holds a grouped key, under its fingerprint."""

LAST = "last"
"""The kind of row that holds the time of a container's last hit, under its key."""


class _UsedKeyRecord(Record, frozen=True):
    key: KeyRecord
    used_ns: int


class LastTimes(dict[str, int]):
    """When the last hit of each container was, by its key. `changed`: where that isn't kept yet."""

    def __init__(self) -> None:
        super().__init__()
        self.changed: set[str] = set()

    def forget(self, container_key: str) -> None:
        if self.pop(container_key, None) is not None:
            self.changed.add(container_key)


@dataclass(slots=True)
class Memory:
    """The parts of a detector that remember something."""

    meanings: Meanings
    keys: Keys
    last_ns: LastTimes
    in_order: InOrder
    watermarks: Watermarks
    changes: Changes
    neighbours: Neighbours
    _useless: list[StateRow] | None = None

    def collect(self) -> list[StateRow]:
        """Give what changed since this was asked last, each row once."""
        changed = {(row.kind, row.key): row for row in self._changed()}
        return list(changed.values())

    def restore(self, rows: Iterable[StateRow]) -> None:
        """Go on from what was kept."""
        kinds: dict[str, list[StateRow]] = defaultdict(list)
        for row in rows:
            kinds[row.kind].append(row)
        self._useless = [StateRow(row.kind, row.key, None) for row in self._restore(kinds)]

    def services(self) -> set[Service]:
        """Give the services of which something is remembered."""
        return {*self.watermarks.services(), *self.in_order.windows.services(), *self.keys.services()}

    def _changed(self) -> Iterator[StateRow]:
        yield from self._useless or ()
        self._useless = None
        for key in self.keys.changed():
            used_ns = self.keys.used_ns(key)
            blob = None if used_ns is None else pack(_UsedKeyRecord(KeyRecord.of(key, self.meanings), used_ns))
            yield StateRow(KEY, fingerprint_v1(*key).encode(), blob)
        for name in self.last_ns.changed:
            time_ns = self.last_ns.get(name)
            yield StateRow(LAST, name.encode(), None if time_ns is None else pack(time_ns))
        self.last_ns.changed.clear()
        for part in (
            self.in_order.absences,
            self.in_order.windows,
            self.in_order.pairs,
            self.watermarks,
            self.changes,
            self.neighbours,
        ):
            yield from part.collect()

    def _restore(self, kinds: dict[str, list[StateRow]]) -> Iterator[StateRow]:
        """Hand each row to its part, and give those that are of no use any more."""
        one_by_one = {
            KEY: self._restore_key,
            LAST: self._restore_last,
            WATCHED: self.in_order.absences.restore,
            TWINS: self.in_order.pairs.restore,
            TOLD: self.watermarks.restore_told,
            PASSED: self.watermarks.restore_passed,
            WAITING: self.watermarks.restore_waiting,
            WITHHELD: self.changes.restore,
        }
        for kind, restore in one_by_one.items():
            yield from (row for row in kinds.pop(kind, ()) if not restore(row))
        yield from self.in_order.windows.restore(kinds.pop(WINDOW, ()), kinds.pop(HELD, ()))
        yield from self.neighbours.restore(kinds.pop(LINE, ()), kinds.pop(MOMENT, ()))
        for unknown in kinds.values():
            yield from unknown

    def _restore_key(self, row: StateRow) -> bool:
        record = None if row.blob is None else unpack(_UsedKeyRecord, row.blob)
        if record is None or record.key.rule(self.meanings) is None:
            return False
        self.keys.know(record.key.key(), record.used_ns)
        return True

    def _restore_last(self, row: StateRow) -> bool:
        time_ns = None if row.blob is None else unpack(int, row.blob)
        if time_ns is not None:
            self.last_ns[row.key.decode()] = time_ns
        return time_ns is not None
