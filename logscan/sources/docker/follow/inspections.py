"""Inspections: asks for the state of the containers that are followed, and again where that failed.

Owns the calls under way, when one that failed is made again, and telling of who can't be inspected, once, and that
they are back. Does not own of whom the state is due (roster), nor what follows from it (discovery).
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from logscan.batch import Container
from logscan.errors import SourceError
from logscan.framing.stamp import SECOND_NS
from logscan.sources.docker.engine import CALL_TIMEOUT_S, ContainerInfo, Engine, NoAnswer, Refused
from logscan.sources.docker.events import departed
from logscan.sources.docker.follow.jobs import Lane, Outcome
from logscan.sources.docker.follow.logs import Tools
from logscan.sources.docker.follow.roster import Known, Roster
from logscan.sources.live import Back, Lost

RETRY_NS = 2 * SECOND_NS
"""A call that failed is made again after this."""

REFUSED_NS = 60 * SECOND_NS
"""An inspection that was refused, after this."""


class Inspections:
    """Those of one engine. `inspected` is given each answer; `failed` is told of calls to which nobody answered.

    `once`: what failed is not asked for again.
    """

    def __init__(
        self,
        tools: Tools,
        roster: Roster,
        *,
        host: str,
        once: bool,
        inspected: Callable[[ContainerInfo, Known, Engine], None],
        failed: Callable[[SourceError], None],
    ) -> None:
        self._tools = tools
        self._roster = roster
        self._host = host
        self._once = once
        self._tell_inspected = inspected
        self._tell_failed = failed
        self._under_way = 0
        self._retries: dict[str, int] = {}
        self._unseen: set[str] = set()

    @property
    def are_done(self) -> bool:
        """Whether the state of every container that is followed was asked for, and each answer is there."""
        return not self._under_way and self._roster.is_asked

    def due_ns(self) -> int | None:
        """When one that failed is to be made again."""
        return min(self._retries.values(), default=None)

    def ask(self, engine: Engine) -> None:
        """Ask for what is due."""
        now_ns = self._tools.monotonic_ns()
        for id_ in [id_ for id_, due_ns in self._retries.items() if now_ns >= due_ns]:
            del self._retries[id_]
            self._roster.not_inspected(id_)
        for id_ in self._roster.to_inspect():
            self._inspect(engine, id_)

    def _inspect(self, engine: Engine, id_: str) -> None:
        self._under_way += 1
        self._tools.jobs.begin(
            Lane.INSPECT,
            lambda: engine.inspect(id_, timeout_s=CALL_TIMEOUT_S),
            lambda outcome: self._inspected(engine, id_, outcome),
        )

    def _inspected(self, engine: Engine, id_: str, outcome: Outcome[ContainerInfo]) -> None:
        self._under_way -= 1
        known, info, error = self._roster.get(id_), outcome.value, outcome.error
        if known is None:
            return
        if info is not None:
            self._seen(info.container)
            self._roster.inspected(id_, running=info.running)
            self._tell_inspected(info, known, engine)
        elif isinstance(error, Refused) and error.status == HTTPStatus.NOT_FOUND:
            self._roster.gone(id_)
        elif error is not None:
            self._not_inspected(id_, known, error)

    def _not_inspected(self, id_: str, known: Known, error: SourceError) -> None:
        is_silent = isinstance(error, NoAnswer)
        if (self._once or not is_silent) and id_ not in self._unseen:
            self._unseen.add(id_)
            self._tools.tell(Lost(self._host, departed(known.listed, self._host), error.message, error.help))
        if not self._once:
            self._retries[id_] = self._tools.monotonic_ns() + (RETRY_NS if is_silent else REFUSED_NS)
        if is_silent:
            self._tell_failed(error)

    def _seen(self, container: Container) -> None:
        if container.id in self._unseen:
            self._unseen.discard(container.id)
            self._tools.tell(Back(self._host, container))
