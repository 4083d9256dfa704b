"""A host is followed through all that happens to its containers and its engine: each line comes once."""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from logscan.sources.docker.engine import Engine as DockerEngine
from logscan.sources.docker.follow import host as host_module
from logscan.sources.docker.follow import presence
from logscan.sources.docker.follow.host import HostReader
from logscan.sources.docker.select import Selection
from logscan.sources.live import (
    Back,
    Ended,
    EventLines,
    EventsTold,
    First,
    GapFound,
    Idle,
    Inbox,
    Lines,
    Lost,
    Removed,
    Start,
)
from tests.rig.emitter import Emitter
from tests.rig.engine import Engine
from tests.rig.faults import Answer, HangUp
from tests.rig.oracle import Burst, Stream
from tests.rig.proxy import Proxy

LIMIT_SECONDS = 90
KEY = b"sixteen bytes ok"


class Reading:
    """A HostReader at work, and all that it has told; a context manager that stops it."""

    def __init__(self, url, selection=None, *, start=None, events=False, once=False):
        self.reader = HostReader(DockerEngine.connect(url), selection or Selection(), events=events, once=once)
        self.inbox = Inbox()
        self.news = []
        self.reader.start(start or Start(KEY, first=First.MOMENT, since_ns=1), self.inbox)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.reader.stop()
        self.until(lambda: self.of(Ended))
        self.reader.close(10)

    def until(self, condition):
        limit = time.monotonic() + LIMIT_SECONDS
        while not condition():
            assert time.monotonic() < limit, f"it never came true; told so far: {self.summary()}"
            self.news += self.inbox.take(0.05)

    def of(self, kind):
        return [news for news in self.news if isinstance(news, kind)]

    def lines(self, name=None):
        """Count each line of the containers that ever had this name, by the names that they had then."""
        return Counter(
            line
            for news in self.of(Lines)
            if news.batch.container.name == name or name is None
            for line in news.batch.text.splitlines()
        )

    def names(self, kind):
        return {news.container.name for news in self.of(kind)}

    def summary(self):
        return [
            (type(news).__name__, news.batch.container.name, news.batch.text[:200]) if isinstance(news, Lines) else news
            for news in self.news
        ]


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


def followed_live(proxy, container):
    return any(
        container.id in request.path and request.parameters["follow"] == "1"
        for request in proxy.requests
        if request.path.endswith("/logs")
    )


def each_once(*lines):
    return Counter(dict.fromkeys(lines, 1))


def test_containers_that_ran_start_move_restart_and_go_are_read_once(emitter, proxy):
    emitter.shell("echo ran before", name="before").wait()
    emitter.shell("while true; do n=$((n + 1)); echo tick $n; sleep 0.1; done", name="running")
    with Reading(proxy.url) as reading:
        reading.until(lambda: b"tick 5" in reading.lines("running") and reading.lines("before"))
        for number in range(4):
            emitter.shell(f"echo short {number}", name=f"short-{number}")
        reading.until(lambda: {f"short-{number}" for number in range(4)} <= reading.names(Idle))

        moved = emitter.shell("echo moved; sleep 0.5; echo still", name="old-name")
        reading.until(lambda: reading.lines("old-name"))
        emitter.engine.client.rename(moved.id, "new-name")
        reading.until(lambda: "new-name" in reading.names(Idle))
        assert each_once(b"moved", b"still") == reading.lines("old-name") + reading.lines("new-name")

        again = emitter.shell("echo again", name="again")
        reading.until(lambda: reading.lines("again")[b"again"] == 1 and "again" in reading.names(Idle))
        again.start()
        reading.until(lambda: reading.lines("again")[b"again"] == 2)

        gone = emitter.shell("echo going; exec sleep 600", name="gone")
        reading.until(lambda: followed_live(proxy, gone) and reading.lines("gone"))
        gone.remove()
        reading.until(lambda: "gone" in reading.names(Removed))

    assert each_once(b"ran before") == reading.lines("before")
    assert each_once(*(b"short %d" % number for number in range(4))) == sum(
        (reading.lines(f"short-{number}") for number in range(4)), Counter()
    )
    ticks = reading.lines("running")
    assert each_once(*(b"tick %d" % number for number in range(1, len(ticks) + 1))) == ticks
    assert [] == reading.of(Lost)
    assert [] == reading.of(GapFound)


