"""The loop tells the detector what was read of each container, so that silence can be told from not looking."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logscan import pipeline
from logscan.batch import Batch, Container, LineIndex, Stream
from logscan.detection.detector import Detector
from logscan.finding import Coverage, Status
from logscan.framing.time_range import ALWAYS, TimeRange
from logscan.line_time import LineClock
from logscan.matching.matcher import Matcher
from logscan.sources.docker_stamps import DockerStamp
from logscan.sources.json_file import RawIndex
from logscan.sources.written_times import PlainStamp, Timekeeper
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


FULL = {"contains": "disk full"}
RULES = (
    rule(id="plain", match=FULL, escalate=[{"when": {"count": 3, "within": "5s"}, "severity": "high"}]),
    rule(id="either", match={"any": [{"contains": "no room"}, {"contains": "Größe"}]}),
    rule(id="pattern", match={"regex": r"disk full \d"}),
    rule(id="named", match={"regex": r"on (?P<disk>sd\w)"}),
    rule(id="extracts", match=FULL, extract=r"on (?P<disk>sd\w)"),
    rule(id="level", match={"contains": "no room"}, where={"level": ["error"]}),
    rule(id="stream", match={"contains": "no room"}, where={"stream": ["stderr"]}),
    rule(id="instead", match={"contains": "sda"}, instead_of=["plain", "pattern"]),
    rule(id="catch-all", match={"contains": "error"}, catch_all=True),
    rule(id="joins", match={"contains": "trace"}, multiline={"continue": "^ "}),
    rule(id="groups", match=FULL, group_by=["disk"], extract=r"on (?P<disk>sd\w)"),
    rule(id="waits", match=FULL, window={"type": "event_count", "count": 2, "within": "9s"}),
    rule(id="date", match={"contains": "2025-12-02"}),
    rule(id="slow", match={"regex": r"^\d+$"}),
)
PARTS = (
    "disk full",
    "Disk Full 7",
    "no room",
    "größe",
    "on sda",
    "on sdb",
    "error",
    "trace",
    " ",
    "123",
    "\\u0064isk full",
)
BEGIN = datetime(2025, 12, 2, tzinfo=UTC)
lines = st.tuples(
    st.lists(st.sampled_from(PARTS), min_size=1, max_size=3).map(" ".join),
    st.sampled_from(["{}", "{}", '{{"level": "error", "msg": "{}"}}']),
    st.integers(-2, 3),
    st.booleans(),
)


class Logs:
    """Batches that are read again as often as one likes."""

    coverage = ()

    def __init__(self, kind, pieces):
        self.kind, self.pieces = kind, pieces

    def batches(self):
        keeper = Timekeeper(PlainStamp(LineClock()) if self.kind == "plain" else DockerStamp(PlainStamp(LineClock())))
        moment = BEGIN
        for piece in self.pieces:
            text = b""
            for said, form, step, is_timed in piece:
                moment += timedelta(seconds=step)
                text += self._written(form.format(said), moment, is_timed).encode() + b"\n"
            batch = Batch(BOX, text, len(piece), RawIndex(tty=False) if self.kind == "raw" else None)
            yield keeper.time(batch) if self.kind in ("plain", "stamped") else batch

    def _written(self, said, moment, is_timed):
        stamp = moment.isoformat(timespec="microseconds").replace("+00:00", "000Z")
        if self.kind == "raw":
            return json.dumps({"log": said + "\n", "stream": "stderr" if is_timed else "stdout", "time": stamp})
        return f"{stamp} {said}" if is_timed and self.kind != "untimed" else said


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.sampled_from(RULES), min_size=1, max_size=5, unique=True),
    st.sampled_from(["untimed", "plain", "stamped", "raw"]),
    st.lists(st.lists(lines, min_size=1, max_size=12), min_size=1, max_size=3),
    st.sampled_from([ALWAYS, TimeRange(int(BEGIN.timestamp()) * SECOND, None)]),
)
def test_what_is_counted_together_is_what_is_counted_hit_by_hit(rules, kind, pieces, wanted):
    logs = Logs(kind, pieces)
    together, by_hit = (Detector(rules, samples=3) for _ in range(2))
    pipeline.scan([logs], Matcher(rules, counted=together.counted), together, wanted)

    matcher = Matcher(rules)
    hits = [hit for batch in logs.batches() for hit in matcher.scan(batch)]
    for hit in [*hits, *matcher.close()]:
        if wanted.holds(hit.line.time_ns):
            by_hit.observe(hit)

    assert by_hit.findings() == together.findings()
    assert by_hit.untimed == together.untimed
