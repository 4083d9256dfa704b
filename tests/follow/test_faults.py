"""A way to the engine that cuts, stalls, lies silent or refuses: it may delay a line, and costs none."""

from collections import Counter
from random import Random

import pytest

from tests.rig.conservation import Tally, conserved, differences, found, until_conserved, written
from tests.rig.faults import FOR_EVER, Answer, Chaos, Corrupt, Cut, Delay, Stall, Trickle
from tests.rig.follow import NUMBERS
from tests.rig.oracle import Ticker

CONTAINERS = 30
WIRE_BYTES = 330
"""So long is the body of a log of five short lines, as it is on the wire."""


def shell_of(first, count=5):
    """Print some numbers, both streams in turn, then stay."""
    lines = "".join(f"echo 'number {first + each};'{' >&2' * (each % 2)};" for each in range(count))
    return f"{lines} exec sleep 600"


def once(numbers):
    return Counter(dict.fromkeys(numbers, 1))


PULL, STREAM = r"/logs\?(?!.*follow=[1tT])", r"/logs\?.*follow=[1tT]"


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(2, id="every other byte"),
        pytest.param(1, id="every byte", marks=pytest.mark.chaos),
    ],
)
def test_a_short_log_that_is_cut_at_any_byte_is_read_once(emitter, proxy, follower, step):
    """Both the first pull and the first stream of each container are cut, each container's at its own byte."""
    containers = [emitter.shell(shell_of(10 * number)) for number in range(CONTAINERS)]
    everything = once(10 * number + each for number in range(CONTAINERS) for each in range(5))

    for begin in range(0, WIRE_BYTES, CONTAINERS * step):
        proxy.heal()
        for number, container in enumerate(containers):
            for kind in (PULL, STREAM):
                proxy.inject(container.id + kind, Cut(begin + number * step), times=1)
        follow = follower(rules=NUMBERS, name=f"from-{begin}").start("--since", "24h")
        follow.until(lambda follow=follow: not everything - follow.numbers())
        assert 0 == follow.stop()
        assert everything == follow.numbers(), f"cut from byte {begin} on"
        assert [] == follow.gaps


def test_a_stream_that_is_damaged_on_its_way_does_not_end_the_follow(emitter, proxy, follower, seed):
    """What one turned bit hits can't be known; whatever comes after it is read."""
    random = Random(seed)
    ticker = Ticker(32_000, rest=0.05)
    container = emitter.tick(ticker, name="damaged")
    follow = follower().start("--since", "24h")

    for _ in range(10):
        proxy.inject("/logs", Corrupt(random.randrange(2000)), times=1)
        proxy.cut_all()
        seen = lines_of(follow)
        follow.until(lambda seen=seen: lines_of(follow) > seen + 5)
    container.end()

    (expected,) = written(container).values()
    follow.until(lambda: lines_of(follow) > 0.9 * expected.lines)
    assert 0 == follow.stop()
    assert lines_of(follow) < 1.1 * expected.lines


def lines_of(follow):
    return sum(each["count"] for each in follow.findings() if each["rule"]["id"] == "all-lines")


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        pytest.param(PULL, Stall(100, 3), id="a pull that stalls"),
        pytest.param(STREAM, Stall(1000, 3), id="a stream that stalls"),
        pytest.param(PULL, Trickle(2000), id="a pull that trickles"),
        pytest.param(STREAM, Trickle(5000), id="a stream that trickles"),
        pytest.param("", Delay(2), id="late headers"),
        pytest.param("/json", Delay(3), id="late answers about containers"),
        pytest.param(PULL, Delay(3), id="late headers of pulls"),
        pytest.param("/logs", Answer(500, "not now"), id="refused for the moment"),
        pytest.param("/events", Cut(0), id="events that end at once"),
    ],
)
def test_what_is_late_or_refused_for_now_is_read_once_in_the_end(emitter, proxy, follower, kind, fault):
    ticker = Ticker(60, rest=0.2, batch=3, traces=10)
    proxy.inject(kind, fault, times=4)
    follow = follower().start("--since", "24h")
    container = emitter.tick(ticker, name="ticker")
    container.wait()

    until_conserved(follow, {"ticker": Tally.of_ticker(ticker)})
    assert 0 == follow.stop()
    conserved({"ticker": Tally.of_ticker(ticker)}, follow.findings())
    assert [] == follow.gaps


@pytest.mark.chaos
@pytest.mark.parametrize("kind", [PULL, STREAM, "/events", "/json"])
def test_a_connection_that_falls_silent_for_ever_is_found_out(emitter, proxy, follower, kind):
    """The watchdog looks after some time; nothing is lost until then."""
    # A stream that stalls inside a trace is taken for quiet until it is found out, and the trace for complete.
    ticker = Ticker(400, rest=1.0, batch=2, traces=0 if kind == STREAM else 10)
    follow = follower().start("--since", "24h")
    emitter.tick(ticker, name="ticker")
    follow.until(lambda: lines_of(follow) > 5)
    proxy.inject(kind, Stall(1000, FOR_EVER), times=2)
    proxy.cut_all()
    emitter.shell("echo 'number 1/1;'", name="other")

    expected = {"ticker": Tally.of_ticker(ticker), "other": Tally.of(b"number 1/1;")}
    follow.until(lambda: not differences(expected, found(follow.findings())), seconds=900, every=5)
    assert 0 == follow.stop()
    conserved(expected, follow.findings())


