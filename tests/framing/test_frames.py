"""The multiplexed stream becomes the lines that were written, whatever the cuts."""

import itertools
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logscan.batch import Container, Stream
from logscan.errors import DaemonError, ProtocolError, StreamTruncated
from logscan.framing.frames import FrameDecoder, split_records
from logscan.framing.line_block import MAX_BEHIND
from logscan.framing.time_range import TimeRange
from tests.framing.wire import PIECE, START_NS, STDERR, STDOUT, frame, pieces

BOX = Container("key", "box")


def decoded(wire, cuts=(), wanted=None):
    """Lines as (text, time, stream), read from the wire cut at these places."""
    decoder = FrameDecoder(BOX, wanted or TimeRange())
    lines = []
    places = [0, *cuts, len(wire)]
    for start, end in itertools.pairwise(places):
        lines += read(decoder.feed(wire[start:end]))
    return lines + read(decoder.finish())


def read(batches):
    lines = []
    for batch in batches:
        assert batch.lines == batch.text.count(b"\n")
        offset = 0
        while offset < len(batch.text):
            start, end = batch.span_at(offset)
            line = batch.line(start, end)
            lines.append((line.text, line.time_ns, line.stream))
            offset = end + 1
    return lines


def out(text, time_ns=START_NS):
    return text, time_ns, Stream.STDOUT


def err(text, time_ns=START_NS):
    return text, time_ns, Stream.STDERR


MIXED = b"".join(
    [
        frame(STDOUT, b"first\n", START_NS + 1),
        frame(STDERR, "fünf \N{SNOWMAN}\n".encode(), START_NS + 2),
        *pieces(STDOUT, b"x" * PIECE + b"tail", START_NS + 3)[:1],
        frame(STDERR, b"between\r\n", START_NS + 4),
        *pieces(STDOUT, b"x" * PIECE + b"tail", START_NS + 3)[1:],
        frame(STDOUT, b"\n", START_NS + 5),
        frame(STDERR, b"died here", START_NS + 6),
        frame(STDERR, b"next run\n", START_NS + 7),
        frame(STDOUT, b"no newline", START_NS + 8),
    ]
)
MIXED_LINES = [
    out("first", START_NS + 1),
    err("fünf \N{SNOWMAN}", START_NS + 2),
    err("between", START_NS + 4),
    out("x" * PIECE + "tail", START_NS + 3),
    out("", START_NS + 5),
    err("died here", START_NS + 6),
    err("next run", START_NS + 7),
    out("no newline", START_NS + 8),
]


def test_a_stream_of_everything_gives_its_lines():
    assert MIXED_LINES == decoded(MIXED)


def test_a_cut_at_any_byte_changes_nothing():
    short = MIXED.replace(b"x" * PIECE, b"x" * PIECE)
    for cut in [*range(220), *range(len(short) - 400, len(short))]:
        assert MIXED_LINES == decoded(short, [cut]), cut


@given(st.lists(st.integers(0, len(MIXED)), max_size=12))
def test_any_cuts_change_nothing(cuts):
    assert MIXED_LINES == decoded(MIXED, sorted(cuts))


@pytest.mark.parametrize("size", [PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 100 * 1024])
@pytest.mark.parametrize("newline_at_end", [pytest.param(True, id="json-file"), pytest.param(False, id="local")])
def test_a_long_line_is_joined_from_its_pieces(size, newline_at_end):
    line = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    wire = b"".join([*pieces(STDOUT, line, newline_at_end=newline_at_end), frame(STDOUT, b"next\n", START_NS + 1)])
    assert [out(line.decode()), out("next", START_NS + 1)] == decoded(wire)


def test_pieces_of_both_streams_are_not_mixed():
    first, second = (pieces(stream, letter * (PIECE + 3)) for stream, letter in ((STDOUT, b"o"), (STDERR, b"e")))
    wire = first[0] + second[0] + second[1] + first[1]
    assert [err("e" * (PIECE + 3)), out("o" * (PIECE + 3))] == decoded(wire)


def test_equal_lines_at_one_moment_are_all_kept():
    assert [out("same")] * 1000 == decoded(frame(STDOUT, b"same\n") * 1000)


@given(st.lists(st.tuples(st.sampled_from([STDOUT, STDERR]), st.binary(max_size=80)), max_size=30), st.data())
def test_encoding_then_cutting_then_decoding_is_the_identity(lines, data):
    lines = [(stream, text.replace(b"\n", b"").replace(b"\x1b", b"")) for stream, text in lines]
    wire = b"".join(frame(stream, text + b"\n", START_NS + n) for n, (stream, text) in enumerate(lines))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=8)))
    expected = [
        (text.removesuffix(b"\r").decode("utf-8", "replace"), START_NS + n, [Stream.STDOUT, Stream.STDERR][stream - 1])
        for n, (stream, text) in enumerate(lines)
    ]
    assert expected == decoded(wire, cuts)


