"""One folder per case: rules, logs with their times, and the findings that a scan must make of them.

`fixtures/cases/<case>` holds `rules.yaml` and perhaps `overrides.yaml`, `logs/<container>.log` and
`expected.json`, the findings in any order. Cases of event rules hold, in place of logs, what an engine told:
`events/engine.jsonl`. A replay of the same logs, piece by piece as they were written, must end
with the same findings.
"""

import io
import json
from functools import partial
from itertools import chain
from pathlib import Path

import pytest

from logscan.assemble import run_scan
from logscan.batch import Batch, LineIndex
from logscan.detection.detector import Detector
from logscan.matching.matcher import Matcher
from logscan.matching.where import knows
from logscan.ruleset.loader import load_rules
from logscan.settings import Config, resolve
from logscan.sinks.document import FindingDocument
from logscan.sources.docker.event_log import event_batch
from logscan.sources.docker.events import EngineEvent, by_container, departed
from logscan.sources.docker.history import tell
from logscan.sources.docker.state import NO_STATE
from logscan.sources.files import FileSource

CASES = sorted((Path(__file__).parents[1] / "fixtures" / "cases").iterdir())
LATENESS_NS = 5_000_000_000


def rule_files(case):
    return [str(file) for file in sorted(case.glob("*.yaml"), key=lambda file: file.name != "rules.yaml")]


def told_events(case):
    """What the engine told, as the batches that event rules see."""
    lines = [line for file in sorted((case / "events").glob("*.jsonl")) for line in file.read_bytes().splitlines()]
    events = list(map(EngineEvent.read, lines))
    start_ns, end_ns = events[0].time_ns, events[-1].time_ns + 1
    for told in by_container(events).values():
        container = departed(told[0].listed(), "engine")
        yield event_batch(container, tell(told, NO_STATE, memory_from_ns=start_ns, until_ns=end_ns))


def scanned(case):
    if (case / "events").exists():
        rules = load_rules([case / "rules.yaml"], builtin=False)
        detector = Detector(rules, samples=1)
        for hit in chain.from_iterable(map(Matcher(rules).scan, told_events(case))):
            detector.observe(hit)
        return [FindingDocument.of(found).model_dump() for found in detector.findings()]
    given = {"file": [str(case / "logs")], "rules": rule_files(case), "builtin": False, "format": "json"}
    out = io.StringIO()
    assert 0 == run_scan(resolve(given, Config(), now_ns=0), out=out, progress=None)
    return json.loads(out.getvalue())["findings"]


def told(finding):
    """What a case says of a finding."""
    told = {key: finding[key] for key in ("severity", "count", "first_seen", "last_seen", "fields")}
    related = [{"container": line["container"]["name"], "line": line["line"]} for line in finding["related"]]
    told |= {"related": related} if related else {}
    return {"rule": finding["rule"]["id"], "service": finding["service"]["name"], **told}


def in_order(findings):
    return sorted(findings, key=lambda finding: (finding["rule"], finding["service"], finding["first_seen"]))


class Moment(LineIndex):
    """The index of a batch of one line."""

    def __init__(self, line):
        self._line = line

    def locate(self, text, start, end):
        return self._line.time_ns, self._line.stream


def whole(case, rules):
    """All batches of a case."""
    if (case / "events").exists():
        yield from told_events(case)
    else:
        for path in sorted((case / "logs").iterdir()):
            yield from FileSource(path, knows=partial(knows, rules)).batches()


def pieces(batches):
    """The lines of some batches as batches of their own, in the order in which they were written."""
    lines = []
    for batch in batches:
        start = 0
        while start < len(batch.text):
            begin, end = batch.span_at(start)
            lines.append((batch.line(begin, end), batch.input))
            start = end + 1
    for line, kind in sorted(lines, key=lambda one: one[0].time_ns):
        text, time_ns = line.text.encode() + b"\n", line.time_ns
        yield Batch(line.container, text, 1, Moment(line), first_ns=time_ns, last_ns=time_ns, input=kind)


def replayed(case):
    """The findings of a stream that was fed line by line, each container told of as it is read."""
    rules = load_rules([Path(file) for file in rule_files(case)], builtin=False)
    matcher, detector = Matcher(rules), Detector(rules, samples=1, lateness_ns=LATENESS_NS)
    last_ns = {}
    for batch in pieces(whole(case, rules)):
        if batch.container not in last_ns:
            detector.watch(batch.container, batch.first_ns)
        for hit in matcher.scan(batch):
            detector.observe(hit)
        last_ns[batch.container] = batch.last_ns
        detector.advance(batch.container, batch.last_ns)
    for hit in matcher.close():
        detector.observe(hit)
    for container, until_ns in last_ns.items():
        detector.watch(container, until_ns, until_ns)
    detector.close()
    return [FindingDocument.of(found).model_dump() for found in detector.findings()]


def expected(case):
    return in_order(json.loads((case / "expected.json").read_text(encoding="utf-8")))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_scan_finds_what_the_case_expects(case):
    assert expected(case) == in_order(map(told, scanned(case)))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_replay_in_pieces_finds_the_same(case):
    assert expected(case) == in_order(map(told, replayed(case)))
