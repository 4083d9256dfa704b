"""Rule choice: the rule that a person means by an id."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from logscan.errors import UsageError
from logscan.ruleset.model import Rule


def rule_of(rule_id: str, rules: Sequence[Rule]) -> Rule:
    """Give the rule of that id. Raises UsageError, with the id that was probably meant."""
    by_id = {rule.id: rule for rule in rules}
    if rule_id in by_id:
        return by_id[rule_id]
    close = get_close_matches(rule_id, by_id, n=1)
    raise UsageError(
        f"no such rule: {rule_id}",
        help=f"did you mean {close[0]}?" if close else "run 'logscan rules list' to see them all",
    )
