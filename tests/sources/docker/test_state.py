"""What an engine's answers say happened to a container. `fixtures/events` are answers of a real one."""

import re
from pathlib import Path

import pytest

from logscan.batch import Container, Input, Stream
from logscan.errors import ProtocolError
from logscan.framing.time_range import TimeRange
from logscan.sources.docker.engine import ContainerInfo
from logscan.sources.docker.event_log import EventLog, event_batch
from logscan.sources.docker.events import EngineEvent, by_container, departed
from logscan.sources.docker.history import tell
from logscan.sources.docker.select import Selection
from logscan.sources.docker.state import NO_STATE, ContainerState

ROOT = Path(__file__).parents[3]
RECORDED, GUIDE = ROOT / "fixtures" / "events", ROOT / "docs" / "events.md"
SECOND_NS = 1_000_000_000
T0_NS = 1_795_509_600 * SECOND_NS
LONG_AGO_NS = T0_NS - 3600 * SECOND_NS
T0 = "2026-11-24T08:40:00Z"


def recorded(name):
    """The events of the first container in a recording."""
    lines = (RECORDED / f"{name}.jsonl").read_bytes().splitlines()
    return next(iter(by_container(map(EngineEvent.read, lines)).values()))


def event(action, seconds, detail="", **attributes):
    return EngineEvent("c1", action, T0_NS + int(seconds * SECOND_NS), detail, attributes)


def state(**changes):
    """What inspect says, of a container that ended at T0 unless told otherwise."""
    said = {"Status": "exited", "ExitCode": 1, "StartedAt": "2026-11-24T08:39:00Z", "FinishedAt": T0}
    restarts = changes.pop("RestartCount", 0)
    return ContainerState.read({"State": said | changes, "RestartCount": restarts})


def told_of(events, of=NO_STATE, memory_from_ns=None):
    return tell(events, of, memory_from_ns=memory_from_ns, until_ns=T0_NS + 60 * SECOND_NS)


def lines(events, of=NO_STATE, memory_from_ns=None):
    return [fields for _, fields in told_of(events, of, memory_from_ns)]


def ends(told):
    """Exit code, planned and out of memory of each end."""
    return [(one["exit_code"], one["planned"], one["oom_killed"]) for one in told if one["event"] == "die"]


PLANNED, UNPLANNED, OUT_OF_MEMORY = (True, False), (False, False), (False, True)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("stopped", [(143, *PLANNED)], id="docker stop"),
        pytest.param("stopped-late", [(137, *PLANNED)], id="docker stop that had to kill"),
        pytest.param("killed", [(137, *PLANNED)], id="docker kill"),
        pytest.param("interrupted", [(130, *PLANNED)], id="docker kill with INT"),
        pytest.param("removed", [(137, *PLANNED)], id="docker rm -f"),
        pytest.param("restarted", [(143, *PLANNED), (137, *PLANNED)], id="docker restart, then kill"),
        pytest.param("recreated", [(143, *PLANNED)], id="recreated"),
        pytest.param("done", [(0, *PLANNED)], id="a program that was done"),
        pytest.param("hung-up", [(5, *UNPLANNED)], id="a HUP that it did not survive"),
        pytest.param("failed", [(3, *UNPLANNED)], id="a program that failed"),
        pytest.param("restart-loop", [(1, *UNPLANNED)] * 4, id="three restarts by the engine"),
        pytest.param("out-of-memory", [(137, *OUT_OF_MEMORY)], id="out of memory"),
    ],
)
def test_an_end_that_somebody_brought_about_is_planned(name, expected):
    assert expected == ends(lines(recorded(name)))


