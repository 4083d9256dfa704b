"""A stream that is cut anywhere, and goes on from what was kept, finds what it would have found."""

from functools import partial
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logscan.batch import COMPOSE_PROJECT, COMPOSE_SERVICE, Container, Stream
from logscan.detection import detector as detector_module
from logscan.detection.detector import Detector
from logscan.detection.keys import Keys
from logscan.detection.meaning import quiet_ns
from logscan.finding import ChangeKind, Severity
from tests.detection.making import SECOND, START_NS, box, combining, hit, rule

LATENESS_NS = 5 * SECOND
GROWS = [{"severity": "high", "when": {"count": 3, "within": "6s"}}]
EVENT_COUNT = {"type": "event_count", "count": 3, "within": "8s"}
RULES = [
    rule(id="a", escalate=GROWS, cooldown="3s"),
    rule(id="b", group_by=["v"]),
    rule(id="events", window=EVENT_COUNT, escalate=GROWS),
    rule(id="groups", window=EVENT_COUNT, group_by=["v", "container"]),
    rule(id="values", window={"type": "value_count", "field": "v", "count": 3, "within": "8s"}),
    rule(id="spikes", window={"type": "spike", "times": 1.5, "over": "12s", "within": "4s", "min": 2}),
    rule(id="news", window={"type": "new_value", "field": "v", "learn": "6s"}, escalate=GROWS),
    rule(id="silences", window={"type": "absence", "for": "9s"}),
    rule(id="twins", count_once_within="3s", escalate=GROWS),
    rule(id="two", window=EVENT_COUNT, count_once_within="2s"),
    rule(id="near", related={"match": {"contains": "401"}, "within": "3s"}),
    combining({"type": "temporal_ordered", "rules": ["a", "b"], "within": "5s"}, id="ab", escalate=GROWS),
    combining({"type": "temporal_ordered", "rules": ["a", "a", "b"], "within": "9s"}, id="aab"),
    combining({"type": "temporal_ordered", "rules": ["a", "twins"], "within": "5s"}, id="at", group_by=["v"]),
    combining({"type": "ratio", "of": "a", "to": "b", "above": 0.75, "within": "8s", "min": 2}, id="share"),
]
PRINTED = [one for one in RULES if not one.model.combines]
UNTIL_S = 40
SECRET = "hunter2hunter2"


def member(service, name):
    return box(name, host="h", labels={COMPOSE_PROJECT: "p", COMPOSE_SERVICE: service, "other": "label"})


BOXES = [member("web", "web-1"), member("web", "web-2"), member("db", "db")]


class Store:
    """What a store keeps, and nothing of the process."""

    def __init__(self):
        self.rows, self.tallies, self.findings = {}, {}, {}

    def detector(self, rules=RULES, **more):
        detector = Detector(rules, samples=3, lateness_ns=LATENESS_NS, recall=self.tallies.get, **more)
        detector.restore(list(self.rows.values()))
        return detector

    def keep(self, collected):
        for row in collected.rows:
            if row.blob is None:
                self.rows.pop((row.kind, row.key), None)
            else:
                self.rows[row.kind, row.key] = row
        for kept in collected.tallies:
            self.tallies[kept.finding.fingerprint] = kept.blob
            self.findings[kept.finding.fingerprint] = kept.finding


def said(finding):
    """All that a finding says, of containers what stays the same when they are told of again."""
    parts = {name: getattr(finding, name) for name in finding.__slots__}
    parts["container"] = finding.container.key
    parts["containers"] = [(share.container.key, share.count) for share in finding.containers]
    parts["related"] = [(one.container.key, one.time_ns, one.line) for one in finding.related]
    return parts


def printed_by(rules):
    """Lines in which only these rules hit, for hits of all of them would seldom meet."""
    line = st.tuples(
        st.integers(0, UNTIL_S * 2).map(lambda half: half / 2),
        st.sampled_from(BOXES),
        st.sampled_from(rules),
        st.sampled_from(["p", "q", "r", None]),
        st.sampled_from([Stream.STDOUT, Stream.STDERR]),
        st.booleans(),
    )
    return st.lists(line, min_size=8, max_size=40)


