"""Reference: the pages that explain each shipped rule, made from the rules themselves.

Owns the words and the Markdown of `docs/rules.md`, the page to look a finding up in, and of the pages below
`docs/rules/`, one for each technology; a test compares them with what this makes of the rules. Does not own how
a finding looks in a report (sinks), nor the keys of rules (model). Rules are read by people who don't know the format,
so windows and selectors become sentences.

    python -m logscan.ruleset.reference docs
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path, PurePosixPath
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

INDEX = PurePosixPath("rules.md")
FOLDER = PurePosixPath("rules")

INTRODUCTION = """\
# The rules that come with logscan

Look a finding up by the rule that it names: search this page for it. Each line says how bad it is, what happened and
what to do first; the link leads to the whole story: why it is bad, all that can be done, an example, and when the rule
fires. `logscan rules explain RULE` says the same on the command line.

These pages are made from the files in [rules/](../rules/) by `make docs`. How to write a rule, or change one
of these without a copy of it: [rules-format.md](rules-format.md).
"""

MAX_EXAMPLE = 400
"""Characters of an example line; stack traces inside a line are longer than anybody reads."""

_SYNTAX = re.compile(r"[\\`*_\[\]<>|#&~$@]")
_CODE = re.compile("(`[^`]+`)")
_LINK = re.compile(r"https?://[^\s<>]+")
_NOT_IN_ANCHORS = re.compile(r"[^\w\- ]")
_BACKTICKS = re.compile("`+")
_FIRST_STEP = re.compile(r".{40,}?[.!?](?= |$)|.+")
"""A sentence, and the next one too where that is too short to help."""


@dataclass(frozen=True, slots=True)
class _Chapter:
    """The rules of one technology, in the order of their file, and the page that they have."""

    technology: str
    page: PurePosixPath
    rules: Sequence[Rule]


def reference(rules: Iterable[Rule]) -> dict[PurePosixPath, str]:
    """Give the pages for `rules`, by their paths below the folder of the documentation."""
    ordered = sorted(rules, key=lambda rule: (rule.technology.lower(), rule.file))
    chapters = [
        _Chapter(technology, FOLDER / f"{PurePosixPath(file).stem}.md", list(found))
        for (technology, file), found in groupby(ordered, key=lambda rule: (rule.technology, rule.file))
    ]
    homes = {rule.id: chapter.page for chapter in chapters for rule in chapter.rules}
    return {INDEX: _index(chapters)} | {chapter.page: _page(chapter, homes) for chapter in chapters}


def write(folder: Path, pages: Mapping[PurePosixPath, str]) -> None:
    """Write the pages below `folder`, and remove those of technologies that are no more. Raises OSError."""
    (folder / FOLDER).mkdir(exist_ok=True)
    for old in (folder / FOLDER).glob("*.md"):
        if FOLDER / old.name not in pages:
            old.unlink()
    for path, text in pages.items():
        (folder / path).write_text(text, encoding="utf-8")


def _index(chapters: Sequence[_Chapter]) -> str:
    names = [f"[{_escaped(chapter.technology)}](#{_anchor(chapter.technology)})" for chapter in chapters]
    parts = [INTRODUCTION.rstrip(), " · ".join(names)]
    for chapter in chapters:
        parts.append(f"## {_escaped(chapter.technology)}")
        parts.append("\n".join(_entry(rule, chapter.page) for rule in chapter.rules))
    return "\n\n".join(parts) + "\n"


def _entry(rule: Rule, page: PurePosixPath) -> str:
    first = _FIRST_STEP.match(" ".join((rule.model.advice or "").split()))
    todo = f" *{_escaped(first.group())}*" if first else ""
    return f"- [{rule.id}]({page}#{rule.id}) ({rule.model.severity}): {_escaped(rule.model.title)}.{todo}"


def _page(chapter: _Chapter, homes: Mapping[str, PurePosixPath]) -> str:
    parts = [
        f"# {_escaped(chapter.technology)}",
        "[All rules](../rules.md)",
        "\n".join(
            f"- [{rule.id}](#{rule.id}): {_escaped(rule.model.title)} ({rule.model.severity})" for rule in chapter.rules
        ),
    ]
    for rule in chapter.rules:
        parts += _section(rule, _Links(chapter.page, homes))
    return "\n\n".join(parts) + "\n"


@dataclass(frozen=True, slots=True)
class _Links:
    """Links from one page to rules, wherever these have theirs."""

    page: PurePosixPath
    homes: Mapping[str, PurePosixPath]

    def to(self, rule_id: str) -> str:
        home = self.homes.get(rule_id, self.page)
        return f"[{rule_id}]({'' if home == self.page else home.name}#{rule_id})"


def _section(rule: Rule, links: _Links) -> Iterator[str]:
    model = rule.model
    yield f"## {rule.id}"
    yield f"**{_escaped(model.title)}** ({_severity(rule)})"
    if model.why:
        yield f"**Why it is bad.** {_escaped(model.why)}"
    if model.advice:
        yield f"**What to do.** {_escaped(model.advice)}"
    if example := _example(rule):
        yield "An example:"
        yield _fenced(example)
    yield "\n".join(f"- {fact}" for fact in _facts(rule, links))
    if model.references:
        yield "\n".join(["More:", "", *(f"- {_link(text)}" for text in model.references)])


def _severity(rule: Rule) -> str:
    steps = [f"{step.severity} at {step.when.count} hits {_in(step.when.within)}" for step in rule.model.escalate]
    return ", ".join([str(rule.model.severity), *steps])


def _facts(rule: Rule, links: _Links) -> Iterator[str]:
    model = rule.model
    if not model.combines:
        yield f"Looks at: {_looks_at(rule)}"
    if model.window is not None:
        yield f"Fires: {_fires(model.window, links)}"
    if model.group_by:
        yield f"One finding for each: {_codes(model.group_by, 'and')}"
    if model.instead_of:
        yield f"Takes the place of: {', '.join(map(links.to, model.instead_of))}"
    if model.catch_all:
        yield "Silent where another rule tells of the same event"


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


def _fires(window: Window, links: _Links) -> str:
    """Say what a window waits for."""
    match window:
        case EventCount():
            return f"at {window.count} hits {_in(window.within)}"
        case ValueCount():
            return f"at {window.count} different values of {_code(window.field)} {_in(window.within)}"
        case TemporalOrdered():
            return f"when {', then '.join(map(links.to, window.rules))} come {_in(window.within)}"
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
                f"when {links.to(window.of)} makes up more than {100 * window.above:g} % of "
                f"{links.to(window.to)} {_in(window.within)}, of {window.min} at least"
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
    write(Path(sys.argv[1]), reference(load_rules([])))
