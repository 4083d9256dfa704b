"""Meaning: by what a rule counts, so that nothing is counted on that was begun under another meaning.

Owns the stamp of a rule, and how long its findings must be quiet to be over. A rule's words may change, and
its pattern too: its findings go on. With another window, other groups or other steps they begin anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import blake2b

from logscan.ruleset.model import Rule

_COUNTS_BY = {"window", "group_by", "escalate", "count_once_within"}

DAY_NS = 24 * 60 * 60 * 1_000_000_000
"""So long every finding must be quiet, at least."""


class Meanings:
    """The rules by their ids, and their stamps. Worked out when asked, since a scan never does."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = {rule.id: rule for rule in rules}
        self._stamps: dict[str, int] = {}

    def stamp(self, rule_id: str) -> int:
        """Give a number that changes with what the rule counts by."""
        stamp = self._stamps.get(rule_id)
        if stamp is None:
            stamp = self._stamps[rule_id] = _stamp(self._rules[rule_id])
        return stamp

    def rule(self, rule_id: str, stamp: int) -> Rule | None:
        """Give the rule that is meant; None when there is none any more that counts by the same."""
        rule = self._rules.get(rule_id)
        return rule if rule is not None and self.stamp(rule_id) == stamp else None


def quiet_ns(rule: Rule) -> int:
    """Tell how long a finding of the rule must be quiet to be over: a day, or twice the longest time it looks at."""
    model = rule.model
    times = [getattr(model.window, name, 0) for name in ("within", "for_", "over")]
    times += [step.when.within for step in model.escalate]
    return max(DAY_NS, 2 * max(times))


def _stamp(rule: Rule) -> int:
    counts_by = rule.model.model_dump(mode="json", include=_COUNTS_BY)
    text = json.dumps(counts_by, sort_keys=True).encode()
    return int.from_bytes(blake2b(text, digest_size=7).digest(), "big")
