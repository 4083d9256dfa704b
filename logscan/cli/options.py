"""Options: the flags of the commands, in sections, and their way into the settings.

Owns names, help and environment variables of the flags, and that a flag nobody gave leaves the
word to logscan.yaml. Does not own what a value means or which flags exclude each other (settings):
values go on as they were typed, so that a flag and a line of the file are judged alike.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import click
from click.core import ParameterSource

from logscan.cli.config_file import read_config
from logscan.cli.main import Invocation
from logscan.finding import Severity
from logscan.settings import (
    KEYS,
    Config,
    Direct,
    FollowFormat,
    FollowSettings,
    Format,
    ScanSettings,
    resolve,
    resolve_follow,
)

Decorator = Callable[[Any], Any]

LEVELS = [str(severity) for severity in Severity]
FORMATS = [choice.value for choice in Format]
FOLLOW_FORMATS = [choice.value for choice in FollowFormat]
DIRECT_WAYS = [choice.value for choice in Direct]


class SectionedOption(click.Option):
    """An option that is listed under a heading of its own."""

    def __init__(self, *args: Any, section: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.section = section


class SectionedCommand(click.Command):
    """A command whose help lists its options by section, as they were declared."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            if isinstance(param, click.Option) and (record := param.get_help_record(ctx)):
                sections.setdefault(getattr(param, "section", "General"), []).append(record)
        for section, records in sections.items():
            with formatter.section(section):
                formatter.write_dl(records)


def option(section: str, *names: str, **kwargs: Any) -> Decorator:
    """Declare a flag whose last name also names its variable: `--min-severity`, LOGSCAN_MIN_SEVERITY."""
    variable = "LOGSCAN_" + names[-1].removeprefix("--").replace("-", "_").upper()
    return click.option(*names, cls=SectionedOption, section=section, envvar=variable, **kwargs)


def flag(section: str, *names: str, **kwargs: Any) -> Decorator:
    """Declare a flag that has no variable: of a command whose words mean something else than in a scan."""
    return click.option(*names, cls=SectionedOption, section=section, **kwargs)


def switch(section: str, *names: str, **kwargs: Any) -> Decorator:
    return option(section, *names, is_flag=True, **kwargs)


def several(section: str, *names: str, **kwargs: Any) -> Decorator:
    return option(section, *names, multiple=True, **kwargs)


def paths(section: str, *names: str, **kwargs: Any) -> Decorator:
    """As `several`; in the environment a colon stands between paths, elsewhere it is a space."""
    return several(section, *names, type=click.Path(allow_dash=True), metavar="PATH", **kwargs)


def with_options(options: Sequence[Decorator]) -> Decorator:
    """Add flags to a command, in the order in which its help shall list them."""

    def decorate(command: Any) -> Any:
        for add in reversed(options):
            command = add(command)
        return command

    return decorate


def _remember_verbosity(ctx: click.Context, _param: click.Parameter, value: Any) -> Any:
    ctx.ensure_object(Invocation).debug |= bool(value)
    return value


