"""`logscan rules new`: write a rule file from a line, for somebody to finish.

Owns the file that is written and what to do next. Does not own the rule in it (draft).
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import click

from logscan.cli import options
from logscan.draft import draft_rule
from logscan.errors import ExitCode, UsageError
from logscan.finding import Severity
from logscan.ruleset.loader import load_rules
from logscan.ruleset.model import RULE_ID
from logscan.safe_text import safe_text

MAX_ID = 80


@click.command(cls=options.SectionedCommand)
@click.argument("rule_id", metavar="ID")
@options.with_options(
    [
        options.flag(
            "Rule", "--like", metavar="LINE", required=True, help="A line that the rule shall match, in quotes."
        ),
        options.flag(
            "Rule",
            "--severity",
            type=click.Choice(options.LEVELS),
            default="medium",
            metavar="LEVEL",
            help=f"{', '.join(options.LEVELS)}. [medium]",
        ),
        options.flag(
            "Rule", "--as", "service", metavar="NAME", help="The service or container whose lines it looks at."
        ),
        options.flag("Result", "--output", metavar="FILE", help="Write it there. [ID.yaml]"),
        options.flag("Result", "--force", is_flag=True, help="Replace the file, if it is there."),
    ]
)
@options.with_options(options.GENERAL)
def new(
    *, rule_id: str, like: str, severity: str, service: str | None, output: str | None, force: bool, **_given: Any
) -> ExitCode:
    """Write a rule file from a line of a log.

    What varies in the line (times, numbers, addresses, quoted values) is generalised, and the line
    becomes the first test. ID is kebab-case, such as shop-payment-refused.
    """
    _check_id(rule_id)
    line = os.fsencode(like).decode("utf-8", "replace")
    draft = draft_rule(rule_id, line, severity=Severity.parse(severity), service=service)
    path = Path(output or f"{rule_id}.yaml")
    _write(path, draft.text, force=force)
    shown = safe_text(str(path))
    click.echo(f"wrote {shown}")
    if not draft.searched:
        click.echo("The line has no text to search for, so the rule is tried on every line: ask for more in `match`.")
    click.echo("Next: say in the file why it is bad and what to do, and replace the line to ignore. Then")
    click.echo(f"  logscan rules test {shown}")
    click.echo(f"  logscan rules check {shown}")
    click.echo(f"  logscan rules backtest --rules {shown} {rule_id} --since 7d")
    return ExitCode.DONE


def _check_id(rule_id: str) -> None:
    if not re.fullmatch(RULE_ID, rule_id) or len(rule_id) > MAX_ID:
        raise UsageError(
            f"{rule_id!r} is no rule id", help="lower-case words joined by hyphens, such as disk-almost-full"
        )
    taken = next((rule for rule in load_rules([]) if rule.id == rule_id), None)
    if taken is not None:
        raise UsageError(
            f"the id {rule_id} is taken by a shipped rule, {taken.path}:{taken.line}", help="choose another id"
        )


def _write(path: Path, text: str, *, force: bool) -> None:
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(
            f"{path} is there already", help="name another file with --output, or replace it with --force"
        ) from None
    except OSError as error:
        raise UsageError(
            f"can't write {path}: {(error.strerror or str(error)).lower()}",
            help="name a file in a folder that you may write",
        ) from None
