"""Changes: when what happens to a finding is told.

Owns `cooldown`: it spaces the updates of one finding by the time of the events. What comes between is
counted, and told by the next update, at the latest when the time has passed. A finding that opens
or grows worse never waits.
"""

from __future__ import annotations

from collections.abc import Iterator

from logscan.batch import Service
from logscan.detection.keys import Key
from logscan.detection.tally import Tally
from logscan.finding import Change, ChangeKind, Severity


class _Told:
    """What was said of a finding last."""

    __slots__ = ("severity", "time_ns")

    def __init__(self, severity: Severity, time_ns: int | None) -> None:
        self.severity = severity
        self.time_ns = time_ns


class Changes:
    """Turns what was counted into changes."""

    def __init__(self) -> None:
        self._told: dict[Key, _Told] = {}
        self._withheld: dict[Key, tuple[Tally, int]] = {}

    def of(self, tally: Tally, time_ns: int | None) -> list[Change]:
        """Tell that hits were counted, the last of them at `time_ns`; nothing within the cooldown."""
        severity = tally.growth.reached
        told = self._told.get(tally.key)
        if told is None:
            self._told[tally.key] = _Told(severity, time_ns)
            return [_change(ChangeKind.OPENED, tally, time_ns)]
        escalated = severity > told.severity
        if not escalated and self._is_too_soon(tally, told, time_ns):
            return []
        self._withheld.pop(tally.key, None)
        told.severity = severity
        if time_ns is not None and (told.time_ns is None or time_ns > told.time_ns):
            told.time_ns = time_ns
        return [_change(ChangeKind.ESCALATED if escalated else ChangeKind.UPDATED, tally, time_ns)]

    def due(self, service: Service, before_ns: int) -> Iterator[Change]:
        """Give the updates that were withheld and whose time has come."""
        for key, (tally, due_ns) in list(self._withheld.items()):
            if key.service == service and due_ns < before_ns:
                del self._withheld[key]
                self._told[key].time_ns = due_ns
                yield _change(ChangeKind.UPDATED, tally, due_ns)

    def _is_too_soon(self, tally: Tally, told: _Told, time_ns: int | None) -> bool:
        cooldown_ns = tally.rule.model.cooldown
        if cooldown_ns is None or told.time_ns is None:
            return False
        due_ns = told.time_ns + cooldown_ns
        if time_ns is not None and time_ns >= due_ns:
            return False
        self._withheld[tally.key] = tally, due_ns
        return True


def _change(kind: ChangeKind, tally: Tally, time_ns: int | None) -> Change:
    return Change(kind, tally.fingerprint, tally.rule.id, tally.growth.reached, tally.count, time_ns)
