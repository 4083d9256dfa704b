"""A line that should come and does not: each long silence counts, at the moment at which it was too long."""

import pytest

from logscan.batch import COMPOSE_SERVICE, Identity
from logscan.detection.detector import Detector
from tests.detection.making import SECOND, START_NS, box, hit, rule

R = rule(window={"type": "absence", "for": "10s"})


def silences(at, until=100, start=0, container=None, of=R):
    """The count of silences, and when the first and the last were told, in seconds."""
    container = container or box()
    detector = Detector([of], samples=3)
    for moment in at:
        detector.observe(hit(of, moment, f"boom {moment}", container=container))
    detector.watch(container, START_NS + start * SECOND, START_NS + until * SECOND)
    return [
        (f.count, (f.first_seen_ns - START_NS) / SECOND, (f.last_seen_ns - START_NS) / SECOND)
        for f in detector.findings()
    ]


@pytest.mark.parametrize(
    ("at", "until", "expected"),
    [
        pytest.param([], 9, [], id="the end comes first"),
        pytest.param([], 10, [(1, 10, 10)], id="never a line"),
        pytest.param([4], 14, [(1, 14, 14)], id="silent from the last line to the end"),
        pytest.param([4, 13.9, 20], 29, [], id="always in time"),
        pytest.param([0, 10, 11], 20, [(1, 10, 10)], id="exactly so long is too long"),
        pytest.param([0, 50, 55], 100, [(2, 10, 65)], id="a long silence is one, and each counts"),
        pytest.param([-5, 2], 11, [], id="a line from before the start is a line"),
    ],
)
def test_silences(at, until, expected):
    assert expected == silences(at, until)


def test_the_evidence_is_the_last_line_before():
    b = box()
    detector = Detector([R], samples=3)
    for moment in (1, 2, 50):
        detector.observe(hit(R, moment, f"boom {moment}", container=b, fields={"n": str(moment)}))
    detector.watch(b, START_NS, START_NS + 55 * SECOND)
    (finding,) = detector.findings()
    assert ([("boom 2", START_NS + 2 * SECOND)], {"n": "2"}) == (
        [(sample.line, sample.time_ns) for sample in finding.samples],
        finding.fields,
    )


def test_without_any_line_there_is_no_evidence_but_the_silence():
    b = box()
    detector = Detector([R], samples=3)
    detector.watch(b, START_NS, START_NS + 99 * SECOND)
    (finding,) = detector.findings()
    assert ((), 1, b) == (finding.samples, finding.count, finding.container)


def test_a_container_that_was_not_read_whole_is_not_judged():
    """What is missing of it may be the very lines that were expected."""
    b, detector = box(), Detector([R], samples=1)
    for moment in (0, 30):
        detector.observe(hit(R, moment, container=b))
    assert [] == detector.findings()


def test_a_line_of_an_earlier_run_starts_no_silence():
    b, detector = box(), Detector([R], samples=1)
    detector.watch(b, START_NS + 100 * SECOND, START_NS + 109 * SECOND)
    detector.observe(hit(R, 0, container=b))
    assert [] == detector.findings()


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        pytest.param(box("influx"), 1, id="that `where` selects"),
        pytest.param(box("web"), 0, id="that it does not select"),
        pytest.param(box("mystery", identity=Identity.UNKNOWN), 0, id="of which nobody knows whose it is"),
    ],
)
def test_silence_is_expected_to_be_broken_by_containers(container, expected):
    of = rule(where={"service": "influx*"}, window={"type": "absence", "for": "10s"})
    assert expected == len(silences([], container=container, of=of))


def test_an_unknown_container_that_has_shown_the_line_is_watched_from_there():
    of = rule(where={"service": "influx*"}, window={"type": "absence", "for": "10s"})
    assert [(1, 60, 60)] == silences([50], container=box(identity=Identity.UNKNOWN), of=of)


def test_each_container_of_a_service_is_watched_for_itself():
    labels = {COMPOSE_SERVICE: "web"}
    one, two, detector = box("one", labels=labels), box("two", labels=labels), Detector([R], samples=1)
    for moment in range(0, 100, 5):
        detector.observe(hit(R, moment, container=one))
    for container in (one, two):
        detector.watch(container, START_NS, START_NS + 100 * SECOND)
    (finding,) = detector.findings()
    assert (1, two) == (finding.count, finding.container)
