"""The parts of a host's loop: its clock, its patience, its calls that wait, its budget, its wires."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from logscan.errors import SourceError
from logscan.sources.docker.follow.clock import EngineClock
from logscan.sources.docker.follow.jobs import Jobs, Lane
from logscan.sources.docker.follow.pace import Budget
from logscan.sources.docker.follow.presence import LONGEST_NS, PATIENCE_NS, Presence, Where
from logscan.sources.docker.follow.wires import Wires
from logscan.sources.docker.log_response import LogResponse

SECOND_NS = 10**9
T = 1_700_000_000 * SECOND_NS


class Clocks:
    """Our two clocks: ours stands at `T` when the monotonic one stands at 0."""

    def __init__(self, wall_ahead_ns=0):
        self.now_ns = 0
        self.wall_ahead_ns = wall_ahead_ns

    def wall_ns(self):
        return T + self.now_ns + self.wall_ahead_ns

    def monotonic_ns(self):
        return self.now_ns


def seconds(value):
    return int(value * SECOND_NS)


def test_our_own_clock_counts_where_it_agrees_with_what_the_engine_says():
    clocks = Clocks()
    clock = EngineClock(clocks.wall_ns, clocks.monotonic_ns)
    clocks.now_ns = seconds(5.7)
    clock.told_date(T + seconds(5), seconds(5.6), seconds(5.7))
    assert T + seconds(5.7) == clock.now_ns()


def test_many_dates_tell_an_engine_that_is_ahead_to_the_millisecond_and_never_beyond_it():
    clocks = Clocks()
    clock = EngineClock(clocks.wall_ns, clocks.monotonic_ns)
    ahead_ns = seconds(60.25)
    for number in range(400):
        clocks.now_ns = seconds(number * 0.337)
        true_ns = T + clocks.now_ns + ahead_ns
        clock.told_date(true_ns // SECOND_NS * SECOND_NS, clocks.now_ns - 1000, clocks.now_ns + 1000)
        assert clock.now_ns() <= true_ns
    assert true_ns - clock.now_ns() < seconds(0.01)


def test_the_engines_time_never_goes_backwards():
    clocks = Clocks()
    clock = EngineClock(clocks.wall_ns, clocks.monotonic_ns)
    before_ns = clock.now_ns()
    clocks.wall_ahead_ns = -seconds(3600)
    assert before_ns == clock.now_ns()


def test_a_short_absence_is_no_news():
    presence = Presence(0, lambda: 1.0)
    presence.reached(0)
    presence.failed(seconds(1), "cut", None)
    assert not presence.gives_up(seconds(1) + PATIENCE_NS)
    assert not presence.reached(seconds(1) + PATIENCE_NS)


def test_a_long_absence_is_told_once_and_so_is_its_end():
    presence = Presence(0, lambda: 1.0)
    presence.reached(0)
    presence.failed(0, "cut", None)
    assert [True, False] == [presence.gives_up(PATIENCE_NS + 1), presence.gives_up(PATIENCE_NS + 2)]
    assert [True, False] == [presence.reached(PATIENCE_NS + 3), presence.reached(PATIENCE_NS + 4)]
    assert Where.HERE is presence.where


def test_an_engine_that_is_away_is_tried_at_once_and_then_ever_slower():
    presence = Presence(0, lambda: 1.0)
    presence.reached(0)
    presence.failed(7, "cut", None)
    assert 7 == presence.due_ns()
    waits = []
    for _ in range(12):
        presence.try_failed(0, "refused", None)
        waits.append(presence.due_ns())
    assert sorted(waits) == waits
    assert [seconds(0.2), seconds(0.4), LONGEST_NS] == [waits[0], waits[1], waits[-1]]


def test_a_budget_gives_a_burst_and_then_so_much_a_second():
    budget = Budget(per_second=10, burst=5, now_ns=0)
    assert 5 == sum(budget.take(0) for _ in range(20))
    assert 10 == sum(budget.take(milliseconds * 1_000_000) for milliseconds in range(1, 1001))


@pytest.fixture
def jobs():
    ended = threading.Event()
    made = Jobs(ended.set, time.monotonic_ns)
    yield made, ended
    made.stop()
    assert made.join(10)


def until(jobs, ended, condition):
    while not condition():
        assert ended.wait(60)
        ended.clear()
        jobs.finish()


def test_calls_that_hang_hold_up_their_own_lane_alone(jobs):
    made, ended = jobs
    hang, told = threading.Event(), []
    for _ in range(3):
        made.begin(Lane.INSPECT, lambda: hang.wait(60), lambda outcome: told.append("inspected"))
    made.begin(Lane.OPEN, lambda: "log", lambda outcome: told.append(outcome.value))
    until(made, ended, lambda: told == ["log"])
    assert [0, 3] == [made.room(Lane.INSPECT), made.room(Lane.OPEN)]
    hang.set()
    until(made, ended, lambda: len(told) == 4)


def test_what_goes_wrong_in_a_call_is_its_outcome(jobs):
    made, ended = jobs
    told = []
    made.begin(Lane.OPEN, lambda: {}["no such key"], told.append)
    until(made, ended, lambda: told)
    assert isinstance(told[0].error, SourceError)


class Body:
    """Stands for the SDK's response."""

    def __init__(self, connection):
        self.headers, self.raw, self._fp, self.chunked = {}, self, self, True
        self.connection, self.fp = connection, connection.makefile("rb")

    def close(self):
        self.fp.close()
        self.connection.close()


