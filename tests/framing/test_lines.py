"""Bytes in any chunking become the same whole lines."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logscan.batch import MAX_BATCH_BYTES, MAX_LINE_BYTES, Container
from logscan.framing.lines import READ_BYTES, LineCutter, long_lines

HALF = MAX_LINE_BYTES // 2
CONTAINER = Container("k", "web")
MIXED = b"first\n\nwith\rreturn\r\n\x00\xff\xfe binary\ncaf\xc3\xa9 \xf0\x9f\x92\xa5\n\x1b[31mred\x1b[0m\nlast, unterminated"
MIXED_LINES = [
    b"first",
    b"",
    b"with\rreturn\r",
    b"\x00\xff\xfe binary",
    b"caf\xc3\xa9 \xf0\x9f\x92\xa5",
    b"red",
    b"last, unterminated",
]


def cut(*chunks):
    cutter = LineCutter(CONTAINER)
    return [batch for chunk in chunks for batch in cutter.feed(chunk)] + list(cutter.flush())


def lines_of(batches):
    text = b"".join(batch.text for batch in batches)
    assert text == b"" or text.endswith(b"\n")
    assert text.count(b"\n") == sum(batch.lines for batch in batches)
    return text.split(b"\n")[:-1]


@pytest.mark.parametrize("offset", range(len(MIXED) + 1))
def test_cut_at_every_byte_gives_the_same_lines(offset):
    assert MIXED_LINES == lines_of(cut(MIXED[:offset], MIXED[offset:]))


def test_byte_by_byte_gives_the_same_lines():
    assert MIXED_LINES == lines_of(cut(*(bytes([byte]) for byte in MIXED)))


@given(st.binary(max_size=400).map(lambda data: data.replace(b"\x1b", b"")), st.lists(st.integers(0, 400), max_size=6))
def test_any_chunking_of_any_bytes_gives_the_same_lines(data, cuts):
    edges = [0, *sorted(cuts), len(data)]
    chunks = [data[start:end] for start, end in pairwise(edges)]
    expected = data.split(b"\n") if not data.endswith(b"\n") else data.split(b"\n")[:-1]
    assert (expected if data else []) == lines_of(cut(*chunks))


def test_whole_lines_come_at_once_and_the_open_one_waits():
    cutter = LineCutter(CONTAINER)
    assert [b"a\nb\n"] == [batch.text for batch in cutter.feed(b"a\nb\nc")]
    assert [] == list(cutter.feed(b"d"))
    assert [b"cd\n"] == [batch.text for batch in cutter.feed(b"\n")]
    assert [] == list(cutter.flush())


def test_nothing_gives_nothing():
    assert [] == cut()
    assert [] == cut(b"")


@pytest.mark.parametrize(
    "size",
    [
        pytest.param(READ_BYTES, id="the size of a read"),
        pytest.param(MAX_BATCH_BYTES, id="the size of a batch"),
        pytest.param(5 * MAX_BATCH_BYTES + 17, id="several batches at once"),
    ],
)
def test_batches_hold_at_most_a_mebibyte(size):
    data = (b"x" * 99 + b"\n") * (size // 100)
    batches = cut(data, data)
    assert data * 2 == b"".join(batch.text for batch in batches)
    assert max(len(batch.text) for batch in batches) <= MAX_BATCH_BYTES


def test_reads_of_the_best_size_make_one_batch_each():
    data = (b"x" * 99 + b"\n") * 100_000
    chunks = [data[start : start + READ_BYTES] for start in range(0, len(data), READ_BYTES)]
    assert len(chunks) == len(cut(*chunks))


@pytest.mark.parametrize(
    "chunk",
    [pytest.param(10**7, id="in one chunk"), pytest.param(4096, id="in pages"), pytest.param(100_003, id="odd")],
)
@pytest.mark.parametrize(
    "dropped",
    [
        pytest.param(0, id="just fits"),
        pytest.param(1, id="one byte too long"),
        pytest.param(5_000_000, id="five megabytes too long"),
    ],
)
def test_long_line_keeps_head_and_tail_and_tells_how_much_is_missing(dropped, chunk):
    line = b"h" * HALF + b"m" * dropped + b"t" * HALF
    data = b"before\n" + line + b"\nafter\n"
    batches = cut(*(data[start : start + chunk] for start in range(0, len(data), chunk)))
    seam = b"\0[... %d bytes ...]\0" % dropped if dropped else b""
    assert [b"before", b"h" * HALF + seam + b"t" * HALF, b"after"] == lines_of(batches)
    assert (1 if dropped else 0) == sum(batch.truncated for batch in batches)
    assert max(len(batch.text) for batch in batches) <= MAX_BATCH_BYTES


def test_long_line_without_newline_ends_at_flush():
    (batch,) = cut(b"x" * 5_000_000)
    assert (1, 1) == (batch.lines, batch.truncated)
    assert MAX_LINE_BYTES + len(b"\0[... 4737856 bytes ...]\0\n") == len(batch.text)


def test_memory_stays_bounded_for_a_line_of_300_megabytes():
    cutter, block = LineCutter(CONTAINER), b"x" * READ_BYTES
    tracemalloc.start()
    for _ in range(400):
        assert [] == list(cutter.feed(block))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    (batch,) = cutter.flush()
    assert b"\0[... %d bytes ...]\0" % (400 * READ_BYTES - MAX_LINE_BYTES) in batch.text
    assert peak < 4 * MAX_BATCH_BYTES


def test_colours_and_links_are_stripped_and_newlines_stay():
    batches = cut(b"\x1b[1;31mERROR\x1b[0m x\n\x1b]8;;http://h\x07link\x1b]8;;\x1b\\\n\x1b]0;open\nnext\n")
    assert [b"ERROR x", b"link", b"0;open", b"next"] == lines_of(batches)


def test_colour_that_is_cut_by_a_chunk_is_stripped():
    assert [b"ERROR"] == lines_of(cut(b"\x1b[1;3", b"1mERROR\x1b[", b"0m\n"))


@settings(max_examples=200)
@given(st.lists(st.integers(0, 12), max_size=30), st.integers(1, 9), st.booleans())
def test_long_lines_finds_what_a_walk_over_all_lines_finds(lengths, limit, ends_open):
    text = b"".join(b"x" * length + b"\n" for length in lengths)
    text = text[:-1] if ends_open else text
    expected, start = [], 0
    for line in text.split(b"\n"):
        if len(line) > limit:
            expected.append((start, start + len(line)))
        start += len(line) + 1
    assert expected == list(long_lines(text, limit))