MEETING = [PRINTED[:2], [PRINTED[0], PRINTED[8]], *([one] for one in PRINTED[2:]), PRINTED]
printed = st.sampled_from(MEETING).flatmap(printed_by)


def told_again(container):
    """The same container as a later inspect tells of it: another object."""
    return Container(container.key, container.name, host=container.host, labels=container.labels)


def line_of(number, entry, boxes):
    at, container, of, value, stream, aside = entry
    text = "same words password=" + SECRET if of.model.count_once_within else f"{of.id} {number} password={SECRET}"
    fields = {"password": SECRET} | ({} if value is None else {"v": value})
    aside = aside and of.model.related is not None
    return hit(of, at, text, container=boxes[container.key], fields=fields, stream=stream, aside=aside)


def streamed(entries, cuts=(), redone=0, **more):
    """Feed a stream; after each entry of `cuts` it is kept, read on for some lines, and begun again from there."""
    store = Store()
    boxes = {one.key: one for one in BOXES}
    detector = store.detector(**more)
    for one in BOXES:
        detector.watch(one, START_NS)
    for number, entry in enumerate(entries):
        detector.observe(line_of(number, entry, boxes))
        if number in cuts:
            store.keep(detector.collect())
            for lost in range(number + 1, min(number + 1 + redone, len(entries))):
                detector.observe(line_of(lost, entries[lost], boxes))
            boxes = {key: told_again(one) for key, one in boxes.items()}
            detector = store.detector(**more)
    for one in boxes.values():
        detector.watch(one, START_NS, START_NS + UNTIL_S * SECOND)
    detector.close()
    store.keep(detector.collect())
    assert not detector.late
    return store


def in_time(entries):
    """Entries in the order in which they are read: late by no more than the lateness, in order in each container."""
    return sorted(entries, key=lambda entry: (entry[0], BOXES.index(entry[1])))


@settings(max_examples=60, deadline=None)
@given(printed.map(in_time), st.sets(st.integers(0, 39), max_size=8), st.integers(0, 3))
def test_a_stream_that_is_cut_anywhere_finds_what_one_without_cuts_finds(entries, cuts, redone):
    whole, cut = streamed(entries), streamed(entries, cuts, redone)
    assert {key: said(one) for key, one in whole.findings.items()} == {
        key: said(one) for key, one in cut.findings.items()
    }


@pytest.mark.parametrize("rules", MEETING, ids=lambda rules: "+".join(one.id for one in rules))
def test_a_dense_stream_that_is_cut_at_random_finds_what_one_without_cuts_finds(rules):
    """Drawn evenly, since small examples seldom have anything open where they are cut."""
    draw = Random(1)
    for _ in range(10):
        values, streams = ["p", "q", "r", None], [Stream.STDOUT, Stream.STDERR]
        entries = in_time(
            (draw.randrange(80) / 2, *map(draw.choice, (BOXES, rules, values, streams, [False, True])))
            for _ in range(draw.randrange(8, 40))
        )
        cuts = {draw.randrange(len(entries)) for _ in range(draw.randrange(1, 6))}
        whole, cut = streamed(entries), streamed(entries, cuts, redone=draw.randrange(4))
        assert {key: said(one) for key, one in whole.findings.items()} == {
            key: said(one) for key, one in cut.findings.items()
        }


@settings(max_examples=30, deadline=None)
@given(printed.map(in_time), st.sets(st.integers(0, 39), max_size=8))
def test_nothing_secret_is_kept(entries, cuts):
    store = streamed(entries, cuts)
    kept = [row.blob for row in store.rows.values()] + list(store.tallies.values())
    assert not [blob for blob in kept if SECRET.encode() in blob]


@settings(max_examples=20, deadline=None)
@given(printed.map(in_time), st.sets(st.integers(0, 39), max_size=8))
def test_findings_that_had_to_leave_memory_count_on(entries, cuts):
    whole, few = streamed(entries), streamed(entries, cuts, max_tallies=1)
    assert {key: said(one) for key, one in whole.findings.items()} == {
        key: said(one) for key, one in few.findings.items()
    }