def test_a_container_that_is_refused_is_told_once_and_costs_the_others_nothing(emitter, proxy, follower):
    refused = emitter.shell(shell_of(10), name="refused")
    proxy.inject(f"{refused.id}/logs", Answer(403, "not for you"))
    follow = follower(rules=NUMBERS).start("--since", "24h")

    emitter.shell(shell_of(20), name="granted")

    follow.until(lambda: follow.of_type("source.lost") and not once(range(20, 25)) - follow.numbers())
    (lost,) = follow.of_type("source.lost")
    assert "refused" == lost["source"]["container"]["name"]
    assert "not for you" in lost["source"]["reason"]

    proxy.heal()
    follow.until(lambda: not once(range(10, 15)) - follow.numbers())
    assert 0 == follow.stop()
    assert once([*range(10, 15), *range(20, 25)]) == follow.numbers()
    (back,) = follow.of_type("source.back")
    assert "refused" == back["source"]["container"]["name"]


def test_an_engine_that_is_away_is_told_once_and_lost_lines_are_caught_up(emitter, proxy, follower):
    ticker = Ticker(100, rest=0.2)
    follow = follower().start("--since", "24h")
    container = emitter.tick(ticker, name="ticker")
    follow.until(lambda: lines_of(follow) > 5)

    with proxy.away():
        follow.until(lambda: follow.of_type("source.lost"))
    follow.until(lambda: follow.of_type("source.back"))
    container.wait()

    until_conserved(follow, {"ticker": Tally.of_ticker(ticker)})
    assert 0 == follow.stop()
    conserved({"ticker": Tally.of_ticker(ticker)}, follow.findings())
    assert ["source.lost", "source.back"] == [each["type"] for each in follow.of_type("source")]
    assert [] == follow.gaps


def test_an_engine_that_is_not_there_at_the_start_is_waited_for(emitter, proxy, follower):
    emitter.shell(shell_of(10), name="early")
    with proxy.away():
        follow = follower(rules=NUMBERS).start("--since", "24h")
        follow.until(lambda: follow.of_type("source.lost") or follow.stderr)

    follow.until(lambda: not once(range(10, 15)) - follow.numbers())
    assert 0 == follow.stop()
    assert once(range(10, 15)) == follow.numbers()


def test_where_events_are_refused_containers_are_found_all_the_same(emitter, proxy, follower):
    proxy.inject("/events", Answer(403, "no events"))
    follow = follower(rules=NUMBERS).start("--since", "24h")
    follow.until(lambda: proxy.asked("containers/json"))

    emitter.shell(shell_of(10), name="later")

    follow.until(lambda: not once(range(10, 15)) - follow.numbers())
    assert 0 == follow.stop()
    assert once(range(10, 15)) == follow.numbers()


@pytest.mark.parametrize(
    ("idle_seconds", "seconds"),
    [
        pytest.param(2, 60, id="one minute"),
        pytest.param(10, 600, id="ten minutes", marks=pytest.mark.chaos),
    ],
)
def test_a_proxy_that_cuts_idle_connections_is_never_noticed(emitter, proxy, follower, idle_seconds, seconds):
    """No word on it, no loss, no replay: also for containers that print less often than the proxy cuts."""
    proxy.idle_seconds = idle_seconds
    follow = follower().start("--since", "24h")
    tickers = {
        "quick": Ticker(seconds, rest=1.0),
        "seldom": Ticker(seconds // (3 * idle_seconds), rest=3.0 * idle_seconds, traces=2),
        "rotating": Ticker(seconds // (2 * idle_seconds), rest=2.0 * idle_seconds),
    }
    containers = [
        emitter.tick(ticker, name=name, log_driver="local" if name == "rotating" else "json-file")
        for name, ticker in tickers.items()
    ]
    for container in containers:
        container.wait(2 * seconds)

    expected = {name: Tally.of_ticker(ticker) for name, ticker in tickers.items()}
    until_conserved(follow, expected)
    assert 0 == follow.stop()
    conserved(expected, follow.findings())
    assert [] == [*follow.of_type("source"), *follow.gaps]
    assert "" == follow.stderr


def test_chaos_on_the_way_costs_no_line(emitter, proxy, follower, seed):
    proxy.chaos(Chaos(seed, share=0.3, cut_every_s=0.2))
    ticker = Ticker(300, rest=0.2, batch=4, traces=9)
    follow = follower().start("--since", "24h")
    containers = [
        emitter.tick(ticker, name=f"{driver}-{number}", log_driver=driver)
        for driver in ("json-file", "local")
        for number in range(3)
    ]
    for container in containers:
        container.wait()

    expected = {container.name: Tally.of_ticker(ticker) for container in containers}
    until_conserved(follow, expected, seed)
    proxy.calm()
    assert 0 == follow.stop()
    conserved(expected, follow.findings(), seed)
    assert [] == follow.gaps
