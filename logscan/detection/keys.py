"""Keys: which finding a hit belongs to, by rule, logical service and group value.

Owns the bound on how many there are. Whoever writes a log chooses its group values, so beyond the
bound all further values of a rule share one group: the totals stay exact, and memory stays small.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from logscan.batch import Container, Service
from logscan.detection.safe_fields import safe_group
from logscan.matching.hit import Hit
from logscan.ruleset.model import Rule

MAX_KEYS = 10_000
"""So many keys each rule may have."""

OTHER = "<other>"
"""The group value of hits whose own value came when the rule had all its keys."""


class Key(NamedTuple):
    """Names a finding within a run; `group` holds (field, redacted value) pairs."""

    rule_id: str
    service: Service
    group: tuple[tuple[str, str], ...]


class Keys:
    """Gives each hit its key. `overflowed` counts, by rule, the hits that went into `<other>`."""

    def __init__(self, max_keys: int = MAX_KEYS) -> None:
        self._max_keys = max_keys
        self._ungrouped: dict[tuple[Rule, Container], Key] = {}
        self._grouped: dict[str, set[Key]] = {}
        self._of_service: dict[Service, list[Key]] = {}
        self._changed: list[Key] = []
        self.overflowed: Counter[str] = Counter()

    def of(self, rule: Rule, hit: Hit) -> Key:
        """Give the key of a hit under `rule`: its own, or one that combines it. Once per hit and rule."""
        container = hit.line.container
        group_by = rule.model.group_by
        if group_by is None:
            return self._ungrouped.get((rule, container)) or self._remembered(rule, container)
        service = container.service
        key = Key(rule.id, service, safe_group(hit, group_by))
        known = self._grouped.setdefault(rule.id, set())
        if key not in known:
            if len(known) >= self._max_keys:
                self.overflowed[rule.id] += 1
                return Key(rule.id, service, tuple((name, OTHER) for name in group_by))
            self.know(key)
            self._changed.append(key)
        return key

    def know(self, key: Key) -> None:
        """Take a grouped key into account."""
        self._grouped.setdefault(key.rule_id, set()).add(key)
        self._of_service.setdefault(key.service, []).append(key)

    def forget(self, service: Service) -> None:
        """Forget the grouped keys of a service."""
        forgotten = self._of_service.pop(service, [])
        for key in forgotten:
            self._grouped[key.rule_id].discard(key)
        self._changed += forgotten

    def forget_containers(self) -> None:
        """Let go of all containers; their keys are made again."""
        self._ungrouped.clear()

    def services(self) -> Iterator[Service]:
        """Give the services that have grouped keys."""
        return iter(self._of_service)

    def changed(self) -> list[Key]:
        """Give the grouped keys that came or went since this was asked last."""
        changed, self._changed = self._changed, []
        return changed

    def __contains__(self, key: Key) -> bool:
        return key in self._grouped.get(key.rule_id, ())

    def _remembered(self, rule: Rule, container: Container) -> Key:
        """Make the key of a container, once."""
        if len(self._ungrouped) >= self._max_keys:
            self._ungrouped.clear()
        key = self._ungrouped[rule, container] = Key(rule.id, container.service, ())
        return key
