"""Many containers at once, while the engine is restarted, frozen and killed and the proxy cuts: nothing is lost."""

import signal
import time
from dataclasses import dataclass
from random import Random

import pytest

from tests.rig.conservation import conserved, report, same_findings, until_conserved, written
from tests.rig.faults import Chaos
from tests.rig.follow import NUMBERS
from tests.rig.oracle import Mix, Ticker


@dataclass(frozen=True, slots=True)
class Size:
    """So many containers, so many troubles that befall the engine, and the longest rest between these."""

    containers: int
    troubles: int
    rest_s: float


IDLE_SECONDS = 10


def start_tickers(emitter, containers, **options):
    """Start containers that print for as long as the test may take, one line a second or so."""
    return [
        emitter.tick(
            Ticker(32_000, rest=1.0, batch=3, mix=Mix.BOTH, traces=20 if number % 5 == 0 else 0),
            name=f"ticker-{number:03}",
            **options,
        )
        for number in range(containers)
    ]


@pytest.mark.parametrize(
    "size",
    [
        pytest.param(Size(30, 3, 2.0), id="30 containers"),
        pytest.param(Size(200, 20, 5.0), id="200 containers", marks=pytest.mark.chaos),
    ],
)
def test_engine_restarts_and_cuts_lose_nothing(surviving_stage, follower, seed, size):
    """With live-restore: the containers go on printing while the engine is away."""
    random = Random(seed)
    engine, proxy = surviving_stage.engine, surviving_stage.proxy
    follow = follower(url=proxy.url).start("--since", "24h")
    tickers = start_tickers(surviving_stage.emitter, size.containers)
    follow.until(lambda: len({each["service"]["name"] for each in follow.findings()}) == size.containers)
    threads, descriptors = follow.threads, follow.descriptors

    proxy.chaos(Chaos(seed, share=0.1, cut_every_s=0.3))
    for number in range(size.troubles):
        time.sleep(random.uniform(0, size.rest_s))
        match number % 3:
            case 0:
                engine.restart(signal.SIGTERM)
            case 1:
                engine.restart(signal.SIGKILL)
            case 2:
                with engine.frozen():
                    time.sleep(random.uniform(1, 4))
    time.sleep(size.rest_s)
    proxy.calm()
    for ticker in tickers:
        ticker.end()

    expected = written(*tickers)
    until_conserved(follow, expected, seed)
    assert follow.threads <= threads + 10
    assert follow.descriptors <= max(2 * descriptors, descriptors + 30)
    assert 0 == follow.stop()
    conserved(expected, follow.findings(), seed)
    assert [] == follow.gaps
    told = same_findings(follow.findings(), follow.scan("--since", "24h")["findings"])
    assert not told, report(told, seed)


def test_an_engine_that_takes_its_containers_down_with_it_comes_back_with_them(stage, follower):
    """Without live-restore, they are stopped and started again by their policy."""
    emitter = stage.emitter
    follow = follower(url=stage.proxy.url).start("--since", "24h")
    tickers = [
        emitter.tick(Ticker(32_000, rest=0.2, traces=10), name=f"always-{number}", restart="always")
        for number in range(4)
    ]
    follow.until(lambda: len({each["service"]["name"] for each in follow.findings()}) == 4)

    stage.engine.restart()
    after = emitter.shell("echo 'number 999/1;'", name="after")
    follow.until(lambda: any(each["service"]["name"] == "after" for each in follow.findings()))
    for ticker in tickers:
        ticker.stop()
        ticker.wait()

    expected = written(*tickers, after)
    until_conserved(follow, expected)
    assert 0 == follow.stop()
    conserved(expected, follow.findings())
    assert [] == follow.gaps


@pytest.mark.chaos
def test_200_idle_containers_cost_little(emitter, follower):
    for number in range(200):
        emitter.shell(f"echo 'number {number}/1;'; exec sleep 3600")
    follow = follower().start("--since", "24h")
    follow.until(lambda: len({each["service"]["name"] for each in follow.findings()}) == 200)

    time.sleep(IDLE_SECONDS)
    begun = follow.cpu_seconds
    time.sleep(6 * IDLE_SECONDS)
    share = (follow.cpu_seconds - begun) / (6 * IDLE_SECONDS)

    print(f"idle: {share:.1%} of a core, {follow.resident_bytes >> 20} MiB, {follow.threads} threads")
    assert share < 0.05
    assert follow.resident_bytes < 150 << 20


def test_two_engines_are_followed_at_once_and_one_that_fails_costs_the_other_nothing(engine, emitter, stage, follower):
    follow = follower("--host", engine.url, "--host", stage.proxy.url, rules=NUMBERS).start("--since", "24h")
    emitter.shell("echo 'number 1;'", name="here")
    stage.emitter.shell("echo 'number 2;'", name="there")
    follow.until(lambda: set(follow.numbers()) == {1, 2})

    with stage.proxy.away():
        emitter.shell("echo 'number 3;'", name="here-later")
        follow.until(lambda: 3 in follow.numbers())
        stage.emitter.shell("echo 'number 4;'", name="there-later")

    follow.until(lambda: 4 in follow.numbers())
    assert 0 == follow.stop()
    assert {1: 1, 2: 1, 3: 1, 4: 1} == dict(follow.numbers())
    hosts = {each["fields"]["number"]: each["container"]["host"] for each in follow.findings()}
    assert hosts["1"] == hosts["3"]
    assert hosts["2"] == hosts["4"]
