"""Docker's json-file records: decoded, joined, and read on after damage."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import pairwise
from operator import attrgetter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logscan.batch import MAX_BATCH_BYTES, MAX_LINE_BYTES, Container, Stream
from logscan.finding import Gap, GapReason
from logscan.framing.frames import FrameDecoder
from logscan.framing.line_block import MAX_BEHIND
from logscan.framing.stamp import format_fixed
from logscan.framing.time_range import TimeRange
from logscan.sources.json_file import JsonFileReader

CONTAINER = Container("k", "web")
PIECE = 16_384
BASE_NS = int(datetime(2025, 12, 3, 6, 5, 46, tzinfo=UTC).timestamp()) * 10**9


def record(log, second=0, stream="stdout"):
    time = datetime.fromtimestamp(BASE_NS // 10**9 + second, UTC).strftime("%Y-%m-%dT%H:%M:%S.5Z")
    fields = {"log": log, "stream": stream, "time": time}
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def at(second):
    return BASE_NS + second * 10**9 + 500_000_000


def batches_of(reader, *chunks):
    return [batch for chunk in chunks for batch in reader.feed(chunk)] + list(reader.flush())


def read(*chunks, **kind):
    lines = []
    for batch in batches_of(JsonFileReader(CONTAINER, **kind), *chunks):
        assert batch.lines == batch.text.count(b"\n")
        offset = 0
        while offset < len(batch.text):
            line = batch.line_at(offset)
            lines.append((line.text, line.time_ns, line.stream))
            offset = batch.span_at(offset)[1] + 1
    return lines


STORY = b"".join(
    [
        record("caf\u00e9 \u2717\r\n", 0, "stderr"),
        record("x" * 30, 1),
        record("in between\n", 1, "stderr"),
        record("y\n", 1),
        record("no newline", 2),
        record("next run\n", 3),
        record("\u001b[31mred\u001b[0m\n", 4),
        record("the end", 5),
    ]
)
STORY_LINES = [
    ("caf\u00e9 \u2717", at(0), Stream.STDERR),
    ("in between", at(1), Stream.STDERR),
    ("x" * 30 + "y", at(1), Stream.STDOUT),
    ("no newline", at(2), Stream.STDOUT),
    ("next run", at(3), Stream.STDOUT),
    ("red", at(4), Stream.STDOUT),
    ("the end", at(5), Stream.STDOUT),
]


def test_records_become_lines_with_time_and_stream():
    assert STORY_LINES == read(STORY)


def test_cut_at_every_byte_gives_the_same_lines():
    for offset in range(len(STORY)):
        assert STORY_LINES == read(STORY[:offset], STORY[offset:])


@pytest.mark.parametrize(
    "size",
    [
        pytest.param(PIECE, id="exactly one piece"),
        pytest.param(PIECE + 1, id="one byte more"),
        pytest.param(3 * PIECE, id="exactly three"),
        pytest.param(MAX_LINE_BYTES, id="the longest that is kept whole"),
    ],
)
def test_pieces_of_a_long_line_are_joined_per_stream(size):
    """Pieces of both streams come interleaved; a full last piece is followed by an empty one."""
    data = b""
    for start in range(0, size, PIECE):
        data += record("o" * min(PIECE, size - start)) + record("e" * min(PIECE, size - start), 0, "stderr")
    data += record("\n") + record("\n", 0, "stderr")
    assert [("o" * size, at(0), Stream.STDOUT), ("e" * size, at(0), Stream.STDERR)] == read(data)


def test_the_engine_cuts_no_line_before_its_buffer_is_full():
    """So the last line of a program, without its newline, stands where it was printed."""
    log = record("no newline", 1) + record("later\n", 2, "stderr") + record("next run\n", 3)
    assert ["no newline", "later", "next run"] == [text for text, _, _ in read(log, engines_own=True)]


@pytest.mark.parametrize(("between", "whole"), [(MAX_BEHIND - 2, True), (MAX_BEHIND - 1, False)])
def test_a_line_whose_end_does_not_come_ends_where_it_does_in_the_engines_answer(between, whole):
    texts = [("stdout", b"x" * PIECE), *[("stderr", b"between\n")] * between, ("stdout", b"end\n")]
    written = b"".join(record(text.decode(), 1, stream) for stream, text in texts)
    framed = b"".join(frame(stream, text) for stream, text in texts)
    decoder = FrameDecoder(CONTAINER, TimeRange())

    lines = [text for text, _, _ in read(written, engines_own=True)]

    assert whole == ("x" * PIECE + "end" in lines)
    answered = b"".join(batch.text for batch in [*decoder.feed(framed), *decoder.finish()])
    assert answered.decode().splitlines() == lines


def frame(stream, text):
    payload = format_fixed(at(1)) + b" " + text
    return bytes([("stdout", "stderr").index(stream) + 1, 0, 0, 0]) + len(payload).to_bytes(4, "big") + payload


@pytest.mark.parametrize("count", [pytest.param(1, id="decoded"), pytest.param(2000, id="as they lie")])
def test_the_lines_of_a_terminal_are_of_no_stream(count):
    lines = read(record("ready\r\n", 1) * count, engines_own=True, tty=True)
    assert [("ready", at(1), Stream.UNKNOWN)] * count == lines


def test_what_is_open_is_given_when_the_rest_can_not_be_read_and_half_a_record_is_not():
    reader = JsonFileReader(CONTAINER)
    fed = list(reader.feed(record("whole\n", 1) + record("x" * 30, 2) + record("cut\n", 3)[:40]))
    lines = b"".join(batch.text for batch in [*fed, *reader.settle()])
    assert (b"whole\n" + b"x" * 30 + b"\n", None, at(2)) == (lines, reader.damage, reader.last_ns)


def test_endless_line_is_capped_in_bounded_memory():
    reader = JsonFileReader(CONTAINER)
    piece = record("p" * PIECE)
    for _ in range(1000):
        assert [] == list(reader.feed(piece))
    (batch,) = reader.flush()
    assert (1, 1) == (batch.lines, batch.truncated)
    assert b"\0[... %d bytes ...]\0" % (1000 * PIECE - MAX_LINE_BYTES) in batch.text


def test_batches_tell_the_range_of_their_times_and_stay_small():
    reader = JsonFileReader(CONTAINER)
    data = b"".join(record("z" * 1000 + "\n", number) for number in range(3000))
    batches = batches_of(reader, data)
    assert 3000 == sum(batch.lines for batch in batches)
    assert max(len(batch.text) for batch in batches) <= MAX_BATCH_BYTES
    assert (at(0), at(2999)) == (batches[0].first_ns, batches[-1].last_ns)


def test_newlines_inside_a_record_make_lines_of_one_time():
    expected = [("a", at(0), Stream.STDOUT), ("b", at(0), Stream.STDOUT), ("c", at(1), Stream.STDOUT)]
    assert expected == read(record("a\nb\n") + record("c\n", 1))


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        pytest.param(b"2025-12-03T06:05:46Z", BASE_NS, id="no fraction"),
        pytest.param(b"2025-12-03T06:05:46.000000001Z", BASE_NS + 1, id="nine digits"),
        pytest.param(b"2025-12-03T06:05:46.1Z", BASE_NS + 10**8, id="zeros left out"),
        pytest.param(b"2025-12-03T08:05:46.25+02:00", BASE_NS + 250_000_000, id="offset"),
    ],
)
def test_stamps_are_read_exactly(stamp, expected):
    assert [("x", expected, Stream.STDOUT)] == read(record("x\n").replace(b"2025-12-03T06:05:46.5Z", stamp))


def test_stream_of_another_name_is_unknown():
    assert [("x", at(0), Stream.UNKNOWN)] == read(record("x\n", 0, "console"))


def test_empty_log_is_left_out_by_the_driver_and_gives_an_empty_line():
    assert [("", at(0), Stream.STDERR)] == read(record("", 0, "stderr").replace(b'"log":"",', b""))


GOOD = record("good\n", 9)


@pytest.mark.parametrize(
    ("damaged", "rescued"),
    [
        pytest.param(b"\0" * 300 + b"\n", [], id="zeros instead of a record"),
        pytest.param(b"\0" * 300_000 + b"\n", [], id="zeros longer than a line may be"),
        pytest.param(b"\0" * 300 + record("rescued\n", 5), ["rescued"], id="zeros before a record"),
        pytest.param(b'{"log":"cut of' + record("rescued\n", 5), ["rescued"], id="a record that a crash cut"),
        pytest.param(b"plain text\n", [], id="no JSON"),
        pytest.param(b'{"log":"x\\n","stream":"stdout"}\n', [], id="no time"),
        pytest.param(record("x\n").replace(b"2025-12", b"2025-13"), [], id="month 13"),
        pytest.param(record("x\n").replace(b"2025-12", b"9999-12"), [], id="beyond 64 bits"),
        pytest.param(b'{"log":"\\ud800\\n","time":"2025-12-03T06:05:46Z"}\n', [], id="half a surrogate pair"),
        pytest.param(b'{"log":5,"time":"2025-12-03T06:05:46Z"}\n', [], id="wrong type"),
        pytest.param(b'{"log":"x\xff\\n","time":"2025-12-03T06:05:46Z"}\n', [], id="invalid UTF-8"),
        pytest.param(b'{"attrs":' + b"[" * 100_000 + b"\n", [], id="absurdly deep"),
    ],
)
def test_damaged_record_is_counted_and_the_rest_is_read(damaged, rescued):
    reader = JsonFileReader(CONTAINER)
    batches = batches_of(reader, record("before\n", 1) + damaged + GOOD)
    assert ["before", *rescued, "good"] == b"".join(batch.text for batch in batches).decode().splitlines()
    assert "1 damaged record left out" == reader.damage
    assert [Gap(CONTAINER, at(1), at(5 if rescued else 9), GapReason.DAMAGED)] == reader.gaps


def test_damage_side_by_side_is_one_gap():
    reader = JsonFileReader(CONTAINER)
    batches_of(reader, b"bad\nbad\n" + record("a\n", 1) + b"bad\n" + record("b\n", 2) + b'{"log":"cut')
    assert "4 damaged records left out" == reader.damage
    assert [(None, at(1)), (at(1), at(2)), (at(2), None)] == [(gap.from_ns, gap.to_ns) for gap in reader.gaps]


@pytest.mark.parametrize(
    ("since", "until", "told"),
    [
        pytest.param(1, 5, "1 damaged record left out", id="inside"),
        pytest.param(3, 5, "1 damaged record left out", id="in front of the first line"),
        pytest.param(1, 2, "1 damaged record left out", id="behind the last line"),
        pytest.param(4, 5, None, id="before another record that is not wanted"),
        pytest.param(0, 1, None, id="behind another record that is not wanted"),
    ],
)
def test_damage_counts_unless_the_records_around_it_are_of_other_times(since, until, told):
    reader = JsonFileReader(CONTAINER, TimeRange(at(since), at(until)))
    batches_of(reader, record("1\n", 1) + record("2\n", 2) + b"damage\n" + record("3\n", 3) + record("4\n", 4))
    assert (told, 1 if told else 0) == (reader.damage, len(reader.gaps))


def test_whole_file_has_no_damage():
    reader = JsonFileReader(CONTAINER)
    batches_of(reader, STORY + b"\n")
    assert (None, []) == (reader.damage, reader.gaps)


@given(
    st.lists(
        st.tuples(st.text(max_size=20).map(lambda text: text.translate({10: "", 27: ""})), st.booleans()), max_size=8
    ),
    st.lists(st.integers(0, 400), max_size=4),
)
def test_any_text_in_any_chunking_comes_back(entries, cuts):
    data = b"".join(
        record(text + "\n", number, "stderr" if err else "stdout") for number, (text, err) in enumerate(entries)
    )
    edges = [0, *sorted(cuts), max(len(data), 400)]
    chunks = [data[start:end] for start, end in pairwise(edges)]
    text = b"".join(batch.text for batch in batches_of(JsonFileReader(CONTAINER), *chunks))
    assert "".join(text + "\n" for text, _ in entries) == text.decode()


# What the engine itself writes, searched as it lies.


class Careful(JsonFileReader):
    """Decodes each record."""

    def _as_it_lies(self, raw):
        return None


def seen(reader, data, size):
    """What a reader gives of data that comes in chunks of a size."""
    batches = batches_of(reader, *(data[start : start + size] for start in range(0, len(data), size)))
    lines = []
    for batch in batches:
        offset = 0
        while offset < len(batch.text):
            start, end = batch.span_at(offset)
            lines.append(batch.line(start, end))
            offset = end + 1
    assert len(lines) == sum(batch.lines for batch in batches)
    first_ns, last_ns = ({edge(batch) for batch in batches} for edge in (attrgetter("first_ns"), attrgetter("last_ns")))
    ends = (min(first_ns, default=None), max(last_ns, default=None))
    return lines, reader.gaps, reader.damage, sum(batch.size for batch in batches), ends


TEXTS = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=40),
    st.sampled_from(["\x1b[31mred\x1b[0m", "a backslash\\", 'says \\n","stream":"stdout', '{"log":"x"}', "\r", ""]),
)
DAMAGES = (
    lambda written: written[:-20],
    lambda written: written[:-20] + b"\0\0\n",
    lambda written: written[:-20] + b"half a record\n",
    lambda written: written[:9] + b"\0" + written[10:],
    lambda _: b"no record at all\n",
)
LENGTHS = st.sampled_from([*[0] * 30, PIECE - 2, PIECE - 1, PIECE, 3 * PIECE])
PRINTED = st.lists(st.tuples(TEXTS, LENGTHS, st.booleans()), min_size=8, max_size=40)


def written(printed):
    """Give the records that the engine makes of lines, one a second: it cuts those that are longer than a piece."""
    records = []
    for second, (text, length, is_error) in enumerate(printed):
        line = text.ljust(length, "x") + "\n"
        pieces = (line[start : start + PIECE] for start in range(0, len(line), PIECE))
        records += [record(piece, second, "stderr" if is_error else "stdout") for piece in pieces]
    return records


@settings(max_examples=400)
@given(
    PRINTED,
    st.sampled_from([150, 1000, 5000, 100_000]),
    st.sampled_from([None, *DAMAGES]),
    st.data(),
)
def test_records_that_are_searched_as_they_lie_are_the_lines_that_decoding_gives(printed, size, damage, data):
    records = written(printed)
    if damage is not None:
        hurt = data.draw(st.integers(0, len(records) - 1))
        records[hurt] = damage(records[hurt])
    moments = st.one_of(st.none(), st.none(), st.integers(-1, len(printed)).map(at))
    wanted = TimeRange(data.draw(moments), data.draw(moments))
    log = b"".join(records)
    as_it_lies = seen(JsonFileReader(CONTAINER, wanted, engines_own=True), log, size)
    assert seen(Careful(CONTAINER, wanted, engines_own=True), log, size) == as_it_lies


def test_a_block_of_whole_records_goes_on_undecoded():
    data = b"".join(record(f"line {number}\n", number) for number in range(1000))
    (batch,) = batches_of(JsonFileReader(CONTAINER, engines_own=True), data)
    assert (data, 1000, len(data)) == (batch.text, batch.lines, batch.size)
    line = batch.line_at(data.index(b"line 7"))
    assert ("line 7", at(7), Stream.STDOUT) == (line.text, line.time_ns, line.stream)


def test_a_log_full_of_colours_is_decoded():
    data = b"".join(record(f"\x1b[32mINFO\x1b[0m line {number}\n", number) for number in range(1000))
    (batch,) = batches_of(JsonFileReader(CONTAINER, engines_own=True), data)
    assert batch.text.startswith(b"INFO line 0\n")
