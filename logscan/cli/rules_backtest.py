"""`logscan rules backtest`: how many findings rules would have made, had they been there.

Owns which rules are asked, and which others have to run beside them. Does not own the scan (assemble),
nor how the answer looks (backtest_text).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click

from logscan import log
from logscan.assemble import exit_code, found_by, scan_report
from logscan.cli import options
from logscan.cli.backtest_text import backtest_page
from logscan.cli.progress import progress_display
from logscan.cli.rule_choice import rule_of
from logscan.detection.in_order import combined_by
from logscan.errors import ExitCode, UsageError
from logscan.finding import Severity
from logscan.ruleset.loader import load_rules
from logscan.ruleset.model import Rule
from logscan.safe_text import safe_text
from logscan.sinks.json_report import JsonSink


@click.command(cls=options.SectionedCommand)
@click.argument("ids", nargs=-1, metavar="[RULE]...")
@options.with_options(
    [
        *options.WHICH,
        *options.FILES,
        *options.RULE_FILES,
        options.flag("Result", "--format", type=click.Choice(["text", "json"]), default="text", help="[text]"),
        *options.VERDICT,
        *options.ENGINE,
        *options.DIRECT,
        *options.GENERAL,
    ]
)
@click.pass_context
def backtest(ctx: click.Context, /, *, ids: tuple[str, ...], format: str, **_given: Any) -> ExitCode:  # noqa: A002
    """Tell how many findings rules would have made, per service.

    RULE is the id of a shipped rule, or of one in the files of --rules; without one, all rules of
    those files are asked. Containers or files are read as by scan, and nothing is kept.
    """
    settings = options.settings_of(ctx).model_copy(update={"min_severity": Severity.INFO})
    if settings.since_last:
        raise UsageError("a backtest keeps nothing, so there is no last one", help="give --since a time, such as 24h")
    loaded = load_rules(settings.rule_paths, builtin=settings.builtin)
    asked = _asked(ids, loaded, settings.rule_paths)
    log.configure(verbose=settings.verbose, quiet=settings.quiet)
    shown = sys.stderr.isatty() and not settings.quiet
    with progress_display() if shown else nullcontext() as progress:
        whole = scan_report(settings, _cast(asked, loaded), progress=progress)
    report = found_by(asked, whole)
    if format == "json":
        JsonSink(sys.stdout).emit(report)
    else:
        sys.stdout.writelines(f"{safe_text(line)}\n" for line in backtest_page(report, asked))
    return exit_code(report, settings)


def _asked(ids: Sequence[str], loaded: Sequence[Rule], paths: Sequence[Path]) -> Sequence[Rule]:
    if ids:
        return [rule_of(rule_id, loaded) for rule_id in dict.fromkeys(ids)]
    if not paths:
        raise UsageError("no rule is named", help="name rules by their ids, or give a rule file with --rules")
    shipped = {rule.path for rule in load_rules([])}
    return [rule for rule in loaded if rule.path not in shipped]


def _cast(asked: Sequence[Rule], loaded: Sequence[Rule]) -> list[Rule]:
    """Give the rules that have to run: those whose hits are combined, and those that silence an asked one."""
    wanted = {rule.id for rule in asked} | {part for rule in asked for part in combined_by(rule)}
    if any(rule.model.catch_all for rule in asked):
        return list(loaded)
    return [rule for rule in loaded if rule.id in wanted or wanted & set(rule.model.instead_of)]
