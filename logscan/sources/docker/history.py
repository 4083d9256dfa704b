r"""History: what happened to one container, as the fields of the lines that rules with `input: event` see.

    {"event":"die","exit_code":1,"planned":false,"oom_killed":false}

Owns the names of these fields, and standing in for what the engine has forgotten. It keeps its last 256
events, and health checks fill them in minutes; the state of a container stays, so what that state
must have come from is told in their place. Does not own reading either (events, state), nor which of
it a scan is about (event_log).

By `event`, a line holds:

    start, stop, restart
    kill            signal
    oom             oom_killed (true): the kernel killed one of its processes for lack of memory
    die             exit_code, planned, oom_killed, error
    health_status   health (healthy, unhealthy, starting), health_log (what the check printed)
    state           status, restart_count, exit_code, oom_killed, error, health: when the engine restarted it
                    more often than its events show
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from logscan.sources.docker.events import SETTLE_NS, EngineEvent, Run
from logscan.sources.docker.state import ContainerState

KILLED = 137
"""The exit code of a program that SIGKILL ended, whether the kernel's or somebody's."""

OOM = {"event": "oom", "oom_killed": True}
"""The second field says no more than the first, but is text that no ordinary log holds."""

HEALTH = ("healthy", "unhealthy", "starting")
"""A health check that begins is told of as `running`, which is nobody's health."""

Told = tuple[int, Mapping[str, Any]]
"""When something happened, in nanoseconds since the epoch, and the fields of its line."""


def tell(
    events: Sequence[EngineEvent], state: ContainerState, *, memory_from_ns: int | None, until_ns: int
) -> list[Told]:
    """Give what happened to a container up to `until_ns`, in the order of time.

    `events` are its own, in that order; `memory_from_ns`: since when the engine remembers every event,
    None when it tells of none. What is gone has an empty `state`.
    """
    whole = sorted((*events, *_forgotten(events, state, until_ns)), key=lambda event: event.time_ns)
    told = [
        (event.time_ns, fields)
        for index, event in enumerate(whole)
        for fields in (
            _end(Run.of(whole, index), state, memory_from_ns) if event.action == "die" else _other(event, state)
        )
    ]
    return sorted((*told, *_unseen_restarts(events, state)), key=lambda one: one[0])


def _other(event: EngineEvent, state: ContainerState) -> Iterator[Mapping[str, Any]]:
    match event.action:
        case "start" | "stop" | "restart":
            yield {"event": event.action}
        case "oom":
            yield OOM
        case "kill":
            yield {"event": "kill"} | _given(signal=event.signal)
        case "health_status" if event.detail in HEALTH:
            failed = state.failed_check(event.time_ns) if event.detail == "unhealthy" else None
            output = failed.output if failed else ""
            yield {"event": "health_status", "health": event.detail} | _given(health_log=output)


def _end(run: Run, state: ContainerState, memory_from_ns: int | None) -> Iterator[Mapping[str, Any]]:
    code = run.die.exit_code
    shown = run.is_last and state.ended_ns is not None
    oom_killed = code == KILLED and (run.has_oom_near or (shown and state.oom_killed and not run.was_asked_for))
    if oom_killed and not run.has_oom:
        yield OOM
    planned = not oom_killed and run.was_planned(memory_from_ns)
    yield (
        {"event": "die"}
        | _given(exit_code=code)
        | {"planned": planned, "oom_killed": oom_killed}
        | _given(error=state.error if shown else "")
    )


def _forgotten(events: Sequence[EngineEvent], state: ContainerState, until_ns: int) -> Iterator[EngineEvent]:
    """Give the events that a state must have come from, where the engine doesn't tell of them."""
    ended_ns = state.ended_ns
    if ended_ns is not None and not any(_is_end_since(event, ended_ns) for event in events):
        yield EngineEvent("", "die", ended_ns, attributes={"exitCode": str(state.exit_code)})
    # Of a container that has ended the engine says "unhealthy", whatever it was.
    failed = state.failed_check(until_ns) if (state.status, state.health) == ("running", "unhealthy") else None
    if failed and not any(event.action == "health_status" and event.detail in HEALTH for event in events):
        yield EngineEvent("", "health_status", failed.ended_ns, detail="unhealthy")


def _unseen_restarts(events: Sequence[EngineEvent], state: ContainerState) -> Iterator[Told]:
    if state.restart_count <= sum(event.action == "start" for event in events):
        return
    fields = {"event": "state", "status": state.status, "restart_count": state.restart_count}
    if state.ended_ns is not None:
        fields |= {"exit_code": state.exit_code, "oom_killed": state.oom_killed}
    yield max(state.started_ns or 0, state.finished_ns or 0), fields | _given(error=state.error, health=state.health)


def _is_end_since(event: EngineEvent, time_ns: int) -> bool:
    return event.action == "die" and event.time_ns > time_ns - SETTLE_NS


def _given(**fields: Any) -> dict[str, Any]:
    """Leave out what is not known, and text that says nothing."""
    return {name: value for name, value in fields.items() if value not in (None, "")}