@pytest.mark.parametrize(
    ("events", "planned"),
    [
        pytest.param([event("kill", -14, signal="15"), event("die", 0, exitCode="1")], True, id="TERM just before"),
        pytest.param([event("kill", -16, signal="15"), event("die", 0, exitCode="1")], False, id="TERM long before"),
        pytest.param([event("kill", -60, signal="15"), event("die", 0, exitCode="143")], True, id="slow death of TERM"),
        pytest.param(
            [event("kill", -40, signal="15"), event("die", 0, exitCode="1"), event("stop", 0.1)], True, id="stop -t 60"
        ),
        pytest.param([event("kill", -1, signal="28"), event("die", 0, exitCode="1")], False, id="another signal"),
        pytest.param(
            [event("kill", -1, signal="28"), event("die", 0, exitCode="1"), event("stop", 0.1)],
            True,
            id="a stop signal of its own",
        ),
        pytest.param([event("die", 0, exitCode="1"), event("stop", 3)], False, id="stopped when it was dead"),
        pytest.param(
            [event("kill", -3, signal="9"), event("start", -2), event("die", 0, exitCode="1")],
            False,
            id="the signal ended the run before",
        ),
        pytest.param(
            [event("die", 0, exitCode="1"), event("start", 0.5), event("stop", 1)],
            False,
            id="the stop ended the run behind",
        ),
    ],
)
def test_what_ends_a_container_belongs_to_one_run_and_comes_in_time(events, planned):
    assert [planned] == [
        fields["planned"] for fields in lines(events, memory_from_ns=LONG_AGO_NS) if "planned" in fields
    ]


@pytest.mark.parametrize("code", [137, 143])
@pytest.mark.parametrize(
    ("before", "memory_from_ns", "planned"),
    [
        pytest.param([], None, True, id="nothing is remembered"),
        pytest.param([], T0_NS - 14 * SECOND_NS, True, id="what came before is forgotten"),
        pytest.param([], T0_NS - 15 * SECOND_NS, False, id="nobody sent it within the time of a stop"),
        pytest.param([event("start", -1)], T0_NS - SECOND_NS, False, id="nobody sent it since the start"),
    ],
)
def test_a_deadly_signal_is_planned_unless_all_is_known_and_nobody_sent_it(code, before, memory_from_ns, planned):
    told = lines([*before, event("die", 0, exitCode=str(code))], memory_from_ns=memory_from_ns)
    assert [(code, planned, False)] == ends(told)


def test_events_become_lines_under_fixed_names():
    assert [
        {"event": "start"},
        {"event": "kill", "signal": 15},
        {"event": "die", "exit_code": 143, "planned": True, "oom_killed": False},
        {"event": "stop"},
        {"event": "start"},
        {"event": "restart"},
        {"event": "kill", "signal": 9},
        {"event": "die", "exit_code": 137, "planned": True, "oom_killed": False},
    ] == lines(recorded("restarted"))


def test_health_checks_at_work_are_no_events():
    health = [fields for fields in lines(recorded("unhealthy")) if fields["event"] not in ("start", "kill", "die")]
    assert [{"event": "health_status", "health": "unhealthy"}] == health


def test_an_unhealthy_container_comes_with_what_its_check_had_printed_by_then():
    checks = [
        {"End": "2026-11-24T08:39:58Z", "ExitCode": 1, "Output": "no\n  database\n"},
        {"End": "2026-11-24T08:39:59Z", "ExitCode": 0, "Output": "fine"},
        {"End": "2026-11-24T08:40:01Z", "ExitCode": 1, "Output": "no disk"},
    ]
    now = state(Status="running", FinishedAt="0001-01-01T00:00:00Z", Health={"Status": "unhealthy", "Log": checks})
    (told,) = lines([event("health_status", 0, "unhealthy")], now)
    assert {"event": "health_status", "health": "unhealthy", "health_log": "no database"} == told


def test_an_unhealthy_container_is_told_of_when_the_engine_has_forgotten_how_it_became_so():
    checks = [{"End": "2026-11-24T10:40:00+02:00", "ExitCode": 1, "Output": "no disk"}]
    now = state(Status="running", FinishedAt="0001-01-01T00:00:00Z", Health={"Status": "unhealthy", "Log": checks})
    expected = {"event": "health_status", "health": "unhealthy", "health_log": "no disk"}
    assert [(T0_NS, expected)] == told_of([], now)


