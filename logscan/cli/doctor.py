"""`logscan doctor`: what logscan can reach and read on this engine, and what to change where it can't.

Owns the questions and the words of the answers. Does not own any access to the engine
(sources.docker); it asks for nothing that a scan would not ask for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click
from click.core import ParameterSource

from logscan import log
from logscan.cli import options
from logscan.errors import EngineUnreachable, ExitCode, SourceError
from logscan.safe_text import safe_text
from logscan.sources.docker.engine import ContainerInfo, Engine, LogQuery
from logscan.sources.docker.probe import Outcome, probe

READABLE_DRIVERS = ("json-file", "local", "journald")
"""The drivers whose own store can be read back; for others the engine keeps a small cache."""

TOLD_OPTIONS = ("max-size", "max-file", "compress", "mode", "max-buffer-size")
"""The options that bear on reading. Others may hold what is nobody's business, such as tokens."""

PROXY = "CONTAINERS=1, EVENTS=1, PING=1, VERSION=1 and POST=0"


@click.command(cls=options.SectionedCommand)
@options.with_options([*options.ENGINE, *options.GENERAL])
@click.pass_context
def doctor(ctx: click.Context, /, **_given: Any) -> ExitCode:
    """Tell what logscan can reach and read, and what not.

    Exits with 3 when no engine answers, or when it refuses what a scan needs.
    """
    settings = options.settings_of(ctx)
    log.configure(verbose=settings.verbose, quiet=settings.quiet)
    engine = _connect(settings.host, settings.host_name)
    try:
        listed = _listed(engine)
        outcomes = list(probe(engine, listed[0] if listed else None))
        _print("Engine", _about(engine, _origin(ctx, settings.host) or engine.endpoint.how))
        _print("Requests", [_request_line(outcome) for outcome in outcomes])
        _print("Containers", [line for ident in listed for line in _container_lines(engine, ident)] or ["none"])
    finally:
        engine.close()
    needed = [outcome for outcome in outcomes if not outcome.request.optional]
    return ExitCode.INCOMPLETE if any(outcome.refused for outcome in needed) else ExitCode.DONE


def _connect(host: str | None, host_name: str | None) -> Engine:
    try:
        return Engine.connect(host, host_name=host_name)
    except EngineUnreachable as error:
        if _status_below(error) == 403:  # noqa: PLR2004 - HTTP's word for forbidden
            raise EngineUnreachable(error.message, help=f"a socket proxy needs {PROXY}") from error
        raise


def _status_below(error: BaseException) -> int | None:
    """Dig out the HTTP status around which others have put their own exceptions."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(status := getattr(cause, "status_code", None), int):
            return status
        cause = cause.__cause__ or cause.__context__
    return None


def _origin(ctx: click.Context, host: str | None) -> str | None:
    """Tell who named the engine; None when nobody did, and it had to be found."""
    match ctx.get_parameter_source("host"):
        case ParameterSource.COMMANDLINE:
            return "--host"
        case ParameterSource.ENVIRONMENT:
            return "LOGSCAN_HOST"
        case _:
            return "logscan.yaml" if host else None


def _listed(engine: Engine) -> list[str]:
    try:
        return [str(entry["Id"]) for entry in engine.list_containers()]
    except SourceError:
        return []  # the list of requests says why


def _about(engine: Engine, origin: str) -> list[str]:
    return [
        f"address  {engine.endpoint.shown} ({origin})",
        f"name     {engine.name}",
        f"version  {engine.version or 'unknown'}, API {engine.api_version}",
    ]


def _request_line(outcome: Outcome) -> str:
    request = outcome.request
    path = f"GET {request.path.replace('{0}', '{id}'):<22}"
    if outcome.answered:
        return f"{path} ok"
    if outcome.refused:
        missed = "; a scan can do without" if request.optional else ""
        return f"{path} refused with {outcome.status}; {request.setting} opens it on a socket proxy{missed}"
    return f"{path} {outcome.reason}"


def _container_lines(engine: Engine, container_id: str) -> Iterator[str]:
    try:
        info = engine.inspect(container_id)
    except SourceError as error:
        yield f"{container_id[:12]}: {error.message}"
        return
    said = [info.driver, *(f"{key}={info.log_options[key]}" for key in TOLD_OPTIONS if key in info.log_options)]
    yield f"{info.container.name} ({'running' if info.running else 'stopped'}): {' '.join(said)}"
    yield f"  {_readability(engine, info)}"
    yield from (f"  but {limit}" for limit in _limits(engine, info))


def _readability(engine: Engine, info: ContainerInfo) -> str:
    try:
        with engine.logs(info.container.id, LogQuery(tail=1)):
            return "can be read"
    except SourceError as error:
        return f"can't be read: {error.message}"


def _limits(engine: Engine, info: ContainerInfo) -> Iterator[str]:
    """Name what keeps a scan from seeing all that the container ever wrote."""
    if info.driver == "none":
        return
    if info.driver not in READABLE_DRIVERS:
        yield "only what the engine's own cache keeps, by default 5 files of 20 MB"
    elif "max-size" in info.log_options:
        files = info.log_options.get("max-file", "1" if info.driver == "json-file" else "5")
        yield f"only the newest lines are kept: {files} x {info.log_options['max-size']}"
    elif info.driver == "local":
        yield "only the newest lines are kept: 5 x 20m"
    if info.lossy:
        yield "mode=non-blocking: the engine may drop lines before anyone can read them"
    if not engine.since_is_exact(info):
        yield "compressed, and this engine skips lines when asked for a time: it is always read whole"


def _print(heading: str, lines: list[str]) -> None:
    click.echo(heading)
    for line in lines:
        click.echo(f"  {safe_text(line)}")
