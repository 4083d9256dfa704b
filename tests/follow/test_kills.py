"""`kill -9` at random points, under load: what the store has counted is what was written."""

import time
from random import Random

import pytest

from tests.rig.conservation import conserved, found, report, same_findings, until_conserved, written
from tests.rig.oracle import MAX_BLOCKS, Mix, Ticker


def loads(block):
    """Tickers that go on for as long as a test may take, with fewer traces than a rule tells groups apart."""
    count, traces = MAX_BLOCKS * block, block // 10
    return {
        "traced": Ticker(count, rest=0.2, batch=4, block=block, traces=traces),
        "quick": Ticker(count, rest=0.2, batch=40, block=block, mix=Mix.STDOUT),
        "slow": Ticker(count, rest=1.0, block=block),
        "long": Ticker(count, rest=0.5, block=block, size=40_000),
    }


@pytest.mark.parametrize(
    ("kills", "block"),
    [
        pytest.param(20, 64, id="20"),
        pytest.param(300, 512, id="300", marks=pytest.mark.chaos),
    ],
)
def test_kills_under_load_lose_nothing_and_double_nothing(emitter, follower, seed, kills, block):
    """Windows too, and traces of several lines: in the end all findings are those of one scan over the same logs."""
    random = Random(seed)
    containers = [emitter.tick(ticker, name=name) for name, ticker in loads(block).items()]
    containers.append(emitter.tick(loads(block)["traced"], name="local", log_driver="local"))
    follow = follower()

    follow.start("--since", "24h")
    follow.until(lambda: len(found(follow.findings())) == len(containers))
    for number in range(kills):
        # Most kills hit a process that has gone on, some one that only just begins.
        if number % 4:
            seen = counted(follow)
            follow.until(lambda seen=seen: counted(follow) > seen, every=0.1)
            time.sleep(random.uniform(0, 1.0))
        else:
            time.sleep(random.uniform(0, 1.5))
        follow.kill()
        follow.start()
    for container in containers:
        container.end()

    expected = written(*containers)
    until_conserved(follow, expected, seed)
    assert 0 == follow.stop()
    conserved(expected, follow.findings(), seed)
    assert [] == follow.gaps
    told = same_findings(follow.findings(), follow.scan("--since", "24h")["findings"])
    assert not told, report(told, seed)


def counted(follow):
    """How many lines were counted so far."""
    return sum(tally.lines for tally in found(follow.findings()).values())
