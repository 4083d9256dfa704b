"""Windows over other rules: sequences don't overlap, a ratio is judged once per moment."""

import pytest

from logscan.detection.detector import Detector
from logscan.finding import Severity
from tests.detection.making import SECOND, START_NS, box, combining, hit, rule

A, B, C = (rule(id=name) for name in ("a", "b", "x"))
PARTS = {"a": A, "b": B, "x": C}


def ordered(*rules, within="10s", **keys):
    return combining({"type": "temporal_ordered", "rules": list(rules), "within": within}, **keys)


def ratio(above, minimum, within="10s", **keys):
    return combining({"type": "ratio", "of": "a", "to": "b", "above": above, "within": within, "min": minimum}, **keys)


def findings(combined, hits, samples=9):
    detector = Detector([A, B, C, combined], samples=samples)
    for one in hits:
        detector.observe(one)
    return [finding for finding in detector.findings() if finding.rule_id == combined.id]


def hits(container, *parts):
    return [hit(PARTS[name], at, f"{name} {at}", container=container) for name, at in parts]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        pytest.param([("a", 0), ("b", 9.999999999)], (1, 0), id="a nanosecond less than the window"),
        pytest.param([("a", 0), ("b", 10)], None, id="the window's own length"),
        pytest.param([("b", 0), ("a", 1)], None, id="in the other order"),
        pytest.param([("a", 0), ("a", 8), ("b", 12)], (1, 8), id="the latest start is kept"),
        pytest.param([("a", 0), ("b", 1), ("b", 2)], (1, 0), id="no hit is in two sequences"),
        pytest.param([("a", 0), ("b", 1), ("a", 50), ("b", 51), ("b", 52)], (2, 0), id="each sequence counts"),
        pytest.param([("a", 3), ("b", 3)], (1, 3), id="at one moment, in the order of the log"),
    ],
)
def test_two_rules_in_this_order(parts, expected):
    found = [
        (f.count, (f.first_seen_ns - START_NS) // SECOND) for f in findings(ordered("a", "b"), hits(box(), *parts))
    ]
    assert ([expected] if expected else []) == found


def test_one_rule_may_stand_twice_but_no_hit_takes_both_places():
    one, two = box("one"), box("two")
    found = findings(ordered("a", "a", "b"), hits(one, ("a", 0), ("b", 1)) + hits(two, ("a", 0), ("a", 1), ("b", 2)))
    assert [("two", 1)] == [(finding.service.name, finding.count) for finding in found]


def test_a_later_start_of_the_first_two_saves_a_sequence_of_three():
    parts = [("a", 0), ("b", 1), ("a", 7), ("b", 8), ("x", 12)]
    (finding,) = findings(ordered("a", "b", "x"), hits(box(), *parts))
    assert ["a 7", "b 8", "x 12"] == [sample.line for sample in finding.samples]


def test_a_sequence_stays_within_its_service_and_group():
    one, two = box("one"), box("two")
    assert [] == findings(ordered("a", "b"), hits(one, ("a", 0)) + hits(two, ("b", 1)))
    grouped = ordered("a", "b", group_by=["user"])
    parts = [(A, "eve"), (A, "bob"), (B, "bob")]
    logins = [hit(part, at, container=one, fields={"user": user}) for at, (part, user) in enumerate(parts)]
    (finding,) = findings(grouped, logins)
    assert ("bob", START_NS + SECOND) == (finding.fields["user"], finding.first_seen_ns)


def test_a_sequence_shows_all_its_lines_and_merges_their_fields():
    b = box()
    parts = [
        hit(A, 0, "token=abcdefgh12345 from 1.2.3.4", container=b, fields={"ip": "1.2.3.4", "t": "abcdefgh12345"}),
        hit(B, 2, "ok 5.6.7.8", container=b, fields={"ip": "5.6.7.8", "user": "eve"}),
    ]
    (finding,) = findings(ordered("a", "b"), parts)
    assert {"ip": "5.6.7.8", "t": "[redacted]", "user": "eve"} == finding.fields
    assert ["token=[redacted] from 1.2.3.4", "ok 5.6.7.8"] == [sample.line for sample in finding.samples]
    assert (START_NS, START_NS + 2 * SECOND) == (finding.first_seen_ns, finding.last_seen_ns)


def test_the_parts_still_make_their_own_findings():
    detector = Detector([A, B, ordered("a", "b")], samples=1)
    for one in hits(box(), ("a", 0), ("b", 1)):
        detector.observe(one)
    assert ["a", "b", "c"] == [finding.rule_id for finding in detector.findings()]


def test_sequences_escalate():
    steps = [{"severity": "high", "when": {"count": 2, "within": "1m"}}]
    parts = [("a", 0), ("b", 1), ("a", 50), ("b", 51)]
    (finding,) = findings(ordered("a", "b", escalate=steps), hits(box(), *parts))
    assert Severity.HIGH is finding.severity


@pytest.mark.parametrize(
    ("above", "minimum", "parts", "expected"),
    [
        pytest.param(0.4, 2, [("b", 0), ("b", 1), ("a", 2)], (1, 2), id="half is more than 0.4"),
        pytest.param(0.5, 2, [("b", 0), ("b", 1), ("a", 2)], None, id="exactly as much is not more"),
        pytest.param(0.4, 3, [("b", 0), ("b", 1), ("a", 2)], None, id="the whole is too small"),
        pytest.param(0.5, 1, [("a", 0), ("b", 1), ("b", 1)], None, id="hits of one moment are judged together"),
        pytest.param(0.9, 1, [("a", 0), ("b", 1), ("b", 2)], (1, 0), id="each moment is judged"),
        pytest.param(0.4, 2, [("b", 0), ("a", 1), ("b", 10)], None, id="the window's own length is outside"),
        pytest.param(0.5, 1, [("a", 0), ("b", 10)], None, id="nor does a part so old take part"),
        pytest.param(0.9, 2, [("a", 0), ("a", 9), ("b", 11), ("b", 11), ("a", 12), ("a", 99)], (3, 9), id="and on"),
    ],
)
def test_a_ratio(above, minimum, parts, expected):
    found = findings(ratio(above, minimum), hits(box(), *parts))
    assert ([expected] if expected else []) == [(f.count, (f.first_seen_ns - START_NS) // SECOND) for f in found]


def test_a_ratio_is_of_one_service():
    assert [] == findings(ratio(0.1, 1), hits(box("one"), ("a", 0)) + hits(box("two"), ("b", 0)))
