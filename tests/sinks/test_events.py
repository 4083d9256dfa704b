"""The events of a follow: read back through their model, ASCII only, key for key as promised."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from logscan.finding import ChangeKind, Gap, GapReason, Report
from logscan.sinks.document import FindingDocument
from logscan.sinks.event_document import (
    EventDocument,
    decode,
    encode,
    finding_document,
    finding_event,
    gap_event,
    source_event,
)
from logscan.sinks.live import FollowStatus, FollowSummary
from logscan.sinks.live_ndjson import LiveNdjsonSink
from logscan.sources.live import Back, Lost
from tests.sinks.conftest import DAWN, SECOND

Golden = Callable[[str, str], None]
REPORTS = ["ordinary", "hostile"]


def events_of(report: Report) -> list[EventDocument]:
    """Give an event of every type, about the findings and containers of a report."""
    finding, container = report.findings[0], report.findings[0].container
    about = [finding_event(kind, finding, id=kind.value, time_ns=DAWN, host="nuc") for kind in ChangeKind]
    gaps = [
        Gap(container, DAWN, DAWN + SECOND, GapReason.ROTATED),
        Gap(container, None, None, GapReason.STATE_LOST),
    ]
    told = [
        Lost(container.host, None, container.name, help=container.name),
        Lost(container.host, container, "the log driver keeps no logs"),
        Back(container.host, container),
        Back(container.host, None),
    ]
    return [
        *about,
        *(gap_event(gap, id=f"gap {number}", time_ns=DAWN, host="nuc") for number, gap in enumerate(gaps)),
        *(source_event(each, id=f"source {number}", time_ns=DAWN) for number, each in enumerate(told)),
    ]


def as_lines(report: Report) -> str:
    out = io.StringIO()
    sink = LiveNdjsonSink(out)
    for event in events_of(report):
        sink.emit(event)
    sink.flush()
    return out.getvalue()


@pytest.mark.parametrize("name", REPORTS)
def test_the_lines_are_the_golden_file(name: str, request: pytest.FixtureRequest, golden: Golden) -> None:
    golden(f"{name}.events.ndjson", as_lines(request.getfixturevalue(name)))


@pytest.mark.parametrize("name", REPORTS)
def test_a_line_is_an_event_and_printable_ascii(name: str, request: pytest.FixtureRequest) -> None:
    report = request.getfixturevalue(name)
    lines = as_lines(report).splitlines()
    assert events_of(report) == [EventDocument.model_validate_json(line) for line in lines]
    assert all(line.isascii() and line.isprintable() for line in lines)


@pytest.mark.parametrize("name", REPORTS)
def test_an_event_that_waited_in_the_store_is_the_same(name: str, request: pytest.FixtureRequest) -> None:
    events = events_of(request.getfixturevalue(name))
    assert events == list(map(decode, map(encode, events)))


def test_the_keys_of_an_event_are_those_promised_in_that_order(ordinary: Report) -> None:
    by_type = {event["type"]: event for event in map(json.loads, as_lines(ordinary).splitlines())}
    keys = {
        "event": "schema id type time host finding gap source",
        "gap": "container from to reason",
        "source": "host container reason help",
        "container": "id name image image_id host",
    }
    printed = {
        "event": by_type["gap"],
        "gap": by_type["gap"]["gap"],
        "source": by_type["source.lost"]["source"],
        "container": by_type["gap"]["gap"]["container"],
    }
    assert keys == {name: " ".join(value) for name, value in printed.items()}


def test_an_event_speaks_of_what_its_type_names_and_of_nothing_else(ordinary: Report) -> None:
    for event in map(json.loads, as_lines(ordinary).splitlines()):
        assert [event["type"].split(".")[0]] == [key for key in ("finding", "gap", "source") if event[key] is not None]


def test_a_finding_has_the_state_that_its_change_means_unless_it_has_one(ordinary: Report) -> None:
    def states(state: str | None) -> list[str | None]:
        finding = replace(ordinary.findings[0], state=state)
        told = [finding_event(kind, finding, id="1", time_ns=0, host="") for kind in ChangeKind]
        return [event.finding.state for event in told if event.finding]

    assert ["new", "ongoing", "ongoing", "resolved", "regressed"] == states(None)
    assert ["new"] * 5 == states("new")


@pytest.mark.parametrize("name", REPORTS)
def test_a_finding_comes_back_from_its_document(name: str, request: pytest.FixtureRequest) -> None:
    for finding in request.getfixturevalue(name).findings:
        document = FindingDocument.model_validate_json(finding_document(finding))
        assert document == FindingDocument.of(document.finding())


def test_each_commit_gets_out_and_nothing_but_events_does(ordinary: Report) -> None:
    class Pipe(io.StringIO):
        flushed = 0

        def flush(self) -> None:
            self.flushed = len(self.getvalue().splitlines())

    out, said = Pipe(), []
    sink = LiveNdjsonSink(out, warn=lambda message, help_: said.append((message, help_)))
    sink.emit(events_of(ordinary)[0])
    sink.flush()
    assert 1 == out.flushed
    sink.notice("the disk is full", "make room")
    sink.tick(FollowStatus(DAWN, 1, 1, 1))
    sink.close(FollowSummary(DAWN))
    assert ([("the disk is full", "make room")], 1) == (said, len(out.getvalue().splitlines()))
