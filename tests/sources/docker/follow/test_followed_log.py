"""One log is read on and on: each record once, in order, or inside a gap that is told."""

import pytest

from logscan.finding import GapReason
from logscan.sources.docker.follow.reads import Ask
from logscan.sources.live import Back, CaughtUp, Idle, Lines, Lost, Watched
from tests.framing.wire import START_NS, STDERR, STDOUT, frame, pieces
from tests.sources.docker.follow.fake_log import SECOND, FakeHost, FakeLog, lines_in


def records(first, count, *, step=1_000_000, at=None):
    """So many numbered records, `step` nanoseconds apart."""
    start = START_NS if at is None else at
    return [frame(STDOUT, b"line %d\n" % n, start + n * step) for n in range(first, first + count)]


def host(*written, **options):
    log = FakeLog()
    log.write(*written)
    return FakeHost(log, **options)


def test_log_is_read_whole_then_streamed():
    """A log is pulled from its beginning, then followed live."""
    reading = host(*records(0, 10))
    reading.run()
    reading.write(*records(10, 5))
    reading.run()
    assert reading.kept.lines == lines_in(reading.log.written)
    assert [(ask.follow, ask.tail) for ask in reading.asks] == [(False, None), (True, None)]
    assert reading.told(Watched)[0].start_ns == reading.started_ns


def test_rotating_log_is_pulled_at_each_ring():
    """A log that rotates is never streamed: a ring leads to a pull, and many rings to few."""
    reading = host(*records(0, 300, step=10**9), rotates=True)
    reading.run()
    for number in range(300, 320):
        reading.write(*records(number, 1, step=10**9))
    reading.run(1)
    assert reading.kept.lines == lines_in(reading.log.written)
    assert not any(ask.follow for ask in reading.asks)
    assert len(reading.asks) <= 4


def test_stream_that_ends_is_pulled_and_streamed_again():
    """A cut stream leads to a pull from the place on, then to a new stream."""
    reading = host(*records(0, 1000))
    reading.run(11)
    reading.log.write(*records(1000, 5))
    reading.cut(after=100)
    reading.run(1)
    reading.write(*records(1005, 5))
    reading.run()
    assert reading.kept.lines == lines_in(reading.log.written)
    assert reading.kept.gaps == []


def test_more_records_than_a_stream_asks_for_between_pull_and_stream():
    """A stream that begins behind the place gives nothing; a pull and a longer stream follow."""
    reading = host(*records(0, 1000))
    while not reading.asks or not reading.asks[-1].follow:
        if len(reading.asks) and reading.answer and not reading.answer.waiting:
            reading.log.write(*records(1000, 900))
        reading.turn()
    reading.run(1)
    reading.write(*records(1900, 5))
    reading.run()
    assert reading.kept.lines == lines_in(reading.log.written)
    assert reading.kept.gaps == []


@pytest.mark.parametrize("count", [1, 10, 100, 1000, 5000])
def test_going_on_from_a_checkpoint(count):
    """However much was written since, reading goes on behind the last record of the checkpoint."""
    reading = host(*records(0, 500))
    reading.run()
    reading.kept.commit()
    reading.log.write(*records(500, count))
    reading.kill()
    reading.run(1)
    assert reading.kept.lines == lines_in(reading.log.written)
    assert reading.kept.gaps == []


def test_replayed_records_are_told_as_such():
    """What was looked at before the last checkpoint is told again, marked, and cut at a record."""
    reading = host()
    for number in range(30):
        reading.write(*records(number, 1))
        reading.run(0.01)
    reading.kept.commit(back=10)
    reading.write(*records(30, 5))
    reading.kill()
    reading.run(1)
    assert reading.kept.replayed == lines_in(records(20, 10))
    assert reading.kept.lines == lines_in(reading.log.written)
    assert reading.kept.latest.lines == reading.kept.latest.records == 35


def test_identical_records_in_one_nanosecond():
    """A thousand equal records of one moment are each counted, though reads begin in their midst."""
    same = [frame(STDOUT, b"same\n")] * 1000
    reading = host(*same)
    reading.run()
    reading.kept.commit()
    reading.write(*same)
    reading.run()
    reading.cut()
    reading.log.write(*same)
    reading.run(5)
    reading.kept.commit()
    reading.log.write(*same)
    reading.kill()
    reading.run(5)
    assert len(reading.kept.lines) == 4000
    assert reading.kept.gaps == []


