"""Containers come, go, crash, move and come back: each of their lines is found once, without being told of them."""

import time
from collections import Counter

import pytest

from tests.rig.conservation import conserved, until_conserved, written
from tests.rig.follow import NUMBERS
from tests.rig.oracle import Script, Ticker

COMPOSE = {"com.docker.compose.project": "shop", "com.docker.compose.service": "cart"}

ON_SIGNAL_2 = "trap 'echo \"number 2;\"' USR1; while true; do sleep 0.1; done"
"""Has a shell print a line for each SIGUSR1."""


def once(*numbers):
    return Counter(dict.fromkeys(numbers, 1))


def test_containers_that_live_for_a_moment_are_caught(emitter, proxy, follower):
    follow = follower(rules=NUMBERS).start("--since", "1h")
    follow.until(lambda: proxy.asked("/events"))

    for number in range(12):
        emitter.shell(f"echo 'number {number};'; echo 'number {100 + number};' >&2", name=f"short-{number}")

    wanted = once(*range(12), *range(100, 112))
    follow.until(lambda: follow.numbers() == wanted)
    assert 0 == follow.stop()
    assert wanted == follow.numbers()
    assert [] == follow.gaps


def test_each_run_of_a_container_that_crashes_is_read(emitter, follower):
    follow = follower(rules=NUMBERS).start("--since", "1h")

    run = 'n=$(($(cat /n 2>/dev/null || echo 0) + 1)); echo $n > /n; echo "number $n;"; exit 1'
    emitter.shell(run, name="crashing", restart="on-failure:4")

    follow.until(lambda: follow.numbers() == once(1, 2, 3, 4, 5))
    assert 0 == follow.stop()
    assert once(1, 2, 3, 4, 5) == follow.numbers()
    assert [] == follow.gaps


def test_a_container_that_is_stopped_and_started_goes_on(emitter, follower):
    follow = follower(rules=NUMBERS).start("--since", "1h")
    run = 'n=$(($(cat /n 2>/dev/null || echo 0) + 1)); echo $n > /n; echo "number $n;"; exec sleep 600'
    container = emitter.shell(run, name="restarted")

    for number in (1, 2, 3):
        follow.until(lambda number=number: follow.numbers() == once(*range(1, number + 1)))
        container.stop()
        container.start()

    follow.until(lambda: follow.numbers() == once(1, 2, 3, 4))
    assert 0 == follow.stop()
    assert once(1, 2, 3, 4) == follow.numbers()


def test_a_recreated_container_is_the_same_service(emitter, follower):
    follow = follower().start("--since", "1h")
    first = emitter.shell("echo 'number 1/1;'; exec sleep 600", name="shop-cart-1", labels=COMPOSE)
    follow.until(lambda: count_of(follow, "all-lines") == 1)

    first.remove()
    second = emitter.shell("echo 'number 1/2;'; exec sleep 600", name="shop-cart-1", labels=COMPOSE)
    follow.until(lambda: count_of(follow, "all-lines") == 2)

    assert 0 == follow.stop()
    (finding,) = (each for each in follow.findings() if each["rule"]["id"] == "all-lines")
    assert ("shop", "cart") == (finding["service"]["project"], finding["service"]["name"])
    assert second.id == finding["container"]["id"]
    assert {first.id, second.id} == {each["id"] for each in finding["containers"]}


def count_of(follow, rule):
    return sum(each["count"] for each in follow.findings() if each["rule"]["id"] == rule)


def test_a_renamed_container_is_read_on_under_its_new_name(engine, emitter, follower):
    ticker = Ticker(1000, rest=0.2)
    follow = follower().start("--since", "1h")
    container = emitter.tick(ticker, name="old-name")
    follow.until(follow.findings)

    engine.client.rename(container.id, "new-name")

    follow.until(lambda: {"old-name", "new-name"} == {each["container"]["name"] for each in follow.findings()})
    container.end()
    kept = written(container)["old-name"]
    # A container that is in no project is its own service, so one that is renamed is another.
    follow.until(lambda: lines_of(follow) == kept.lines)
    assert 0 == follow.stop()
    assert kept.lines == lines_of(follow)
    assert [] == follow.gaps


def lines_of(follow):
    return sum(each["count"] for each in follow.findings() if each["rule"]["id"] == "by-rest")


