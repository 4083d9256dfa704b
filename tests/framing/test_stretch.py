"""Stretches of a file have its lines, each once, wherever they begin and end."""

from __future__ import annotations

import os
from contextlib import contextmanager
from itertools import chain, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logscan.batch import MAX_BATCH_BYTES, MAX_LINE_BYTES, Container
from logscan.framing.lines import LineCutter
from logscan.framing.stretch import STRETCH_BYTES, Stretch, divide, read_lines, read_with_care

CONTAINER = Container("k", "web")
LINE = b"a line of ordinary length, as most are\n"
LONG = b"x" * (MAX_LINE_BYTES + 1) + b"\n"
LINES = st.lists(
    st.sampled_from([b"\n", b"one\n", b"\x1b[31mred\x1b[0m\n", b"cr\r\n", b"\x00\xff\n", b"longer line\n"])
)


@contextmanager
def opened(data):
    file = os.memfd_create("log")
    try:
        os.write(file, data)
        yield file
    finally:
        os.close(file)


def stretches(file, bounds, fail=None):
    return [Stretch(file, start, end, CONTAINER, lambda batch: batch, fail) for start, end in pairwise(bounds)]


def text_of(batches):
    return b"".join(batch.text for batch in batches)


def cut(data):
    cutter = LineCutter(CONTAINER)
    return text_of([*cutter.feed(data), *cutter.flush()])


@given(LINES, st.sampled_from([b"", b"unterminated"]), st.data())
def test_any_stretches_have_each_line_once(lines, rest, data):
    text = b"first\n" + b"".join(lines) + rest
    inner = data.draw(st.lists(st.integers(2, len(text) - 1))) if len(text) > 2 else []
    bounds = [1, *sorted(set(inner)), len(text)]
    with opened(text) as file:
        parts = [read_lines(one.file, one.start, one.end) for one in stretches(file, bounds)]
        careful = [text_of(read_with_care(one)) for one in stretches(file, bounds)]
    assert cut(text) == b"first\n" + b"".join(careful)
    assert all(part in (None, whole) for part, whole in zip(parts, careful, strict=True))


def test_all_but_the_end_of_a_file_needs_no_care():
    with opened(LINE * 1000) as file:
        parts = [read_lines(one.file, one.start, one.end) for one in stretches(file, range(1, 501 * len(LINE), 500))]
    assert LINE * 500 == b"".join(parts)


def test_lines_need_no_care_up_to_the_longest_that_is_not_capped():
    lines = [b"%s\n" % (b"v" * size) for size in (MAX_LINE_BYTES, 20_000, 50_000, MAX_LINE_BYTES, 30_000)] * 9
    text = b"first\n" + b"".join(lines) + b"last\n"
    with opened(text) as file:
        parts = [
            read_lines(one.file, one.start, one.end)
            for one in stretches(file, [*range(6, len(text), STRETCH_BYTES), len(text)])
        ]
    assert text[6:] == b"".join(parts)
    assert max(map(len, parts)) <= MAX_BATCH_BYTES


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([LONG], id="one that is capped"),
        pytest.param([LINE, LONG, LINE], id="between others"),
        pytest.param([b"y" * (3 * MAX_BATCH_BYTES) + b"\n", LINE], id="longer than several stretches"),
        pytest.param([LINE, b"z" * (2 * MAX_BATCH_BYTES)], id="one without an end"),
    ],
)
@pytest.mark.parametrize("size", [40_000, STRETCH_BYTES])
def test_long_lines_are_read_with_care(lines, size):
    text = b"first\n" + LINE * 3000 + b"".join(lines) + LINE * 3000
    with opened(text) as file:
        bounds = [6, *range(1000, len(text), size), len(text)]
        parts = [
            (read_lines(one.file, one.start, one.end), text_of(read_with_care(one))) for one in stretches(file, bounds)
        ]
    assert cut(text)[6:] == b"".join(whole for _, whole in parts)
    assert all(part in (None, whole) for part, whole in parts)
    assert any(part is None for part, _ in parts)


def test_no_batch_is_too_large():
    with opened(b"\n" + b"w" * (MAX_LINE_BYTES - 1) + b"\n" + LINE * 40_000) as file:
        read = list(read_with_care(*stretches(file, [1, STRETCH_BYTES])))
    assert 1 < len(read)
    assert max(len(batch.text) for batch in read) <= MAX_BATCH_BYTES


def test_a_file_that_shrank_gives_what_is_left():
    with opened(LINE * 1000) as file:
        middle, behind = stretches(file, [1, 20_000, 38_000])
        os.truncate(file, 390)
        assert (None, None) == tuple(read_lines(one.file, one.start, one.end) for one in (middle, behind))
        assert LINE * 9 == text_of(read_with_care(middle))
        assert [] == list(read_with_care(behind))


def test_a_file_that_cannot_be_read_is_told():
    told = []
    with opened(LINE) as file:
        (stretch,) = stretches(file, [1, 30], fail=told.append)
    assert [] == list(read_with_care(stretch))
    assert ["Bad file descriptor"] == [error.strerror for error in told]


def test_what_stands_before_an_error_is_kept(monkeypatch):
    told, pread = [], os.pread

    def broken(file, size, place):
        if place >= 100:
            raise OSError(5, "Input/output error")
        return pread(file, min(size, 100 - place), place)

    with opened(LINE * 10) as file:
        monkeypatch.setattr(os, "pread", broken)
        (stretch,) = stretches(file, [1, 390], fail=told.append)
        assert (LINE * 3)[39:100] + b"\n" == text_of(read_with_care(stretch))
    assert 1 == len(told)


@pytest.mark.parametrize("place", [1, len(LINE), 100_000])
def test_a_file_is_divided_from_line_to_line(place):
    text = LINE * 100_000
    with opened(text) as file:
        rest, starts, last = divide(file, place)
        parts = [read_lines(one.file, one.start, one.end) for one in stretches(file, [*starts, last])]
    assert text[place:last] == rest + b"".join(parts)
    assert LINE.endswith(rest)
    assert (0, 0) == (starts[0] % len(LINE), last % len(LINE))
    assert len(text) - 2 * STRETCH_BYTES < last < len(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(LINE * 30_000, id="a small one"),
        pytest.param(b"x" * 4_000_000, id="one line"),
        pytest.param(LINE * 100 + b"x" * 4_000_000, id="a line that goes on to the end"),
        pytest.param(b"x" * 2_000_000 + LINE * 100_000, id="a long line at the place"),
    ],
)
def test_what_is_small_or_has_long_lines_is_not_divided(text):
    with opened(text) as file:
        assert (b"", (), 0) == divide(file, 0)


def test_a_pipe_is_not_divided():
    ends = os.pipe()
    assert (b"", (), 0) == divide(ends[0], 0)
    for end in ends:
        os.close(end)


def test_stretches_that_lie_one_behind_the_other_have_it_all():
    lines = [b"%d %s\n" % (number, b"." * (number % 300)) for number in range(30_000)]
    text = b"".join(lines)
    with opened(text) as file:
        rest, starts, last = divide(file, 5000)
        parts = [read_lines(one.file, one.start, one.end) for one in stretches(file, [*starts, last])]
    assert text[5000:last] == b"".join(chain([rest], parts))
    assert len(starts) > 3
