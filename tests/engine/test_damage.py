"""A json-file with a damaged record: the engine stops in front of it, or skips good records and goes on.

Every other line is found exactly once all the same, and the report says where one is missing.
"""

import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.engine.scanning import (
    COMPLETE,
    INCOMPLETE,
    NUMBERED,
    engine_records,
    epoch,
    nanoseconds,
    numbers,
    once,
    scan,
    source_of,
)
from tests.rig.faults import Delay
from tests.rig.follow import wait_for
from tests.rig.oracle import Script


def overwrite(container, *damaged):
    """Put NULs in place of these records, counted from 0, as a full disk or a power cut leaves them."""
    path = container.logs_path()
    records = path.read_bytes().splitlines(keepends=True)
    for number in damaged:
        records[number] = b"\0" * (len(records[number]) - 1) + b"\n"
    path.write_bytes(b"".join(records))


@pytest.mark.parametrize(
    ("count", "damaged"),
    [
        pytest.param(50, 25, id="in the middle of 50"),
        pytest.param(5_000, 2_500, id="in the middle of 5,000"),
        pytest.param(50, 1, id="the second"),
        pytest.param(50, 48, id="the last but one"),
    ],
)
def test_all_lines_but_the_damaged_one_are_found_once(proxy, emitter, count, damaged):
    container = emitter.play(Script().lines(count, b"number %d"))
    records = engine_records(container)
    overwrite(container, damaged)
    assert len(engine_records(container)) < count - 1, "the engine reads past the damage by itself"

    done = scan(proxy, container.name, *NUMBERED)

    report = done.json
    assert INCOMPLETE == done.exit_code
    assert once(range(1, count + 1)) - once([damaged + 1]) == numbers(report)
    source = source_of(report, container)
    assert ("partial", count - 1) == (source["status"], source["lines"])
    before, after = records[damaged - 1], records[damaged + 1]
    assert [{"from": before.time, "to": after.time, "reason": "damaged"}] == source["gaps"]
    assert (1, 1) == (report["summary"]["incomplete"], report["summary"]["gaps"])
    (error,) = report["errors"]
    assert ("source", container.name, source["reason"]) == (error["kind"], error["source"], error["message"])


@pytest.mark.parametrize(
    "damaged",
    [
        pytest.param([49], id="the last record"),
        pytest.param([10, 11, 12], id="three records in a row"),
    ],
)
def test_wherever_the_damage_lies_the_scan_says_so_and_finds_nothing_twice(proxy, emitter, damaged):
    container = emitter.play(Script().lines(50, b"number %d"))
    overwrite(container, *damaged)

    done = scan(proxy, container.name, *NUMBERED)

    intact = once(range(1, 51)) - once(number + 1 for number in damaged)
    source = source_of(done.json, container)
    assert (INCOMPLETE, "partial") == (done.exit_code, source["status"])
    assert intact == numbers(done.json)
    assert len(intact) == source["lines"]


def test_with_two_damaged_records_each_line_is_found_once_or_lies_in_a_gap(proxy, emitter):
    container = emitter.play(Script().lines(50, b"number %d"))
    records = engine_records(container)
    overwrite(container, 10, 30)

    done = scan(proxy, container.name, *NUMBERED)

    source = source_of(done.json, container)
    assert (INCOMPLETE, "partial") == (done.exit_code, source["status"])
    outside = [
        record.number for record in records if not any(gap["from"] < record.time < gap["to"] for gap in source["gaps"])
    ]
    found = numbers(done.json)
    assert set(outside) <= set(found)
    assert {1} == set(found.values())
    assert not {11, 31}.intersection(outside), "the damaged records lie in a gap"


def write_aligned_log(container, count):
    """Replace a log by numbered records of 128 bytes each; give their times.

    The engine reads 512 bytes, then 1024, then 2048 and so on. What it has read of a file when it meets
    damage it throws away, and goes on behind it: here that is always the beginning of a good record.
    """
    second = engine_records(container)[0].time[:19]
    times = [f"{second}.{number:08}1Z" for number in range(1, count + 1)]
    records = []
    for number, time in enumerate(times, start=1):
        record = f'{{"log":"number {number} PAD\\n","stream":"stdout","time":"{time}"}}\n'
        records.append(record.replace("PAD", "x" * (128 - len(record) + len("PAD"))))
    assert {128} == {len(record) for record in records}
    container.logs_path().write_text("".join(records))
    return times


@pytest.mark.parametrize(
    ("since", "damaged"),
    [
        pytest.param(0, 0, id="in the oldest record of a whole log"),
        pytest.param(60, 55, id="in a record before the asked time"),
        pytest.param(60, 60, id="in the first record of the asked time"),
    ],
)
def test_damage_in_front_of_the_first_line_hides_no_line_behind_it(proxy, emitter, since, damaged):
    """The engine gives the last lines alone, which agree with the log's end as well as all of them would."""
    container = emitter.play(Script().out(b"replaced\n"))
    times = write_aligned_log(container, 100)
    overwrite(container, damaged)
    wanted = [number for number in range(since, 100) if number != damaged]
    given = engine_records(container, since=epoch(nanoseconds(times[since])))
    assert 0 < len(given) < len(wanted)
    assert given == engine_records(container, tail=f"{len(given)}")

    done = scan(proxy, container.name, "--since", times[since], *NUMBERED)

    assert once(number + 1 for number in wanted) == numbers(done.json)
    assert (INCOMPLETE if damaged >= since else COMPLETE) == done.exit_code


WHOLE_LOG = r"/logs\?(?!.*tail=[0-9])"


@contextmanager
def written_to_once(happened, container) -> Iterator[None]:
    """As soon as it has happened, append a record to a log every two milliseconds, until this ends."""
    path = container.logs_path()
    last = json.loads(path.read_bytes().splitlines()[-1])
    over = threading.Event()

    def write():
        wait_for(lambda: happened() or over.is_set(), every=0.002)
        for number in itertools.count():
            if over.wait(0.002):
                return
            with path.open("ab", buffering=0) as log:
                log.write(json.dumps(last | {"log": f"late {number}\n"}).encode() + b"\n")

    writing = threading.Thread(target=write)
    writing.start()
    try:
        yield
    finally:
        over.set()
        writing.join()


def test_of_a_damaged_log_that_is_written_to_all_the_while_nothing_is_recovered_and_the_gap_is_open(proxy, emitter):
    """Where the hole lies is counted from the log's end, and that never stands still while it is looked for."""
    container = emitter.play(Script().lines(50, b"number %d"))
    overwrite(container, 25)
    proxy.inject(WHOLE_LOG, Delay(0), times=1)
    proxy.inject(WHOLE_LOG, Delay(0.2))  # that of the repair, so that it begins when somebody writes

    with written_to_once(lambda: proxy.asked(WHOLE_LOG) == 2, container):
        done = scan(proxy, container.name, *NUMBERED)

    source = source_of(done.json, container)
    assert (INCOMPLETE, "partial") == (done.exit_code, source["status"])
    assert once(range(1, 26)) == numbers(done.json)
    assert [{"from": None, "to": None, "reason": "damaged"}] == source["gaps"]