def test_a_health_check_that_ran_too_late_for_the_scan_is_left_out():
    checks = [{"End": at, "ExitCode": 1, "Output": ""} for at in (T0, "2026-11-24T08:41:00.000000001Z")]
    now = state(Status="running", FinishedAt="0001-01-01T00:00:00Z", Health={"Status": "unhealthy", "Log": checks})
    assert [T0_NS] == [time_ns for time_ns, _ in told_of([], now)]


def test_a_container_that_has_ended_is_not_unhealthy():
    """Its engine says so of every one that had a health check."""
    checks = [{"End": T0, "ExitCode": 0, "Output": ""}]
    told = lines([], state(Health={"Status": "unhealthy", "Log": checks}))
    assert ["die"] == [fields["event"] for fields in told]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, [(1, *UNPLANNED)], id="failed"),
        pytest.param({"ExitCode": 0}, [(0, *PLANNED)], id="done"),
        pytest.param({"ExitCode": 130}, [(130, *PLANNED)], id="ended by Ctrl-C"),
        pytest.param({"ExitCode": 137}, [(137, *PLANNED)], id="killed"),
        pytest.param({"ExitCode": 143}, [(143, *PLANNED)], id="stopped"),
        pytest.param({"ExitCode": 137, "OOMKilled": True}, [(137, *OUT_OF_MEMORY)], id="out of memory"),
        pytest.param({"Status": "restarting"}, [(1, *UNPLANNED)], id="about to be restarted"),
        pytest.param({"Status": "dead"}, [(1, *UNPLANNED)], id="dead"),
        pytest.param({"Status": "running"}, [], id="running"),
        pytest.param({"Status": "created", "FinishedAt": "0001-01-01T00:00:00Z"}, [], id="never started"),
    ],
)
def test_the_state_stands_in_for_an_end_that_the_engine_has_forgotten(changes, expected):
    assert expected == ends(lines([], state(**changes)))


def test_an_end_that_the_engine_remembers_is_told_once():
    told = lines([event("start", -60), event("die", 0.003, exitCode="1")], state(Error="no such device"))
    assert [
        {"event": "start"},
        {"event": "die", "exit_code": 1, "planned": False, "oom_killed": False, "error": "no such device"},
    ] == told


def test_what_the_state_says_of_an_end_is_said_of_the_last_one_alone():
    runs = [event("die", -1.5, exitCode="137"), event("start", -1.4), event("die", 0, exitCode="137")]
    told = lines([event("start", -60), *runs], state(ExitCode=137, OOMKilled=True), LONG_AGO_NS)
    assert [(137, *UNPLANNED), (137, *OUT_OF_MEMORY)] == ends(told)


def test_out_of_memory_is_an_event_of_its_own_even_when_only_the_state_tells():
    told = lines([event("start", -60), event("die", 0, exitCode="137")], state(ExitCode=137, OOMKilled=True))
    assert ["start", "oom", "die"] == [fields["event"] for fields in told]
    assert [(137, *OUT_OF_MEMORY)] == ends(told)


def test_a_stop_long_after_the_kernel_killed_one_of_many_processes_is_a_stop():
    events = [event("oom", -30), event("kill", -10, signal="15"), event("kill", 0, signal="9")]
    told = lines([*events, event("die", 0, exitCode="137"), event("stop", 0.1)], state(ExitCode=137, OOMKilled=True))
    assert [(137, *PLANNED)] == ends(told)


def test_restarts_that_the_engine_has_forgotten_are_told_by_their_number():
    now = state(Status="running", ExitCode=0, StartedAt="2026-11-24T08:40:01Z", RestartCount=4)
    told = told_of([event("start", 1)], now)
    assert (T0_NS + SECOND_NS, {"event": "state", "status": "running", "restart_count": 4}) == told[-1]


def test_restarts_that_the_events_show_are_not_told_again():
    events = recorded("restart-loop")
    assert [] == [fields for fields in lines(events, state(RestartCount=3)) if fields["event"] == "state"]


