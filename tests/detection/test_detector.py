"""Hits become findings: one per rule, service and group value, counted exactly."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logscan.batch import COMPOSE_PROJECT, COMPOSE_SERVICE, Service, Stream
from logscan.detection.detector import Detector
from logscan.detection.event import Event
from logscan.detection.order import EventOrder
from logscan.detection.safe_fields import MISSING
from logscan.finding import Severity, fingerprint_v1
from logscan.framing.time_range import ALWAYS, TimeRange
from tests.detection.making import SECOND, START_NS, box, hit, rule, sighted

WINDOW = {"type": "event_count", "count": 3, "within": "5m"}


def found(hits, samples=3):
    hits = list(hits)
    detector = Detector(list(dict.fromkeys(one.rule for one in hits)), samples=samples)
    for one in hits:
        detector.observe(one)
    return detector.findings()


def test_one_finding_per_rule_and_service_with_its_exact_count():
    r, one, other = rule(), box("one"), box("other")
    findings = found([hit(r, n, container=box_) for n in range(500) for box_ in (one, one, other)])
    assert [("one", 1000), ("other", 500)] == [(f.service.name, f.count) for f in findings]


def test_containers_of_one_service_share_a_finding_that_names_them():
    labels = {COMPOSE_PROJECT: "p", COMPOSE_SERVICE: "web"}
    first, second = box("p-web-1", labels=labels), box("p-web-2", labels=labels)
    r = rule()
    (finding,) = found([hit(r, 0, container=first), hit(r, 9, container=second), hit(r, 5, container=second)])
    assert (Service("p", "web"), 3) == (finding.service, finding.count)
    assert [("p-web-2", 2), ("p-web-1", 1)] == [(s.container.name, s.count) for s in finding.containers]
    assert second is finding.container


RULES = (
    rule(id="plain"),
    rule(id="escalates", escalate=[{"when": {"count": 3, "within": "2s"}, "severity": "high"}]),
    rule(id="groups", group_by=["user"]),
    rule(id="waits", window=WINDOW),
    rule(id="relates", related={"match": {"contains": "near"}, "within": "2s"}),
)
BOXES = box("a"), box("b")


def observe_all(detector, hits, **more):
    detector.observe_all(*sighted(hits, detector.counted), **more)


def test_what_counts_whatever_else_there_is():
    assert set(RULES[:2]) == Detector(RULES, samples=3).counted
    assert set() == Detector(RULES, samples=3, lateness_ns=SECOND).counted


def test_hits_without_a_time_count_at_that_of_the_hit_before_them():
    escalating, b = RULES[1], BOXES[0]
    hits = [hit(RULES[0], 5, container=b), *[hit(escalating, None, container=b)] * 3, hit(RULES[0], 9, container=b)]
    detector = Detector(RULES[:2], samples=3)
    observe_all(detector, hits)
    assert [Severity.HIGH, Severity.LOW] == [found_.severity for found_ in detector.findings()]


def test_a_hit_without_a_time_counts_at_that_of_the_last_hit_before_its_batch():
    (plain, escalating, grouping, *_), b = RULES, BOXES[0]
    detector = Detector(RULES, samples=3)
    observe_all(
        detector,
        [
            hit(escalating, 9, container=b),
            hit(escalating, 9, container=b),
            hit(plain, 5, container=b),
            hit(grouping, 9, container=b),
        ],
    )
    observe_all(detector, [hit(escalating, None, container=b)])
    assert Severity.HIGH == max(found_.severity for found_ in detector.findings())


def test_a_hit_without_a_time_stands_behind_those_before_it():
    b, alone = BOXES[0], RULES[0]
    hits = [hit(alone, 1, "first", container=b), hit(alone, None, "untimed", container=b), hit(alone, 2, container=b)]
    detector, one_by_one = (Detector([alone], samples=9) for _ in range(2))
    observe_all(detector, hits)
    for one in hits:
        one_by_one.observe(one)
    assert one_by_one.findings() == detector.findings()


def test_related_lines_stand_by_hits_that_come_together():
    relating, (one, other) = RULES[4], BOXES
    detector = Detector(RULES, samples=3)
    observe_all(detector, [hit(relating, 5, container=one), hit(relating, 500, container=one)])
    observe_all(detector, [hit(relating, 5, "near", container=other, aside=True)])
    (finding,) = detector.findings()
    assert ["near"] == [related.line for related in finding.related]


@settings(deadline=None, max_examples=300)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(range(len(RULES))),
            st.one_of(st.none(), st.integers(0, 9)),
            st.sampled_from(["boom", "bang"]),
            st.sampled_from([Stream.STDOUT, Stream.STDERR]),
        ),
        max_size=40,
    ),
    st.integers(1, 40),
    st.sampled_from([ALWAYS, TimeRange(START_NS + 2 * SECOND, START_NS + 7 * SECOND)]),
)
def test_hits_that_come_together_give_what_they_give_one_by_one(drawn, together, wanted):
    hits = [
        hit(RULES[n], at_s, text, container=BOXES[0], fields={"user": text}, stream=stream)
        for n, at_s, text, stream in drawn
    ]
    one_by_one, at_once = (Detector(RULES, samples=3) for _ in range(2))
    for one in hits:
        if wanted.holds(one.line.time_ns):
            one_by_one.observe(one)
    for begin in range(0, len(hits), together):
        observe_all(at_once, hits[begin : begin + together], wanted=wanted)
    assert one_by_one.findings() == at_once.findings()
    assert one_by_one.untimed == at_once.untimed


def test_first_and_last_are_by_time_not_by_arrival():
    r, b = rule(), box()
    (finding,) = found([hit(r, 5, container=b), hit(r, 1, container=b), hit(r, 3, container=b)])
    assert (START_NS + SECOND, START_NS + 5 * SECOND) == (finding.first_seen_ns, finding.last_seen_ns)


def test_one_finding_per_group_value_and_a_missing_field_is_a_group_of_its_own():
    r, b = rule(group_by=["user"]), box()
    fields = [{"user": "eve"}, {"user": "eve"}, {"user": "bob"}, {}]
    findings = found([hit(r, n, container=b, fields=f) for n, f in enumerate(fields)])
    expected = {
        fingerprint_v1("r", b.service, [("user", name)]): count
        for name, count in [("eve", 2), ("bob", 1), (MISSING, 1)]
    }
    assert expected == {f.fingerprint: f.count for f in findings}


def test_a_secret_in_a_group_or_a_field_never_leaves():
    r, b = rule(group_by=["password"]), box()
    line = "boom password=hunter2hunter2"
    (finding,) = found([hit(r, 0, line, container=b, fields={"password": "hunter2hunter2"})])
    assert "hunter2" not in repr(finding.fields) + repr(finding.samples)
    assert fingerprint_v1("r", b.service, [("password", "hunter2hunter2")]) != finding.fingerprint


def test_hits_below_the_window_are_no_finding():
    r, b = rule(window=WINDOW), box()
    assert [] == found([hit(r, at, container=b) for at in (0, 200, 300.0)])


def test_a_window_counts_from_its_own_first_hit():
    r, b = rule(window=WINDOW), box()
    (finding,) = found([hit(r, at, f"boom {at}", container=b) for at in (0, 1000, 1100, 1200, 5000)])
    assert (4, START_NS + 1000 * SECOND) == (finding.count, finding.first_seen_ns)
    assert "boom 0" not in [sample.line for sample in finding.samples]


def test_several_containers_meet_in_one_window_in_any_order_of_reading():
    labels = {COMPOSE_SERVICE: "web"}
    r, one, two = rule(window=WINDOW), box("one", labels=labels), box("two", labels=labels)
    hits = [
        hit(r, 0, container=one),
        hit(r, 250, container=two),
        hit(r, 299, container=one),
        hit(r, 900, container=two),
    ]
    results = {(f.count, f.first_seen_ns) for order in permutations(hits) for f in found(order)}
    assert {(4, START_NS)} == results


@pytest.mark.parametrize("held", [1, 2, 7, 1000])
def test_spilling_to_disk_changes_nothing(held):
    r, boxes = rule(), [box("a"), box("b")]
    order = EventOrder(max_held=held)
    for number in range(20):
        one = hit(
            r,
            (number * 7) % 20,
            f"boom {number}",
            container=boxes[number % 2],
            fields={"n": str(number)},
            continued=("more",),
        )
        order.add(Event(one, one.line.time_ns, ("before",), ("after",)))
    events = list(order.drain())
    assert [START_NS + n * SECOND for n in range(20)] == [event.counts_at_ns for event in events]
    assert {event.hit.fields["n"] for event in events} == {str(n) for n in range(20)}
    assert all(event.hit.line.container in boxes and event.hit.rule is r for event in events)
    expected = {(("before",), ("after",), ("more",))}
    assert expected == {(tuple(event.before), tuple(event.after), event.hit.continued) for event in events}


def test_a_hit_without_a_time_counts_at_the_time_of_the_one_before():
    r, b = rule(window=WINDOW), box()
    (finding,) = found([hit(r, 0, container=b), hit(r, None, container=b), hit(r, None, container=b)])
    assert (3, START_NS, START_NS) == (finding.count, finding.first_seen_ns, finding.last_seen_ns)


def test_hits_without_any_time_don_t_fire_a_window_and_are_told():
    r, b = rule(window=WINDOW), box()
    detector = Detector([r], samples=1)
    for _ in range(5):
        detector.observe(hit(r, None, container=b))
    assert ([], 5) == (detector.findings(), detector.untimed[b])


def test_hits_without_any_time_are_counted_by_a_plain_rule():
    r, b = rule(), box()
    (finding,) = found([hit(r, None, container=b)] * 4)
    assert (4, None, None) == (finding.count, finding.first_seen_ns, finding.last_seen_ns)


def test_severity_grows_with_the_burst():
    r = rule(escalate=[{"severity": "high", "when": {"count": 3, "within": "10s"}}])
    slow, fast = box("slow"), box("fast")
    findings = found(
        [hit(r, n * 5, container=slow) for n in range(5)] + [hit(r, n * 4, container=fast) for n in range(3)]
    )
    assert [("fast", Severity.HIGH), ("slow", Severity.LOW)] == [(f.service.name, f.severity) for f in findings]


def test_findings_are_sorted_worst_first_then_most_often():
    low, high = rule(), rule(id="s", severity="high")
    a, b = box("a"), box("b")
    findings = found(
        [hit(low, 0, container=a), *[hit(low, n, container=b) for n in range(3)], hit(high, 0, container=a)]
    )
    assert [("s", "a"), ("r", "b"), ("r", "a")] == [(f.rule_id, f.service.name) for f in findings]


def test_a_secret_behind_the_escapes_of_json_never_leaves():
    line = r'{"msg":"login with password=abc\/def99 failed"}'
    (finding,) = found([hit(rule(), 0, line, container=box(), fields={"what": "abc/def99"})])
    assert "def99" not in repr(finding.fields)
