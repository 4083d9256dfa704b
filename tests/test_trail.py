"""A log that is cut off and begun again at its checkpoint counts every hit once, those of open events included."""

from __future__ import annotations

from collections import Counter

from hypothesis import example, given, settings
from hypothesis import strategies as st

from logscan.batch import Batch, Container, LineIndex, Stream
from logscan.checkpoint import Mark, Place, RecordKey
from logscan.matching.matcher import Matcher
from logscan.sources.live import Lines
from logscan.surroundings import Surroundings
from logscan.trail import Trail
from tests.matching.making import rule

KEY = b"k" * 16
RULES = (
    rule({"contains": "plain failure"}, id="plain"),
    rule({"contains": "trace begins"}, id="trace", multiline={"continue": "^ "}),
    rule({"contains": "also at the head"}, id="other", multiline={"continue": "^ |^trace"}),
)
TEXTS = (
    "all is well",
    "plain failure",
    "trace begins",
    " in a frame",
    " trace begins within",
    "trace begins, also at the head",
    " plain failure",
)
SECOND = 1_000_000_000
log = st.lists(
    st.tuples(st.sampled_from(TEXTS), st.sampled_from([Stream.STDOUT, Stream.STDERR]), st.integers(0, 3)), max_size=40
)


class Index(LineIndex):
    """Times and streams of the lines of a batch, by their number in it."""

    def __init__(self, lines):
        self.lines = lines

    def locate(self, text, start, end):
        time_ns, stream = self.lines[text.count(b"\n", 0, start)]
        return time_ns, stream


class Reading:
    """One life of a process that reads a log: what it counted, and where it would begin again."""

    def __init__(self, written, checkpoint, context):
        self.written = written
        self.container = Container("c", "c")
        self.matcher = Matcher(RULES)
        self.around = Surroundings(context)
        self.trail = Trail(checkpoint, KEY)
        self.position = checkpoint.mark.records if checkpoint else 0
        self.replay_to = self.position + (checkpoint.replayed if checkpoint else 0)
        self.counted = Counter()

    def read(self, count):
        """Take `count` more lines, or up to the end of those that are looked at again."""
        stop = min(self.position + count, len(self.written))
        if self.position < self.replay_to:
            stop = min(stop, self.replay_to)
        taken = self.written[self.position : stop]
        batch = Batch(
            self.container,
            b"".join(text.encode() + b"\n" for text, _, _ in taken),
            len(taken),
            Index([(time_ns, stream) for _, stream, time_ns in taken]),
        )
        lines = Lines(batch, mark(self.position), mark(stop), replayed=self.position < self.replay_to)
        self.position = stop
        self.trail.enter(lines)
        hits = (hit for hit in self.matcher.scan(batch) if self.trail.counts(hit))
        self._count(self.around.around(batch, hits, self.matcher.open_offsets))
        self.trail.leave(self.matcher.open_hits(self.container), self.around.waiting(self.container))

    def close(self):
        hits = [hit for hit in self.matcher.leave(self.container) if self.trail.counts(hit)]
        self._count(self.around.flush(self.container, hits))

    def _count(self, placed):
        self.counted.update((one.hit.rule.id, one.hit.line.time_ns, one.hit.continued) for one in placed)


def mark(records):
    return Mark(Place((RecordKey(records, records, 1),)), records=records)


def times(lines):
    """Give the lines times that rise, now and then by so much that an open event is over."""
    now, timed = SECOND, []
    for text, stream, step in lines:
        now += 1 if step < 3 else 6 * SECOND
        timed.append((text, stream, now))
    return timed


def read_in_lives(written, sizes, cuts, context):
    """Read all, ending the process without notice after each step in `cuts`."""
    counted, checkpoint, step = Counter(), None, 0
    reading = Reading(written, checkpoint, context)
    while reading.position < len(written):
        reading.read(sizes[step % len(sizes)])
        step += 1
        if step in cuts:
            checkpoint = reading.trail.checkpoint("c")
            counted += reading.counted
            reading = Reading(written, checkpoint, context)
    reading.close()
    return counted + reading.counted


@settings(max_examples=500, deadline=None)
@given(
    log,
    st.lists(st.integers(1, 7), min_size=1, max_size=5),
    st.sets(st.integers(1, 60), max_size=12),
    st.integers(0, 2),
)
@example([("plain failure", Stream.STDOUT, 0)], [1], {1, 2}, 1)  # a hit that waits for lines, cut twice
def test_a_log_that_is_begun_again_counts_as_one_that_was_read_at_once(lines, sizes, cuts, context):
    written = times(lines)

    whole = read_in_lives(written, [len(written) or 1], set(), context)

    assert whole == read_in_lives(written, sizes, cuts, context)


def test_a_checkpoint_lies_before_what_is_still_open():
    reading = Reading(times([("all is well", Stream.STDOUT, 0)] * 3 + [("trace begins", Stream.STDOUT, 0)]), None, 0)
    reading.read(3)
    reading.read(1)

    checkpoint = reading.trail.checkpoint("c")

    assert (3, 1) == (checkpoint.mark.records, checkpoint.replayed)
    assert ["trace"] == [one.rule_id for one in checkpoint.awaited]


def test_a_checkpoint_lies_at_the_end_where_nothing_is_open():
    reading = Reading(times([("plain failure", Stream.STDOUT, 0)] * 3), None, 0)
    reading.read(3)

    checkpoint = reading.trail.checkpoint("c")

    assert (3, 0, ()) == (checkpoint.mark.records, checkpoint.replayed, checkpoint.awaited)


def test_a_checkpoint_lies_before_a_line_that_has_no_end_yet():
    trail = Trail(None, KEY)
    batch = Batch(Container("c", "c"), b"", 0)

    trail.enter(Lines(batch, mark(4), mark(9), unfinished=mark(5)))
    trail.leave([])

    assert (5, 4) == (trail.checkpoint("c").mark.records, trail.checkpoint("c").replayed)