def test_an_error_of_the_engine_is_never_a_line_and_what_came_before_it_stays():
    decoder = FrameDecoder(BOX, TimeRange())
    message = b"Error grabbing logs: unexpected EOF"
    batches = decoder.feed(frame(STDOUT, b"good\n") + pack(">BxxxI", 3, len(message)) + message)
    assert [out("good")] == read([next(batches)])
    with pytest.raises(DaemonError, match="Error grabbing logs"):
        next(batches)


@pytest.mark.parametrize(
    "wire",
    [
        *(pytest.param(pack(">BxxxI", kind, 3) + b"abc", id=f"frame type {kind}") for kind in (0, 4, 5, 6, 7)),
        pytest.param(b"\x01\x00\x01\x00\x00\x00\x00\x03abc", id="padding that is not zero"),
        pytest.param(pack(">BxxxI", 1, 2**32 - 1), id="four gigabytes announced"),
        pytest.param(pack(">BxxxI", 1, 9) + b"no stamp\n", id="no timestamp"),
        pytest.param(pack(">BxxxI", 1, 30) + b"2026-11-24T07:20:29.123456789Z", id="nothing but a timestamp"),
    ],
)
def test_what_is_no_log_stream_is_a_protocol_error(wire):
    with pytest.raises(ProtocolError):
        list(FrameDecoder(BOX, TimeRange()).feed(wire))


def test_a_stream_that_ends_inside_a_frame_is_an_error_at_every_byte():
    wire = frame(STDOUT, b"whole\n") + frame(STDERR, b"also whole\n")
    ends = {0, len(frame(STDOUT, b"whole\n")), len(wire)}
    for cut in range(len(wire)):
        decoder = FrameDecoder(BOX, TimeRange())
        list(decoder.feed(wire[:cut]))
        if cut in ends:
            assert [] == list(decoder.finish())
        else:
            with pytest.raises(StreamTruncated):
                list(decoder.finish())


def test_only_lines_of_the_wanted_times_are_kept_whatever_their_order():
    wire = b"".join(frame(STDOUT, b"%d\n" % n, START_NS + n) for n in (1, 5, 2, 9, 3, 4))
    assert ["5", "3", "4"] == [text for text, _, _ in decoded(wire, wanted=TimeRange(START_NS + 3, START_NS + 5))]


def test_a_line_keeps_its_head_and_tail_and_is_counted_when_it_is_too_long():
    line = b"HEAD" + b"-" * 600_000 + b"TAIL"
    batch = next(FrameDecoder(BOX, TimeRange()).feed(b"".join(pieces(STDOUT, line))))
    assert 1 == batch.truncated
    assert batch.text.startswith(b"HEAD")
    assert batch.text.endswith(b"TAIL\n")
    assert 256 * 1024 < len(batch.text) < 257 * 1024


def test_colours_are_gone_and_lines_keep_their_times():
    wire = frame(STDOUT, b"\x1b[31mred\x1b[0m\n", START_NS + 1) + frame(
        STDERR, b"\x1b]0;title\x07plain\n", START_NS + 2
    )
    assert [out("red", START_NS + 1), err("plain", START_NS + 2)] == decoded(wire)


def test_times_with_fewer_digits_and_an_offset_are_read():
    payload = b"2026-11-24T09:20:29+02:00 podman\n"
    lines = decoded(pack(">BxxxI", 1, len(payload)) + payload)
    assert [out("podman", 1_795_504_829_000_000_000)] == lines


@pytest.mark.parametrize(
    "text", [pytest.param(b"one\ntwo\n", id="a plain record"), pytest.param(b"one\ntwo", id="without an end")]
)
def test_a_record_of_several_lines_is_several_lines(text):
    """Other programs than Docker write its files, and a length that was damaged takes the next records along."""
    wire = frame(STDOUT, b"before\n") + frame(STDERR, text, START_NS + 1) + frame(STDOUT, b"behind\n", START_NS + 2)
    assert decoded(wire) == [
        out("before"),
        err("one", START_NS + 1),
        err("two", START_NS + 1),
        out("behind", START_NS + 2),
    ]


def damaged(time_ns):
    """A frame whose stamp names a month that there is not."""
    whole = frame(STDOUT, b"bad\n", time_ns)
    return whole[:13] + b"13" + whole[15:]


def test_a_time_that_there_is_not_is_a_protocol_error():
    wire = frame(STDOUT, b"fine\n") + damaged(START_NS + 1) + frame(STDOUT, b"behind\n", START_NS + 2)
    with pytest.raises(ProtocolError, match="without a timestamp"):
        decoded(wire)


