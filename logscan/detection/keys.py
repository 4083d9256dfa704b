"""Keys: which finding a hit belongs to, by rule, logical service and group value.

Owns the bound on how many there are. Whoever writes a log chooses its group values, so beyond the
bound all further values of a rule share one group: the totals stay exact, and memory stays small.
A stream goes on for months, so there a key that nobody uses any more gives its place to a new one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from logscan.batch import Container, Service
from logscan.detection.meaning import quiet_ns
from logscan.detection.safe_fields import safe_group
from logscan.duration import UNITS_NS
from logscan.matching.hit import Hit
from logscan.ruleset.model import Rule

MAX_KEYS = 10_000
"""So many keys each rule may have."""

_USE_NS = UNITS_NS["h"]
"""When a key was used last is known as exactly as this, so that it has to be kept no more often."""

OTHER = "<other>"
"""The group value of hits whose own value came when the rule had all its keys."""


class Key(NamedTuple):
    """Names a finding within a run; `group` holds (field, redacted value) pairs."""

    rule_id: str
    service: Service
    group: tuple[tuple[str, str], ...]


class Keys:
    """Gives each hit its key. `overflowed` counts, by rule, the hits that went into `<other>`.

    `recycles`: once a rule has all its keys, those go whose finding has been quiet for long enough to be over,
    and those of services that have left. What was counted under a key must be kept elsewhere then.
    """

    def __init__(self, max_keys: int = MAX_KEYS, *, recycles: bool = False) -> None:
        self._max_keys = max_keys
        self._recycles = recycles
        self._ungrouped: dict[tuple[Rule, Container], Key] = {}
        self._grouped: dict[str, dict[Key, int]] = {}  # with the time of the last use
        self._full_until_ns: dict[str, int] = {}
        self._of_service: dict[Service, dict[Key, None]] = {}
        self._changed: dict[Key, None] = {}
        self._released: list[Key] = []
        self.overflowed: Counter[str] = Counter()

    def of(self, rule: Rule, hit: Hit) -> Key:
        """Give the key of a hit under `rule`: its own, or one that combines it. Once per hit and rule."""
        container = hit.line.container
        group_by = rule.model.group_by
        if group_by is None:
            return self._ungrouped.get((rule, container)) or self._remembered(rule, container)
        service = container.service
        key = Key(rule.id, service, safe_group(hit, group_by))
        known, time_ns = self._grouped.setdefault(rule.id, {}), hit.line.time_ns or 0
        used_ns = known.get(key)
        if used_ns is None:
            if len(known) >= self._max_keys and not self._release(rule, time_ns):
                self.overflowed[rule.id] += 1
                return Key(rule.id, service, tuple((name, OTHER) for name in group_by))
            self.know(key, time_ns)
            self._changed[key] = None
        elif time_ns - used_ns >= _USE_NS:
            known[key] = time_ns
            self._changed[key] = None
        return key

    def know(self, key: Key, used_ns: int) -> None:
        """Take a grouped key into account."""
        self._grouped.setdefault(key.rule_id, {})[key] = used_ns
        self._of_service.setdefault(key.service, {})[key] = None

    def leave(self, service: Service) -> None:
        """Note that a service has no container any more: nobody uses its keys until it comes back."""
        for key in self._of_service.get(service, ()):
            self._grouped[key.rule_id][key] = 0
            self._full_until_ns.pop(key.rule_id, None)

    def forget(self, service: Service) -> None:
        """Forget the grouped keys of a service."""
        for key in list(self._of_service.get(service, ())):
            self._drop(key)

    def forget_containers(self) -> None:
        """Let go of all containers; their keys are made again."""
        self._ungrouped.clear()

    def services(self) -> Iterator[Service]:
        """Give the services that have grouped keys."""
        return iter(self._of_service)

    def changed(self) -> list[Key]:
        """Give the grouped keys that came, were used or went since this was asked last."""
        changed = list(self._changed)
        self._changed.clear()
        return changed

    def released(self) -> list[Key]:
        """Give the keys that gave their places to others since this was asked last, and did not come back."""
        released = [key for key in self._released if self.used_ns(key) is None]
        self._released.clear()
        return released

    def used_ns(self, key: Key) -> int | None:
        """Tell when a grouped key was used last, to the hour; None for one that is not known."""
        return self._grouped.get(key.rule_id, {}).get(key)

    def _remembered(self, rule: Rule, container: Container) -> Key:
        """Make the key of a container, once."""
        if len(self._ungrouped) >= self._max_keys:
            self._ungrouped.clear()
        key = self._ungrouped[rule, container] = Key(rule.id, container.service, ())
        return key

    def _release(self, rule: Rule, now_ns: int) -> bool:
        """Make room for a key of a rule that has all, if any of them was quiet for its time."""
        if not self._recycles or now_ns <= self._full_until_ns.get(rule.id, 0):
            return False
        known, quiet = self._grouped[rule.id], quiet_ns(rule) + _USE_NS
        over = [key for key, used_ns in known.items() if used_ns + quiet < now_ns]
        for key in over:
            self._drop(key)
        self._released += over
        self._full_until_ns[rule.id] = min(known.values(), default=0) + quiet
        return bool(over)

    def _drop(self, key: Key) -> None:
        of_service = self._of_service[key.service]
        del self._grouped[key.rule_id][key], of_service[key]
        if not of_service:
            del self._of_service[key.service]
        self._changed[key] = None
