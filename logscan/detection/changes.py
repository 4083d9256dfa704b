"""Changes: when what happens to a finding is told.

Owns `cooldown`: it spaces the updates of one finding by the time of the events. What comes between is
counted, and told by the next update, at the latest when the time has passed. A finding that opens,
comes back or grows worse never waits. What was told last stands in its tally, and survives with it.
"""

from __future__ import annotations

from collections.abc import Iterator

from logscan.batch import Service
from logscan.detection.keys import Key
from logscan.detection.meaning import Meanings
from logscan.detection.records import KeyRecord, Record, pack, unpack
from logscan.detection.tally import Tally, Told
from logscan.finding import Change, ChangeKind, fingerprint_v1
from logscan.state_row import StateRow

WITHHELD = "withheld"
"""The kind of row that says when an update is due that the cooldown holds back, under the fingerprint."""


class _WithheldRecord(Record, frozen=True):
    key: KeyRecord
    due_ns: int


class Changes:
    """Turns what was counted into changes."""

    def __init__(self, meanings: Meanings) -> None:
        self._meanings = meanings
        self._withheld: dict[Service, dict[Key, int]] = {}
        self._changed: set[Key] = set()

    def of(self, tally: Tally, time_ns: int | None) -> list[Change]:
        """Tell that hits were counted, the last of them at `time_ns`; nothing within the cooldown."""
        severity = tally.growth.reached
        told = tally.told
        if told is None:
            kind = ChangeKind.OPENED if tally.resolved is None else ChangeKind.REGRESSED
            tally.told, tally.resolved = Told(severity, time_ns), None
            return [change(kind, tally, time_ns)]
        escalated = severity > told.severity
        if not escalated and self._is_too_soon(tally, told, time_ns):
            return []
        self.drop(tally.key)
        told.severity = severity
        if time_ns is not None and (told.time_ns is None or time_ns > told.time_ns):
            told.time_ns = time_ns
        return [change(ChangeKind.ESCALATED if escalated else ChangeKind.UPDATED, tally, time_ns)]

    def due(self, service: Service, before_ns: int) -> list[tuple[str, int]]:
        """Give the fingerprints of findings whose updates were withheld, and when, if that is before this moment."""
        withheld = self._withheld.get(service)
        if not withheld:
            return []
        due = [(key, due_ns) for key, due_ns in withheld.items() if due_ns < before_ns]
        for key, _ in due:
            self.drop(key)
        return [(fingerprint_v1(*key), due_ns) for key, due_ns in due]

    def drop(self, key: Key) -> None:
        """Withhold nothing of this finding any more."""
        withheld = self._withheld.get(key.service)
        if withheld and withheld.pop(key, None) is not None:
            self._changed.add(key)
            if not withheld:
                del self._withheld[key.service]

    def collect(self) -> Iterator[StateRow]:
        """Give what changed since this was asked last."""
        for key in self._changed:
            due_ns = self._withheld.get(key.service, {}).get(key)
            record = None if due_ns is None else _WithheldRecord(KeyRecord.of(key, self._meanings), due_ns)
            yield StateRow(WITHHELD, fingerprint_v1(*key).encode(), None if record is None else pack(record))
        self._changed.clear()

    def restore(self, row: StateRow) -> bool:
        """Go on from what was kept; tell whether it is still of use."""
        record = None if row.blob is None else unpack(_WithheldRecord, row.blob)
        if record is None or record.key.rule(self._meanings) is None:
            return False
        key = record.key.key()
        self._withheld.setdefault(key.service, {})[key] = record.due_ns
        return True

    def _is_too_soon(self, tally: Tally, told: Told, time_ns: int | None) -> bool:
        cooldown_ns = tally.rule.model.cooldown
        if cooldown_ns is None or told.time_ns is None:
            return False
        due_ns = told.time_ns + cooldown_ns
        if time_ns is not None and time_ns >= due_ns:
            return False
        withheld = self._withheld.setdefault(tally.key.service, {})
        if tally.key not in withheld:
            withheld[tally.key] = due_ns
            self._changed.add(tally.key)
        return True


def change(kind: ChangeKind, tally: Tally, time_ns: int | None) -> Change:
    """Make a change of what a tally says now."""
    return Change(kind, tally.fingerprint, tally.rule.id, tally.growth.reached, tally.count, time_ns)
