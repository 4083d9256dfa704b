"""The log of a terminal becomes its lines, long ones joined, whatever the cuts."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logscan.batch import Container, Stream
from logscan.errors import ProtocolError
from logscan.framing.stamp import format_fixed
from logscan.framing.time_range import TimeRange
from logscan.framing.tty import TtyDecoder
from tests.framing.test_frames import read
from tests.framing.wire import PIECE, START_NS

BOX = Container("key", "box")


def record(text, time_ns=START_NS):
    return format_fixed(time_ns) + b" " + text


def decoded(wire, cuts=()):
    decoder, lines = TtyDecoder(BOX, TimeRange()), []
    places = [0, *cuts, len(wire)]
    for start, end in itertools.pairwise(places):
        lines += read(decoder.feed(wire[start:end]))
    return [(text, time_ns - START_NS) for text, time_ns, stream in lines + read(decoder.finish())]


MIXED = b"".join(
    [
        record(b"one\r\n", START_NS + 1),
        record(b"y" * PIECE, START_NS + 2),
        record(b"end\r\n", START_NS + 2),
        record(b"\r\n", START_NS + 3),
        record(b"z" * PIECE, START_NS + 4),
        record(b"\n", START_NS + 4),
        record(b"no newline", START_NS + 5),
    ]
)
MIXED_LINES = [("one", 1), ("y" * PIECE + "end", 2), ("", 3), ("z" * PIECE, 4), ("no newline", 5)]


def test_lines_come_back_without_times_or_carriage_returns():
    assert MIXED_LINES == decoded(MIXED)


@given(st.lists(st.integers(0, len(MIXED)), max_size=10))
def test_any_cuts_change_nothing(cuts):
    assert MIXED_LINES == decoded(MIXED, sorted(cuts))


def test_a_cut_around_each_boundary_changes_nothing():
    for cut in [*range(100), *range(PIECE + 40, PIECE + 140), *range(len(MIXED) - 120, len(MIXED))]:
        assert MIXED_LINES == decoded(MIXED, [cut]), cut


def test_a_last_piece_without_newline_ends_where_the_next_time_stands():
    wire = record(b"a" * PIECE) + record(b"rest") + record(b"next\n", START_NS + 1)
    assert [("a" * PIECE + "rest", 0), ("next", 1)] == decoded(wire)


GROWN = b"x" * (PIECE - 700) + "\ufffd".encode() * 700
GROWN_LINES = [("before", 0), (GROWN.decode() + "end", 1), ("\ufffd" * PIECE, 2), ("behind", 3)]
GROWN_WIRE = b"".join(
    [
        record(b"before\n"),
        record(GROWN, START_NS + 1),
        record(b"end\r\n", START_NS + 1),
        record("\ufffd".encode() * (PIECE - 1) + "\ufffd\n".encode(), START_NS + 2),
        record(b"behind\n", START_NS + 3),
    ]
)


def test_a_piece_in_which_the_engine_replaced_bytes_is_longer():
    assert GROWN_LINES == decoded(GROWN_WIRE)


@given(st.lists(st.integers(0, len(GROWN_WIRE)), max_size=10))
def test_any_cuts_of_such_a_piece_change_nothing(cuts):
    assert GROWN_LINES == decoded(GROWN_WIRE, sorted(cuts))


def test_what_never_ends_is_a_protocol_error():
    with pytest.raises(ProtocolError):
        decoded(record(b"x" * (4 * PIECE)))


def test_a_time_inside_an_ordinary_line_is_text():
    forged = b"said " + format_fixed(START_NS) + b" not a line"
    assert [(forged.decode(), 0)] == decoded(record(forged + b"\n"))


def test_the_stream_of_a_terminal_is_unknown():
    (batch,) = TtyDecoder(BOX, TimeRange()).feed(record(b"hello\r\n"))
    assert Stream.UNKNOWN is batch.line_at(0).stream


def test_a_line_without_a_time_is_a_protocol_error():
    with pytest.raises(ProtocolError):
        list(TtyDecoder(BOX, TimeRange()).feed(b"plain text\n"))


@pytest.mark.parametrize(
    "stamp",
    [
        pytest.param(b"2026-11-24T07:20:29.000000000Z", id="engine"),
        pytest.param(b"2026-11-24T07:20:29.0Z", id="fewer digits"),
        pytest.param(b"2026-11-24T09:20:29+02:00", id="offset"),
    ],
)
def test_stamps_of_any_form_are_read_and_long_lines_joined(stamp):
    texts = [b"one\r\n", b"y" * PIECE, b"end\r\n", b"two\r\n"]
    lines = decoded(b"".join(stamp + b" " + text for text in texts))
    assert ["one", "y" * PIECE + "end", "two"] == [text for text, _ in lines]
    assert {1_795_504_829_000_000_000 - START_NS} == {time_ns for _, time_ns in lines}


def test_the_end_of_a_read_ends_a_record_without_newline_and_an_interruption_drops_it():
    decoder = TtyDecoder(BOX, TimeRange())
    assert [] == read(decoder.feed(record(b"no newline")))
    decoder.interrupt()
    assert [] == read(decoder.feed(record(b"no newline")))
    assert ["no newline"] == [text for text, _, _ in read(decoder.end_read())]
    assert 1 == decoder.taken.count
    assert ["next run"] == [text for text, _, _ in read(decoder.feed(record(b"next run\n", START_NS + 1)))]