def test_rotated_place_is_a_gap():
    """Where rotation ate the place, a gap tells from the last record read to the first one left."""
    reading = host(*records(0, 100), rotates=True, rings=False)
    reading.run()
    reading.log.write(*records(100, 100))
    reading.log.keep(30)
    reading.followed.ring(reading.now)
    reading.run(1)
    assert reading.kept.lines == lines_in(records(0, 100) + records(170, 30))
    gap = reading.kept.gaps
    assert [(g.from_ns, g.to_ns, g.reason) for g in gap] == [
        (START_NS + 99 * 1_000_000, START_NS + 170 * 1_000_000, GapReason.ROTATED)
    ]


def test_truncated_log_is_a_gap_once_something_is_written():
    """A truncation is told once, with the next record, and nothing comes twice."""
    reading = host(*records(0, 100))
    reading.run()
    reading.cut()
    reading.log.keep(0)
    reading.run(30)
    assert reading.kept.gaps == []
    reading.write(*records(200, 3))
    reading.run(5)
    assert reading.kept.lines == lines_in(records(0, 100) + records(200, 3))
    assert [(gap.reason, gap.to_ns) for gap in reading.kept.gaps] == [(GapReason.TRUNCATED, START_NS + 200 * 1_000_000)]


def test_engine_that_lost_its_newest_records():
    """Where the newest records read are gone but older ones are there, reading goes on behind those without a gap."""
    reading = host(*records(0, 100))
    reading.run()
    reading.cut()
    del reading.log.records[-3:]
    reading.log.write(*records(150, 5))
    reading.run(5)
    assert reading.kept.lines == lines_in(records(0, 100) + records(150, 5))
    assert reading.kept.gaps == []


def test_ended_container_is_drained_and_idle():
    """When a container has ended, its log is pulled once more, a line without newline is told, and it is idle."""
    reading = host(*records(0, 5))
    reading.run()
    reading.write(*pieces(STDOUT, b"x" * 16384, START_NS + SECOND, newline_at_end=False))
    reading.run()
    assert len(reading.kept.lines) == 5
    reading.stop()
    reading.run(5)
    assert reading.kept.lines == lines_in(reading.log.written)
    assert len(reading.told(Idle)) == 1
    assert reading.followed.due_ns() is None
    reading.start()
    reading.write(*records(2000, 2))
    reading.run(5)
    assert reading.kept.lines == lines_in(reading.log.written)
    assert reading.told(Watched)[-1].start_ns == reading.started_ns


def test_stalled_stream_is_found_by_the_watchdog():
    """A stream that brings nothing any more is checked by a pull, and replaced; no line comes twice."""
    reading = host(*records(0, 5))
    reading.run()
    reading.stall()
    reading.write(*records(5, 5))
    reading.run(20)
    assert len(reading.kept.lines) == 5
    reading.run(20)
    reading.write(*records(10, 5))
    reading.run()
    assert reading.kept.lines == lines_in(reading.log.written)


def test_stream_that_stalls_inside_a_record():
    """The part of a record that a replaced stream has brought is forgotten: the record comes again as a whole."""
    reading = host(*records(0, 5))
    reading.run()
    reading.bite = 20
    reading.write(*records(5, 1))
    reading.turn()
    reading.stall()
    reading.bite = 1 << 20
    reading.run(40)
    assert reading.kept.lines == lines_in(reading.log.written)
    assert len(reading.asks) == 4


def busy(reading, first, seconds):
    """Let so many seconds pass in a log that is written to twice in each."""
    for number in range(first, first + 2 * seconds):
        reading.write(frame(STDOUT, b"line %d\n" % number, reading.engine_ns))
        reading.run(0.5)
        if number % 2:
            reading.followed.tick(reading.now, reading.engine_ns)


def test_newest_record_of_a_pull_that_was_damaged_on_its_way():
    """A place that the log never held isn't searched for ever in a stream that goes on and on; what follows is read."""
    reading = host(*records(0, 5))
    while reading.answer is None or not reading.answer.waiting:
        reading.turn()
    reading.answer.waiting[-2] ^= 1
    busy(reading, 5, 30)
    expected = lines_in(reading.log.written)
    assert expected[:4] == reading.kept.lines[:4]
    assert expected[5:] == reading.kept.lines[-60:]
    assert reading.kept.gaps == []


@pytest.mark.parametrize("number", [pytest.param(0, id="before the place"), pytest.param(5, id="behind the place")])
def test_record_of_a_stream_that_says_it_is_longer_than_it_is(number):
    """A length that was damaged on its way holds up a stream for seconds, not for the 64 KiB that it announces."""
    reading = host(*records(0, 5))
    while reading.answer is None or not reading.answer.follows:
        reading.turn()
    reading.write(*records(5, 1))
    reading.answer.waiting[len(b"".join(reading.log.written[:number])) + 5] ^= 1
    busy(reading, 6, 30)
    assert reading.kept.lines == lines_in(reading.log.written)
    assert reading.kept.gaps == []


