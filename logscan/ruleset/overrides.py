"""Overrides: change rules that stand elsewhere, so that nobody has to copy them.

Owns what each change makes of a rule, and which overrides are stale: those that name no rule, or say
what the rule says already. A stale one is a warning and no fault, for a rule may go with the next
release. Does not own reading them (loader) nor their keys (model). Rules are never changed in place.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from logscan.errors import Fault
from logscan.ruleset.model import COMBINING, Group, Override, Rule
from logscan.ruleset.references import did_you_mean
from logscan.ruleset.warning import RuleWarning


@dataclass(frozen=True, slots=True)
class PlacedOverride:
    """An override and where it stands; `lines` tells the line of each of its keys."""

    model: Override
    path: str
    line: int
    lines: Mapping[str, int]


def apply(
    rules: Iterable[Rule], overrides: Iterable[PlacedOverride], *, elsewhere: Collection[str] = ()
) -> tuple[tuple[Rule, ...], list[RuleWarning]]:
    """Give the rules as changed, in their order, and a warning for each override, or part of one, that is stale.

    `elsewhere` holds ids of rules that were not loaded and yet exist: to override one is not stale.
    """
    changed = {rule.id: rule for rule in rules}
    disabled: set[str] = set()
    stale: list[RuleWarning] = []
    for override in overrides:
        rule_id = override.model.id
        if rule_id in changed:
            stale += _vain(changed[rule_id], override)
            changed[rule_id] = _changed(changed[rule_id], override.model)
            disabled |= {rule_id} if override.model.disabled else set()
        elif rule_id not in elsewhere:
            stale.append(_of_nothing(override, changed))
    return tuple(rule for rule in changed.values() if rule.id not in disabled), stale


def contradictions(overrides: Iterable[PlacedOverride]) -> Iterator[Fault]:
    """Tell the second of two overrides that change the same key of the same rule."""
    first: dict[tuple[str, str], PlacedOverride] = {}
    for override in overrides:
        for key in override.model.changes:
            other = first.setdefault((override.model.id, key), override)
            if other is not override:
                yield Fault(
                    override.path,
                    override.lines[key],
                    f"`{key}` of `{override.model.id}` is changed twice",
                    f"{other.path}:{other.lines[key]} changes it already; keep one of the two",
                )


def misfits(rules: Iterable[Rule], overrides: Iterable[PlacedOverride]) -> Iterator[Fault]:
    """Tell the changes that would make of a rule what no rule can be."""
    by_id = {rule.id: rule for rule in rules}
    for override in overrides:
        rule, window = by_id.get(override.model.id), override.model.window
        if rule is None:
            continue
        if window is not None and isinstance(window, COMBINING) != rule.model.combines:
            has = "looks at no lines" if rule.model.combines else "looks at lines"
            message = f"`{rule.id}` {has}, so its window can't be {window.type}"
            yield Fault(override.path, override.lines["window"], message, "write a rule of your own, and disable this")
        if override.model.ignore is not None and rule.model.combines:
            message = f"`{rule.id}` looks at no lines, so there are none to ignore"
            yield Fault(override.path, override.lines["ignore"], message, "override the rules that it combines")


def _vain(rule: Rule, override: PlacedOverride) -> Iterator[RuleWarning]:
    """Tell the keys that repeat what the rule says. Only values can be compared: `ignore` always adds."""
    for key in ("severity", "window", "escalate", "where"):
        value = getattr(override.model, key)
        said = rule.where if key == "where" else getattr(rule.model, key)
        if value is not None and value == said:
            message = f"the override of {rule.id} is stale: its `{key}` is what the rule says already"
            yield RuleWarning(override.path, override.lines[key], message, f"take `{key}` out of the override")


def _of_nothing(override: PlacedOverride, known: Collection[str]) -> RuleWarning:
    message = f"the override of {override.model.id} is stale: no rule has this id"
    meant = did_you_mean(override.model.id, known)
    return RuleWarning(override.path, override.line, message, meant or "take the override out")


def _changed(rule: Rule, override: Override) -> Rule:
    plain = {key: getattr(override, key) for key in ("severity", "window", "escalate")}
    update: dict[str, Any] = {key: value for key, value in plain.items() if value is not None}
    if override.ignore and rule.model.match is not None:
        update["match"] = Group(any=None, all=(rule.model.match,), none=override.ignore)
    return replace(rule, model=rule.model.model_copy(update=update), narrowed=override.where or rule.narrowed)
