"""Reference: the page that explains each shipped rule, made from the rules themselves.

Owns the words and the Markdown of `docs/rules.md`; a test compares the page with what this makes of
the rules. Does not own how a finding looks in a report (sinks), nor the keys of rules (model). Rules
are read by people who don't know the format, so windows and selectors become sentences.

    python -m logscan.ruleset.reference > docs/rules.md
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import assert_never

from logscan.duration import duration_text
from logscan.ruleset.loader import load_rules
from logscan.ruleset.model import (
    Absence,
    EventCount,
    NewValue,
    Ratio,
    Rule,
    Selector,
    Spike,
    TemporalOrdered,
    ValueCount,
    Where,
    Window,
)

INTRODUCTION = """\
# The rules that come with logscan

What each rule finds, why it is bad and what to do. This page is made from the files in [rules/](../rules/) by
`make docs`. How to write a rule, or change one of these without a copy of it: [rules-format.md](rules-format.md).
"""

MAX_EXAMPLE = 400
"""Characters of an example line; stack traces inside a line are longer than anybody reads."""

_SYNTAX = re.compile(r"[\\`*_\[\]<>|#&~$@]")
_CODE = re.compile("(`[^`]+`)")
_LINK = re.compile(r"https?://[^\s<>]+")
_NOT_IN_ANCHORS = re.compile(r"[^\w\- ]")
_BACKTICKS = re.compile("`+")


def reference(rules: Iterable[Rule]) -> str:
    """Give the page for `rules`, grouped by technology; within one they keep their order."""
    ordered = sorted(rules, key=lambda rule: rule.technology.lower())
    groups = [(technology, list(found)) for technology, found in groupby(ordered, key=lambda rule: rule.technology)]
    parts = [INTRODUCTION.rstrip(), "\n".join(_contents(groups))]
    for technology, found in groups:
        parts.append(f"## {_escaped(technology)}")
        for rule in found:
            parts += _section(rule)
    return "\n\n".join(parts) + "\n"


def _contents(groups: Sequence[tuple[str, Sequence[Rule]]]) -> Iterator[str]:
    for technology, rules in groups:
        yield f"- [{_escaped(technology)}](#{_anchor(technology)})"
        for rule in rules:
            yield f"  - [{rule.id}](#{rule.id}): {_escaped(rule.model.title)} ({rule.model.severity})"


def _section(rule: Rule) -> Iterator[str]:
    model = rule.model
    yield f"### {rule.id}"
    yield f"**{_escaped(model.title)}**"
    yield "\n".join(f"- {fact}" for fact in _facts(rule))
    if model.why:
        yield f"**Why it is bad.** {_escaped(model.why)}"
    if model.advice:
        yield f"**What to do.** {_escaped(model.advice)}"
    if example := _example(rule):
        yield "An example:"
        yield _fenced(example)
    if model.references:
        yield "\n".join(["More:", "", *(f"- {_link(text)}" for text in model.references)])


def _facts(rule: Rule) -> Iterator[str]:
    model = rule.model
    steps = [f"{step.severity} at {step.when.count} hits {_in(step.when.within)}" for step in model.escalate]
    yield f"Severity: {', '.join([str(model.severity), *steps])}"
    if not model.combines:
        yield f"Looks at: {_looks_at(rule)}"
    if model.window is not None:
        yield f"Fires: {_fires(model.window)}"
    if model.group_by:
        yield f"One finding for each: {_codes(model.group_by, 'and')}"
    if model.instead_of:
        yield f"Takes the place of: {', '.join(f'[{other}](#{other})' for other in model.instead_of)}"


def _looks_at(rule: Rule) -> str:
    what = "what Docker tells of" if rule.model.input == "event" else "the lines of"
    return f"{what} {_which(rule.where) if rule.where else 'all containers'}"


def _which(where: Where) -> str:
    kept = _selected(where)
    left_out = f", but not {_selected(where.not_)}" if where.not_ else ""
    return kept + left_out


def _selected(selector: Selector) -> str:
    names = [f"whose image is {_codes(selector.image)}"] if selector.image else []
    names += [f"whose service is {_codes(selector.service)}"] if selector.service else []
    rest = [", or ".join(names)] if names else []
    rest += [f"of the project {_codes(selector.project)}"] if selector.project else []
    rest += [f"with the label {_codes(selector.label)}"] if selector.label else []
    rest += [f"on {_codes(selector.stream)}"] if selector.stream else []
    rest += [f"of the level {_codes(selector.level)}"] if selector.level else []
    return f"containers {', '.join(rest)}"


def _fires(window: Window) -> str:
    """Say what a window waits for."""
    match window:
        case EventCount():
            return f"at {window.count} hits {_in(window.within)}"
        case ValueCount():
            return f"at {window.count} different values of {_code(window.field)} {_in(window.within)}"
        case TemporalOrdered():
            return f"when {', then '.join(f'[{one}](#{one})' for one in window.rules)} come {_in(window.within)}"
        case Absence():
            return f"when no such line comes for {duration_text(window.for_)}"
        case Spike():
            return (
                f"when {duration_text(window.within)} hold {window.times:g} times as many as the average of the "
                f"{duration_text(window.over)} before, and {window.min} at least"
            )
        case NewValue():
            return f"when {_code(window.field)} has a value that it never had, after {duration_text(window.learn)}"
        case Ratio():
            return (
                f"when [{window.of}](#{window.of}) makes up more than {100 * window.above:g} % of "
                f"[{window.to}](#{window.to}) {_in(window.within)}, of {window.min} at least"
            )
    assert_never(window)


def _example(rule: Rule) -> list[str]:
    """Give a line that the rule matches, or the lines of its first scenario, with their times."""
    if rule.model.tests.match:
        return [_cut(rule.model.tests.match[0])]
    lines = sorted(rule.model.scenarios[0].lines, key=lambda line: line.at) if rule.model.scenarios else []
    return [f"{duration_text(line.at):>6}  {_cut(line.line)}" for line in lines]


def _in(within_ns: int) -> str:
    return f"within {duration_text(within_ns)}"


def _cut(line: str) -> str:
    return line if len(line) <= MAX_EXAMPLE else f"{line[:MAX_EXAMPLE]}…"


def _codes(names: Sequence[str], word: str = "or") -> str:
    return f" {word} ".join(map(_code, names))


def _code(text: str) -> str:
    """Show a name as code; two backticks and blanks hold one that has a backtick itself."""
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def _escaped(text: str) -> str:
    """Make text mean nothing but itself, on one line; what its writer put between backticks stays code."""
    parts = _CODE.split(" ".join(text.split()))
    return "".join(part if _CODE.fullmatch(part) else _SYNTAX.sub(r"\\\g<0>", part) for part in parts)


def _link(text: str) -> str:
    return f"<{text}>" if _LINK.fullmatch(text) else _escaped(text)


def _fenced(lines: Sequence[str]) -> str:
    text = "\n".join(lines)
    fence = "`" * max(3, *(len(found) + 1 for found in _BACKTICKS.findall(text)), 0)
    return f"{fence}text\n{text}\n{fence}"


def _anchor(heading: str) -> str:
    """Give the name that GitHub makes of a heading."""
    return _NOT_IN_ANCHORS.sub("", heading.lower()).replace(" ", "-")


if __name__ == "__main__":
    sys.stdout.write(reference(load_rules([])))
