"""A json-file with a damaged record: the engine stops in front of it, or skips good records and goes on.

Every other line is found exactly once all the same, and the report says where one is missing.
"""

import pytest

from tests.engine.scanning import INCOMPLETE, NUMBERED, engine_records, numbers, once, scan, source_of
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
        pytest.param([0], id="the first record"),
        pytest.param([49], id="the last record"),
        pytest.param([10, 11, 12], id="three records in a row"),
        pytest.param([10, 30], id="two records far apart"),
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


def test_lines_written_after_the_damage_are_found_when_the_scan_begins_behind_it(proxy, emitter):
    container = emitter.play(Script().lines(20, b"number %d").pause(0.2).lines(20, b"number 2%d"))
    records = engine_records(container)
    overwrite(container, 10)

    done = scan(proxy, container.name, "--since", records[20].time, *NUMBERED)

    assert once(record.number for record in records[20:]) == numbers(done.json)