@pytest.fixture
def wires():
    made = Wires()
    yield made
    made.close()


def connected(wires, take, ended, **options):
    ours, theirs = socket.socketpair()
    return wires.add(LogResponse(Body(ours)), take, ended, **options), theirs


def turn(wires, *, full=False):
    wires.wait(5)
    wires.read(lambda: full)


def test_a_body_is_given_piece_by_piece_and_its_end_told(wires):
    got, ends = [], []
    _, theirs = connected(wires, lambda data: got.append(data) or True, ends.append)
    with theirs:
        theirs.sendall(b"2\r\nhi\r\n")
        turn(wires)
        theirs.sendall(b"3\r\nyou\r\n0\r\n\r\n")
        turn(wires)
    assert ([b"hi", b"you"], [True]) == (got, ends)


def test_a_connection_that_ends_before_its_last_chunk_was_cut(wires):
    ends = []
    _, theirs = connected(wires, lambda data: True, ends.append)
    theirs.sendall(b"2\r\nhi\r\n5\r\nth")
    theirs.close()
    turn(wires)
    turn(wires)
    assert [False] == ends


def test_who_wants_no_more_hangs_up_and_is_told_of_no_end(wires):
    ends = []
    _, theirs = connected(wires, lambda data: False, ends.append)
    with theirs:
        theirs.sendall(b"2\r\nhi\r\n0\r\n\r\n")
        turn(wires)
        assert b"" == theirs.recv(1)
    assert [] == ends


def test_while_all_is_full_only_what_is_urgent_is_read(wires):
    got = []
    _, log = connected(wires, lambda data: got.append("log") or True, got.append)
    _, events = connected(wires, lambda data: got.append("events") or True, got.append, urgent=True)
    with log, events:
        for theirs in (log, events):
            theirs.sendall(b"2\r\nhi\r\n")
        turn(wires, full=True)
        turn(wires, full=True)
        assert ["events"] == got
        turn(wires)
        assert ["events", "log"] == got


def test_one_that_brings_much_leaves_the_others_their_turn(wires):
    got = []
    _, noisy = connected(wires, lambda data: got.append("noisy") or True, got.append)
    _, quiet = connected(wires, lambda data: got.append("quiet") or True, got.append)
    noisy.setblocking(False)
    with noisy, quiet:
        block = b"4000\r\n" + b"x" * 0x4000 + b"\r\n"
        try:
            while True:
                noisy.send(block)
        except BlockingIOError:
            pass
        quiet.sendall(b"2\r\nhi\r\n")
        turn(wires)
        assert "quiet" in got
        assert got.count("noisy") <= 1
