"""A stream's events wait for what belongs before them: the slowest container, less the lateness."""

import pytest

from logscan.batch import COMPOSE_SERVICE
from logscan.detection.detector import Detector
from tests.detection.making import SECOND, START_NS, box, combining, hit, rule

LATENESS_NS = 5 * SECOND
PAIR = rule(window={"type": "event_count", "count": 2, "within": "9s"})
A, B = rule(id="a"), rule(id="b")
A_THEN_B = combining({"type": "temporal_ordered", "rules": ["a", "b"], "within": "9s"})
LABELS = {COMPOSE_SERVICE: "web"}


def at(seconds):
    return START_NS + round(seconds * SECOND)


def stream(*rules):
    return Detector(rules, samples=1, lateness_ns=LATENESS_NS)


def counts(detector):
    return {found.rule_id: found.count for found in detector.findings()}


def test_an_event_waits_until_the_watermark_has_passed_it():
    detector, b = stream(PAIR), box()
    detector.observe(hit(PAIR, 0, container=b))
    detector.observe(hit(PAIR, 1, container=b))
    assert [] == detector.advance(b, at(6))
    assert {} == counts(detector)
    assert [2] == [change.count for change in detector.advance(b, at(6.000000001))]
    assert {"r": 2} == counts(detector)


def test_a_hit_moves_the_watermark_too():
    detector, b = stream(PAIR), box()
    changes = [detector.observe(hit(PAIR, second, container=b)) for second in (0, 1, 7)]
    assert [[], [], [2]] == [[change.count for change in some] for some in changes]


def test_the_slowest_container_of_the_service_is_waited_for_until_it_is_idle():
    one, two, other = box("one", labels=LABELS), box("two", labels=LABELS), box("other")
    detector = stream(A, B, A_THEN_B)
    for container in (one, two, other):
        detector.watch(container, START_NS)
    detector.observe(hit(B, 20, container=one))
    assert [] == detector.advance(one, at(100))
    detector.observe(hit(A, 19, container=two))
    assert ["c"] == [change.rule_id for change in detector.idle(two)]


def test_when_all_are_idle_nothing_waits():
    detector, b = stream(PAIR), box()
    for second in (0, 1):
        detector.observe(hit(PAIR, second, container=b))
    assert [2] == [change.count for change in detector.idle(b)]


def test_a_container_that_speaks_again_is_waited_for_again():
    one, two = box("one", labels=LABELS), box("two", labels=LABELS)
    detector = stream(PAIR)
    for container in (one, two):
        detector.watch(container, START_NS)
    detector.idle(two)
    detector.advance(two, at(1))
    detector.observe(hit(PAIR, 10, container=one))
    detector.observe(hit(PAIR, 11, container=one))
    assert [] == detector.advance(one, at(99))


def test_a_hit_at_the_watermark_itself_is_in_time_and_in_its_place():
    first, second = sorted([box("one", labels=LABELS), box("two", labels=LABELS)], key=lambda one: one.key)
    detector = stream(A, B, A_THEN_B)
    detector.observe(hit(B, 5, container=second))
    detector.advance(second, at(10))
    detector.observe(hit(A, 5, container=first))
    detector.close()
    assert ({}, {"a": 1, "b": 1, "c": 1}) == (detector.late, counts(detector))


def test_a_hit_before_the_watermark_is_late_and_takes_no_part():
    detector, b = stream(A, B, A_THEN_B), box()
    detector.observe(hit(B, 5, container=b))
    detector.advance(b, at(10))
    detector.observe(hit(A, 4.999999999, container=b))
    detector.close()
    assert ({b: 1}, {"a": 1, "b": 1}) == (detector.late, counts(detector))


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        pytest.param(PAIR, {"r": 3}, id="an open window counts it"),
        pytest.param(rule(window={"type": "event_count", "count": 9, "within": "9s"}), {}, id="a closed one does not"),
        pytest.param(rule(count_once_within="1s"), {"r": 3}, id="it is no twin"),
        pytest.param(rule(window={"type": "new_value", "field": "v", "learn": "1s"}), {}, id="it is no new value"),
    ],
)
def test_a_late_hit_only_adds_to_a_count(of, expected):
    detector, b = stream(of), box()
    for second in (50, 51):
        detector.observe(hit(of, second, f"boom {second}", container=b))
    detector.advance(b, at(100))
    detector.observe(hit(of, 3, container=b, fields={"v": "new"}))
    detector.close()
    assert (1, expected) == (detector.late[b], counts(detector))


def test_plain_hits_count_at_once_and_are_never_late():
    detector, b = stream(A), box()
    detector.advance(b, at(100))
    assert [1] == [change.count for change in detector.observe(hit(A, 3, container=b))]
    assert not detector.late


def test_a_silence_is_told_when_the_watermark_says_so():
    of = rule(window={"type": "absence", "for": "10s"})
    detector, b = stream(of), box()
    detector.watch(b, START_NS)
    assert [] == detector.advance(b, at(14.9))
    assert [at(10)] == [change.time_ns for change in detector.advance(b, at(15))]
    assert [] == detector.advance(b, at(99))
