"""One message on both streams counts once, whichever way it is written and whatever order it is read in."""

import json
from itertools import permutations

import pytest

from logscan.batch import Stream
from logscan.detection.detector import Detector
from tests.detection.making import box, combining, hit, rule

R = rule(count_once_within="2s")
OUT, ERR, UNKNOWN = Stream.STDOUT, Stream.STDERR, Stream.UNKNOWN
JSON, PLAIN = json.dumps({"level": "error", "message": "db is gone \u2603"}), "ERROR:app.db:db is gone \u2603"


def count(*lines, rules=(R,)):
    detector, b = Detector(rules, samples=9), box()
    for at, stream, text in lines:
        detector.observe(hit(rules[0], at, text, container=b, stream=stream))
    return detector.findings()[0].count


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param([(0, OUT, JSON), (0.01, ERR, PLAIN)], 1, id="JSON and plain, on both streams"),
        pytest.param([(0, ERR, PLAIN), (2, OUT, JSON)], 1, id="the other way round, as far apart as may be"),
        pytest.param([(0, ERR, PLAIN), (2.000000001, OUT, JSON)], 2, id="a nanosecond farther apart"),
        pytest.param([(0, OUT, JSON), (1, OUT, PLAIN)], 2, id="on one stream"),
        pytest.param([(0, OUT, PLAIN), (1, ERR, f" {PLAIN}\t")], 1, id="the same text, stripped"),
        pytest.param([(0, OUT, "boom a"), (1, ERR, "boom b")], 2, id="another message"),
        pytest.param([(0, OUT, " "), (1, ERR, "boom")], 2, id="no message at all"),
        pytest.param([(0, UNKNOWN, JSON), (1, UNKNOWN, PLAIN)], 1, id="unknown streams, JSON and plain"),
        pytest.param([(0, UNKNOWN, JSON), (1, UNKNOWN, JSON)], 2, id="unknown streams, both JSON"),
        pytest.param([(0, UNKNOWN, PLAIN), (1, UNKNOWN, PLAIN)], 2, id="unknown streams, both plain"),
        pytest.param([(0, OUT, JSON), (0.5, ERR, PLAIN), (1, ERR, PLAIN)], 2, id="a line has one twin at most"),
        pytest.param([(0, OUT, JSON), (0.1, OUT, JSON), (0.2, ERR, PLAIN), (0.3, ERR, PLAIN)], 2, id="two pairs"),
        pytest.param([(None, OUT, JSON), (None, ERR, PLAIN)], 2, id="lines without any time count plainly"),
    ],
)
def test_twins(lines, expected):
    assert expected == count(*lines)


def test_the_order_of_reading_changes_nothing():
    lines = [(0, OUT, JSON), (0.5, ERR, PLAIN), (1, ERR, PLAIN), (1.5, OUT, JSON), (3.2, ERR, PLAIN)]
    assert {3} == {count(*order) for order in permutations(lines)}


def test_the_earlier_line_is_the_one_that_stays():
    detector, b = Detector([R], samples=9), box()
    for at, stream, text in [(1, ERR, PLAIN), (0, OUT, JSON)]:
        detector.observe(hit(R, at, text, container=b, stream=stream))
    assert [JSON] == [sample.line for sample in detector.findings()[0].samples]


def test_two_containers_that_say_the_same_are_no_twins():
    labels = {"com.docker.compose.service": "web"}
    detector = Detector([R], samples=1)
    for at, stream in enumerate((OUT, ERR)):
        detector.observe(hit(R, at, PLAIN, container=box(labels=labels), stream=stream))
    assert [2] == [finding.count for finding in detector.findings()]


def test_a_twin_takes_no_part_in_a_window_or_a_sequence():
    windowed = rule(count_once_within="2s", window={"type": "event_count", "count": 2, "within": "10s"})
    detector, b = Detector([windowed], samples=1), box()
    for at, stream in enumerate((OUT, ERR)):
        detector.observe(hit(windowed, at, PLAIN, container=b, stream=stream))
    assert [] == detector.findings()
    pair = combining({"type": "temporal_ordered", "rules": ["r", "r"], "within": "10s"})
    detector = Detector([R, pair], samples=1)
    for at, stream in enumerate((OUT, ERR)):
        detector.observe(hit(R, at, PLAIN, container=b, stream=stream))
    assert ["r"] == [finding.rule_id for finding in detector.findings()]
