"""The records of a time are found without reading those before them."""

import io
import json
from random import Random

import pytest

from logscan.framing.line_block import PIECE_BYTES
from logscan.framing.stamp import format_fixed
from logscan.sources.docker.record_search import NEAR_BYTES, first_time, start_of
from logscan.sources.json_file import SLACK_NS, record_time

FIRST_NS = 1_764_633_600_000_000_000
STEP_NS = 40_000_000


class Counted(io.BytesIO):
    """A file that knows how much was read of it."""

    taken = 0

    def read(self, size=-1):
        data = super().read(size)
        self.taken += len(data)
        return data


def record(time_ns, text, stream="stdout", end="\n"):
    return json.dumps({"log": text + end, "stream": stream, "time": format_fixed(time_ns).decode()}).encode() + b"\n"


LATER_NS = FIRST_NS + STEP_NS
PIECE = record(FIRST_NS, "x" * PIECE_BYTES, end="")


def log_of(count, seed=1):
    """Records of all sizes, some damaged; neighbours may stand out of order, as two streams do."""
    random = Random(seed)
    for number in range(count):
        time_ns = FIRST_NS + number * STEP_NS + random.randrange(-SLACK_NS // 3, SLACK_NS // 3)
        written = record(time_ns, "x" * random.choice([0, 20, 200, 16_000]))
        yield b"\0" * len(written) if random.random() < 0.02 else written


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.5, 0.9, 0.9999, 1.0, 1.1])
def test_no_record_of_the_time_lies_before_the_place_and_few_others_behind_it(seed, share):
    records = list(log_of(3000, seed))
    file = Counted(b"".join(records))
    since_ns = FIRST_NS + round(3000 * STEP_NS * share)

    start = start_of(file, len(file.getvalue()), since_ns)

    assert file.taken < 40 * NEAR_BYTES
    place, last_early = 0, 0
    for written in records:
        time_ns = record_time(written)
        if time_ns is not None and time_ns >= since_ns:
            assert place >= start
        elif time_ns is not None and time_ns + 2 * SLACK_NS < since_ns:
            last_early = place
        place += len(written)
    assert start in {0, *range_starts(records)}
    assert last_early - start <= NEAR_BYTES


def test_a_long_line_that_is_written_slowly_hides_no_line_of_the_other_stream():
    """Its last pieces carry the time of its first, and stand behind lines that are later."""
    pieces = [PIECE] * 40
    between = [record(FIRST_NS + number * STEP_NS, f"{number}", "stderr") for number in range(1, 11)]
    data = b"".join([record(FIRST_NS - STEP_NS, "x"), *pieces, *between, *pieces, *pieces, record(FIRST_NS, "end")])

    start = start_of(io.BytesIO(data), len(data), FIRST_NS + STEP_NS)

    assert start <= data.index(between[0])


def range_starts(records):
    place = 0
    for written in records:
        yield place
        place += len(written)


@pytest.mark.parametrize(
    ("data", "found"),
    [
        pytest.param(b"", None, id="empty"),
        pytest.param(b"no record at all\n", None, id="garbage"),
        pytest.param(record(FIRST_NS, "x"), None, id="one record, which may be the last piece of a line"),
        pytest.param(record(FIRST_NS, "x") + record(LATER_NS, "y"), LATER_NS, id="a line behind another record"),
        pytest.param(b"\0\0\n" + record(FIRST_NS, "x") + record(LATER_NS, "y"), LATER_NS, id="behind damage"),
        pytest.param(record(FIRST_NS, "x") + b"\0\0\n" + record(LATER_NS, "y"), None, id="damage between"),
        pytest.param(record(FIRST_NS, "x") + record(LATER_NS, "y", "stderr"), None, id="the other stream"),
        pytest.param(PIECE + record(FIRST_NS, "y") + record(LATER_NS, "z"), LATER_NS, id="behind pieces"),
    ],
)
def test_the_first_time_is_that_of_the_first_line_that_begins_for_certain(data, found):
    assert found == first_time(io.BytesIO(data))


def test_a_log_without_a_readable_record_is_read_from_its_beginning():
    assert 0 == start_of(io.BytesIO(b"\0" * 10_000_000), 10_000_000, FIRST_NS)