def test_lost_ring_is_made_up_for():
    """A rotating log whose bell didn't ring is pulled now and then."""
    reading = host(*records(0, 5), rotates=True, rings=False)
    reading.run()
    reading.log.write(*records(5, 5))
    reading.run(70)
    assert reading.kept.lines == lines_in(reading.log.written)
    assert len(reading.asks) < 10


def test_engine_that_ends_every_stream_at_once_is_not_stormed():
    """Streams that end at once are opened ever more rarely."""
    reading = host(*records(0, 5))
    for _ in range(600):
        reading.run(0.1)
        if reading.asks[-1].follow:
            reading.cut()
    assert len(reading.asks) < 40


def test_refusals_are_told_once_and_healing_too():
    """A log that is refused for half a minute is told lost, once; and back when it can be read."""
    reading = host(*records(0, 5), engine_up=False)
    reading.run(120)
    assert [lost.reason for lost in reading.told(Lost)] == ["no engine"]
    reading.engine_up = True
    reading.run(60)
    assert len(reading.told(Back)) == 1
    assert reading.kept.lines == lines_in(reading.log.written)


def test_caught_up_never_runs_ahead_of_a_line():
    """No line comes that is older than what was told to be read to its end."""
    reading = host(*records(0, 5))
    told = []
    for second in range(40):
        reading.write(frame(STDOUT, b"late\n", reading.engine_ns))
        reading.run(1 if second % 3 else 0.2)
    latest = 0
    for news in reading.news:
        if isinstance(news, CaughtUp):
            latest = max(latest, news.time_ns)
            told.append(news)
        elif isinstance(news, Lines) and news.batch.lines:
            assert news.batch.first_ns > latest or not told
    assert len(told) > 5


def test_first_sight_from_a_moment_on():
    """Of a log that is met for the first time only what is stamped from the moment on is told."""
    reading = host(*records(0, 5000), since_ns=START_NS + 4000 * 1_000_000)
    reading.run()
    reading.write(*records(5000, 5))
    reading.run()
    assert reading.kept.lines == lines_in(records(4000, 1005))


def test_first_sight_from_now_on_survives_a_kill_before_the_first_line():
    """A log that was quiet since it was first met goes on from there after a restart, not from a later now."""
    reading = host(*records(0, 500), since_ns=START_NS + 100 * SECOND)
    reading.now = 100 * SECOND
    reading.run(1)
    reading.kept.commit()
    reading.log.write(frame(STDOUT, b"while away\n", START_NS + 103 * SECOND))
    reading.since_ns = START_NS + 200 * SECOND
    reading.kill()
    reading.run(1)
    assert [text for text, _, _ in reading.kept.lines] == ["while away"]


def test_once_reads_to_the_end_and_is_done():
    """A single pull ends at the end of the log."""
    reading = host(*records(0, 500), once=True)
    reading.run(1)
    assert reading.followed.is_done
    assert reading.kept.lines == lines_in(reading.log.written)


def test_removed_after_its_stream_has_ended_loses_nothing():
    """A stream that came to its end when the container died has brought everything."""
    reading = host(*records(0, 5))
    reading.run()
    reading.write(*records(5, 5))
    reading.log.stop()
    reading.log.there = False
    reading.run(0.05)
    reading.remove()
    assert reading.followed.is_done
    assert reading.kept.lines == lines_in(reading.log.written)
    assert reading.kept.gaps == []


def test_removed_while_its_stream_still_brings_lines():
    """A removal that is told before the stream's end waits for it."""
    reading = host(*records(0, 5))
    reading.run()
    reading.write(*records(5, 5))
    reading.log.stop()
    reading.remove()
    assert not reading.followed.is_done
    reading.run(1)
    assert reading.followed.is_done
    assert reading.kept.lines == lines_in(reading.log.written)
    assert reading.kept.gaps == []


def test_container_that_has_ended_leaves_its_stream_time_to_end():
    """A quiet stream isn't hung up the moment its container has ended: of `--rm` nothing else can be read any more."""
    reading = host(*records(0, 5))
    reading.run(20)
    reading.log.running = False
    reading.followed.inspected(reading.info(), reading.now)
    reading.log.there = False
    reading.run(1)
    assert reading.asks[-1].follow
    reading.log.write(*records(5, 5))
    reading.log.stop()
    reading.run(0.1)
    reading.remove()
    assert reading.kept.lines == lines_in(reading.log.written)
    assert reading.kept.gaps == []
    assert reading.followed.is_done


