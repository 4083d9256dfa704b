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
    monkeypatch.setattr(detector_module, "Keys", lambda **_: Keys(3))
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


DAY_S = 24 * 3600


@pytest.fixture
def stream():
    """A stream's keys, of which a rule may have two."""
    return Keys(2, recycles=True)


def values_of(keys, of, uses, container):
    return [
        dict(keys.of(of, hit(of, at_s, container=container, fields={"user": value})).group)["user"]
        for at_s, value in uses
    ]


def test_in_a_stream_a_group_that_was_quiet_for_its_time_gives_its_place_to_another(stream):
    uses = [
        (0, "a"),
        (0, "b"),
        (DAY_S - 9, "c"),
        (DAY_S, "b"),
        (1.5 * DAY_S, "c"),
        (1.6 * DAY_S, "b"),
        (1.7 * DAY_S, "a"),
    ]
    assert ["a", "b", OTHER, "b", "c", "b", OTHER] == values_of(stream, rule(group_by=["user"]), uses, box())
    assert ["a"] == [dict(key.group)["user"] for key in stream.released()]


def test_groups_give_no_place_while_the_rule_still_looks_at_them(stream):
    of = rule(group_by=["user"], window={"type": "spike", "times": 2, "over": "3d", "within": "1d", "min": 2})
    uses = [(0, "a"), (0, "b"), (5 * DAY_S, "c"), (7 * DAY_S, "c")]
    assert ["a", "b", OTHER, "c"] == values_of(stream, of, uses, box())


def test_the_groups_of_a_service_that_left_give_their_places_first(stream):
    of, job, web = rule(group_by=["user"]), box("job"), box("web")
    assert ["a", "b", OTHER] == values_of(stream, of, [(0, "a"), (0, "b")], job) + values_of(
        stream, of, [(1, "c")], web
    )
    stream.leave(job.service)
    assert ["c", "d", OTHER] == values_of(stream, of, [(2, "c"), (3, "d"), (4, "e")], web)
    assert [None, None] == [stream.used_ns(key) for key in stream.released()]


def test_a_group_that_has_come_back_was_not_released(stream):
    values_of(stream, rule(group_by=["user"]), [(0, "a"), (0, "b"), (2 * DAY_S, "c"), (2 * DAY_S, "a")], box())
    assert ["b"] == [dict(key.group)["user"] for key in stream.released()]


def test_a_scan_which_keeps_all_it_counts_gives_no_place_away():
    uses = [(0, "a"), (0, "b"), (9 * DAY_S, "c")]
    assert ["a", "b", OTHER] == values_of(Keys(2), rule(group_by=["user"]), uses, box())
