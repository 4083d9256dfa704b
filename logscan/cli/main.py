"""Main: the `logscan` command, its subcommands by name, and what each way to end means.

Owns the exit codes: click's own and Python's (1 for a fault, a traceback) never get out, since 1
means findings. Does not own any command: each is one module of this package, named like it and
imported when it is used, so that `--help` and `--version` stay quick and load no engine.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import traceback
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from types import FrameType
from typing import NoReturn, cast

import click
from click.shell_completion import shell_complete

from logscan import __version__, memory
from logscan.cli.output import complain, discard, reader_is_gone
from logscan.errors import ExitCode, LogscanError, RuleError, UsageError

COMMANDS = {
    "scan": "Read logs once and print the findings.",
    "follow": "Read logs as they are written and tell findings as they come.",
    "findings": "List and show the findings that follow keeps.",
    "rules": "Write, check, test and explain rules.",
    "doctor": "Tell what logscan can reach and read, and what not.",
    "schema": "Print the JSON Schemas of what is printed.",
    "completion": "Print the script that completes logscan in a shell.",
}
"""Every command, in the order of `--help`, with the first sentence of its own help."""

COMPLETE = "_LOGSCAN_COMPLETE"
"""The variable by which a shell asks for completions, named as click names it."""


@dataclass(slots=True)
class Invocation:
    """What one run of the command line keeps for the moment when something goes wrong."""

    debug: bool = False


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        return cast("click.Command", getattr(import_module(f"logscan.cli.{cmd_name}"), cmd_name))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            close = get_close_matches(name, COMMANDS, n=1)
            advice = f"did you mean {close[0]}?" if close else "run 'logscan --help' to see them all"
            raise UsageError(f"no such command: {name}", help=advice)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=LazyGroup,
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Every flag may be set in logscan.yaml and in the environment: LOGSCAN_SINCE for --since, with spaces "
    "between words and colons between paths. Exit codes: 0 done; 1 findings at or above --fail-on, or failed rule "
    "tests; 2 wrong usage, settings or rules; 3 incomplete.",
)
@click.version_option(__version__, prog_name="logscan")
def cli() -> None:
    """Find trouble in the logs of containers, count it, and say what could not be read."""


def main() -> int:
    """Run the command line that this process was started with; give the exit code."""
    signal.signal(signal.SIGTERM, _terminate)
    memory.begin_loading()
    _prepare_streams()
    invocation = Invocation(debug=bool(os.environ.get("LOGSCAN_DEBUG")))
    try:
        code = _run(invocation)
        sys.stdout.flush()
    except OSError as error:
        code = _after_failed_write(error, invocation)
    return code


def _prepare_streams() -> None:
    """See that both streams can be written to, whatever the caller and the terminal make of it."""
    if sys.stdout is None:  # closed, as by `>&-`; and what is opened next must not become stdout
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - until the process ends
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    if isinstance(sys.stdout, TextIOWrapper):  # a name that the terminal can't show is no reason to fail
        sys.stdout.reconfigure(errors="backslashreplace")


def _run(invocation: Invocation) -> int:
    try:
        return int(_invoke(invocation) or ExitCode.DONE)
    except OSError as error:
        if error.errno in (errno.EPIPE, errno.ENOSPC):
            raise
        return _verdict(error, invocation)
    except (Exception, KeyboardInterrupt, SystemExit) as error:  # noqa: BLE001 - the last net: Python would exit with 1
        return _verdict(error, invocation)


def _invoke(invocation: Invocation) -> int | None:
    """Do what click's own `main` does, but for its handling of errors: it turns a closed pipe into 1."""
    if instruction := os.environ.get(COMPLETE):
        return ExitCode.USAGE if shell_complete(cli, {}, "logscan", COMPLETE, instruction) else ExitCode.DONE
    try:
        with cli.make_context("logscan", sys.argv[1:], obj=invocation) as ctx:
            code: int | None = cli.invoke(ctx)
            return code
    except click.exceptions.Exit as end:
        return end.exit_code


def _verdict(error: BaseException, invocation: Invocation) -> ExitCode:
    """Say what went wrong, and give the code that it means."""
    match error:
        case click.UsageError():
            complain(*_words(error))
        case click.ClickException():
            complain(error.format_message())
        case RuleError():
            for fault in error.faults:
                complain(f"{fault.path}:{fault.line}: {fault.message}", fault.help)
        case LogscanError():
            complain(error.message, error.help)
            return error.exit_code
        case SystemExit(code=ExitCode.TERMINATED):
            return ExitCode.TERMINATED
        case SystemExit(__context__=BrokenPipeError()):  # so rich ends when nobody reads its lines any more
            return ExitCode.DONE
        case click.Abort() | KeyboardInterrupt():
            return ExitCode.INTERRUPTED
        case _:
            _internal_error(error, invocation)
    return ExitCode.USAGE


def _words(error: click.UsageError) -> tuple[str, str]:
    """Split click's complaint into what is wrong and what to do."""
    if close := getattr(error, "possibilities", None):
        return str(error.message), f"did you mean {close[0]}?"
    command = error.ctx.command_path if error.ctx else "logscan"
    return error.format_message(), f"run '{command} --help' to see what it takes"


def _internal_error(error: BaseException, invocation: Invocation) -> None:
    if invocation.debug:
        complain("".join(traceback.format_exception(error)))
    advice = "please report it with the command" if invocation.debug else "please report it with what -v says"
    complain(f"internal error: {type(error).__name__}: {error}", advice)


def _after_failed_write(error: OSError, invocation: Invocation) -> ExitCode:
    """Tell a reader that went away, which is its right, from a connection of our own that broke."""
    gone = [stream for stream in (sys.stdout, sys.stderr) if reader_is_gone(stream)]
    for stream in gone:
        discard(stream)
    if gone:
        return ExitCode.DONE
    if error.errno == errno.EPIPE:
        _internal_error(error, invocation)
    else:
        complain(f"can't write the result: {(error.strerror or str(error)).lower()}")
        discard(sys.stdout)
    return ExitCode.USAGE


def _terminate(_number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(ExitCode.TERMINATED)
