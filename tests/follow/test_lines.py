"""Lines that are hard to tell apart or hard to carry: identical ones by the thousand, huge ones, torn ones."""

import time
from random import Random

import pytest

from tests.rig.conservation import Tally, conserved, until_conserved
from tests.rig.oracle import Mix, Ticker

SAME = "yes 'number 1/1;' | head -n {count}"


def count(follow, name):
    """How many numbered lines of a container were counted, by the rule that has no groups."""
    return sum(
        each["count"]
        for each in follow.findings()
        if (each["rule"]["id"], each["service"]["name"]) == ("all-lines", name)
    )


@pytest.mark.parametrize("driver", ["json-file", "local"])
def test_identical_lines_are_counted_each_over_cuts_and_kills(emitter, proxy, follower, seed, driver):
    random = Random(seed)
    follow = follower().start("--since", "24h")
    bursts = "".join(f"{SAME.format(count=500)}; sleep 1;" for _ in range(20))
    container = emitter.shell(bursts, name="same", log_driver=driver)

    for _ in range(4):
        seen = count(follow, "same")
        follow.until(lambda seen=seen: count(follow, "same") not in (seen, 0), every=0.1)
        proxy.cut_all()
        time.sleep(random.uniform(0.2, 1.0))
        follow.kill()
        follow.start()
    container.wait()

    follow.until(lambda: count(follow, "same") >= 10_000)
    time.sleep(1)
    assert 0 == follow.stop()
    assert 10_000 == count(follow, "same")
    assert [] == follow.gaps


def test_lines_of_a_mebibyte_are_counted_once_over_cuts_and_kills(emitter, proxy, follower, seed):
    """Each is 64 records of the engine, and most cuts and kills lie inside one."""
    random = Random(seed)
    ticker = Ticker(24, rest=1.0, size=1 << 20, mix=Mix.BOTH, block=4)
    follow = follower().start("--since", "24h")
    emitter.tick(ticker, name="long", log_driver="json-file")
    emitter.tick(ticker, name="long-local", log_driver="local")

    follow.until(lambda: count(follow, "long") and count(follow, "long-local"))
    for _ in range(5):
        time.sleep(random.uniform(0.3, 1.0))
        proxy.cut_all()
        time.sleep(random.uniform(0.3, 1.5))
        follow.kill()
        follow.start()

    expected = {name: Tally.of_ticker(ticker) for name in ("long", "long-local")}
    until_conserved(follow, expected, seed)
    assert 0 == follow.stop()
    conserved(expected, follow.findings(), seed)
    assert [gap for gap in follow.gaps if gap["container"]["name"] == "long"] == []


def test_a_line_that_stays_open_is_counted_once_when_its_container_ends(emitter, follower):
    follow = follower().start("--since", "24h")
    emitter.shell("echo 'number 1/1;'; printf 'number 1/2;'; sleep 3", name="torn")

    follow.until(lambda: count(follow, "torn") >= 1)
    follow.kill()
    follow.start()
    until_conserved(follow, {"torn": Tally.of(b"number 1/1; number 1/2;")})
    assert 0 == follow.stop()
    assert 2 == count(follow, "torn")


def test_a_terminal_is_read_as_any_other_log(emitter, proxy, follower):
    ticker = Ticker(40, rest=0.1, mix=Mix.STDOUT)
    follow = follower().start("--since", "24h")
    emitter.tick(ticker, name="terminal", tty=True)

    for _ in range(3):
        time.sleep(1)
        proxy.cut_all()

    until_conserved(follow, {"terminal": Tally.of_ticker(ticker)})
    assert 0 == follow.stop()
    conserved({"terminal": Tally.of_ticker(ticker)}, follow.findings())
