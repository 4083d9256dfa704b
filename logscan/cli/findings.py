"""`logscan findings`: list and show what the store knows, also beside a running follow.

Owns which findings are meant. Does not own how they are chosen and read (store.reader), nor how they look
(findings_text).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Any

import click

from logscan.cli import options
from logscan.cli.findings_text import print_list, print_page
from logscan.cli.output import warn
from logscan.errors import ExitCode, UsageError
from logscan.finding import Severity
from logscan.sinks.document import ascii_json
from logscan.sinks.terminal import Terminal
from logscan.store.errors import NoState
from logscan.store.life import Life
from logscan.store.reader import Reader, StoredFinding

LIVES = [life.value for life in Life]
OPEN = [life for life in Life if life is not Life.RESOLVED]
MAX_NAMED = 5

FORMAT = options.flag("Result", "--format", type=click.Choice(["text", "json"]), default="text", help="[text]")


@click.group(no_args_is_help=False)
def findings() -> None:
    """List and show the findings that follow keeps."""


@findings.command("list", cls=options.SectionedCommand)
@options.with_options(
    [
        options.flag(
            "Which findings",
            "--is",
            "lives",
            type=click.Choice(LIVES),
            multiple=True,
            metavar="STATE",
            help=f"{', '.join(LIVES)}. [all but resolved]",
        ),
        options.flag(
            "Which findings",
            "--min-severity",
            type=click.Choice(options.LEVELS),
            metavar="LEVEL",
            help=f"{', '.join(options.LEVELS)}. [info]",
        ),
        options.flag("Which findings", "--service", multiple=True, metavar="GLOB", help="Only of this service."),
        options.flag("Which findings", "--rule", multiple=True, metavar="GLOB", help="Only of rules of this id."),
        FORMAT,
        *options.STATE,
        *options.GENERAL,
    ]
)
@click.pass_context
def list_(
    ctx: click.Context,
    /,
    *,
    lives: Sequence[str],
    min_severity: str | None,
    service: Sequence[str],
    rule: Sequence[str],
    format: str,  # noqa: A002 - the flag's name
    **_given: Any,
) -> ExitCode:
    """List what is wrong, worst first."""
    now_ns = time.time_ns()
    found, gaps = [], []
    try:
        with Reader.open(options.settings_of(ctx).state, now_ns=now_ns) as reader:
            found = reader.findings(
                states=[Life(life) for life in lives] or OPEN,
                min_severity=None if min_severity is None else Severity.parse(min_severity),
                services=service,
                rules=rule,
            )
            gaps = reader.gaps()
    except NoState as error:  # nothing is known, which is an answer
        warn(error.message, error.help)
    if format == "json":
        _print_json(found)
    else:
        print_list(found, gaps, Terminal.on(sys.stdout), now_ns=now_ns)
    return ExitCode.DONE


@findings.command(cls=options.SectionedCommand)
@click.argument("name", metavar="FINGERPRINT|RULE")
@options.with_options([FORMAT, *options.STATE, *options.GENERAL])
@click.pass_context
def show(ctx: click.Context, /, *, name: str, format: str, **_given: Any) -> ExitCode:  # noqa: A002 - the flag's name
    """Show all that is known of one finding, or of those of one rule.

    Of a fingerprint its first characters are enough, with or without v1: before them.
    """
    now_ns = time.time_ns()
    with Reader.open(options.settings_of(ctx).state, now_ns=now_ns) as reader:
        found = _meant(name, reader.find(name))
    if format == "json":
        _print_json(found)
        return ExitCode.DONE
    terminal = Terminal.on(sys.stdout)
    for number, one in enumerate(found):
        if number:
            terminal.blank()
        print_page(one, terminal, now_ns=now_ns)
    return ExitCode.DONE


def _meant(name: str, found: Sequence[StoredFinding]) -> Sequence[StoredFinding]:
    """See that a person means what was found: all of a rule, or one fingerprint, maybe on several hosts."""
    if not found:
        raise UsageError(f"no such finding: {name}", help="run 'logscan findings list' to see them")
    fingerprints = list(dict.fromkeys(one.fingerprint for one in found))
    if len(fingerprints) > 1 and not all(one.rule_id.startswith(name) for one in found):
        more = ", …" if len(fingerprints) > MAX_NAMED else ""
        raise UsageError(
            f"{len(fingerprints)} findings have a fingerprint that begins with {name}",
            help=f"write more of it: {', '.join(fingerprints[:MAX_NAMED])}{more}",
        )
    return found


def _print_json(found: Sequence[StoredFinding]) -> None:
    click.echo(ascii_json({"findings": [one.document for one in found]}, indent=2))
