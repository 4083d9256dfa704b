"""NearestLog: one container's log, from the engine's own files if that goes, and else through its API.

Owns the choice alone. It falls before anything is read, and once more where the files turn out to be unreadable: they
may be gone since, with the container or without. Does not own either way of reading.
"""

from __future__ import annotations

from collections.abc import Iterator

import structlog

from logscan.batch import Batch
from logscan.errors import SourceError
from logscan.finding import Coverage, ScanError, Status
from logscan.framing.time_range import TimeRange
from logscan.settings import Direct
from logscan.sources.docker.container_log import ContainerLog
from logscan.sources.docker.direct_log import DirectLog, log_path
from logscan.sources.docker.engine import ContainerInfo, Engine

log = structlog.get_logger()


class NearestLog:
    """A log that is read directly as long as nothing speaks against it. `coverage` is that of the way taken."""

    def __init__(self, direct: DirectLog, api: ContainerLog) -> None:
        self._taken: DirectLog | ContainerLog = direct
        self._api = api

    @property
    def coverage(self) -> Coverage:
        return self._taken.coverage

    @property
    def error(self) -> ScanError | None:
        return self._taken.error

    def batches(self) -> Iterator[Batch]:
        """Read the log once, as DirectLog and ContainerLog do."""
        yield from self._taken.batches()
        if self.coverage.status is Status.UNREADABLE:
            log.debug("log.not_direct", container=self.coverage.container.name, reason=self.coverage.reason)
            self._taken = self._api
            yield from self._taken.batches()


def log_of(
    engine: Engine, info: ContainerInfo, wanted: TimeRange, tail: int | None, direct: Direct
) -> ContainerLog | DirectLog | NearestLog:
    """Choose how the log of one container is read."""
    if direct is Direct.ALWAYS:
        return DirectLog(engine, info, wanted, tail)
    by_api = ContainerLog(engine, info, wanted, tail)
    if direct is Direct.NEVER or not engine.is_local:
        return by_api
    try:
        log_path(engine, info)
    except SourceError as error:
        log.debug("log.not_direct", container=info.container.name, reason=error.message)
        return by_api
    return NearestLog(DirectLog(engine, info, wanted, tail), by_api)
