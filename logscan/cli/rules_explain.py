"""`logscan rules explain`: what rules make of one line, and why.

Owns which line and which rules are looked at. Does not own the answers (matching.explain), nor their
layout (explain_text).
"""

from __future__ import annotations

import os
import shlex
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import click

from logscan.batch import Stream
from logscan.cli import options
from logscan.cli.explain_text import brief, came_close, line_page, tree
from logscan.cli.rule_choice import rule_of
from logscan.errors import ExitCode, UsageError
from logscan.matching.escapes import strip_colours
from logscan.matching.explain import Explanation, explain
from logscan.matching.where import knows
from logscan.ruleset.loader import load_rules
from logscan.safe_text import safe_text
from logscan.sources.file_identity import STDIN, FileIdentity


@click.command("explain", cls=options.SectionedCommand)
@click.argument("line", metavar="LINE|-")
@options.with_options(
    [
        options.flag("Line", "--as", "container", metavar="NAME", help="The container that printed it."),
        options.flag("Line", "--image-name", "of_image", metavar="IMAGE", help="The image of that container."),
        options.flag("Line", "--stream", type=click.Choice(["stdout", "stderr"]), help="The stream it came on."),
        options.flag(
            "Rules", "--rule", "ids", multiple=True, metavar="ID", help="Every step of this rule, not a summary."
        ),
        *options.RULE_FILES,
        *options.GENERAL,
    ]
)
@click.pass_context
def explain_(
    ctx: click.Context,
    /,
    *,
    line: str,
    container: str | None,
    of_image: str | None,
    stream: str | None,
    ids: tuple[str, ...],
    **_given: Any,
) -> ExitCode:
    """Tell what rules make of a line, and why.

    Without --rule, the rules that fire on it and those that come close: the line holds a text that
    they look for. With - the line is the first on standard input.
    """
    settings = options.settings_of(ctx)
    rules = load_rules(settings.rule_paths, builtin=settings.builtin)
    text = _text(line)
    asked = [rule_of(rule_id, rules) for rule_id in ids] or rules
    speaker = FileIdentity(partial(knows, rules), container, of_image).of_file(None)
    found = [explain(rule, text, speaker, Stream(stream or Stream.UNKNOWN)) for rule in asked]
    page = [*line_page(text, speaker, time.time_ns()), *(_trees(found) if ids else _summary(found, text))]
    for shown in page:
        click.echo(safe_text(shown))
    return ExitCode.DONE


def _text(line: str) -> str:
    """Give the line as a source would: the first that holds anything, decoded, without colours."""
    data = sys.stdin.buffer.read() if line == STDIN else os.fsencode(line)
    lines = strip_colours(data.decode("utf-8", "replace")).split("\n")
    first = next((one.removesuffix("\r") for one in lines if one.strip()), None)
    if first is None:
        raise UsageError("the line is empty", help="give the line as the log shows it, in quotes, or - to read it")
    return first


def _trees(found: Sequence[Explanation]) -> Iterator[str]:
    for one in found:
        yield ""
        yield from tree(one)


def _summary(found: Sequence[Explanation], text: str) -> Iterator[str]:
    fired = [one for one in found if one.fired]
    close = [one for one in found if came_close(one)]
    for one in [*fired, *close]:
        yield ""
        yield from brief(one)
    yield ""
    others = len(found) - len(fired) - len(close)
    yield f"{len(fired)} fired, {len(close)} came close, {others} look for other texts"
    if close:
        yield f"next: every step of a rule with --rule {close[0].rule.id}"
    elif not fired:
        yield f"next: a new rule for it with: logscan rules new ID --like {shlex.quote(text)}"
