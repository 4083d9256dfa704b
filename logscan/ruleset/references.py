"""References: rules that name other rules, and what may be wrong with the names.

Owns the checks that need all files to be read: a rule that doesn't exist, that is the very one which
names it, or that looks at no lines itself. Does not own what a file alone shows (model, faults), nor
overrides, which may name a rule that is gone without harm.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from logscan.errors import Fault
from logscan.ruleset.model import Override, Ratio, RuleModel, TemporalOrdered
from logscan.ruleset.node import Node


@dataclass(frozen=True, slots=True)
class Reference:
    """The id `names`, which the rule `owner` names under `key`, and where that stands."""

    owner: str
    key: str
    names: str
    path: str
    line: int


def references_of(owner: str, path: str, model: RuleModel | Override, node: Node) -> Iterator[Reference]:
    """Give what a rule, or an override of the rule `owner`, says of other rules; `node` is what it was read from."""
    window, below = model.window, _below(node, "window")
    if isinstance(window, TemporalOrdered):
        yield from _references(owner, path, "rules", window.rules, _below(below, "rules"))
    elif isinstance(window, Ratio):
        yield from _references(owner, path, "of", (window.of,), _below(below, "of"))
        yield from _references(owner, path, "to", (window.to,), _below(below, "to"))
    if isinstance(model, RuleModel):
        yield from _references(owner, path, "instead_of", model.instead_of, _below(node, "instead_of"))


def check_references(
    references: Iterable[Reference], known: Collection[str], combining: Collection[str]
) -> Iterator[Fault]:
    """Tell the references that lead nowhere.

    `known` holds all ids there are, those of rules with faults too; `combining` those of rules
    that look at no lines.
    """
    for reference in references:
        if wrong := _wrong(reference, known, combining):
            yield Fault(reference.path, reference.line, *wrong)


def did_you_mean(rule_id: str, known: Collection[str]) -> str | None:
    """Give the id that was probably meant, as a question."""
    close = difflib.get_close_matches(rule_id, sorted(known), n=1)
    return f"did you mean `{close[0]}`?" if close else None


def _wrong(reference: Reference, known: Collection[str], combining: Collection[str]) -> tuple[str, str] | None:
    key, named = reference.key, reference.names
    if named == reference.owner:
        return f"`{key}` names the rule itself", "name another rule"
    if named not in known:
        meant = did_you_mean(named, set(known) - {reference.owner})
        return f"`{key}` names `{named}`, and no rule has this id", meant or "`logscan rules list` shows the ids"
    if named in combining and key != "instead_of":
        return f"`{key}` names `{named}`, which looks at no lines itself", "name a rule that has `match`"
    return None


def _references(owner: str, path: str, key: str, ids: Iterable[str], node: Node) -> Iterator[Reference]:
    lines = [item.line for item in node.value] if isinstance(node.value, list) else [node.line]
    for rule_id, line in zip(ids, lines, strict=True):
        yield Reference(owner, key, rule_id, path, line)


def _below(node: Node, key: str) -> Node:
    """Give the value under `key`, or an empty list where the rule doesn't have it."""
    return node.value.get(key, Node([], node.line)) if isinstance(node.value, dict) else Node([], node.line)
