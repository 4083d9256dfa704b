"""The words of `logscan doctor`: where engines are looked for, what is refused, what a log driver loses.

Owns turning what was found into lines, and printing them in sections. Does not own any question to an engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click

from logscan.safe_text import safe_text
from logscan.sinks import wording
from logscan.sources.docker.endpoint import Candidate
from logscan.sources.docker.engine import ContainerInfo, Engine
from logscan.sources.docker.probe import PROXY_ENVIRONMENT, Outcome
from logscan.store.condition import Condition

READABLE_DRIVERS = ("json-file", "local", "journald")
"""The drivers whose own store can be read back; for others the engine keeps a small cache."""


def show(heading: str, lines: Iterable[str]) -> None:
    """Print a section."""
    click.echo(heading)
    for line in lines:
        click.echo(f"  {safe_text(line)}")


def address_lines(found: Sequence[Candidate], origin: str | None) -> Iterator[str]:
    """Tell where an address was looked for, in order, and which one is taken. `origin`: who asked for the first."""
    taken = next(candidate for candidate in found if candidate.url)
    for candidate in found:
        mark = "*" if candidate is taken else "-"
        how = origin if origin and candidate is found[0] else candidate.how
        yield f"{mark} {how}: {candidate.shown}{' (taken)' if candidate is taken else ''}"
        if candidate is taken and origin:
            return  # what is asked for leaves nothing to look for


def request_line(outcome: Outcome) -> str:
    """Tell what came of one request."""
    request = outcome.request
    path = f"GET {request.path.replace('{0}', '{id}'):<22}"
    if outcome.answered:
        return f"{path} ok"
    if outcome.refused:
        missed = f"; {request.without}" if request.optional else ""
        return f"{path} refused with {outcome.status}; {request.setting} opens it on a socket proxy{missed}"
    return f"{path} {outcome.reason}"


def proxy_lines() -> list[str]:
    """Give the setting of a socket proxy that lets through what logscan asks for, as compose files have it."""
    return ["environment:", *(f'  {name}: "{value}"' for name, value in PROXY_ENVIRONMENT.items())]


def state_lines(path: Path, condition: Condition) -> Iterator[str]:
    """Tell how the state of follow stands."""
    yield f"file  {path}"
    if condition.fault is not None:
        yield f"can't be used: {condition.fault}"
        yield "help: name a file in a folder that you may write with --state"
    elif condition.size is None:
        yield "none yet: the first `logscan follow` makes it"
    else:
        yield f"{wording.size(condition.size)}, {f'in use by {condition.holder}' if condition.holder else 'not in use'}"


def unreadable_parts(engine: Engine, info: ContainerInfo) -> Iterator[str]:
    """Name what keeps a scan from seeing all that the container ever wrote."""
    if info.driver == "none" or engine.is_podman:
        return  # Podman tells none of its options
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