def test_removed_before_its_last_lines_were_read_is_a_gap():
    """A rotating log that is gone before its last pull leaves a gap up to its destruction."""
    reading = host(*records(0, 5), rotates=True)
    reading.run(1)
    reading.now += 10 * SECOND
    reading.log.write(*records(5, 5))
    reading.remove()
    assert [(gap.reason, gap.to_ns) for gap in reading.kept.gaps] == [(GapReason.REMOVED, reading.engine_ns)]
    assert reading.followed.is_done


def test_damaged_record_is_passed_from_the_end():
    """Where the engine fails at a record time and again, what lies behind it is read from the end; a gap tells the rest."""
    reading = host(*records(0, 100))
    reading.run()
    reading.cut()
    bad = frame(3, b"Error grabbing logs: invalid character")
    reading.log.write(*records(100, 20), bad, *records(121, 30))
    reading.run(60)
    reading.write(*records(151, 5))
    reading.run(60)
    assert reading.kept.lines == lines_in(records(0, 120) + records(121, 35))
    assert [(gap.reason, gap.from_ns, gap.to_ns) for gap in reading.kept.gaps] == [
        (GapReason.DAMAGED, START_NS + 119 * 1_000_000, START_NS + 121 * 1_000_000)
    ]


class SkippingLog(FakeLog):
    """Skips in silence what lies behind a damaged record, but for the last four, as dockerd 20.10 does."""

    damage = 305

    def answer(self, ask):
        records, first = self.records, 0 if ask.tail is None else max(0, len(self.records) - ask.tail)
        if first <= self.damage < len(records):
            self.records = records[first : self.damage] + records[-4:]
            ask = Ask(ask.follow, None)
        try:
            return super().answer(ask)
        finally:
            self.records = records


@pytest.mark.parametrize(
    ("step", "read"),
    [
        pytest.param(1_000_000, 34, id="noticed before a line is told, and read from the end"),
        pytest.param(1_000_000_000, 4, id="noticed at the end of the answer"),
    ],
)
def test_engine_that_skips_records_in_silence(step, read):
    """An answer that holds less than the log is known to hold leads to a gap."""
    reading = FakeHost(SkippingLog())
    reading.write(*records(0, 300, step=step))
    reading.run()
    reading.cut()
    reading.log.records.extend(records(300, 40, step=step))
    reading.run(60)
    before = 300 if read == 34 else 305
    expected = records(0, before, step=step) + records(340 - read, read, step=step)
    assert reading.kept.lines == lines_in(expected)
    assert [(gap.reason, gap.from_ns) for gap in reading.kept.gaps] == [(GapReason.DAMAGED, START_NS + 299 * step)]


@pytest.mark.parametrize("left", [5, 15, 25, 35])
def test_rotation_while_away_counts_nothing_twice(left):
    """Where the mark of a checkpoint was rotated away, what was looked at behind it isn't told again."""
    reading = host(*records(0, 10), rotates=True)
    reading.run(1)
    for number in range(10, 30):
        reading.write(*records(number, 1))
        reading.run(0.1)
    reading.kept.commit(back=10)
    reading.log.write(*records(30, 10))
    reading.log.keep(left)
    reading.kill()
    reading.run(1)
    first_left = max(30, 40 - left)
    assert reading.kept.lines == lines_in(records(0, 30) + records(first_left, 40 - first_left))
    assert len(reading.kept.gaps) == (first_left > 30)


def test_rotation_while_away_of_a_log_that_was_to_be_read_anew():
    """A checkpoint at the beginning of a log that begins elsewhere now goes on behind what was looked at."""
    reading = host(*records(0, 10), rotates=True)
    reading.run(1)
    reading.kept.commit(back=1)
    assert reading.kept.looked_at == 10
    reading.log.write(*records(10, 10))
    reading.log.keep(15)
    reading.kill()
    reading.run(1)
    assert reading.kept.begun_at.mark.records == 0
    assert reading.kept.lines == lines_in(records(0, 20))
    assert reading.kept.gaps == []


def test_both_streams_and_long_lines():
    """Lines in pieces on both streams come whole, over cuts."""
    reading = host()
    long = [*pieces(STDOUT, b"o" * 50_000, START_NS), *pieces(STDERR, b"e" * 40_000, START_NS + 5)]
    mixed = [long[0], long[4], long[1], long[5], long[2], long[3], long[6]]
    reading.run()
    for record in mixed:
        reading.write(record)
        reading.run(0.3)
        reading.kept.commit()
        reading.cut()
        reading.kill()
        reading.run(3)
    assert reading.kept.lines == lines_in(mixed)
