"""A large plain file comes in stretches, and is what it would be if it were read here."""

import os
from dataclasses import replace
from itertools import groupby
from operator import attrgetter

import pytest

from logscan.batch import Batch
from logscan.finding import Status
from logscan.framing.stretch import Pause, Stretch, read_with_care
from tests.sources.test_files import DAY, ns, source_of, write


def taken(portions):
    """Take what a source gives, as a search does that has nobody beside it."""
    for portion in portions:
        if isinstance(portion, Stretch):
            yield from read_with_care(portion)
        elif not isinstance(portion, Pause):
            yield portion


def dated(number):
    return f"2025-12-03 {number // 3600:02}:{number // 60 % 60:02}:{number % 60:02} line {number} {'.' * (number % 97)}\n".encode()


def kinds(source):
    return [kind for kind, _ in groupby(map(type, source.batches()))]


@pytest.fixture
def large(tmp_path):
    return write(tmp_path / "large.log", b"".join(map(dated, range(50_000))))


def test_a_large_file_comes_in_stretches_and_is_the_same(large):
    whole, stretched = source_of(large), source_of(large, stretched_from=1)
    texts = [b"".join(batch.text for batch in taken(source.batches())) for source in (whole, stretched)]
    assert [large.read_bytes()] * 2 == texts
    (one,), (other,) = whole.coverage, stretched.coverage
    measures = attrgetter("lines", "bytes", "truncated", "first_seen_ns", "last_seen_ns", "status", "format", "done")
    assert measures(one) == measures(other)
    assert [Batch, Stretch, Pause, Batch] == kinds(source_of(large, stretched_from=1))
    assert [Batch] == kinds(source_of(large))


def test_lines_with_stamps_are_read_in_order(tmp_path):
    path = write(tmp_path / "stamped.log", b"2025-12-03T06:05:40.101000000Z a line\n" * 100_000)
    assert [Batch] == kinds(source_of(path, stretched_from=1))


def test_a_file_that_is_its_own_sample_is_read_in_order(tmp_path):
    assert [Batch] == kinds(source_of(write(tmp_path / "small.log", b"a line\n"), stretched_from=1))


def test_times_go_on_from_stretch_to_stretch(tmp_path):
    lines = [dated(1), *[b"    at some place of a long trace\n"] * 50] * 1500
    path = write(tmp_path / "traces.log", b"".join(lines))
    for batch in taken(source_of(path, stretched_from=1).batches()):
        assert ns(DAY + "00:00:01") == batch.line_at(0).time_ns


def test_what_is_appended_meanwhile_is_read_too(large):
    source = source_of(large, stretched_from=1)
    texts = []
    for batch in taken(source.batches()):
        if not texts:
            with large.open("ab") as file:
                file.write(b"appended\n" * 3)
        texts.append(batch.text)
    assert large.read_bytes() == b"".join(texts)
    assert 50_003 == source.coverage[0].lines


def test_a_large_file_that_is_cut_off_meanwhile_gives_what_was_left(large):
    source = source_of(large, stretched_from=1)
    text = large.read_bytes()
    texts = []
    for batch in taken(source.batches()):
        if not texts:
            os.truncate(large, 2_000_000)
        texts.append(batch.text)
    assert text[: text.rfind(b"\n", 0, 2_000_000) + 1] + text[:2_000_000].rpartition(b"\n")[2] + b"\n" == b"".join(
        texts
    )
    assert Status.COMPLETE == source.coverage[0].status


def test_a_stretch_that_cannot_be_read_makes_the_file_partial(large):
    source = source_of(large, stretched_from=1)
    portions = source.batches()
    lines = 0
    for portion in portions:
        if isinstance(portion, Stretch):
            lines += sum(batch.lines for batch in read_with_care(replace(portion, file=-1)))
        elif not isinstance(portion, Pause):
            lines += portion.lines
    (coverage,) = source.coverage
    assert (Status.PARTIAL, "bad file descriptor", lines) == (coverage.status, coverage.reason, coverage.lines)
    assert 0 < lines < 50_000