def test_lines_before_a_time_that_there_is_not_are_kept():
    decoder, lines = FrameDecoder(BOX, TimeRange()), []
    feeding = decoder.feed(frame(STDOUT, b"fine\n") + damaged(START_NS + 1))
    with pytest.raises(ProtocolError):
        lines += (batch.text for batch in feeding)
    assert ([b"fine\n"], 1) == (lines, decoder.taken.count)


def test_a_time_that_there_is_not_between_others_is_none():
    late = START_NS + 400 * 86_400 * 10**9
    wire = frame(STDOUT, b"fine\n") + damaged(START_NS + 1) + frame(STDOUT, b"late\n", late)
    assert decoded(wire) == [out("fine"), out("bad", None), out("late", late)]


def test_the_first_and_the_last_record_are_remembered():
    records = [frame(STDOUT, b"%d\n" % n, START_NS + n) for n in range(5)]
    decoder = FrameDecoder(BOX, TimeRange())
    for record in records:
        list(decoder.feed(record[:7]))
        list(decoder.feed(record[7:]))
    assert (5, records[0], records[-1]) == (decoder.records, decoder.first_record, decoder.last_record)


def test_records_are_split_as_they_came():
    records = [*pieces(STDOUT, b"y" * (PIECE + 1)), frame(STDERR, b"z\n")]
    wire = b"".join(records)
    assert records == list(split_records(wire[at : at + 777] for at in range(0, len(wire), 777)))


def test_what_a_feed_took_are_whole_records_and_never_an_error_of_the_engine():
    records = [frame(STDOUT, b"one\n"), *pieces(STDERR, b"e" * PIECE + b"rest"), frame(STDOUT, b"two\n")]
    decoder = FrameDecoder(BOX, TimeRange())
    with pytest.raises(DaemonError):
        list(decoder.feed(b"".join(records) + pack(">BxxxI", 3, 5) + b"Error"))
    assert (b"".join(records), records) == (decoder.taken.raw, list(decoder.taken.each()))
    with pytest.raises(DaemonError):
        list(decoder.feed(b""))
    assert 0 == decoder.taken.count


def test_no_more_than_so_many_records_are_taken_and_the_others_with_the_next_feed():
    wire = b"".join(frame(STDOUT, b"%d\n" % n) for n in range(5))
    decoder = FrameDecoder(BOX, TimeRange())
    assert [out("0"), out("1")] == read(decoder.feed(wire[:-3], 2))
    assert [out("2"), out("3")] == read(decoder.feed(b""))
    assert [out("4")] == read(decoder.feed(wire[-3:], 2))


def test_a_line_goes_on_behind_an_interruption_and_a_cut_record_is_taken_when_it_comes_again():
    first, last = pieces(STDOUT, b"x" * PIECE + b"tail")
    decoder = FrameDecoder(BOX, TimeRange())
    assert [] == read(decoder.feed(first + last[:-2]))
    assert (START_NS,) == decoder.unfinished
    decoder.interrupt()
    assert [out("x" * PIECE + "tail")] == read(decoder.feed(last))
    assert () == decoder.unfinished


def test_the_last_line_of_a_container_is_there_before_another_record_follows():
    decoder = FrameDecoder(BOX, TimeRange())
    assert [err("died here")] == read(decoder.feed(frame(STDERR, b"died here")))
    list(decoder.feed(frame(STDOUT, b"y" * PIECE)))
    assert [out("y" * PIECE)] == read(decoder.settle())


@pytest.mark.parametrize("begin", [0, 3, 7], ids=["from the start", "from a later place", "from right before it"])
@pytest.mark.parametrize("size", [100, 1 << 20])
def test_a_line_without_an_end_ends_at_the_same_record_however_it_is_read(begin, size):
    records = [frame(STDERR, b"%d\n" % n, START_NS + n) for n in range(7)]
    records.append(frame(STDOUT, b"z" * PIECE, START_NS + 7))
    records += [frame(STDERR, b"%d\n" % n, START_NS + n) for n in range(8, MAX_BEHIND + 20)]
    wire, decoder, lines = b"".join(records[begin:]), FrameDecoder(BOX, TimeRange()), []
    for at in range(0, len(wire), size):
        lines += read(decoder.feed(wire[at : at + size]))
    assert out("z" * PIECE, START_NS + 7) == lines[7 - begin + MAX_BEHIND - 1]


def test_a_text_like_the_end_of_a_full_stamp_behind_a_shorter_one_is_text():
    payload = b"2026-11-24T09:20:29+02:00 QQQZ hello\n"
    wire = pack(">BxxxI", 1, len(payload)) + payload
    assert [out("before"), out("QQQZ hello", 1_795_504_829_000_000_000), out("behind")] == decoded(
        frame(STDOUT, b"before\n") + wire + frame(STDOUT, b"behind\n")
    )
