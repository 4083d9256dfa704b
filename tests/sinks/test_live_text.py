"""What a follow tells people: blocks for what is new, a count for what repeats, and nothing that steers."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from logscan.finding import ChangeKind, Finding, Report, Severity
from logscan.sinks.event_document import EventDocument, finding_event
from logscan.sinks.live import FollowStatus, FollowSummary
from logscan.sinks.live_text import PAUSE_NS, LiveTextSink
from logscan.sinks.status_line import ERASE
from tests.sinks.conftest import DAWN, HOSTILE, SECOND
from tests.sinks.test_events import events_of

Golden = Callable[[str, str], None]
UNSAFE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u200b\ud800]")
SUMMARY = FollowSummary(
    DAWN,
    lines=1234,
    bytes=45_678,
    sources=3,
    gaps=1,
    findings={Severity.CRITICAL: 1, Severity.LOW: 2},
    lost=("homeiq-broker",),
    until_ns=DAWN + 3600 * SECOND,
)


class Told:
    """What a sink has told, and the sink."""

    def __init__(self, width: int = 80, *, color: bool = False, redraws: bool = False, several_hosts: bool = False):
        self.out = io.StringIO()
        self.width = width
        self.sink = LiveTextSink(
            self.out, width=lambda: self.width, color=color, redraws=redraws, several_hosts=several_hosts
        )
        self.seen = 0

    def emit(self, events: Sequence[EventDocument]) -> str:
        for event in events:
            self.sink.emit(event)
        self.sink.flush()
        return self.news()

    def tick(self, now_ns: int, *, lines: int = 0, sources: int = 3, open_findings: int = 1) -> str:
        self.sink.tick(FollowStatus(now_ns, sources, lines, open_findings))
        return self.news()

    def close(self, summary: FollowSummary = SUMMARY) -> str:
        self.sink.close(summary)
        return self.news()

    def news(self) -> str:
        text = self.out.getvalue()[self.seen :]
        self.seen += len(text)
        return text


def told_of(kind: ChangeKind, finding: Finding) -> EventDocument:
    return finding_event(kind, finding, id="1", time_ns=DAWN, host="nuc")


def a_run(report: Report, told: Told) -> str:
    """Tell an event of each type, a notice and the end."""
    told.tick(DAWN)
    told.sink.notice(report.findings[0].title, report.findings[0].why)
    told.emit(events_of(report))
    told.tick(DAWN + 20 * SECOND, lines=20_000)
    told.close(replace(SUMMARY, lost=(report.findings[0].container.name,)))
    return told.out.getvalue()


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("name", ["ordinary", "hostile"])
def test_a_run_is_the_golden_file(name: str, width: int, request: pytest.FixtureRequest, golden: Golden) -> None:
    golden(f"{name}.live.{width}.txt", a_run(request.getfixturevalue(name), Told(width)))


def test_a_run_on_a_terminal_is_the_golden_file(ordinary: Report, golden: Golden) -> None:
    golden("ordinary.live.terminal.txt", a_run(ordinary, Told(color=True, redraws=True)).replace(ERASE, "{erase}"))


@pytest.mark.parametrize("told", [Told(), Told(redraws=True)], ids=["to a file", "to a terminal"])
def test_nothing_foreign_gets_out_that_steers(told: Told, hostile: Report) -> None:
    text = a_run(hostile, told).replace(ERASE, "")
    assert "" == "".join(UNSAFE.findall(text))
    assert not [line for line in text.splitlines() if line.startswith("## forged")]


@settings(max_examples=40, deadline=None)
@given(text=st.text(max_size=200), width=st.integers(20, 120))
def test_no_text_breaks_the_width_or_the_layout(text: str, width: int, hostile: Report) -> None:
    finding = replace(hostile.findings[0], title=text, advice=text, rule_id="r", samples=())
    told = Told(width, redraws=True)
    a_run(replace(hostile, findings=(finding,)), told)
    lines = told.out.getvalue().replace(ERASE, "\n").split("\n")
    assert [] == [line for line in lines if cell_len(line) > width]


def test_a_repeat_is_told_once_its_pause_is_over(ordinary: Report) -> None:
    finding, told = ordinary.findings[0], Told()
    told.tick(DAWN)
    told.emit([told_of(ChangeKind.OPENED, finding)])
    repeats = [told_of(ChangeKind.UPDATED, replace(finding, count=count)) for count in range(2000, 2100)]
    assert "" == told.emit(repeats[:50])
    assert "" == told.tick(DAWN + PAUSE_NS - 1)
    assert "" == told.emit(repeats[50:])
    assert "2,099 times" in told.tick(DAWN + PAUSE_NS)
    assert "" == told.tick(DAWN + 3 * PAUSE_NS)


def test_repeats_of_different_findings_do_not_wait_for_each_other(ordinary: Report) -> None:
    told = Told()
    told.tick(DAWN)
    told.emit([told_of(ChangeKind.UPDATED, finding) for finding in ordinary.findings])
    again = told.tick(DAWN + SECOND)
    assert [finding.rule_id for finding in ordinary.findings] == [
        line.strip() for line in again.splitlines() if line.startswith("  ") and "-" in line and " " not in line.strip()
    ]


def test_what_was_told_in_a_block_needs_no_count(ordinary: Report) -> None:
    told = Told()
    told.emit([told_of(ChangeKind.UPDATED, ordinary.findings[0]), told_of(ChangeKind.ESCALATED, ordinary.findings[0])])
    assert "" == told.tick(DAWN)


def test_the_last_count_is_told_at_the_end(ordinary: Report) -> None:
    told = Told()
    told.emit([told_of(ChangeKind.OPENED, ordinary.findings[0])])
    told.emit([told_of(ChangeKind.UPDATED, replace(ordinary.findings[0], count=77))])
    assert "77 times" in told.close()


def test_on_a_terminal_repeats_stay_in_the_status_line(ordinary: Report) -> None:
    told = Told(redraws=True)
    told.tick(DAWN)
    told.emit([told_of(ChangeKind.UPDATED, replace(ordinary.findings[0], count=77))])
    told.tick(DAWN + SECOND, lines=500)
    shown = told.out.getvalue().rpartition(ERASE)[2]
    assert "3 logs, 500 lines/s, 1 open finding, newest: influxdb-dispatcher-panic 77 times" == shown
    assert "\n" not in told.out.getvalue()


def test_the_status_line_makes_room_for_what_is_printed(ordinary: Report) -> None:
    told = Told(redraws=True)
    told.tick(DAWN)
    printed = told.emit([told_of(ChangeKind.OPENED, ordinary.findings[1])])
    assert printed.startswith(f"{ERASE}LOW  Discovery cache is stale\n")
    assert printed.endswith(f"\n\n{ERASE}3 logs, 0 lines/s, 1 open finding")


def test_a_terminal_that_is_resized_is_fitted(ordinary: Report) -> None:
    told = Told(200)
    told.width = 40
    told.tick(DAWN)
    lines = told.emit([told_of(ChangeKind.OPENED, ordinary.findings[0])]).splitlines()
    assert 40 >= max(map(cell_len, lines))


def test_with_several_hosts_each_is_named(ordinary: Report) -> None:
    told = Told(200, several_hosts=True)
    assert 3 <= told.emit(events_of(ordinary)).count(" on nuc")


def test_a_rule_id_stands_whole_on_its_own_line_at_any_width(ordinary: Report) -> None:
    for width in (1, 40, 200):
        told = Told(width)
        told.emit([told_of(kind, ordinary.findings[1]) for kind in ChangeKind if kind is not ChangeKind.UPDATED])
        lines = [line.strip() for line in told.out.getvalue().splitlines()]
        assert 4 == lines.count(ordinary.findings[1].rule_id)


def test_an_end_without_anything_says_so() -> None:
    assert "No open findings.\nFollowed 0 logs, 0 lines, 0 B, 2025-10-14 09:04:11 UTC\n" == Told().close(
        FollowSummary(DAWN)
    )


def test_hostile_names_are_shown(hostile: Report) -> None:
    assert HOSTILE[:1] == "\x1b"
    assert r"lost: \x1b]0;pwned" in Told(200).emit(events_of(hostile))
