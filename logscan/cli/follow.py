"""`logscan follow`: read logs as they are written, and tell what is wrong as it happens."""

from __future__ import annotations

import sys
from typing import Any

import click

from logscan.cli import options
from logscan.cli.output import live_stream, warn
from logscan.errors import ExitCode


@click.command(cls=options.SectionedCommand)
@click.argument("containers", nargs=-1, metavar="[CONTAINER]...")
@options.with_options(
    [
        *options.WHICH_LIVE,
        *options.RULE_FILES,
        *options.RULE_CHOICE,
        *options.RESULT_LIVE,
        *options.STATE,
        *options.ENGINE,
        *options.GENERAL,
    ]
)
@click.pass_context
def follow(ctx: click.Context, /, **_given: Any) -> ExitCode:
    """Read logs as they are written and tell findings as they come.

    CONTAINER is a name, the beginning of an ID, or a glob; without one, every container of the
    engine is followed. New ones join by themselves, and a name that matches nothing yet is waited
    for. What is known is kept: the next run goes on where this one stopped, and `logscan findings`
    shows it at any time. SIGINT and SIGTERM end it in order, with exit code 0; twice, at once.
    """
    settings = options.follow_settings_of(ctx)
    # Here, since they bring the search engine and the Docker SDK, for which no --help should wait.
    from logscan import log  # noqa: PLC0415
    from logscan.assemble_live import run_follow  # noqa: PLC0415
    from logscan.cli.ending import end_without_reader, ended_by_signals  # noqa: PLC0415
    from logscan.follow import Stop  # noqa: PLC0415

    log.configure(verbose=settings.verbose, quiet=settings.quiet)
    stop = Stop()
    with live_stream(settings.output) as out, ended_by_signals(stop, quiet=settings.quiet):
        if out is sys.stdout:
            end_without_reader(stop, out)
        return run_follow(settings, out=out, stop=stop, warn=None if settings.quiet else warn)
