"""A hit's time in a text file: its line's own, else that of the nearest line before it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from logscan.batch import Batch, Container
from logscan.line_time import LineClock
from logscan.sources.line_reader import TextReader
from logscan.sources.written_times import MAX_LINES_BACK, PlainStamp, Timekeeper, WrittenTimes

CONTAINER = Container("k", "web")
STAMP = PlainStamp(LineClock())
HOUR_NS = 3600 * 10**9


def timed(hour):
    return b"1970-01-01 %02d:00:00 x\n" % hour


def times_of(batch, numbers=None):
    starts = [0]
    while (newline := batch.text.find(b"\n", starts[-1])) >= 0:
        starts.append(newline + 1)
    wanted = range(batch.lines) if numbers is None else numbers
    return [batch.line_at(starts[number]).time_ns for number in wanted]


def batch_of(text):
    return Batch(CONTAINER, text, text.count(b"\n"))


def read(text):
    reader = TextReader(CONTAINER, STAMP)
    (batch,) = [*reader.feed(text), *reader.flush()]
    return batch


def test_line_without_time_has_that_of_the_nearest_before_it():
    batch = read(b"a\n" + timed(1) + b"b\nc\n" + timed(2) + b"d\n")
    assert [None, HOUR_NS, HOUR_NS, HOUR_NS, 2 * HOUR_NS, 2 * HOUR_NS] == times_of(batch)


def test_sixty_four_lines_back_and_no_further():
    batch = read(timed(1) + b"x\n" * 70)
    expected = [HOUR_NS] * (1 + MAX_LINES_BACK) + [None] * (70 - MAX_LINES_BACK)
    assert expected == times_of(batch)
    assert expected[64:66] == times_of(batch, [64, 65])


def test_batch_before_gives_the_time_where_it_is_near_enough():
    keeper = Timekeeper(STAMP)
    keeper.time(batch_of(timed(1) + b"x\n" * 60))
    second = keeper.time(batch_of(b"x\n" * 3))
    third = keeper.time(batch_of(b"x\n" * 3))
    assert [HOUR_NS] * 3 == times_of(second)
    assert [HOUR_NS, None, None] == times_of(third)


def test_batch_tells_the_times_at_its_ends():
    batch = read(b"banner\n" + timed(1) + timed(9) + timed(2) + b"stack\n")
    assert (HOUR_NS, 2 * HOUR_NS) == (batch.first_ns, batch.last_ns)
    untimed = read(b"x\n" * 1000)
    assert (None, None) == (untimed.first_ns, untimed.last_ns)


class CountingStamp:
    """Reads no time, and counts how often it was asked."""

    def __init__(self):
        self.asked = 0

    def content(self, text, start, end):
        return start

    def time(self, text, start, end):
        self.asked += 1


def test_dense_hits_without_times_look_back_once():
    stamp = CountingStamp()
    batch = batch_of(b"x\n" * 1000)
    batch.index = WrittenTimes(stamp)
    assert [None] * 1000 == times_of(batch)
    assert 1000 == stamp.asked


@given(
    st.lists(st.integers(1, 23) | st.none(), min_size=1, max_size=200),
    st.lists(st.integers(0, 199), max_size=40),
    st.integers(1, 50),
)
def test_any_order_of_questions_over_any_batches_gives_what_a_plain_walk_gives(hours, questions, lines_per_batch):
    hours = [hour if number % 70 == 0 else (hour if number % 3 == 0 else None) for number, hour in enumerate(hours)]
    expected, known, age = [], None, 0
    for hour in hours:
        known, age = (hour * HOUR_NS, 0) if hour else (known, age + 1)
        expected.append(known if age <= MAX_LINES_BACK else None)
    keeper, batches = Timekeeper(STAMP), []
    for start in range(0, len(hours), lines_per_batch):
        part = hours[start : start + lines_per_batch]
        batches.append(keeper.time(batch_of(b"".join(timed(hour) if hour else b"x\n" for hour in part))))
    for number in [number for number in questions if number < len(hours)]:
        assert [expected[number]] == times_of(batches[number // lines_per_batch], [number % lines_per_batch])


def test_a_line_that_is_asked_for_twice_is_looked_at_once():
    looked = []

    class Counting(PlainStamp):
        def time(self, text, start, end):
            looked.append(start)
            return super().time(text, start, end)

    text = timed(1) + b"x\n" * 9
    index = WrittenTimes(Counting(LineClock()))
    begin = len(text) - 2
    first = index.locate(text, begin, begin + 1)
    asked = len(looked)
    assert first == index.locate(text, begin, begin + 1)
    assert asked == len(looked) == 10
