"""Which lines of a log are read: times are inclusive to the nanosecond, and `--tail` counts whole lines."""

import pytest

from tests.engine.scanning import (
    COMPLETE,
    NUMBERED,
    engine_records,
    epoch,
    nanoseconds,
    numbers,
    once,
    scan,
    size,
    source_of,
)
from tests.rig.oracle import Script

DRIVERS = [pytest.param(driver, id=driver) for driver in ("json-file", "local")]
FIRST, LAST = 30, 60
"""The lines, counted from 0, whose times are asked for."""


@pytest.fixture(scope="module", params=DRIVERS)
def timed(request, lasting):
    """A hundred lines in ten bursts, so that some share nearly the same moment and some lie apart."""
    script = Script()
    for start in range(1, 100, 10):
        script.out(b"".join(b"number %d\n" % number for number in range(start, start + 10))).pause(0.05)
    container = lasting.play(script, log_driver=request.param)
    return container, engine_records(container)


@pytest.mark.parametrize(
    ("since", "until"),
    [
        pytest.param(0, 0, id="the times of a first and a last line"),
        pytest.param(1, 0, id="a nanosecond after the first"),
        pytest.param(0, -1, id="a nanosecond before the last"),
        pytest.param(-1, 1, id="a nanosecond more on both sides"),
    ],
)
def test_since_and_until_are_inclusive_to_the_nanosecond(proxy, timed, since, until):
    container, records = timed
    since_ns = nanoseconds(records[FIRST].time) + since
    until_ns = nanoseconds(records[LAST].time) + until
    inside = [record for record in records if since_ns <= nanoseconds(record.time) <= until_ns]

    done = scan(proxy, container.name, "--since", epoch(since_ns), "--until", epoch(until_ns), *NUMBERED)

    assert COMPLETE == done.exit_code
    assert once(record.number for record in inside) == numbers(done.json)
    source = source_of(done.json, container)
    assert ("complete", len(inside)) == (source["status"], source["lines"])
    assert (inside[0].time, inside[-1].time) == (source["first_seen"], source["last_seen"])
    assert size([record.text.rstrip(b"\n") for record in inside]) == source["bytes"]


def test_a_time_as_the_report_writes_it_is_a_time_to_ask_for(proxy, timed):
    container, records = timed

    report = scan(proxy, container.name, "--since", records[FIRST].time, *NUMBERED).json

    assert records[FIRST].time == report["range"]["since"]
    assert once(range(FIRST + 1, 101)) == numbers(report)


@pytest.mark.parametrize(
    "times",
    [
        pytest.param(["--since", "2001-01-01", "--until", "2002-01-01"], id="before all lines"),
        pytest.param(["--since", "2199-01-01"], id="behind all lines"),
    ],
)
def test_a_range_without_lines_is_read_completely(proxy, timed, times):
    container, _ = timed

    done = scan(proxy, container.name, *times, *NUMBERED)

    source = source_of(done.json, container)
    assert (COMPLETE, "complete", 0) == (done.exit_code, source["status"], source["lines"])
    assert [] == done.json["findings"]


@pytest.mark.parametrize(
    ("tail", "found"),
    [
        pytest.param("0", range(0), id="none"),
        pytest.param("1", range(100, 101), id="one"),
        pytest.param("7", range(94, 101), id="seven"),
        pytest.param("100", range(1, 101), id="as many as there are"),
        pytest.param("1000", range(1, 101), id="more than there are"),
    ],
)
def test_tail_reads_so_many_last_lines(proxy, timed, tail, found):
    container, _ = timed

    done = scan(proxy, container.name, "--tail", tail, *NUMBERED)

    source = source_of(done.json, container)
    assert once(found) == numbers(done.json)
    assert (COMPLETE, "complete", len(found)) == (done.exit_code, source["status"], source["lines"])


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("tail", [pytest.param(tail, id=f"the last {tail}") for tail in (1, 2, 3)])
def test_tail_counts_lines_and_not_the_pieces_that_the_engine_cuts_them_into(proxy, emitter, driver, tail):
    """A piece without its beginning is no line: here its number would be lost, and its bytes counted."""
    lines = [b"number %d " % number + b"x" * (40 << 10) for number in (1, 2, 3)]
    container = emitter.play(Script().out(b"\n".join(lines) + b"\n"), log_driver=driver)

    done = scan(proxy, container.name, "--tail", f"{tail}", *NUMBERED)

    source = source_of(done.json, container)
    assert once(range(4 - tail, 4)) == numbers(done.json)
    assert ("complete", tail, size(lines[-tail:])) == (source["status"], source["lines"], source["bytes"])


def test_tail_and_since_narrow_each_other(proxy, timed):
    container, records = timed

    def found(first):
        return numbers(scan(proxy, container.name, "--tail", "20", "--since", records[first].time, *NUMBERED).json)

    assert once(range(81, 101)) == found(FIRST)
    assert once(range(91, 101)) == found(90)
