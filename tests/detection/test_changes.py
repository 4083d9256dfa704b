"""What happens to a finding is told: updates are spaced by the cooldown, nothing else waits."""

from logscan.detection.detector import Detector
from logscan.finding import ChangeKind, Severity, fingerprint_v1
from tests.detection.making import SECOND, START_NS, box, hit, rule

OPENED, UPDATED, ESCALATED, *_ = ChangeKind


def told(changes):
    return [(change.kind, change.count, (change.time_ns - START_NS) // SECOND) for change in changes]


def test_the_first_hit_opens_and_each_one_after_updates():
    r, b = rule(), box()
    detector = Detector([r], samples=1, lateness_ns=0)
    first, second = (detector.observe(hit(r, at, container=b)) for at in (0, 1))
    assert [(OPENED, 1, 0), (UPDATED, 2, 1)] == told(first + second)
    assert [fingerprint_v1("r", b.service, ())] == [change.fingerprint for change in first]
    assert [("r", Severity.LOW)] == [(change.rule_id, change.severity) for change in first]


def test_a_window_that_fires_opens_once_with_all_its_hits():
    r, b = rule(window={"type": "event_count", "count": 3, "within": "9s"}), box()
    detector = Detector([r], samples=1, lateness_ns=0)
    changes = [change for at in range(4) for change in detector.observe(hit(r, at, container=b))]
    assert [(OPENED, 3, 2), (UPDATED, 4, 3)] == told(changes + detector.close())


def test_the_cooldown_spaces_updates_by_the_time_of_the_events_and_loses_no_count():
    r, b = rule(cooldown="10s"), box()
    detector = Detector([r], samples=1, lateness_ns=0)
    changes = [change for at in (0, 3, 9, 10, 12, 25) for change in detector.observe(hit(r, at, container=b))]
    assert [(OPENED, 1, 0), (UPDATED, 4, 10), (UPDATED, 6, 25)] == told(changes)


def test_what_was_withheld_is_told_when_the_cooldown_has_passed():
    r, b = rule(cooldown="10s"), box()
    detector = Detector([r], samples=1, lateness_ns=0)
    for at in (0, 1, 2):
        detector.observe(hit(r, at, container=b))
    assert [] == detector.advance(b, START_NS + 10 * SECOND)
    assert [(UPDATED, 3, 10)] == told(detector.advance(b, START_NS + 11 * SECOND))
    assert [] == detector.advance(b, START_NS + 99 * SECOND)


def test_growing_worse_never_waits():
    r, b = rule(cooldown="1h", escalate=[{"severity": "high", "when": {"count": 3, "within": "10s"}}]), box()
    detector = Detector([r], samples=1, lateness_ns=0)
    changes = [change for at in range(4) for change in detector.observe(hit(r, at, container=b))]
    assert [(OPENED, 1, 0), (ESCALATED, 3, 2)] == told(changes)
    assert [Severity.LOW, Severity.HIGH] == [change.severity for change in changes]


def test_a_scan_tells_its_findings_and_no_changes():
    r, b = rule(), box()
    detector = Detector([r], samples=1)
    assert ([], [], []) == (detector.observe(hit(r, 0, container=b)), detector.advance(b, START_NS), detector.close())
    assert [1] == [finding.count for finding in detector.findings()]
