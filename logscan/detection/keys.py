"""Keys: which finding a hit belongs to, by rule, logical service and group value.

Owns the bound on how many there are. Whoever writes a log chooses its group values, so beyond the
bound all further values of a rule share one group: the totals stay exact, and memory stays small.
"""

from __future__ import annotations

from collections import Counter
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
            known.add(key)
        return key

    def _remembered(self, rule: Rule, container: Container) -> Key:
        """Make the key of a container, once."""
        if len(self._ungrouped) >= self._max_keys:
            self._ungrouped.clear()
        key = self._ungrouped[rule, container] = Key(rule.id, container.service, ())
        return key
