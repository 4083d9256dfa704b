"""One folder per case: rules, logs with their times, and the findings that a scan must make of them.

`fixtures/cases/<case>` holds `rules.yaml` and perhaps `overrides.yaml`, `logs/<container>.log` and
`expected.json`, the findings in any order. A replay of the same logs, piece by piece as they were
written, must end with the same findings.
"""

import io
import json
from functools import partial
from pathlib import Path

import pytest

from logscan.assemble import run_scan
from logscan.batch import Batch
from logscan.detection.detector import Detector
from logscan.matching.matcher import Matcher
from logscan.matching.where import knows
from logscan.ruleset.loader import load_rules
from logscan.settings import Config, resolve
from logscan.sinks.document import FindingDocument
from logscan.sources.files import FileSource

CASES = sorted((Path(__file__).parents[1] / "fixtures" / "cases").iterdir())
LATENESS_NS = 5_000_000_000


def rule_files(case):
    return [str(file) for file in sorted(case.glob("*.yaml"), key=lambda file: file.name != "rules.yaml")]


def scanned(case):
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


class Moment:
    """The index of a batch of one line."""

    def __init__(self, line):
        self._line = line

    def locate(self, text, start, end):
        return start, self._line.time_ns, self._line.stream


def pieces(case, rules):
    """The lines of all logs as batches of their own, in the order in which they were written."""
    lines = []
    for path in sorted((case / "logs").iterdir()):
        for batch in FileSource(path, knows=partial(knows, rules)).batches():
            start = 0
            while start < len(batch.text):
                begin, end = batch.span_at(start)
                lines.append(batch.line(begin, end))
                start = end + 1
    for line in sorted(lines, key=lambda line: line.time_ns):
        text = line.text.encode() + b"\n"
        yield Batch(line.container, text, 1, Moment(line), first_ns=line.time_ns, last_ns=line.time_ns)


def replayed(case):
    """The findings of a stream that was fed line by line, each container told of as it is read."""
    rules = load_rules([Path(file) for file in rule_files(case)], builtin=False)
    matcher, detector = Matcher(rules), Detector(rules, samples=1, lateness_ns=LATENESS_NS)
    last_ns = {}
    for batch in pieces(case, rules):
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