CHOICE = [
    several("Which logs", "--project", metavar="GLOB", help="Containers of this compose project or swarm stack."),
    several("Which logs", "--service", metavar="GLOB", help="Containers of this compose or swarm service."),
    several("Which logs", "--label", metavar="K[=V]", help="Containers with this label."),
    several("Which logs", "--image", metavar="GLOB", help="Containers of this image."),
    several("Which logs", "--exclude", metavar="GLOB", help="Leave out containers of this name."),
]
UP_TO = [
    option("Which logs", "--until", metavar="TIME", help="Up to then."),
    option("Which logs", "--tail", type=int, metavar="N", help="Only the last N lines of each."),
    *CHOICE,
]
WHICH = [
    option(
        "Which logs", "--since", metavar="TIME", help="From then on: 24h, 90m, 2025-12-03T06:05:46Z. [24h; files: all]"
    ),
    *UP_TO,
]
WHICH_OR_LAST = [
    option(
        "Which logs",
        "--since",
        metavar="TIME",
        help="From then on: 24h, 90m, 2025-12-03T06:05:46Z, or last: from where the last run on the same state "
        "stopped. [24h; files: all]",
    ),
    *UP_TO,
]
WHICH_LIVE = [
    option(
        "Which logs",
        "--since",
        metavar="TIME",
        help="last: from where the last run stopped, and from now on in logs that none has read; or now, 24h, "
        "2025-12-03T06:05:46Z. [last]",
    ),
    option("Which logs", "--until", metavar="TIME", help="End by itself when this time has passed."),
    *CHOICE,
]
FILES = [
    paths("Files", "--file", help="Read a log file, the *.log of a folder, or - for standard input."),
    option("Files", "--as", metavar="NAME", help="The container that wrote the files."),
    option("Files", "--image-name", metavar="IMAGE", help="The image of that container."),
    option("Files", "--timezone", metavar="ZONE", help="Of times that are written without one. [UTC]"),
]
RULE_FILES = [
    paths("Rules", "--rules", help="Use this rule file, or those of this folder, too."),
    switch("Rules", "--no-builtin", help="Leave out the rules that come with logscan."),
]
RULE_CHOICE = [
    several("Rules", "--only", metavar="GLOB", help="Only rules of this id."),
    several("Rules", "--skip", metavar="GLOB", help="No rules of this id."),
    option("Rules", "--min-severity", type=click.Choice(LEVELS), metavar="LEVEL", help=f"{', '.join(LEVELS)}. [info]"),
]
VERDICT = [
    option(
        "Result",
        "--fail-on",
        type=click.Choice([*LEVELS, "never"]),
        metavar="LEVEL",
        help="Exit with 1 on findings of this severity or above. [never]",
    ),
    switch("Result", "--allow-incomplete", help="Exit with 0, not 3, when not all could be read."),
]
EVIDENCE = [
    option("Result", "--samples", type=int, metavar="N", help="Lines of evidence for each finding. [3]"),
    option("Result", "--context", type=int, metavar="N", help="Lines around each of them. [0]"),
]
RESULT = [
    option("Result", "--format", type=click.Choice(FORMATS), metavar="FORMAT", help=f"{', '.join(FORMATS)}. [text]"),
    option("Result", "--output", type=click.Path(), metavar="FILE", help="Write the result there, not to stdout."),
    *EVIDENCE,
    *VERDICT,
]
RESULT_LIVE = [
    option(
        "Result",
        "--format",
        type=click.Choice(FOLLOW_FORMATS),
        metavar="FORMAT",
        help=f"{', '.join(FOLLOW_FORMATS)}. [text]",
    ),
    option("Result", "--output", type=click.Path(), metavar="FILE", help="Append it to this file, not to stdout."),
    *EVIDENCE,
    *VERDICT,
]
STATE = [
    option(
        "State",
        "--state",
        type=click.Path(),
        metavar="FILE",
        help="What is known from run to run. [~/.local/state/logscan/logscan.db]",
    ),
]
ENGINE = [
    several(
        "Engine",
        "--host",
        metavar="URL",
        help="The address of an engine, once for each. [DOCKER_HOST, else Docker's current context]",
    ),
    option("Engine", "--host-name", metavar="NAME", help="What findings call the host. [the engine's own name]"),
]
DIRECT = [
    option(
        "Engine",
        "--direct",
        type=click.Choice(DIRECT_WAYS),
        metavar="WHEN",
        help=f"Read log files past the engine's API: {', '.join(DIRECT_WAYS)}. [auto]",
    ),
]
GENERAL = [
    option("General", "--config", type=click.Path(), metavar="FILE", help="Settings. [./logscan.yaml, if it is there]"),
    switch("General", "-v", "--verbose", callback=_remember_verbosity, help="Say more on stderr."),
    switch("General", "-q", "--quiet", help="Say only errors there, and show no progress."),
]


def settings_of(ctx: click.Context) -> ScanSettings:
    """Build the settings of a scan from a command's flags, its environment and logscan.yaml.

    The clock is read here, once, for times such as `24h`. Raises UsageError.
    """
    return resolve(_given(ctx), _config(ctx), now_ns=time.time_ns())


def follow_settings_of(ctx: click.Context) -> FollowSettings:
    """Build the settings of a follow, as `settings_of` does those of a scan."""
    return resolve_follow(_given(ctx), _config(ctx), now_ns=time.time_ns())


def _given(ctx: click.Context) -> dict[str, Any]:
    said = {key: value for key, value in ctx.params.items() if _was_given(ctx, key)}
    given = {key: value for key, value in said.items() if key in KEYS}
    return given | {"builtin": not said["no_builtin"]} if "no_builtin" in said else given


def _config(ctx: click.Context) -> Config:
    return read_config(ctx.params["config"] if _was_given(ctx, "config") else None)


def _was_given(ctx: click.Context, key: str) -> bool:
    return ctx.get_parameter_source(key) in (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT)