def test_now_leaves_out_what_was_written_before(emitter, proxy):
    emitter.shell("echo early; while [ ! -e /go ]; do sleep 0.1; done; echo late; exec sleep 600", name="there")
    container = next(each for each in emitter.engine.client.containers() if each["Names"] == ["/there"])
    time.sleep(1.1)  # the engine's time is known to the second
    with Reading(proxy.url, start=Start(KEY)) as reading:
        reading.until(lambda: any(request.path.endswith("/logs") for request in proxy.requests))
        created = emitter.engine.client.exec_create(container["Id"], ["touch", "/go"])
        emitter.engine.client.exec_start(created["Id"])
        emitter.shell("echo new", name="new")
        reading.until(lambda: reading.lines("new") and reading.lines("there"))
    assert each_once(b"late") == reading.lines("there")
    assert each_once(b"new") == reading.lines("new")


def test_a_name_is_waited_for_and_the_others_are_left_alone(emitter, proxy):
    emitter.shell("echo other", name="other").wait()
    with Reading(proxy.url, Selection(names=("late-*",))) as reading:
        reading.until(lambda: any(request.path.endswith("/containers/json") for request in proxy.requests))
        assert ("late-*",) == reading.reader.unmatched
        emitter.shell("echo here", name="late-1")
        reading.until(lambda: reading.lines("late-1"))
        assert () == reading.reader.unmatched
    assert each_once(b"here") == reading.lines()


def test_a_log_that_rotates_is_rung_for(emitter, proxy):
    with Reading(proxy.url) as reading:
        emitter.burst(Burst(400, size=80, rate=200), name="rotating", log_opts={"max-size": "1m"})
        reading.until(lambda: sum(reading.lines("rotating").values()) >= 400 and "rotating" in reading.names(Idle))
    assert each_once(*Burst(400, size=80).expected(Stream.STDOUT)) == reading.lines("rotating")
    queries = [request.parameters for request in proxy.requests if request.path.endswith("/logs")]
    assert {"0"} == {query["tail"] for query in queries if query["follow"] == "1"}


def test_a_container_without_a_log_is_told_lost_once(emitter, proxy):
    with Reading(proxy.url) as reading:
        emitter.shell("sleep 1", name="silent", log_driver="none").wait()
        emitter.shell("echo heard", name="heard")
        reading.until(lambda: reading.lines("heard") and reading.of(Lost))
    assert ["silent"] == [lost.container.name for lost in reading.of(Lost)]
    assert reading.of(Lost)[0].help


def test_events_are_told_and_lines_of_before_the_last_run_are_not(emitter, proxy):
    chosen = Selection(names=("failing*",))
    with Reading(proxy.url, chosen, events=True) as first:
        emitter.shell("exit 7", name="failing")
        first.until(lambda: [b"die" in news.batch.text for news in first.of(EventLines)][-1:] == [True])
    until_ns = first.of(EventsTold)[-1].time_ns
    with Reading(proxy.url, chosen, events=True, start=Start(KEY, events_from_ns=until_ns)) as second:
        emitter.shell("exit 8", name="failing-too")
        second.until(lambda: [b"die" in news.batch.text for news in second.of(EventLines)][-1:] == [True])
    assert {"failing"} == {news.batch.container.name for news in first.of(EventLines)}
    assert {"failing-too"} == {news.batch.container.name for news in second.of(EventLines)}
    assert b'"exit_code":8,"planned":false' in b"".join(news.batch.text for news in second.of(EventLines))


