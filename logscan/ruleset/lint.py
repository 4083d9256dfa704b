"""Look for what is allowed in a rule and yet not good: the warnings of `logscan rules check`.

Owns the checks that need no log. Does not own faults, which keep a rule from loading, nor which rules
have no literal to search for: that is matching's to say, and comes as an argument.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from logscan.ruleset.model import Group, Regex, Rule
from logscan.ruleset.pattern import group_names

CONTAINER = "container"
"""What `group_by` may name beside fields."""


class Weight(StrEnum):
    """A warning should be mended; a note may be right as it is."""

    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class RuleWarning:
    """Something doubtful about one rule; `line` is where the rule begins, from 1."""

    path: str
    line: int
    message: str
    help: str
    weight: Weight = Weight.WARNING

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.weight}: {self.message}\n  help: {self.help}"


def check_rules(rules: Iterable[Rule], slow_lane: Collection[str]) -> list[RuleWarning]:
    """Give what is doubtful about `rules`, in their order; `slow_lane` holds the ids without a usable literal."""
    return [
        RuleWarning(rule.path, rule.line, f"{rule.id} {message}", advice, weight)
        for rule in rules
        for message, advice, weight in _doubts(rule, slow=rule.id in slow_lane)
    ]


_Doubt = tuple[str, str, Weight]


def _doubts(rule: Rule, *, slow: bool) -> Iterator[_Doubt]:
    if not rule.model.why:
        yield "has no `why`", "say what the line means and why it is bad", Weight.WARNING
    if not rule.model.advice:
        yield "has no `advice`", "say what to do about it", Weight.WARNING
    if slow:
        yield (
            "has no text to search for, so it is tried on every line",
            "ask for some fixed text, three letters or more, that every such line holds",
            Weight.WARNING,
        )
    if rule.model.extract is not None and not group_names(rule.model.extract):
        yield "extracts nothing: `extract` has no named group", "name a group: (?P<name>…)", Weight.WARNING
    yield from _doubts_of_groups(rule)
    yield from _doubts_of_tests(rule)


def _doubts_of_groups(rule: Rule) -> Iterator[_Doubt]:
    given = {CONTAINER, *_fields_given(rule)}
    for field in rule.model.group_by or ():
        if field not in given:
            yield (
                f"groups by `{field}`, which no named group gives",
                "right if it is a key of the JSON or logfmt lines; else name a group of `extract` so",
                Weight.NOTE,
            )


def _doubts_of_tests(rule: Rule) -> Iterator[_Doubt]:
    tests = rule.model.tests
    for line, times in Counter((*tests.match, *tests.ignore)).items():
        if line in tests.match and line in tests.ignore:
            yield f"must both match and ignore {line!r}", "take it out of one of the two lists", Weight.WARNING
        elif times > 1:
            yield f"tests {line!r} {times} times", "keep one", Weight.WARNING


def _fields_given(rule: Rule) -> Iterator[str]:
    if rule.model.extract is not None:
        yield from group_names(rule.model.extract)
    matchers = [rule.model.match]
    while matchers:
        matcher = matchers.pop()
        if isinstance(matcher, Regex):
            yield from group_names(matcher.regex)
        elif isinstance(matcher, Group):  # what `none` holds is not there to be extracted
            matchers += [*(matcher.any or ()), *(matcher.all or ())]
