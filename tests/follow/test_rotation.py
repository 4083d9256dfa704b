"""Logs that rotate: each line is counted once, or lies inside a gap that says so."""

import os
import time

import pytest

from tests.rig.conservation import outside_gaps, report
from tests.rig.follow import NUMBERS, wait_for

KEPT = {
    "json-file": {"max-size": "10k", "max-file": "3"},
    "json-file, compressed": {"max-size": "10k", "max-file": "3", "compress": "true"},
    "local": {"max-size": "10k", "max-file": "3"},
    "local, plain": {"max-size": "10k", "max-file": "3", "compress": "false"},
}

SLOW = 'n=0; while [ $n -lt {count} ]; do n=$((n + 1)); echo "number $n;"; [ $((n % 5)) = 0 ] && sleep 0.1; done'
FAST = "echo 'number 0;'; trap : USR1; sleep 600 & wait; seq 1 {count} | sed 's/.*/number &;/'; sleep 600 & wait"
"""Prints a line, and for SIGUSR1 all others at once."""


def options(kind):
    return {"log_driver": kind.partition(",")[0], "log_opts": KEPT[kind]}


@pytest.mark.parametrize("kind", KEPT)
def test_a_log_that_rotates_while_it_is_read_is_counted_once(emitter, proxy, follower, kind):
    """It rotates every four seconds, and what it keeps goes back twelve."""
    follow = follower(rules=NUMBERS).start("--since", "24h")
    follow.until(lambda: proxy.asked("containers/json"))
    emitter.shell(SLOW.format(count=700), name="rotating", **options(kind))

    follow.until(lambda: 700 in follow.numbers(), every=1)
    assert 0 == follow.stop()
    told = outside_gaps(range(1, 701), follow.findings(), follow.gaps)
    assert not told, report(told)
    assert len(follow.numbers()) > 350, "a busy machine may be late for once, and not all the time"


@pytest.mark.parametrize("kind", KEPT)
def test_what_rotates_faster_than_it_can_be_read_lies_in_a_gap(emitter, follower, kind):
    follow = follower(rules=NUMBERS).start("--since", "24h")
    container = emitter.shell(FAST.format(count=3000), name="fast", **options(kind))
    follow.until(lambda: 0 in follow.numbers())

    container.kill("SIGUSR1")

    follow.until(lambda: 3000 in follow.numbers(), every=1)
    assert 0 == follow.stop()
    told = outside_gaps(range(3001), follow.findings(), follow.gaps)
    assert not told, report(told)
    assert {container.id} >= {gap["container"]["id"] for gap in follow.gaps}
    assert {"rotated"} >= {gap["reason"] for gap in follow.gaps}


def test_what_rotated_away_while_logscan_was_down_is_a_gap(emitter, follower):
    follow = follower(rules=NUMBERS).start("--since", "24h")
    container = emitter.shell(FAST.format(count=3000), name="away", **options("json-file"))
    follow.until(lambda: 0 in follow.numbers())
    follow.kill()

    container.kill("SIGUSR1")
    wait_for(lambda: b"number 3000;" in container.engine.client.logs(container.id, tail=1))
    follow.start()

    follow.until(lambda: 3000 in follow.numbers(), every=1)
    assert 0 == follow.stop()
    told = outside_gaps(range(3001), follow.findings(), follow.gaps)
    assert not told, report(told)
    (gap,) = (gap for gap in follow.gaps if gap["container"]["id"] == container.id)
    assert "rotated" == gap["reason"]
    assert 0 < len(follow.numbers()) < 3001


@pytest.mark.chaos
@pytest.mark.parametrize("files", ["1", "2", "10"])
@pytest.mark.parametrize("driver", ["json-file", "local"])
def test_a_log_that_rotates_at_every_kilobyte_is_counted_once_or_in_gaps(emitter, proxy, follower, files, driver):
    follow = follower(rules=NUMBERS).start("--since", "24h")
    follow.until(lambda: proxy.asked("containers/json"))
    options = {"max-size": "1k", "max-file": files}
    if driver == "local" and files == "1":
        options["compress"] = "false"  # the engine refuses to compress a single file
    containers = [emitter.shell(SLOW.format(count=5000), log_driver=driver, log_opts=options) for _ in range(2)]
    for container in containers:
        container.wait(600)

    follow.until(lambda: follow.numbers()[5000] == len(containers), every=1)
    assert 0 == follow.stop()
    findings = follow.findings()
    for container in containers:
        told = outside_gaps(
            range(1, 5001),
            [each for each in findings if each["service"]["name"] == container.name],
            [gap for gap in follow.gaps if gap["container"]["id"] == container.id],
        )
        assert not told, report(told)


STEPS = (
    "n=0; trap 'for i in 1 2 3 4 5; do n=$((n + 1)); echo \"number $n;\"; done' USR1; while true; do sleep 0.1; done"
)
"""Prints the next five numbers for each SIGUSR1."""


def test_a_log_that_is_truncated_from_outside_goes_on(emitter, follower):
    """As logrotate's copytruncate does it; what was read before is not read again."""
    follow = follower(rules=NUMBERS).start("--since", "24h")
    container = emitter.shell(STEPS, name="truncated")
    for last in (5, 10):
        container.kill("SIGUSR1")
        follow.until(lambda last=last: last in follow.numbers())

    os.truncate(container.logs_path(), 0)
    container.kill("SIGUSR1")

    follow.until(lambda: 15 in follow.numbers())
    assert 0 == follow.stop()
    told = outside_gaps(range(1, 16), follow.findings(), follow.gaps)
    assert not told, report(told)


def test_a_damaged_record_is_passed_and_is_a_gap(emitter, follower):
    """An engine of this version ends each read at a record that it can't decode."""
    follow = follower(rules=NUMBERS).start("--since", "24h")
    container = emitter.shell(STEPS, name="damaged")
    container.kill("SIGUSR1")
    follow.until(lambda: 5 in follow.numbers())

    with container.logs_path().open("ab") as log:
        log.write(b'{"log":"number 1000;\\n","stream":"stdout","time":"broken}\n')
    for _ in range(3):
        container.kill("SIGUSR1")
        time.sleep(1)

    follow.until(lambda: 20 in follow.numbers())
    assert 0 == follow.stop()
    told = outside_gaps(range(1, 21), follow.findings(), follow.gaps)
    assert not told, report(told)
