"""A log that is read in many cut reads gives each line once, in the order of one read."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logscan.batch import Container
from logscan.checkpoint import Mark
from logscan.framing.frames import FrameDecoder
from logscan.framing.place import PlaceSearch, PlaceTracker
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
LONG = st.sampled_from([[], [0], [2 * PIECE], [0, PIECE + 5]])


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
        records += [record(b"other\n", time_ns + 1 + n, tty=tty, stream=STDERR) for n in range(others)]
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
@settings(deadline=None)
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
