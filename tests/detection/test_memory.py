"""A stream that is cut anywhere, and goes on from what was kept, finds what it would have found."""

from hypothesis import given, settings
from hypothesis import strategies as st

from logscan.batch import COMPOSE_PROJECT, COMPOSE_SERVICE, Container, Stream
from logscan.detection.detector import Detector
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


printed = st.lists(
    st.tuples(
        st.integers(0, UNTIL_S * 2).map(lambda half: half / 2),
        st.sampled_from(BOXES),
        st.sampled_from(PRINTED),
        st.sampled_from(["p", "q", "r", None]),
        st.sampled_from([Stream.STDOUT, Stream.STDERR]),
        st.sampled_from([False, False, False, True]),
    ),
    max_size=60,
)


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
@given(printed.map(in_time), st.sets(st.integers(0, 59), max_size=8), st.integers(0, 3))
def test_a_stream_that_is_cut_anywhere_finds_what_one_without_cuts_finds(entries, cuts, redone):
    whole, cut = streamed(entries), streamed(entries, cuts, redone)
    assert {key: said(one) for key, one in whole.findings.items()} == {
        key: said(one) for key, one in cut.findings.items()
    }


@settings(max_examples=30, deadline=None)
@given(printed.map(in_time), st.sets(st.integers(0, 59), max_size=8))
def test_nothing_secret_is_kept(entries, cuts):
    store = streamed(entries, cuts)
    kept = [row.blob for row in store.rows.values()] + list(store.tallies.values())
    assert not [blob for blob in kept if SECRET.encode() in blob]
