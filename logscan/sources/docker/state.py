"""ContainerState: how a container is, or how it ended, as inspect tells.

Owns reading `State`, its `Health`, and `RestartCount`. Does not own what follows from it: the engine
forgets its events, and where it has, event_log tells from here what must have happened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from logscan.framing.stamp import parse_careful

NEVER = "0001-"
"""How the engine, written in Go, begins a time that there was not yet."""

MAX_OUTPUT = 500
"""So many characters of what a health check printed are enough to know it by."""


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """One run of a container's health check; `output` is cut, and on one line."""

    ended_ns: int
    failed: bool
    output: str

    @classmethod
    def read(cls, entry: Mapping[str, Any]) -> HealthCheck:
        output = " ".join((entry.get("Output") or "").split())[:MAX_OUTPUT]
        return cls(_time_ns(entry.get("End")) or 0, entry.get("ExitCode") != 0, output)


@dataclass(frozen=True, slots=True)
class ContainerState:
    """A moment in a container's life. Times are nanoseconds since the epoch.

    `exit_code`, `oom_killed` and `error` are those of its last run, once that is over. `restart_count`
    says how often the engine itself started it again since somebody last did. `health` is empty
    without a health check; of its runs the engine keeps five.
    """

    status: str = ""
    exit_code: int = 0
    oom_killed: bool = False
    error: str = ""
    started_ns: int | None = None
    finished_ns: int | None = None
    restart_count: int = 0
    health: str = ""
    checks: tuple[HealthCheck, ...] = ()

    @classmethod
    def read(cls, found: Mapping[str, Any]) -> ContainerState:
        """Take what is needed from the answer of `containers/{id}/json`."""
        state = found.get("State") or {}
        health = state.get("Health") or {}
        return cls(
            status=state.get("Status") or "",
            exit_code=state.get("ExitCode") or 0,
            oom_killed=bool(state.get("OOMKilled")),
            error=state.get("Error") or "",
            started_ns=_time_ns(state.get("StartedAt")),
            finished_ns=_time_ns(state.get("FinishedAt")),
            restart_count=found.get("RestartCount") or 0,
            health=health.get("Status") or "",
            checks=tuple(HealthCheck.read(entry) for entry in health.get("Log") or ()),
        )

    @property
    def ended_ns(self) -> int | None:
        """When its last run ended; None while it runs, and when it never did."""
        return self.finished_ns if self.status in ("exited", "restarting", "dead") else None

    def failed_check(self, until_ns: int) -> HealthCheck | None:
        """Give the last check that failed up to then."""
        failed = [check for check in self.checks if check.failed and check.ended_ns <= until_ns]
        return max(failed, key=lambda check: check.ended_ns, default=None)


NO_STATE = ContainerState()
"""That of a container that is gone, of which nothing is known but its events."""


def _time_ns(stamp: str | None) -> int | None:
    if not stamp or stamp.startswith(NEVER):
        return None
    try:
        return parse_careful(stamp.encode())
    except ValueError:  # an engine that is none of Docker's: what it says of the rest still holds
        return None
