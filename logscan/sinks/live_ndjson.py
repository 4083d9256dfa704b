"""The events of a follow as lines of JSON, and nothing else: `logscan.event/v1`, one a line."""

from __future__ import annotations

from collections.abc import Callable
from typing import TextIO

from logscan.sinks.document import to_json
from logscan.sinks.event_document import EventDocument
from logscan.sinks.live import FollowStatus, FollowSummary


class LiveNdjsonSink:
    """Prints events; notices go to `warn`, since no program would expect them between events."""

    def __init__(self, out: TextIO, *, warn: Callable[[str, str], None] | None = None) -> None:
        self._out = out
        self._warn = warn

    def emit(self, event: EventDocument) -> None:
        self._out.write(to_json(event) + "\n")

    def notice(self, message: str, help: str | None) -> None:  # noqa: A002 - the word users see
        if self._warn is not None:
            self._warn(message, help or "")

    def tick(self, status: FollowStatus) -> None:
        """Say nothing: what goes on as before is no event."""

    def flush(self) -> None:
        self._out.flush()

    def close(self, summary: FollowSummary) -> None:  # noqa: ARG002 - each event stands for itself
        self._out.flush()
