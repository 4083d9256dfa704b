"""`logscan rules`: list, show, check and test rules, and print the schema of their files.

Owns which rules a subcommand looks at, and its exit code. Does not own what a fault or a warning is
(ruleset), nor how a rule looks in a terminal (rule_text).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from logscan.cli import options
from logscan.cli.rule_choice import rule_of
from logscan.cli.rule_text import count_tests, print_table, rule_page
from logscan.cli.rules_backtest import backtest
from logscan.cli.rules_explain import explain_
from logscan.cli.rules_new import new
from logscan.errors import ExitCode
from logscan.matching.matcher import Matcher
from logscan.matching.search import search
from logscan.ruleset.lint import check_rules
from logscan.ruleset.loader import RuleSet, load_rules, load_ruleset
from logscan.ruleset.model import Rule
from logscan.ruleset.pattern import LazyPattern
from logscan.ruleset.schema import rule_file_schema
from logscan.ruleset.selftest import TestFailure, run_tests
from logscan.ruleset.warning import RuleWarning, Weight
from logscan.safe_text import safe_text
from logscan.scenarios import ScenarioFailure, run_scenarios

WITH_RULES = options.with_options([*options.RULE_FILES, *options.GENERAL])
PATHS = click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path())


@click.group(no_args_is_help=False)
def rules() -> None:
    """Write, check, test and explain rules."""


rules.add_command(backtest)
rules.add_command(explain_)
rules.add_command(new)


@rules.command("list", cls=options.SectionedCommand)
@options.with_options(
    [
        options.flag("Result", "--format", type=click.Choice(["text", "json"]), default="text", help="[text]"),
    ]
)
@WITH_RULES
@click.pass_context
def list_(ctx: click.Context, /, format: str, **_given: Any) -> ExitCode:  # noqa: A002 - the flag's name
    """List all rules."""
    loaded = _rules(ctx)
    if format == "json":
        click.echo(json.dumps({"rules": [_summary(rule) for rule in loaded]}, indent=2))
    else:
        print_table(loaded, sys.stdout)
    return ExitCode.DONE


def _summary(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "severity": str(rule.model.severity),
        "technology": rule.technology,
        "title": rule.model.title,
        "file": rule.file,
        "input": rule.model.input,
        "window": rule.model.window.type if rule.model.window else None,
        "tests": count_tests(rule),
        "scenarios": len(rule.model.scenarios),
    }


@rules.command(cls=options.SectionedCommand)
@click.argument("rule_id", metavar="ID")
@WITH_RULES
@click.pass_context
def show(ctx: click.Context, /, rule_id: str, **_given: Any) -> ExitCode:
    """Show all that one rule says."""
    click.echo(rule_page(rule_of(rule_id, _rules(ctx))))
    return ExitCode.DONE


@rules.command(cls=options.SectionedCommand)
@PATHS
@WITH_RULES
@click.pass_context
def check(ctx: click.Context, /, paths: tuple[str, ...], **_given: Any) -> ExitCode:
    """Look for faults and weaknesses in rules.

    PATH is a rule file or a folder of them; without one, all rules are checked. Exits with 2 on
    faults and with 1 on warnings; a note is only said.
    """
    named, _ = _named(ctx, paths)
    loaded = named.rules
    matcher = Matcher(loaded)
    slow = {rule.id for rule in matcher.slow_lane}
    doubts = [*named.warnings, *check_rules(loaded, slow, matches=matcher.matches, takes_long=_takes_long)]
    _print_all(doubts)
    warnings = sum(doubt.weight is Weight.WARNING for doubt in doubts)
    click.echo(
        f"{_number(len(loaded), 'rule')}, {_number(warnings, 'warning')}, {_number(len(doubts) - warnings, 'note')}"
    )
    return ExitCode.FINDINGS if warnings else ExitCode.DONE


@rules.command("test", cls=options.SectionedCommand)
@PATHS
@WITH_RULES
@click.pass_context
def test_(ctx: click.Context, /, paths: tuple[str, ...], **_given: Any) -> ExitCode:
    """Run the tests and the scenarios that rules carry.

    PATH is a rule file or a folder of them; without one, all rules are tested. Exits with 1 when
    something fails.
    """
    named, beside = _named(ctx, paths)
    loaded = named.rules
    failures: list[TestFailure | ScenarioFailure] = [
        *run_tests(loaded, Matcher(loaded).matches),
        *run_scenarios(loaded, beside=beside),
    ]
    _print_all(failures)
    counts = [
        _number(len(loaded), "rule"),
        _number(sum(map(count_tests, loaded)), "test"),
        _number(sum(len(rule.model.scenarios) for rule in loaded), "scenario"),
        f"{len(failures)} failed",
    ]
    click.echo(", ".join(counts))
    return ExitCode.FINDINGS if failures else ExitCode.DONE


@rules.command("schema")
def schema() -> ExitCode:
    """Print the JSON Schema of a rule file, for editors."""
    click.echo(json.dumps(rule_file_schema(), indent=2))
    return ExitCode.DONE


def _takes_long(pattern: str, line: str) -> bool:
    try:
        search(LazyPattern(pattern), line)
    except TimeoutError:
        return True
    return False


def _rules(ctx: click.Context) -> tuple[Rule, ...]:
    """Load what a scan would use."""
    settings = options.settings_of(ctx)
    return load_rules(settings.rule_paths, builtin=settings.builtin)


def _named(ctx: click.Context, paths: tuple[str, ...]) -> tuple[RuleSet, tuple[Rule, ...]]:
    """Load the files that were named, and apart from them the shipped rules that they may speak of.

    Without any file, what a scan would use.
    """
    settings = options.settings_of(ctx)
    if not paths:
        return load_ruleset(settings.rule_paths, builtin=settings.builtin), ()
    shipped = load_rules([])
    named = load_ruleset([Path(path) for path in paths], builtin=False, elsewhere={rule.id for rule in shipped})
    own = {rule.id for rule in named.rules}
    return named, tuple(rule for rule in shipped if rule.id not in own)


def _print_all(complaints: Sequence[RuleWarning | TestFailure | ScenarioFailure]) -> None:
    for complaint in complaints:
        for line in str(complaint).splitlines():
            click.echo(safe_text(line))


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
