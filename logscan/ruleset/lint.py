"""Look for what is allowed in a rule and yet not good: the warnings of `logscan rules check`.

Owns the checks that need no log, and their words: each warning says what to do next. Does not own
faults, which keep a rule from loading, nor what only the engine of patterns can tell: whether a rule
has a literal, matches a line, or takes too long over it comes as an argument.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from logscan.ruleset.backtracking import hostile_lines, is_ambiguous
from logscan.ruleset.catch_all import wild_groups, wild_side
from logscan.ruleset.model import FieldTest, Group, Matcher, NewValue, Regex, Rule, ValueCount
from logscan.ruleset.pattern import group_names
from logscan.ruleset.warning import RuleWarning, Weight

CONTAINER = "container"
"""What `group_by` may name beside fields."""

HOSTILE_LENGTH = 2000
"""Characters of the lines that patterns are tried on: any log may hold such a line."""

_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")
_WORD = re.compile(r"[A-Za-z]{3,}")

Matches = Callable[[Rule, str], bool]
"""Tells whether the pattern of a rule matches a line."""

TakesLong = Callable[[str, str], bool]
"""Tells whether to search for a pattern in a line takes longer than a scan would wait."""


def check_rules(
    rules: Sequence[Rule], slow_lane: Collection[str], *, matches: Matches, takes_long: TakesLong
) -> list[RuleWarning]:
    """Give what is doubtful about `rules`, in their order; `slow_lane` holds the ids without a usable literal."""
    return [
        RuleWarning(rule.path, rule.line, f"{rule.id} {message}", advice, weight)
        for order, rule in enumerate(rules)
        for message, advice, weight in (
            *_doubts(rule, slow=rule.id in slow_lane),
            *_doubts_of_patterns(rule, takes_long),
            *_doubts_beside(rule, rules[:order], matches),
        )
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
    yield from _doubts_of_fields(rule)
    yield from _doubts_of_tests(rule)


def _doubts_of_fields(rule: Rule) -> Iterator[_Doubt]:
    model, given = rule.model, {CONTAINER, *_fields_given(rule)}
    if not model.combines:
        wanted = [("groups by", field) for field in model.group_by or ()]
        wanted += [("counts by", model.window.field)] if isinstance(model.window, ValueCount | NewValue) else []
        for verb, field in wanted:
            if field not in given:
                yield (
                    f"{verb} `{field}`, which no named group gives",
                    "right if it is a key of the JSON or logfmt lines; else name a group of `extract` so",
                    Weight.NOTE,
                )
    for field in _PLACEHOLDER.findall(model.title):
        if field not in {*given, *(model.group_by or ())}:
            yield (
                f"names ${{{field}}} in its title, which it never has",
                "name a group of `match` or `extract` so, or put the field into `group_by`",
                Weight.WARNING,
            )


def _doubts_of_tests(rule: Rule) -> Iterator[_Doubt]:
    tests = rule.model.tests
    for line, times in Counter((*tests.match, *tests.ignore)).items():
        if line in tests.match and line in tests.ignore:
            yield f"must both match and ignore {line!r}", "take it out of one of the two lists", Weight.WARNING
        elif times > 1:
            yield f"tests {line!r} {times} times", "keep one", Weight.WARNING
    if tests.ignore and not _words(tests.match) & _words(tests.ignore):
        yield (
            "ignores no line that comes near to one that it matches",
            "add to `ignore` a line that looks much like a hit and is none",
            Weight.NOTE,
        )
    if rule.model.window is not None and not rule.model.scenarios:
        yield (
            "has a window and no `scenarios`",
            "add one in which the window fires, and one in which it just does not",
            Weight.WARNING,
        )


def _doubts_of_patterns(rule: Rule, takes_long: TakesLong) -> Iterator[_Doubt]:
    patterns = _patterns(rule)
    for pattern, key in patterns.items():
        if is_ambiguous(pattern):
            yield (
                f"has a loop in `{key}` that can read one text in several ways: {_short(pattern)}",
                r"let each turn of the loop begin with a character that the turn before can't take, as in (?:,\w+)*",
                Weight.WARNING,
            )
        elif any(takes_long(pattern, line) for line in hostile_lines(pattern, HOSTILE_LENGTH)):
            yield (
                f"has a pattern in `{key}` over which a hostile line takes too long: {_short(pattern)}",
                "bound its repeats, as in {0,64}, and let none follow another that takes the same characters",
                Weight.WARNING,
            )
        if key != "extract" and (side := wild_side(pattern)):
            yield (
                f"has a pattern in `{key}` that {side} with any text: {_short(pattern)}",
                "leave it out, for a pattern is found anywhere in the line; or ask for what really stands there",
                Weight.WARNING,
            )
    wild = {name for pattern in patterns for name in wild_groups(pattern)}
    for field in rule.model.group_by or ():
        if field in wild:
            yield (
                f"groups by `{field}`, which takes any text, so whoever writes the line may make findings without end",
                r"let the group take only what such a value consists of, as in [\w.-]{1,64}",
                Weight.WARNING,
            )


def _doubts_beside(rule: Rule, earlier: Sequence[Rule], matches: Matches) -> Iterator[_Doubt]:
    """Tell the earlier rule that makes this one needless. Other windows or groups give other findings."""
    for other in earlier:
        if rule.model.combines or other.model.combines or not _same_scope(rule, other):
            continue
        if rule.model.match == other.model.match:
            yield (
                f"matches the same lines as {other.id}, {other.path}:{other.line}",
                "keep one of the two, or let them ask for different lines",
                Weight.WARNING,
            )
            return
        related = other.id in rule.model.instead_of or rule.id in other.model.instead_of or other.model.catch_all
        if rule.path == other.path and not related and _takes_all(other, rule.model.tests.match, matches):
            yield (
                f"matches nothing that {other.id} does not match already, as far as its tests tell",
                f"put `instead_of: [{other.id}]` here, so that one line makes one finding; or narrow the other rule",
                Weight.WARNING,
            )
            return


def _takes_all(rule: Rule, lines: Sequence[str], matches: Matches) -> bool:
    try:
        return all(matches(rule, line) for line in lines)
    except TimeoutError:  # that it takes too long is told as a doubt of its own
        return False


def _same_scope(rule: Rule, other: Rule) -> bool:
    return (rule.where, rule.narrowed, rule.model.input, rule.model.window, rule.model.group_by) == (
        other.where,
        other.narrowed,
        other.model.input,
        other.model.window,
        other.model.group_by,
    )


def _words(lines: Sequence[str]) -> set[str]:
    return {word.lower() for line in lines for word in _WORD.findall(line)}


def _short(pattern: str) -> str:
    return pattern if len(pattern) <= 80 else f"{pattern[:80]}…"  # noqa: PLR2004 - a line of a terminal


def _patterns(rule: Rule) -> Mapping[str, str]:
    """Give the patterns of a rule, each with the key that it stands under."""
    model = rule.model
    found = dict.fromkeys(_patterns_of(model.match), "match")
    if model.extract is not None:
        found.setdefault(model.extract, "extract")
    if model.multiline is not None:
        found.setdefault(model.multiline.continue_, "continue")
    if model.related is not None:
        found.update({pattern: "related" for pattern in _patterns_of(model.related.match) if pattern not in found})
    return found


def _patterns_of(matcher: Matcher | None) -> Iterator[str]:
    if isinstance(matcher, Group):
        for part in (*(matcher.any or ()), *(matcher.all or ()), *(matcher.none or ())):
            yield from _patterns_of(part)
    elif isinstance(matcher, Regex | FieldTest) and matcher.regex is not None:
        yield matcher.regex


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
