"""Several engines in one scan: opens each that was asked for, and tells of those that don't answer.

Owns that one engine's silence stops no other, that a name need be there on one of them only, and that no
engine is read twice. Does not own any reading (source), nor in which order addresses are looked for (endpoint).
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from logscan.errors import SourceError, UsageError
from logscan.finding import ScanError
from logscan.framing.stamp import SECOND_NS
from logscan.framing.time_range import TimeRange
from logscan.redact import redact
from logscan.settings import Direct
from logscan.sources.docker.engine import Engine
from logscan.sources.docker.select import Selection
from logscan.sources.docker.source import DockerSource


@dataclass(frozen=True, slots=True)
class Wish:
    """What to read of every engine. `until_ns` None: up to `now_ns`, each engine by its own clock."""

    selection: Selection
    since_ns: int | None
    until_ns: int | None
    now_ns: int
    tail: int | None = None
    direct: Direct = Direct.AUTO
    events: bool = False


@dataclass(frozen=True, slots=True)
class Engines:
    """What was opened, the times that all of them together are read of, and what went wrong on the way."""

    sources: tuple[DockerSource, ...]
    wanted: TimeRange
    errors: tuple[ScanError, ...]


@dataclass(frozen=True, slots=True)
class _One:
    """How one engine was met: the address that was asked for, and either a source or an error."""

    host: str
    wanted: TimeRange
    source: DockerSource | None = None
    error: ScanError | None = None


def open_engines(hosts: Sequence[str], host_name: str | None, wish: Wish) -> Engines:
    """Open every engine of `hosts`, all at once; without any, the one that is found.

    Raises UsageError for what is no address, and where two of them lead to the same engine.
    """
    asked = tuple(dict.fromkeys(hosts)) or (None,)
    # Without an address that answers at once a connection takes minutes to fail: they must not add up.
    with ThreadPoolExecutor(len(asked)) as pool:
        met = list(pool.map(partial(_open, host_name=host_name, wish=wish), asked))
    _refuse_twins(met)
    errors = [one.error for one in met if one.error is not None]
    sources = [one.source for one in met if one.source is not None]
    if not errors:  # else the container may be where nobody answers
        errors += _unknown(sources)
    return Engines(tuple(sources), _cover([one.wanted for one in met]), tuple(errors))


def _open(host: str | None, host_name: str | None, wish: Wish) -> _One:
    shown = redact(host or "docker")
    wanted = TimeRange(wish.since_ns, wish.now_ns if wish.until_ns is None else wish.until_ns)
    try:
        engine = Engine.connect(host, host_name=host_name)
        # Without an end, a container that writes would never be read to it.
        engine_now_ns = wish.now_ns + engine.clock_skew_ns
        wanted = TimeRange(_told(engine, wish.since_ns), engine_now_ns if wish.until_ns is None else wish.until_ns)
        source = DockerSource.open(
            engine,
            wish.selection,
            wanted,
            tail=wish.tail,
            direct=wish.direct,
            events_until_ns=engine_now_ns if wish.events else None,
        )
    except SourceError as error:
        return _One(shown, wanted, error=ScanError("engine", shown, error.message, error.help))
    return _One(shown, wanted, source)


def _told(engine: Engine, time_ns: int | None) -> int | None:
    """Give the time that a line of `time_ns` carries at least: Podman 4 leaves out all below the second."""
    return time_ns - time_ns % SECOND_NS if time_ns is not None and engine.is_podman else time_ns


def _cover(ranges: Sequence[TimeRange]) -> TimeRange:
    since = [each.since_ns for each in ranges if each.since_ns is not None]
    until = [each.until_ns for each in ranges if each.until_ns is not None]
    return TimeRange(min(since, default=None), max(until, default=None))


def _refuse_twins(met: Sequence[_One]) -> None:
    """A container's ID is unique over all engines, so two addresses that show the same one are of one engine."""
    shown_by: dict[str, str] = {}
    for one in met:
        for coverage in one.source.coverage if one.source else ():
            other = shown_by.setdefault(coverage.container.id, one.host)
            if other != one.host:
                raise UsageError(f"{other} and {one.host} are the same engine", help="name each engine once")


def _unknown(sources: Sequence[DockerSource]) -> list[ScanError]:
    """Name what was asked for and is on none of them."""
    nowhere = set.intersection(*(set(source.unknown) for source in sources))
    return [
        ScanError("source", name, f"no container is called {name}", "`docker ps -a` shows their names")
        for name in sources[0].unknown
        if name in nowhere
    ]