class RememberingEngine:
    """Answers with the same events whatever is asked, and notes from when on it was asked for."""

    name = "host"

    def __init__(self, *events):
        self._events = events
        self.asked_ns = None

    def events(self, since_ns, until_ns):
        self.asked_ns = since_ns
        return [event for event in self._events if event.time_ns <= until_ns]


def scanned(engine, now):
    """The lines of one container from T0 on."""
    info = ContainerInfo(Container(key="c1", id="c1", name="web"), running=True, tty=False, driver="local", state=now)
    log = EventLog(engine, [info], {"c1"}, Selection(), wanted=TimeRange(T0_NS), until_ns=T0_NS + 60 * SECOND_NS)
    return [line for batch in log.batches() for line in batch.text.decode().splitlines()]


@pytest.mark.parametrize(
    ("remembered", "expected"),
    [
        pytest.param([], ['{"event":"start"}', '{"event":"state","status":"running","restart_count":9}'], id="not all"),
        pytest.param([event("stop", -1)], ['{"event":"start"}'], id="all"),
    ],
)
def test_restarts_of_earlier_times_are_left_out_when_the_engine_remembers_all_of_the_wanted_ones(remembered, expected):
    now = state(Status="running", StartedAt="2026-11-24T08:40:01Z", RestartCount=9)
    assert expected == scanned(RememberingEngine(*remembered, event("start", 1)), now)


def test_a_signal_sent_before_the_wanted_times_is_asked_for_and_plans_the_end():
    engine = RememberingEngine(event("kill", -1, signal="15"), event("die", 1, exitCode="1"))
    lines_told = scanned(engine, NO_STATE)

    assert ['{"event":"die","exit_code":1,"planned":true,"oom_killed":false}'] == lines_told
    assert engine.asked_ns <= T0_NS - 15 * SECOND_NS


def test_events_are_json_lines_with_their_times_in_a_batch_of_their_own_kind():
    batch = event_batch(Container(key="c1", name="web"), told_of([event("start", 0), event("die", 1, exitCode="3")]))

    second = batch.line_at(batch.text.index(b"exit_code"))
    assert (Input.EVENT, 2) == (batch.input, batch.lines)
    assert '{"event":"die","exit_code":3,"planned":false,"oom_killed":false}' == second.text
    assert (T0_NS + SECOND_NS, Stream.UNKNOWN) == (second.time_ns, second.stream)


def test_a_container_that_is_gone_is_known_by_the_name_that_it_had_first():
    """Compose renames the old one before it removes it."""
    web = departed(recorded("recreated")[0].listed(), "host")
    assert ("recreated", "emitter:latest", "shop", "web") == (
        web.name,
        web.image,
        web.service.project,
        web.service.name,
    )


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"{", id="half a line"),
        pytest.param(b'{"Action":"die"}', id="nobody's"),
        pytest.param(b'{"Action":"die","Actor":{"ID":"c1"}}', id="without a time"),
    ],
)
def test_an_event_that_can_not_be_read_is_a_fault_of_the_protocol(line):
    with pytest.raises(ProtocolError, match="an event that can't be read"):
        EngineEvent.read(line)


def test_the_lines_in_the_documentation_are_those_that_a_container_gives():
    events = [
        event("start", -60),
        event("health_status", -50, "unhealthy"),
        event("kill", -49, signal="1"),
        event("oom", -45.1),
        event("die", -45, exitCode="137"),
        event("start", -44),
        event("kill", -41, signal="15"),
        event("die", -40, exitCode="143"),
        event("stop", -39.9),
        event("start", -39),
        event("restart", -39),
        event("die", 0, exitCode="1"),
    ]
    check = {"End": "2026-11-24T08:39:09Z", "ExitCode": 1, "Output": "no database\n"}
    health = {"Status": "starting", "Log": [check]}
    now = state(Status="restarting", Error="no such device", Health=health, RestartCount=4)
    batch = event_batch(Container(key="c1", name="web"), told_of(events, now))

    (documented,) = re.findall(r"```json\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert documented == batch.text.decode()
