"""Meeting: what an engine says when it is met: its events from then on, and its containers.

Owns subscribing before listing, so that nothing is missed in between. Does not own when an engine is met (host,
discovery), nor what follows from what it said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from logscan.sources.docker.engine import CALL_TIMEOUT_S, Engine
from logscan.sources.docker.log_response import LogResponse


@dataclass(frozen=True, slots=True)
class Meeting:
    """What an engine said when it was met: its events from then on, None where they are closed, and its containers."""

    engine: Engine
    events: LogResponse | None
    listing: Sequence[Mapping[str, Any]]

    @classmethod
    def of(cls, engine: Engine, events_from_ns: int | None) -> Meeting:
        """Subscribe, then list: what happens meanwhile is in either. Raises SourceError.

        `events_from_ns`: None when events are not wanted. Over ssh a subscription could not be ended.
        """
        events = None
        if events_from_ns is not None and not engine.over_ssh:
            events = engine.event_stream(events_from_ns, timeout_s=CALL_TIMEOUT_S)
        try:
            return cls(engine, events, engine.list_containers(timeout_s=CALL_TIMEOUT_S))
        except BaseException:
            if events is not None:
                events.close()
            raise

    def close(self) -> None:
        """Nobody wants it any more."""
        if self.events is not None:
            self.events.close()
