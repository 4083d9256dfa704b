"""Each hit has its key; beyond the bound values share one, and nothing is lost."""

import pytest

from logscan.detection import detector as detector_module
from logscan.detection.detector import Detector
from logscan.detection.keys import OTHER, Keys
from logscan.finding import fingerprint_v1
from tests.detection.making import box, hit, rule


def group_keys(max_keys, values, of):
    keys, b = Keys(max_keys), box()
    return keys, [keys.of(of, hit(of, container=b, fields={"user": value})).group for value in values]


def test_values_beyond_the_bound_share_a_group_and_are_counted():
    keys, groups = group_keys(2, ["a", "b", "c", "a", "d"], rule(group_by=["user"]))
    assert ["a", "b", OTHER, "a", OTHER] == [value for ((_, value),) in groups]
    assert {"r": 2} == keys.overflowed


def test_the_bound_is_of_each_rule():
    keys = Keys(1)
    for of in (rule(group_by=["user"]), rule(id="s", group_by=["user"])):
        key = keys.of(of, hit(of, container=box(), fields={"user": "eve"}))
        assert (("user", "eve"),) == key.group
    assert not keys.overflowed


def test_a_rule_without_groups_has_a_key_for_every_service_there_is():
    keys, of = Keys(2), rule()
    services = {keys.of(of, hit(of, container=box(str(number)))).service for number in range(9)}
    assert (9, {}) == (len(services), keys.overflowed)


def test_a_group_by_the_container_takes_its_name():
    of = rule(group_by=["container", "user"])
    key = Keys().of(of, hit(of, container=box("web-1"), fields={"user": "eve"}))
    assert (("container", "web-1"), ("user", "eve")) == key.group


@pytest.mark.parametrize("window", [None, {"type": "event_count", "count": 2, "within": "9s"}], ids=["plain", "window"])
def test_the_counts_stay_exact_when_values_overflow(window, monkeypatch):
    monkeypatch.setattr(detector_module, "Keys", lambda: Keys(3))
    r, b = rule(group_by=["user"], window=window), box()
    detector = Detector([r], samples=1)
    for number in range(40):
        detector.observe(hit(r, number / 100, container=b, fields={"user": str(number // 2)}))
    findings = detector.findings()
    assert ([34, 2, 2, 2], {"r": 34}) == ([found.count for found in findings], detector.overflowed)
    assert fingerprint_v1("r", b.service, [("user", OTHER)]) == findings[0].fingerprint


def test_a_field_of_a_continued_line_is_redacted_by_the_whole_event():
    r, b = rule(group_by=["who"]), box()
    detector = Detector([r], samples=1)
    detector.observe(hit(r, 0, container=b, fields={"who": "hunter2hunter2"}, continued=("password=hunter2hunter2",)))
    (finding,) = detector.findings()
    assert "hunter2" not in repr(finding)
    assert fingerprint_v1("r", b.service, [("who", "[redacted]")]) == finding.fingerprint