def test_a_paused_container_is_quiet_and_goes_on(engine, emitter, follower):
    follow = follower().start("--since", "1h")
    container = emitter.tick(Ticker(1000, rest=0.2), name="paused")
    follow.until(follow.findings)

    engine.client.pause(container.id)
    time.sleep(2)
    engine.client.unpause(container.id)
    seen = lines_of(follow)
    follow.until(lambda: lines_of(follow) > seen + 5)
    container.end()

    expected = written(container)
    until_conserved(follow, expected)
    assert 0 == follow.stop()
    conserved(expected, follow.findings())
    assert [] == [*follow.gaps, *follow.of_type("source")]


def test_a_removed_container_takes_nothing_with_it_that_was_read(emitter, follower):
    follow = follower(rules=NUMBERS).start("--since", "1h")
    container = emitter.shell("echo 'number 1;'; exec sleep 600")
    follow.until(lambda: follow.numbers() == once(1))

    container.remove()
    emitter.shell("echo 'number 2;'")

    follow.until(lambda: follow.numbers() == once(1, 2))
    assert 0 == follow.stop()
    assert once(1, 2) == follow.numbers()


def test_lines_of_containers_removed_at_once_are_found_or_lie_in_a_gap(emitter, proxy, follower):
    follow = follower(rules=NUMBERS).start("--since", "1h")
    follow.until(lambda: proxy.asked("/events"))

    ids = {}
    for number in range(8):
        container = emitter.shell(f"echo 'number {number};'; exec sleep 600")
        container.remove()
        ids[number] = container.id
    emitter.shell("echo 'number 99;'")

    follow.until(lambda: 99 in follow.numbers())
    assert 0 == follow.stop()
    found, gaps = follow.numbers(), {gap["container"]["id"] for gap in follow.gaps}
    assert not [number for number in ids if found[number] > 1]
    assert not [number for number, each in ids.items() if not found[number] and each not in gaps]


def test_a_name_that_is_not_there_yet_is_waited_for(emitter, proxy, follower):
    emitter.shell("echo 'number 1;'", name="other")
    follow = follower("later*", rules=NUMBERS).start("--since", "1h")
    follow.until(lambda: proxy.asked("/events"))

    emitter.shell("echo 'number 2;'", name="another")
    emitter.shell("echo 'number 3;'", name="later-1")

    follow.until(lambda: follow.numbers() == once(3))
    assert 0 == follow.stop()
    assert once(3) == follow.numbers()


def test_a_container_made_while_logscan_was_down_is_read_from_its_beginning(emitter, proxy, follower):
    follow = follower(rules=NUMBERS).start()
    follow.until(lambda: proxy.asked("/events"))
    emitter.shell("echo 'number 1;'")
    follow.until(lambda: follow.numbers() == once(1))
    follow.kill()

    emitter.shell("echo 'number 2;'", wait=True)
    emitter.shell("echo 'number 3;'; exec sleep 600")
    follow.start()

    follow.until(lambda: follow.numbers() == once(1, 2, 3))
    assert 0 == follow.stop()
    assert once(1, 2, 3) == follow.numbers()


@pytest.mark.parametrize("driver", ["json-file", "local"])
def test_without_a_state_old_containers_are_read_from_now_on_and_later_ones_whole(emitter, proxy, follower, driver):
    old = emitter.shell(f"echo 'number 1;'; {ON_SIGNAL_2}", log_driver=driver)
    follow = follower(rules=NUMBERS).start()
    follow.until(lambda: proxy.asked(f"{old.id}/logs"))

    old.kill("SIGUSR1")
    emitter.play(Script().out(b"number 3;\n"), log_driver=driver)

    follow.until(lambda: follow.numbers() == once(2, 3))
    assert 0 == follow.stop()
    assert once(2, 3) == follow.numbers()


def test_what_a_quiet_container_prints_while_logscan_is_down_is_read(emitter, proxy, follower):
    """It had nothing to say before; that it was met is known all the same."""
    quiet = emitter.shell(f"echo 'number 1;'; {ON_SIGNAL_2}", name="quiet")
    follow = follower(rules=NUMBERS).start()
    follow.until(lambda: proxy.asked(f"{quiet.id}/logs"))
    emitter.shell("echo 'number 3;'", name="talking")
    follow.until(lambda: follow.numbers() == once(3))
    follow.kill()

    quiet.kill("SIGUSR1")
    time.sleep(1)
    follow.start()

    follow.until(lambda: follow.numbers() == once(2, 3))
    assert 0 == follow.stop()
    assert once(2, 3) == follow.numbers()
