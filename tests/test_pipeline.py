"""The loop tells the detector what was read of each container, so that silence can be told from not looking."""

import pytest

from logscan import pipeline
from logscan.batch import Batch, Container, LineIndex, Stream
from logscan.detection.detector import Detector
from logscan.finding import Coverage, Status
from logscan.framing.time_range import TimeRange
from logscan.matching.matcher import Matcher
from tests.detection.making import SECOND, START_NS, rule

R = rule(window={"type": "absence", "for": "10s"})
BOX = Container("b", "box")


class At(LineIndex):
    """The index of a batch whose lines all have one time."""

    def __init__(self, time_ns):
        self.time_ns = time_ns

    def locate(self, text, start, end):
        return self.time_ns, Stream.STDOUT


class FakeSource:
    """One container that prints `boom` at these seconds."""

    errors = ()

    def __init__(self, seconds, **coverage):
        self._times = [START_NS + second * SECOND for second in seconds]
        self.coverage = [Coverage(BOX, None, "api", **coverage)]

    def batches(self):
        for time_ns in self._times:
            batch = Batch(BOX, b"boom\n", 1, At(time_ns), first_ns=time_ns, last_ns=time_ns)
            self.coverage[0].count(batch)
            yield batch


def at(second):
    return None if second is None else START_NS + second * SECOND


@pytest.mark.parametrize(
    ("seconds", "since", "until", "coverage", "silences"),
    [
        pytest.param([5], 0, 14, {}, 0, id="from its first line, when its start is not known"),
        pytest.param([5], 0, 15, {}, 1, id="to the end of the range"),
        pytest.param([5, 14], None, None, {}, 0, id="without a range to its last line"),
        pytest.param([], 0, 99, {"started_ns": at(-50)}, 1, id="from the range's start, when it ran before"),
        pytest.param([], 0, 99, {"started_ns": at(90)}, 0, id="from its own start"),
        pytest.param([5], 0, 99, {"started_ns": at(0), "ended_ns": at(9)}, 0, id="to its own end"),
        pytest.param([20], 0, 25, {"started_ns": at(0)}, 1, id="from its start to its first line"),
        pytest.param(
            [20], 0, 25, {"started_ns": at(0), "from_start": False}, 0, id="not where older lines may be gone"
        ),
        pytest.param([5], 0, 99, {"status": Status.PARTIAL}, 0, id="not when it was not read whole"),
        pytest.param([], 0, 99, {}, 0, id="not when nothing is known of it"),
    ],
)
def test_silence_is_judged_over_the_time_that_was_read(seconds, since, until, coverage, silences):
    detector = Detector([R], samples=1)
    wanted = TimeRange(at(since), at(until))
    pipeline.scan([FakeSource(seconds, **coverage)], Matcher([R]), detector, wanted)
    assert silences == sum(found.count for found in detector.findings())


def test_a_stream_is_told_how_far_it_was_read():
    pair = rule(window={"type": "event_count", "count": 2, "within": "9s"})
    detector = Detector([pair], samples=1, lateness_ns=SECOND)
    pipeline.scan([FakeSource([0, 1, 9])], Matcher([pair]), detector, TimeRange())
    assert [2] == [found.count for found in detector.findings()]