def test_memory_holds_no_more_findings_than_it_may_and_counts_stay_exact():
    store, of, container = Store(), rule(group_by=["v"]), box()
    detector = store.detector([of], max_tallies=3)
    for number in range(60):
        detector.observe(hit(of, number, container=container, fields={"v": str(number % 10)}))
        store.keep(detector.collect())
    assert 3 <= len(detector.findings()) <= 4
    assert [6] * 10 == [finding.count for finding in store.findings.values()]


def test_what_did_not_change_is_not_collected_again():
    store, of, container = Store(), rule(window={"type": "new_value", "field": "v", "learn": "1h"}), box()
    detector = store.detector([of])
    for number in range(100):
        detector.observe(hit(of, number, container=container, fields={"v": str(number)}))
    store.keep(detector.collect())
    detector.observe(hit(of, 200, container=container, fields={"v": "more"}))
    collected = detector.collect()
    assert len(collected.rows) < 20
    store.keep(collected)
    assert ([], []) == (detector.collect().rows, detector.collect().tallies)


PAIR = {"type": "event_count", "count": 2, "within": "30s"}


def restarted(before, after):
    """One hit under a rule, the second under what it became over the restart; what is told of it."""
    store, container = Store(), box()
    detector = store.detector([before])
    detector.watch(container, START_NS)
    detector.observe(hit(before, 1, container=container))
    detector.advance(container, START_NS + 10 * SECOND)
    store.keep(detector.collect())
    detector = store.detector([after])
    detector.observe(hit(after, 11, container=container))
    changes = detector.advance(container, START_NS + 20 * SECOND)
    store.keep(detector.collect())
    return [change.count for change in changes], store


def test_a_rule_whose_words_changed_counts_on():
    changes, _ = restarted(rule(window=PAIR), rule(window=PAIR, title="Other words", why="Because."))
    assert [2] == changes


def test_a_rule_that_counts_otherwise_begins_anew_and_its_rows_go():
    changes, store = restarted(rule(window=PAIR), rule(window={**PAIR, "within": "31s"}))
    assert [] == changes
    assert 1 == sum(row.kind == "held" for row in store.rows.values())


def test_the_rows_of_a_rule_that_is_gone_go():
    _, store = restarted(rule(window=PAIR), rule(id="other"))
    assert not [row for row in store.rows.values() if row.kind in ("window", "held")]


def test_rows_that_cannot_be_read_are_left_aside_and_go():
    store, of, container = Store(), rule(window=PAIR), box()
    detector = store.detector([of])
    detector.watch(container, START_NS)
    detector.observe(hit(of, 1, container=container))
    detector.advance(container, START_NS + 10 * SECOND)
    store.keep(detector.collect())
    store.rows = {key: row._replace(blob=b"\xff" + row.blob) for key, row in store.rows.items()}
    store.keep(store.detector([of]).collect())
    assert {} == store.rows


def resolved(detector, store):
    store.keep(detector.collect())
    (fingerprint,) = store.tallies
    change = detector.resolve(fingerprint)
    store.keep(detector.collect())
    return change, fingerprint


def test_a_finding_that_comes_back_is_told_as_such_over_a_restart_and_grows_from_the_beginning():
    store, of, container = Store(), rule(escalate=GROWS), box()
    detector = store.detector([of])
    for at in (0, 1, 2):
        detector.observe(hit(of, at, container=container))
    change, fingerprint = resolved(detector, store)
    assert (ChangeKind.RESOLVED, 3, Severity.HIGH) == (change.kind, change.count, change.severity)
    assert Severity.HIGH is store.findings[fingerprint].severity
    assert detector.resolve(fingerprint) is None
    detector = store.detector([of])
    assert detector.resolve(fingerprint) is None
    (change,) = detector.observe(hit(of, 3, container=container))
    assert (ChangeKind.REGRESSED, 4, Severity.LOW) == (change.kind, change.count, change.severity)
    kinds = [change.kind for at in (4, 5) for change in detector.observe(hit(of, at, container=container))]
    assert [ChangeKind.UPDATED, ChangeKind.ESCALATED] == kinds


