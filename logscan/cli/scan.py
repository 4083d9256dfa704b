"""`logscan scan`: read logs once, print what is wrong."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import click

from logscan.cli import options
from logscan.cli.output import result_stream, warn
from logscan.errors import ExitCode

if TYPE_CHECKING:
    from logscan.cli.progress import ProgressDisplay


@click.command(cls=options.SectionedCommand)
@click.argument("containers", nargs=-1, metavar="[CONTAINER]...")
@options.with_options(
    [
        *options.WHICH_OR_LAST,
        *options.FILES,
        *options.RULE_FILES,
        *options.RULE_CHOICE,
        *options.RESULT,
        *options.STATE,
        *options.ENGINE,
        *options.DIRECT,
        *options.GENERAL,
    ]
)
@click.pass_context
def scan(ctx: click.Context, /, **_given: Any) -> ExitCode:
    """Read logs once and print the findings.

    CONTAINER is a name, the beginning of an ID, or a glob; without one, every container of the
    engine is read, running or stopped. A flag that is repeated means "or", different flags "and".
    """
    settings = options.settings_of(ctx)
    if not settings.files:  # only the engine's sources have anything to log, and structlog takes its time
        from logscan import log  # noqa: PLC0415

        log.configure(verbose=settings.verbose, quiet=settings.quiet)
    doubts = None if settings.quiet else warn
    with result_stream(settings.output) as out:
        # Imported when they are taken, since they bring the search engine, for which no --help should wait.
        if settings.since_last:
            from logscan.assemble_live import run_scan_last  # noqa: PLC0415

            return run_scan_last(settings, out=out, warn=doubts)
        from logscan.assemble import run_scan  # noqa: PLC0415

        with _progress(shown=sys.stderr.isatty() and not settings.quiet) as progress:
            return run_scan(settings, out=out, progress=progress, warn=doubts)


def _progress(*, shown: bool) -> AbstractContextManager[ProgressDisplay | None]:
    """Give what a scan reports its progress to, or None when nobody looks, and rich need not be loaded."""
    if not shown:
        return nullcontext()
    from logscan.cli.progress import progress_display  # noqa: PLC0415

    return progress_display()
