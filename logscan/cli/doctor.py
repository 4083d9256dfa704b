"""`logscan doctor`: what logscan can reach and read on each engine, how its state stands, and what to change.

Owns the questions. Does not own the words for what keeps a log from being read whole (doctor_text), nor any
access to the engine (sources.docker): it asks for nothing that a scan would not ask for.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import click
from click.core import ParameterSource

from logscan import log
from logscan.cli import options
from logscan.cli.doctor_text import address_lines, proxy_lines, request_line, show, state_lines, unreadable_parts
from logscan.errors import EngineUnreachable, ExitCode, SourceError
from logscan.sources.docker.endpoint import candidates, podman_sockets, resolve
from logscan.sources.docker.engine import ContainerInfo, Engine, LogQuery
from logscan.sources.docker.permission import may_connect
from logscan.sources.docker.probe import probe
from logscan.store.condition import condition_of

TOLD_OPTIONS = ("max-size", "max-file", "compress", "mode", "max-buffer-size")
"""The options that bear on reading. Others may hold what is nobody's business, such as tokens."""


@click.command(cls=options.SectionedCommand)
@options.with_options([*options.ENGINE, *options.STATE, *options.GENERAL])
@click.pass_context
def doctor(ctx: click.Context, /, **_given: Any) -> ExitCode:
    """Tell what logscan can reach and read, and what not.

    Exits with 3 when an engine does not answer or refuses what a scan needs, and when the state
    of `follow` can't be used.
    """
    settings = options.settings_of(ctx)
    log.configure(verbose=settings.verbose, quiet=settings.quiet)
    hosts = settings.hosts or (None,)
    origin = _origin(ctx, named=bool(settings.hosts))
    show("Addresses", [line for host in hosts for line in address_lines(candidates(host), origin)] + _others())
    well = [_examine(host, settings.host_name, origin) for host in hosts]
    condition = condition_of(settings.state, now_ns=time.time_ns())
    show("State", state_lines(settings.state, condition))
    well.append(condition.fault is None)
    return ExitCode.DONE if all(well) else ExitCode.INCOMPLETE


def _others() -> list[str]:
    return [f"also there is {url}, of Podman: taken only by --host" for url in podman_sockets()]


def _examine(host: str | None, host_name: str | None, origin: str | None) -> bool:
    """Tell all about one engine; False when it does not answer or refuses what a scan needs."""
    endpoint = resolve(host)
    try:
        engine = Engine.connect(host, host_name=host_name)
    except EngineUnreachable as error:
        refused = _status_below(error) == 403  # noqa: PLR2004 - HTTP's word for forbidden
        advice = "give the socket proxy these settings" if refused else may_connect(endpoint.url) or error.help
        show("Engine", [f"address  {endpoint.shown} ({origin or endpoint.how})", error.message, f"help: {advice}"])
        if refused:
            show("Socket proxy", proxy_lines())
        return False
    try:
        listed = _listed(engine)
        outcomes = list(probe(engine, listed[0] if listed else None))
        show("Engine", _about(engine, origin or endpoint.how))
        show("Requests", [request_line(outcome) for outcome in outcomes])
        if any(outcome.refused for outcome in outcomes):
            show("Socket proxy", proxy_lines())
        show("Containers", [line for ident in listed for line in _container_lines(engine, ident)] or ["none"])
    finally:
        engine.close()
    return not any(outcome.refused for outcome in outcomes if not outcome.request.optional)


def _status_below(error: BaseException) -> int | None:
    """Dig out the HTTP status around which others have put their own exceptions."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(status := getattr(cause, "status_code", None), int):
            return status
        cause = cause.__cause__ or cause.__context__
    return None


def _origin(ctx: click.Context, *, named: bool) -> str | None:
    """Tell who named the engines; None when nobody did, and one had to be found."""
    match ctx.get_parameter_source("host"):
        case ParameterSource.COMMANDLINE:
            return "--host"
        case ParameterSource.ENVIRONMENT:
            return "LOGSCAN_HOST"
        case _:
            return "logscan.yaml" if named else None


def _listed(engine: Engine) -> list[str]:
    try:
        return [str(entry["Id"]) for entry in engine.list_containers()]
    except SourceError:
        return []  # the list of requests says why


def _about(engine: Engine, origin: str) -> list[str]:
    about = [
        f"address  {engine.endpoint.shown} ({origin})",
        f"name     {engine.name}",
        f"version  {engine.version or 'unknown'}, API {engine.api_version}",
    ]
    if engine.is_podman:
        about.append("podman   it can't promise all that Docker does: docs/podman.md tells what is missing")
    if engine.clock_skew_ns:
        about.append(f"clock    {engine.clock_skew_ns / 1e9:+.0f} s from this machine's")
    return about


def _container_lines(engine: Engine, container_id: str) -> Iterator[str]:
    try:
        info = engine.inspect(container_id)
    except SourceError as error:
        yield f"{container_id[:12]}: {error.message}"
        return
    said = [info.driver, *(f"{key}={info.log_options[key]}" for key in TOLD_OPTIONS if key in info.log_options)]
    yield f"{info.container.name} ({'running' if info.running else 'stopped'}): {' '.join(said)}"
    yield f"  {_readability(engine, info)}"
    yield from (f"  but {limit}" for limit in unreadable_parts(engine, info))


def _readability(engine: Engine, info: ContainerInfo) -> str:
    try:
        with engine.logs(info.container.id, LogQuery(tail=1)):
            return "can be read"
    except SourceError as error:
        return f"can't be read: {error.message}"