def test_after_it_was_resolved_a_window_has_to_fire_again():
    store, of, container = Store(), rule(window=PAIR), box()
    detector = store.detector([of])
    for at in (0, 1):
        detector.observe(hit(of, at, container=container))
    detector.advance(container, START_NS + 10 * SECOND)
    resolved(detector, store)
    detector.observe(hit(of, 100, container=container))
    assert [] == detector.advance(container, START_NS + 110 * SECOND)
    detector.observe(hit(of, 110, container=container))
    (change,) = detector.advance(container, START_NS + 120 * SECOND)
    assert (ChangeKind.REGRESSED, 4) == (change.kind, change.count)


def test_a_finding_that_nobody_knows_is_not_resolved():
    assert Store().detector().resolve("v1:nothing") is None


def test_quiet_is_a_day_or_twice_the_longest_time_that_the_rule_looks_at():
    day = 24 * 3600 * SECOND
    spike = {"type": "spike", "times": 2, "over": "3d", "within": "1d", "min": 2}
    assert [day, 6 * day] == [quiet_ns(rule(window=PAIR)), quiet_ns(rule(window=spike))]


def test_a_container_that_is_gone_leaves_nothing_waiting_and_in_the_end_nothing_behind():
    store = Store()
    detector = store.detector(max_gone=2, max_tallies=2)
    kinds = [one for one in PRINTED if not one.model.related]
    sizes = []
    for number in range(12):
        gone = box(f"job-{number}")
        detector.watch(gone, START_NS)
        for at, of in enumerate(kinds * 2):
            detector.observe(hit(of, at, f"boom {at}", container=gone, fields={"v": str(at)}))
        detector.forget(gone)
        store.keep(detector.collect())
        assert not [
            row for row in store.rows.values() if row.kind in ("told", "waiting", "last", "watched", "withheld")
        ]
        sizes.append(len(store.rows))
    assert sizes[3] == sizes[-1]
    assert 12 * 2 == sum(finding.count for finding in store.findings.values() if finding.rule_id == "a")


def test_a_stream_over_days_is_never_full_of_old_groups_and_goes_on_counting_those_that_come_back(monkeypatch):
    monkeypatch.setattr(detector_module, "Keys", partial(Keys, 20))
    store, b, day_s = Store(), box(), 24 * 3600
    rules = [rule(group_by=["v"]), rule(id="pairs", group_by=["v"], window={**PAIR, "within": "12h"})]
    for day in (0, 2, 4, 6, 8):
        detector = store.detector(rules, max_tallies=5)
        for number in (*range(day * 10, day * 10 + 19), 0):
            for of in rules:
                detector.observe(hit(of, day * day_s + number, container=b, fields={"v": str(number)}))
        detector.advance(b, START_NS + (day + 1) * day_s * SECOND)
        store.keep(detector.collect())
        assert not detector.overflowed
        assert 2 * 20 >= sum(row.kind == "key" for row in store.rows.values())
    counts = {finding.fields["v"]: finding.count for finding in store.findings.values() if finding.rule_id == "r"}
    assert (5 * 19, 6) == (len(counts), counts["0"])


def test_a_container_that_was_renamed_is_no_longer_waited_for_under_its_old_name():
    of = rule(window=PAIR)
    detector, old = Store().detector([of]), box("old")
    detector.watch(old, START_NS)
    for at in (0, 1):
        detector.observe(hit(of, at, container=old))
    renamed = Container(old.key, "new")
    assert [2] == [change.count for change in detector.advance(renamed, START_NS + SECOND)]


def test_the_newest_name_of_a_container_is_shown():
    store, of, old = Store(), rule(), box("old", labels={COMPOSE_SERVICE: "web"})
    detector = store.detector([of])
    detector.observe(hit(of, 0, container=old))
    store.keep(detector.collect())
    detector = store.detector([of])
    detector.observe(hit(of, 1, container=Container(old.key, "new", labels={COMPOSE_SERVICE: "web"})))
    (finding,) = detector.findings()
    assert [("new", 2)] == [(share.container.name, share.count) for share in finding.containers]
