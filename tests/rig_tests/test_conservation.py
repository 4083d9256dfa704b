"""The judge sees what is lost and what is counted twice, and lets nothing else pass for it."""

from dataclasses import replace
from random import Random

import pytest

from tests.rig.conservation import Tally, conserved, differences, found, outside_gaps, same_findings, written
from tests.rig.oracle import Mix, Ticker

TICKER = Ticker(100, block=10, traces=7)


def lines_of(ticker):
    for number in range(ticker.count):
        yield f"number {number // ticker.block}/{number % ticker.block};"


def findings_of(lines, traces=(), service="c"):
    """What a faultless logscan would make of these lines."""
    tally = Tally.of("\n".join(lines).encode())
    for rule, name, counts in (
        ("by-block", "block", tally.blocks),
        ("by-rest", "rest", tally.rests),
        ("trace", "trace", dict.fromkeys(traces, 1)),
    ):
        for value, count in counts.items():
            yield {"rule": {"id": rule}, "service": {"name": service}, "fields": {name: f"{value}"}, "count": count}


def test_a_tally_of_a_ticker_is_that_of_its_log():
    text = "\n".join(lines_of(TICKER)).encode() + b"".join(b"\nTraceError: trace %d;" % n for n in range(0, 100, 7))

    assert Tally.of(text) == Tally.of_ticker(TICKER)
    assert 100 == Tally.of_ticker(TICKER).lines


def test_what_is_counted_once_is_conserved():
    conserved({"c": Tally.of_ticker(TICKER)}, findings_of(lines_of(TICKER), range(0, 100, 7)))


@pytest.mark.parametrize("seed", range(20))
def test_a_lost_line_is_named(seed):
    lines = list(lines_of(TICKER))
    lost = lines.pop(Random(seed).randrange(len(lines)))

    told = differences({"c": Tally.of_ticker(replace(TICKER, traces=0))}, found(findings_of(lines)))

    assert [f"c: lost {lost.removesuffix(';')} (of 100)"] == told


@pytest.mark.parametrize("seed", range(20))
def test_a_line_that_is_lost_does_not_hide_one_that_is_doubled(seed):
    random, lines = Random(seed), list(lines_of(TICKER))
    lost = lines.pop(random.randrange(len(lines)))
    lines.append(twice := random.choice(lines))

    told = differences({"c": Tally.of_ticker(replace(TICKER, traces=0))}, found(findings_of(lines)))

    assert 2 == len(told), (lost, twice, told)


def test_traces_that_are_lost_or_doubled_are_named():
    ticker = Ticker(10, block=10, traces=5)
    findings = findings_of(lines_of(ticker), traces=(0, 1))

    assert ["c: lost trace 5", "c: too often trace 1"] == differences({"c": Tally.of_ticker(ticker)}, found(findings))


def test_a_container_of_which_nothing_was_found_is_named():
    assert ["b: none of 100 lines"] == differences({"b": Tally.of_ticker(Ticker(100))}, {})


def numbered(*numbers, count=1):
    return [
        {"fields": {"number": f"{number}"}, "count": count, "first_seen": f"2026-01-01T00:00:{number:02}.000000000Z"}
        for number in numbers
    ]


def gap(first, last):
    return {"from": f"2026-01-01T00:00:{first:02}.500000000Z", "to": f"2026-01-01T00:00:{last:02}.500000000Z"}


@pytest.mark.parametrize(
    ("numbers", "gaps", "told"),
    [
        pytest.param([1, 2, 3, 4], [], 0, id="all there"),
        pytest.param([1, 4], [], 1, id="lost"),
        pytest.param([1, 4], [gap(1, 3)], 0, id="in a gap"),
        pytest.param([2, 3, 4], [gap(0, 1)], 0, id="a gap at the beginning"),
        pytest.param([1, 2, 3], [gap(3, 9)], 0, id="a gap at the end"),
        pytest.param([1, 2, 3], [gap(0, 1)], 1, id="a gap elsewhere"),
        pytest.param([1, 3], [gap(4, 5)], 1, id="two holes and a gap after both"),
    ],
)
def test_a_missing_number_must_lie_in_a_gap(numbers, gaps, told):
    assert told == len(outside_gaps([1, 2, 3, 4], numbered(*numbers), gaps))


def test_no_gap_excuses_a_number_that_was_counted_twice():
    assert ["number 7 2 times"] == outside_gaps([7], numbered(7, count=2), [gap(0, 50)])


def test_findings_that_differ_in_anything_but_their_state_are_told():
    (finding,) = ({**each, "fingerprint": "v1:1", "state": None} for each in numbered(7))
    (finding["rule"], finding["service"]) = {"id": "numbered"}, {"name": "c"}

    assert [] == same_findings([finding | {"state": "new"}], [finding])
    assert ["numbered of c {'number': '7'} (2): count is 2 followed, 1 scanned"] == same_findings(
        [finding | {"count": 2}], [finding]
    )
    assert 1 == len(same_findings([], [finding]))
    assert 1 == len(same_findings([finding], []))


@pytest.mark.parametrize(
    "ticker",
    [
        pytest.param(Ticker(100, rest=0, traces=10), id="all at once"),
        pytest.param(Ticker(20, rest=0.05, batch=5, mix=Mix.STDERR), id="bit by bit"),
        pytest.param(Ticker(5, rest=0, size=100_000, block=2), id="long lines"),
    ],
)
def test_a_ticker_prints_what_the_oracle_says(emitter, ticker):
    container = emitter.tick(ticker, name="ticker", wait=True)

    assert {"ticker": Tally.of_ticker(ticker)} == written(container)


def test_a_ticker_prints_no_line_a_second_time_when_its_container_starts_again(emitter):
    ticker = Ticker(40, rest=0, block=10, traces=20)
    container = emitter.tick(ticker, name="ticker", wait=True)
    container.start()
    container.wait()

    (tally,) = written(container).values()
    assert [10] * 8 == list(tally.blocks.values())
    assert {0, 1, 2, 3, 1000, 1001, 1002, 1003} == set(tally.blocks)
    assert {0, 20, 10_000, 10_020} == set(tally.traces)
