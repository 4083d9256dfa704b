"""A log that is read in many cut reads gives each line once, in the order of one read."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logscan.batch import Container
from logscan.checkpoint import BEGINNING, MAX_PLACE_RECORDS, Mark, Place
from logscan.errors import DaemonError, ProtocolError, StreamTruncated
from logscan.framing.frames import FrameDecoder
from logscan.framing.place import PlaceSearch, PlaceTracker, digest, split_after
from logscan.framing.stamp import SECOND_NS, format_fixed
from logscan.framing.time_range import TimeRange
from logscan.framing.tty import TtyDecoder
from tests.framing.test_frames import read
from tests.framing.wire import PIECE, START_NS, STDERR, STDOUT, frame

BOX = Container("key", "box")
KEY = b"k" * 16
FORMS = pytest.mark.parametrize("tty", [pytest.param(False, id="frames"), pytest.param(True, id="tty")])


def record(text, time_ns, *, tty, stream=STDOUT):
    return format_fixed(time_ns) + b" " + text if tty else frame(stream, text, time_ns)


def decoder_of(tty):
    return (TtyDecoder if tty else FrameDecoder)(BOX, TimeRange())


def lines_of(records, *, tty):
    decoder = decoder_of(tty)
    return read(decoder.feed(b"".join(records))) + read(decoder.finish())


def mark_behind(records, *, tty, step=1):
    """The mark behind these records, taken `step` at a time."""
    tracker, decoder = PlaceTracker(KEY, Mark(), tty=tty), decoder_of(tty)
    for at in range(0, len(records), step):
        list(decoder.feed(b"".join(records[at : at + step])))
        tracker.took(decoder.taken, unfinished=decoder.unfinished)
    list(decoder.end_read())
    tracker.took(decoder.taken, unfinished=decoder.unfinished)
    return tracker.mark


def searched(place, records, *, tty, since_ns=None, size=None):
    """The search after a read of these records in blocks of `size`, and what it gave."""
    search, wire = PlaceSearch(KEY, place, tty=tty, since_ns=since_ns), b"".join(records)
    size = size or len(wire) or 1
    given = [search.feed(wire[at : at + size]) for at in range(0, len(wire), size)]
    return search, b"".join([*given, search.finish()])


# A log: bursts of records of one moment each. Moments differ, but come in no order.
TEXTS = st.sampled_from([b"a\n", b"a\n", b"bb\n", b"\n", b"c c\n", b"\x01\x00\x00\x00\n"])
BURSTS = st.lists(
    st.tuples(st.integers(-1, 4), st.lists(st.tuples(st.sampled_from([STDOUT, STDERR]), TEXTS), max_size=12)),
    max_size=8,
)


class Log(list):
    """Records of a log, shown short."""

    def __repr__(self):
        return f"<{[bytes(each[:60]) for each in self]}>".replace("\\x00", "")


@st.composite
def logs(draw, *, tty):
    records, seconds = Log(), 0
    for number, (step, burst) in enumerate(draw(BURSTS)):
        seconds += step
        time_ns = START_NS + max(0, seconds) * SECOND_NS // 2 + number * 1000
        records += [record(text, time_ns, tty=tty, stream=stream) for stream, text in burst]
        if draw(st.integers(0, 9)) == 0:
            records += draw(long_line(tty, time_ns + 100))
    return records


@st.composite
def long_line(draw, tty, time_ns):
    """A line in pieces that are all alike, the other stream talking in between, its end perhaps torn off."""
    count = draw(st.integers(1, 3))
    ending = draw(st.sampled_from([[b"\n"], [b"end\n"], [b"end"], []]))
    if tty:
        ending = ending if ending == [b"end\n"] else [b"\n"]
    records = []
    for text in [b"x" * PIECE] * count + ending:
        records.append(record(text, time_ns, tty=tty))
        others = 0 if tty else draw(st.sampled_from([0, 1, 11]))
        next_ns = (
            time_ns + 1 + len(records)
        )  # never again the same record so far behind: no place could tell them apart
        records += [record(b"other\n", next_ns + n, tty=tty, stream=STDERR) for n in range(others)]
    return records


@dataclass
class Reader:
    """Reads a log as follow does: tails that grow, cut anywhere, and begun again at the last clean mark."""

    tty: bool
    lines: list = field(default_factory=list)

    def __post_init__(self):
        self.restart(Mark(), 0)

    def restart(self, mark, replayed):
        self.tracker = PlaceTracker(KEY, mark, tty=self.tty)
        self.decoder = decoder_of(self.tty)
        self.replayed = replayed

    def kill(self):
        mark = self.tracker.unfinished or self.tracker.mark
        self.restart(mark, self.replayed + self.tracker.mark.records - mark.records)

    def pull(self, log, *, tail, size, cut=None):
        """Read what is behind the place; `cut` bytes of the read that brings it come, or all."""
        while True:
            wire = b"".join(log[-tail:])
            whole = tail >= len(log)
            search = PlaceSearch(KEY, self.tracker.mark.place, tty=self.tty)
            search.feed(wire[:60])
            if whole or search.reaches_back:
                break
            tail *= 8
        size = max(size, len(wire) // 200)
        search, recalled = PlaceSearch(KEY, self.tracker.mark.place, tty=self.tty), False
        for at in range(0, len(wire) if cut is None else min(cut, len(wire)), size):
            behind = search.feed(wire[at : at + size] if cut is None else wire[at : min(at + size, cut)])
            if search.found and not recalled:
                self.tracker.recall(search)
                recalled = True
            self.take(behind)
        if cut is not None:
            self.decoder.interrupt()
            return
        self.take(search.finish())
        assert search.found
        self.account(self.decoder.end_read())

    def take(self, data):
        while self.replayed and data is not None:
            lines = read(self.decoder.feed(data, self.replayed))
            self.note(lines)
            if not self.decoder.taken.count:
                return
            self.replayed -= self.decoder.taken.count
            data = b""
        self.account(self.decoder.feed(data))

    def account(self, batches):
        lines = read(batches)
        if self.replayed and self.decoder.taken.count:
            self.replayed -= self.decoder.taken.count
        else:
            self.lines += lines
        self.note(lines)

    def note(self, lines):
        self.tracker.took(self.decoder.taken, lines=len(lines), unfinished=self.decoder.unfinished)


@FORMS
@settings(deadline=None, max_examples=50)
@given(data=st.data())
def test_any_cuts_and_kills_give_each_line_once_in_the_order_of_one_read(tty, data):
    log = data.draw(logs(tty=tty))
    reader, sizes = Reader(tty), st.sampled_from([7, 64, 1000, 1 << 20])
    written = 0
    for _ in range(data.draw(st.integers(0, 5))):
        written = data.draw(st.integers(written, len(log)))
        size = sum(map(len, log[:written]))
        size = max(size, 1)
        cut = data.draw(st.one_of(st.none(), st.integers(0, size)))
        reader.pull(log[:written], tail=data.draw(st.integers(1, 40)), size=data.draw(sizes), cut=cut)
        if data.draw(st.booleans()):
            reader.kill()
    reader.pull(log, tail=data.draw(st.integers(1, 40)), size=data.draw(sizes))
    reader.account(reader.decoder.settle())
    assert lines_of(log, tty=tty) == reader.lines
    assert (len(log), len(reader.lines)) == (reader.tracker.mark.records, reader.tracker.mark.lines)


@FORMS
@pytest.mark.parametrize("step", [1, 7, 300, 5000])
def test_a_place_among_thousands_of_equal_records_is_exact(tty, step):
    records = [record(b"earlier\n", START_NS - 3 * SECOND_NS, tty=tty), *[record(b"same\n", START_NS, tty=tty)] * 5000]
    mark = mark_behind(records[:3001], tty=tty, step=step)
    search, behind = searched(mark.place, records, tty=tty, size=1000)
    assert (True, 3001, b"".join(records[3001:])) == (search.found, search.passed, behind)


@FORMS
def test_a_read_tells_at_once_whether_it_begins_early_enough(tty):
    records = [record(b"%d\n" % n, START_NS + n * SECOND_NS, tty=tty) for n in range(20)]
    place = mark_behind(records[:15], tty=tty).place
    early, late = (PlaceSearch(KEY, place, tty=tty) for _ in range(2))
    early.feed(records[2][:50])
    late.feed(records[10][:50])
    assert (True, False) == (early.reaches_back, late.reaches_back)
    assert START_NS + 10 * SECOND_NS == late.first_ns


@FORMS
def test_a_place_that_was_rotated_away_is_not_found_and_what_is_newer_is_found_by_time(tty):
    records = [record(b"%d\n" % n, START_NS + n, tty=tty) for n in range(100)]
    place = mark_behind(records[:40], tty=tty).place
    search, behind = searched(place, records[60:], tty=tty)
    assert (False, b"", 40, None) == (search.found, behind, search.passed, search.fallback())
    assert b"".join(records[60:]) == searched(BEGINNING, records[60:], tty=tty, since_ns=place.time_ns + 1)[1]


@FORMS
@pytest.mark.parametrize("lost", [1, 3, MAX_PLACE_RECORDS - 1])
def test_where_the_newest_records_are_lost_the_place_falls_back_to_those_before(tty, lost):
    records = [record(b"%d\n" % (n // 2), START_NS + n // 2, tty=tty) for n in range(40)]
    place = mark_behind(records[:30], tty=tty).place
    left = records[: 30 - lost] + records[30:]
    search, behind = searched(place, left, tty=tty)
    assert (False, b"") == (search.found, behind)
    shorter = search.fallback()
    assert Place(place.records[:-lost]) == shorter
    assert b"".join(records[30:]) == searched(shorter, left, tty=tty)[1]


@FORMS
def test_a_log_wanted_from_a_moment_is_given_from_the_first_record_that_is_not_older(tty):
    records = [record(b"x\n", START_NS + n, tty=tty) for n in (1, 2, 5, 3, 9)]
    search, behind = searched(BEGINNING, records, tty=tty, since_ns=START_NS + 4, size=11)
    assert (2, b"".join(records[2:])) == (search.passed, behind)


def test_stamps_of_podman_are_found_too():
    stamps = [b"2026-11-24T09:20:%02d+02:00" % n for n in range(30) for _ in range(2)]
    records = [stamp + b" same\n" for stamp in stamps]
    for behind in (31, 32):
        place = mark_behind(records[:behind], tty=True, step=5).place
        assert b"".join(records[behind:]) == searched(place, records, tty=True)[1]


def test_a_last_line_of_a_terminal_is_known_again_when_the_next_run_follows_it_without_a_newline():
    run = [record(b"one\n", START_NS, tty=True), record(b"no newline", START_NS + 1, tty=True)]
    following = record(b"next run\n", START_NS + SECOND_NS, tty=True)
    mark = mark_behind(run, tty=True, step=2)
    assert 2 == mark.records
    assert following == searched(mark.place, [*run, following], tty=True)[1]


@FORMS
@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_records_are_split_exactly_behind_any_number(tty, data):
    records = data.draw(logs(tty=tty))
    count = data.draw(st.integers(0, len(records)))
    cut = data.draw(st.integers(0, 30)) if count < len(records) else 0
    wire = b"".join(records[: count + 1])[: sum(map(len, records[:count])) + cut]
    first, rest = split_after(wire, count, tty=tty)
    assert (b"".join(records[:count]), len(wire)) == (first, len(first + rest))


def test_a_fault_behind_the_records_of_a_block_is_told_after_them():
    fault = b"\x03\x00\x00\x00\x00\x00\x00\x05Error"
    search = PlaceSearch(KEY, mark_behind([frame(STDOUT, b"gone\n")], tty=False).place, tty=False)
    assert b"" == search.feed(frame(STDOUT, b"other\n") + fault)
    with pytest.raises(DaemonError):
        search.feed(b"")


def test_a_read_that_was_cut_inside_a_record_did_not_come_to_its_end():
    search = PlaceSearch(KEY, mark_behind([frame(STDOUT, b"gone\n")], tty=False).place, tty=False)
    search.feed(frame(STDOUT, b"other\n")[:-1])
    with pytest.raises(StreamTruncated):
        search.finish()


def test_what_has_no_time_is_a_protocol_error():
    search = PlaceSearch(KEY, mark_behind([frame(STDOUT, b"gone\n")], tty=False).place, tty=False)
    with pytest.raises(ProtocolError):
        search.feed(b"\x01\x00\x00\x00\x00\x00\x00\x05abcd\n")


def test_the_digest_depends_on_the_key_and_has_64_bits():
    assert digest(KEY, b"record") != digest(b"another key", b"record")
    assert 0 <= digest(KEY, b"record") < 1 << 64