def test_without_events_containers_are_found_by_listing(emitter, proxy):
    proxy.inject("/events", Answer(403, "not allowed"))
    with Reading(proxy.url, events=True) as reading:
        reading.until(lambda: sum(request.path.endswith("/containers/json") for request in proxy.requests) >= 2)
        container = emitter.shell("echo found", name="found")
        reading.until(lambda: "found" in reading.names(Idle))
        container.remove()
        reading.until(lambda: "found" in reading.names(Removed))
    assert each_once(b"found") == reading.lines("found")
    assert [] == [*reading.of(EventLines), *reading.of(Lost)]
    assert [1] == [told.time_ns for told in reading.of(EventsTold)]


def test_once_reads_each_log_to_its_end_and_ends(emitter, proxy):
    emitter.shell("echo done", name="done").wait()
    emitter.shell("echo running; exec sleep 600", name="running")
    with Reading(proxy.url, once=True, events=True) as reading:
        reading.until(lambda: reading.of(Ended))
    assert each_once(b"done", b"running") == reading.lines()
    assert b'"event":"die"' in b"".join(news.batch.text for news in reading.of(EventLines))
    assert {"0"} == {request.parameters["follow"] for request in proxy.requests if request.path.endswith("/logs")}


def test_once_with_an_engine_that_is_gone_says_so_and_ends(proxy):
    engine = DockerEngine.connect(proxy.url)
    proxy.inject("", HangUp())
    reader, inbox = HostReader(engine, Selection(), events=False, once=True), Inbox()
    reader.start(Start(KEY), inbox)
    told = []
    while not any(isinstance(news, Ended) for news in told):
        told += inbox.take(1)
    reader.close(10)
    assert [Lost, Ended] == [type(news) for news in told]


def test_requests_that_break_leave_nothing_behind(emitter, proxy):
    ticking = "while true; do n=$((n + 1)); echo tick $n; sleep 0.02; done"
    emitter.shell(ticking, name="rotating", log_opts={"max-size": "1m"})
    emitter.shell(ticking, name="plain")
    with Reading(proxy.url) as reading:
        reading.until(lambda: b"tick 20" in reading.lines("rotating") and b"tick 20" in reading.lines("plain"))
        files, threads = open_files(), threading.active_count()
        for _ in range(15):
            proxy.inject("/logs", HangUp(), times=1)
            seen = len(reading.lines("rotating"))
            reading.until(lambda seen=seen: len(reading.lines("rotating")) > seen)
        reading.until(lambda: open_files() <= files + 8 and threading.active_count() <= threads + 8)
    for name in ("rotating", "plain"):
        ticks = reading.lines(name)
        assert each_once(*(b"tick %d" % number for number in range(1, len(ticks) + 1))) == ticks
    assert [] == reading.of(Lost)


@pytest.fixture
def stage():
    """An engine of the test's own, which it may restart and freeze."""
    with Engine() as engine, Proxy(engine.root / "proxy.sock", engine.socket) as proxy:
        yield engine, Emitter(engine), proxy
    proxy.fail_on_violations()


def test_an_engine_that_goes_away_is_told_once_and_all_goes_on_when_it_is_back(stage, monkeypatch):
    monkeypatch.setattr(presence, "SILENCE_NS", 10**9)
    monkeypatch.setattr(host_module, "PING_TIMEOUT_S", 1)
    engine, emitter, proxy = stage
    run = "n=$(($(cat /n 2>/dev/null || echo 0) + 1)); echo $n > /n; echo run $n; exec sleep 600"
    emitter.shell(run, name="kept", restart="always")
    with Reading(proxy.url) as reading:
        reading.until(reading.lines)

        engine._daemon.send_signal(signal.SIGSTOP)
        reading.until(lambda: reading.of(Lost))
        engine._daemon.send_signal(signal.SIGCONT)
        reading.until(lambda: reading.of(Back))

        engine.down()
        reading.until(lambda: len(reading.of(Lost)) == 2)
        engine.up()
        reading.until(lambda: len(reading.of(Back)) == 2)
        emitter.shell("echo new", name="new")
        reading.until(lambda: reading.lines("new") and b"run 2" in reading.lines())

    assert each_once(b"run 1", b"run 2", b"new") == reading.lines()
    assert [None] * 4 == [news.container for news in (*reading.of(Lost), *reading.of(Back))]
