"""The engine's own files are read while they are written, rotated and emptied: no line twice, and none missing unsaid."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from logscan.finding import GapReason, Status
from logscan.settings import Direct
from tests.engine.both_ways import lines_of, read, source_of
from tests.rig.oracle import Burst, Mix
from tests.rig.sweep import until


def test_a_container_that_writes_is_read_up_to_where_it_was(emitter, connected):
    """It goes on writing all the while: without an end of its own, reading would not come to one."""
    container = emitter.burst(Burst(10_000_000, size=150, mix=Mix.BOTH), wait=False)
    assert until(lambda: container.logs_path().stat().st_size > 5 << 20)
    source = source_of(connected, container)

    batches = source.batches()
    first = next(batches)
    size = container.logs_path().stat().st_size
    lines = lines_of([first, *batches])

    (found,) = source.coverage
    assert ("direct", Status.COMPLETE) == (found.read, found.status)
    assert found.bytes <= size < container.logs_path().stat().st_size
    for stream in ("stdout", "stderr"):
        assert_without_holes(numbers(lines, stream), step=2)


def numbers(lines, stream="stdout"):
    return [int(re.match(r"S=\w+ N=(\d+) ", text)[1]) for text, _, of in lines if of == stream]


def assert_without_holes(found, step=1):
    assert {step} >= {later - earlier for earlier, later in pairwise(found)}


@pytest.mark.parametrize("max_size", ["1k", "20k"])
@pytest.mark.parametrize(
    "kept",
    [
        pytest.param({"max-file": "1"}, id="one file, removed"),
        pytest.param({"max-file": "2"}, id="two files"),
        pytest.param({"max-file": "5"}, id="five files"),
        pytest.param({"max-file": "5", "compress": "true"}, id="five files, compressed"),
    ],
)
def test_of_a_log_that_rotates_all_the_while_no_line_comes_twice_and_none_is_missing_unsaid(
    emitter, connected, max_size, kept
):
    container = emitter.burst(Burst(10_000_000, size=60), log_opts={"max-size": max_size} | kept, wait=False)
    assert until(lambda: container.logs_path().exists())
    last = 0
    ways = []
    for _ in range(15):
        way, lines, (status, *_) = read(connected, container, Direct.AUTO)
        ways.append(way)
        if way == "api":
            continue
        found = numbers(lines)
        assert sorted(set(found)) == found
        assert Status.COMPLETE is status
        assert_without_holes(found)
        assert found[-1:] >= [last][: len(found)]
        last = found[-1] if found else last
    assert max_size == "1k" or "direct" in ways  # files of ten lines may be gone each time that they are opened


@pytest.mark.parametrize("again", [pytest.param(0, id="emptied"), pytest.param(3, id="emptied and filled again")])
def test_a_log_that_is_emptied_while_it_is_read_is_cut_there_and_says_so(emitter, connected, again):
    container = emitter.burst(Burst(60_000, size=150))
    source = source_of(connected, container)
    path = Path(container.logs_path())
    written = path.read_bytes()

    batches = source.batches()
    first = next(batches)
    path.write_bytes(b"".join(reversed(written.splitlines(keepends=True))) * again)
    found = numbers(lines_of([first, *batches]))

    (coverage,) = source.coverage
    assert list(range(1, len(found) + 1)) == found
    assert ("direct", Status.PARTIAL, len(found)) == (coverage.read, coverage.status, coverage.lines)
    assert "its log file was emptied while it was read" == coverage.reason
    (gap,) = coverage.gaps
    assert (GapReason.TRUNCATED, coverage.last_seen_ns) == (gap.reason, gap.from_ns)
