"""Rule text: a rule, and a list of rules, as a person reads them in a terminal.

Owns layout alone. Everything in a rule file is foreign text here, since anyone may have written it:
it passes `safe_text`, and rich never reads its markup.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any, TextIO

import yaml
from pydantic import BaseModel
from rich.console import Console
from rich.table import Table
from rich.text import Text

from logscan.duration import duration_text
from logscan.finding import Severity
from logscan.ruleset.model import Rule
from logscan.safe_text import safe_text

ROOM_BESIDE_IDS = 80
"""Columns that all but the id get at least, even where the terminal has fewer:
a line that runs over can be read, an ID that was cut can't be copied."""

ENDLESS = 10_000
"""Columns of what is no terminal: a program that reads the list wants one rule a line."""

DURATIONS = frozenset({"at", "cooldown", "count_once_within", "for_", "learn", "over", "within"})
"""The keys of rules that hold nanoseconds."""


def print_table(rules: Sequence[Rule], out: TextIO) -> None:
    """Print one row per rule; only titles and technologies are ever wrapped."""
    table = Table(box=None, pad_edge=False)
    for heading in ("ID", "SEVERITY", "TECHNOLOGY", "TITLE", "INPUT", "WINDOW"):
        table.add_column(heading, no_wrap=heading not in ("TECHNOLOGY", "TITLE"))
    table.add_column("TESTS", justify="right", no_wrap=True)
    for rule in rules:
        model = rule.model
        cells = (
            rule.id,
            str(model.severity),
            rule.technology,
            model.title,
            model.input,
            model.window.type if model.window else "",
            str(count_tests(rule)),
        )
        table.add_row(*(Text(safe_text(cell)) for cell in cells))
    terminal = Console(file=out)
    needed = ROOM_BESIDE_IDS + max((len(rule.id) for rule in rules), default=0)
    width = max(terminal.width, needed) if terminal.is_terminal else ENDLESS
    Console(file=out, width=width).print(table)


def count_tests(rule: Rule) -> int:
    """Give the number of its test lines; scenarios are counted apart."""
    return len(rule.model.tests.match) + len(rule.model.tests.ignore)


def rule_page(rule: Rule) -> str:
    """Give everything that a rule says, most important first."""
    model = rule.model
    parts = [
        f"{rule.id}  ({model.severity})",
        model.title,
        "",
        _line("technology", rule.technology),
        _line("file", f"{rule.path}:{rule.line}"),
        _line("input", "events of the engine" if model.input == "event" else None),
        _block("where", rule.where),
        _block("narrowed by", rule.narrowed),
        _block("match", model.match),
        _line("extract", model.extract),
        _block("multiline", model.multiline),
        _line("instead_of", ", ".join(model.instead_of)),
        _line("catch_all", "silent where another rule tells of the event" if model.catch_all else None),
        _line("group_by", ", ".join(model.group_by or ())),
        _line("count once", f"within {duration_text(model.count_once_within)}" if model.count_once_within else None),
        _block("window", model.window),
        _block("escalate", model.escalate),
        _line("cooldown", duration_text(model.cooldown) if model.cooldown else None),
        _block("related", model.related),
        _prose("why", model.why),
        _prose("advice", model.advice),
        *(_line("reference", reference) for reference in model.references),
        *(_line("must match", line) for line in model.tests.match),
        *(_line("must ignore", line) for line in model.tests.ignore),
        _block("scenarios", model.scenarios),
    ]
    text = "\n".join(part for part in parts if part is not None)
    return "\n".join(safe_text(line) for line in text.splitlines())


def _line(name: str, value: str | None) -> str | None:
    return f"{name + ':':<12} {value}" if value else None


def _prose(name: str, value: str | None) -> str | None:
    """Wrap sentences; patterns and log lines are never wrapped, since they are copied."""
    lines = textwrap.wrap(value or "", 87, break_long_words=False, break_on_hyphens=False)
    return _line(name, ("\n" + " " * 13).join(lines))


def _block(name: str, value: BaseModel | Sequence[BaseModel] | None) -> str | None:
    if not value:
        return None
    written = yaml.safe_dump(_plain(value), sort_keys=False, allow_unicode=True, width=10_000)
    return f"{name}:\n{textwrap.indent(written.rstrip(), '  ')}"


def _plain(value: Any, key: str = "") -> Any:
    """Undo what reading did: models to mappings, severities to words, nanoseconds to `24h`."""
    if isinstance(value, BaseModel):
        names = {name: field.alias or name for name, field in type(value).model_fields.items()}
        said = [name for name in names if name in value.model_fields_set]
        return {names[name]: _plain(getattr(value, name), name) for name in said}
    if isinstance(value, Severity):
        return str(value)
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    return duration_text(value) if key in DURATIONS else value
