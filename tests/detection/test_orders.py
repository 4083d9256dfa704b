"""A scan and a stream give the same findings, in any order, chunking and pace, and those of the reference."""

from hypothesis import given, settings
from hypothesis import strategies as st

from logscan.batch import COMPOSE_SERVICE, Stream
from logscan.detection.detector import Detector
from tests.detection.making import SECOND, START_NS, box, combining, hit, rule
from tests.detection.reference import expected

GROWS = [{"severity": "high", "when": {"count": 3, "within": "6s"}}]
EVENT_COUNT = {"type": "event_count", "count": 3, "within": "8s"}
RULES = [
    rule(id="a", escalate=GROWS),
    rule(id="b", group_by=["v"]),
    rule(id="events", window=EVENT_COUNT, escalate=GROWS),
    rule(id="groups", window=EVENT_COUNT, group_by=["v", "w"]),
    rule(id="values", window={"type": "value_count", "field": "v", "count": 3, "within": "8s"}),
    rule(id="spikes", window={"type": "spike", "times": 1.5, "over": "12s", "within": "4s", "min": 2}),
    rule(id="news", window={"type": "new_value", "field": "v", "learn": "6s"}, escalate=GROWS),
    rule(id="silences", window={"type": "absence", "for": "9s"}),
    rule(id="twins", count_once_within="3s", escalate=GROWS),
    rule(id="two", window=EVENT_COUNT, count_once_within="2s"),
    combining({"type": "temporal_ordered", "rules": ["a", "b"], "within": "5s"}, id="ab", escalate=GROWS),
    combining({"type": "temporal_ordered", "rules": ["a", "a", "b"], "within": "9s"}, id="aab"),
    combining({"type": "temporal_ordered", "rules": ["a", "twins"], "within": "5s"}, id="at", group_by=["v"]),
    combining({"type": "ratio", "of": "a", "to": "b", "above": 0.75, "within": "8s", "min": 2}, id="share"),
]
PRINTED = [one for one in RULES if not one.model.combines]
WEB = {COMPOSE_SERVICE: "web"}
BOXES = [box("web-1", labels=WEB), box("web-2", labels=WEB), box("db")]
UNTIL_S, LATENESS_S = 40, 5
SPANS = dict.fromkeys(BOXES, (START_NS, START_NS + UNTIL_S * SECOND))


def logs_of(rules):
    """Logs of all containers in which only these rules hit, for hits of all of them would seldom meet."""
    one_hit = st.tuples(
        st.integers(0, UNTIL_S),
        st.sampled_from(rules),
        st.sampled_from(["p", "q", "r", None]),
        st.sampled_from([Stream.STDOUT, Stream.STDERR]),
    )
    return st.lists(st.lists(one_hit, max_size=16), min_size=len(BOXES), max_size=len(BOXES))


logs = st.sampled_from([PRINTED[:2], *([one] for one in PRINTED[2:]), [PRINTED[0], PRINTED[-2]]]).flatmap(logs_of)


def printed(log, container):
    """The hits of one container in the order of its log. Those of twins repeat each other, the rest don't."""
    return [
        hit(
            of,
            at,
            "same words" if of.model.count_once_within else f"{of.id} {number}",
            container=container,
            fields={} if value is None else {"v": value},
            stream=stream,
        )
        for number, (at, of, value, stream) in enumerate(sorted(log, key=lambda entry: entry[0]))
    ]


def merged(data, queues):
    """Interleave queues at any pace."""
    queues = [list(queue) for queue in queues if queue]
    while queues:
        queue = queues[data.draw(st.integers(0, len(queues) - 1))]
        yield queue.pop(0)
        queues = [left for left in queues if left]


def shuffled(data, hits):
    """Let hits of one container be late, within the lateness; those of one moment keep their order."""
    late = {at: data.draw(st.integers(0, LATENESS_S)) for at in sorted({one.line.time_ns for one in hits})}
    return sorted(hits, key=lambda one: one.line.time_ns + late[one.line.time_ns] * SECOND)


def scanned(hits):
    detector = Detector(RULES, samples=3)
    for one in hits:
        detector.observe(one)
    for container, span in SPANS.items():
        detector.watch(container, *span)
    return detector.findings()


def streamed(data, hits):
    detector = Detector(RULES, samples=3, lateness_ns=LATENESS_S * SECOND)
    newest = dict.fromkeys(BOXES, START_NS)
    for container in BOXES:
        detector.watch(container, START_NS)
    for one in hits:
        detector.observe(one)
        container = one.line.container
        newest[container] = max(newest[container], one.line.time_ns)
        if data.draw(st.booleans()):
            detector.advance(container, newest[container])
    for container, (start_ns, until_ns) in SPANS.items():
        detector.watch(container, start_ns, until_ns)
    detector.close()
    assert not detector.late
    return detector.findings()


@settings(max_examples=120, deadline=None)
@given(logs, st.data())
def test_a_scan_finds_what_the_reference_finds_whatever_is_read_first(drawn, data):
    queues = [printed(log, container) for log, container in zip(drawn, BOXES, strict=True)]
    found = {
        (one.rule_id, one.service, one.count, one.first_seen_ns, one.severity) for one in scanned(merged(data, queues))
    }
    wanted = expected(RULES, [one for queue in queues for one in queue], SPANS)
    assert {(key[0], key[1], *value) for key, value in wanted.items()} == found


@settings(max_examples=120, deadline=None)
@given(logs, st.data())
def test_a_stream_finds_what_a_scan_finds_late_and_in_pieces_at_any_pace(drawn, data):
    queues = [printed(log, container) for log, container in zip(drawn, BOXES, strict=True)]
    findings = scanned([one for queue in queues for one in queue])
    late = [shuffled(data, queue) for queue in queues]
    assert findings == streamed(data, merged(data, late))
