"""What happens, told to people: a block when a finding opens, escalates, comes back or is resolved.

Owns what is worth a block, a line or no more than the status line, and that repeats are told as a count now
and then, not each time. Does not own how text is fitted and made safe (`terminal`), nor a block's parts
(`finding_text`).

A person who watches a terminal sees the newest count in its status line. Where what is told is kept, in a file or
a log of its own, there is no such line: there a finding's count is told again, at most every ten seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TextIO

from rich.text import Text

from logscan.duration import UNITS_NS
from logscan.finding import Finding
from logscan.sinks import wording
from logscan.sinks.event_document import EventDocument, EventGapDocument, EventSourceDocument
from logscan.sinks.finding_text import FindingText
from logscan.sinks.live import FollowStatus, FollowSummary
from logscan.sinks.status_line import StatusLine
from logscan.sinks.terminal import INDENT, Terminal, cut, flat, foreign
from logscan.sinks.times import parse_rfc3339, readable_range, readable_time

PAUSE_NS = 10 * UNITS_NS["s"]
"""The count of one finding is told at most this often."""


class LiveTextSink:
    """Tells people. `width` is asked anew each second; `redraws`: a status line can be drawn on `out`.

    `samples`: how many lines of evidence a finding shows, at most; `several_hosts`: say on which one it is.
    """

    def __init__(
        self,
        out: TextIO,
        *,
        width: Callable[[], int],
        color: bool,
        redraws: bool,
        samples: int = 1,
        several_hosts: bool = False,
    ) -> None:
        self._out = out
        self._width = width
        self._terminal = Terminal(out, width=width(), color=color)
        self._findings = FindingText(self._terminal, samples=samples, several_hosts=several_hosts)
        self._several_hosts = several_hosts
        self._line = StatusLine(out) if redraws else None
        self._repeats = Repeats()
        self._status: FollowStatus | None = None
        self._rate = 0
        self._newest = ""

    def emit(self, event: EventDocument) -> None:
        finding = event.finding.finding() if event.finding is not None else None
        if event.type == "finding.updated" and finding is not None:
            self._newest = f"{finding.rule_id} {wording.occurrences(finding.count)}"
            if self._line is None:
                self._repeats.add(finding)
            return
        self._make_room()
        if finding is not None:
            self._repeats.told(finding)
            self._happened(event, finding)
        elif event.gap is not None:
            self._gap(event.gap)
        elif event.source is not None:
            self._source(event, event.source)

    def notice(self, message: str, help: str | None) -> None:  # noqa: A002 - the word users see
        self._make_room()
        self._said("note", message, help)

    def tick(self, status: FollowStatus) -> None:
        if self._status is not None and status.now_ns > self._status.now_ns:
            passed_ns = status.now_ns - self._status.now_ns
            self._rate = (status.lines - self._status.lines) * UNITS_NS["s"] // passed_ns
        self._status = status
        self._terminal.fit(self._width())
        for finding in self._repeats.due(status.now_ns):
            self._again(finding)
        self.flush()

    def flush(self) -> None:
        if self._line is not None and self._status is not None:
            self._line.show(cut(flat(self._words(self._status)), self._terminal.width - 1))
        self._out.flush()

    def close(self, summary: FollowSummary) -> None:
        self._make_room()
        for finding in self._repeats.rest():
            self._again(finding)
        self._terminal.line(Text(wording.findings(summary.findings, "open finding"), style="bold"))
        parts = (
            wording.plural(summary.sources, "log"),
            wording.plural(summary.lines, "line"),
            wording.size(summary.bytes),
            *([wording.plural(summary.gaps, "gap")] if summary.gaps else []),
            readable_range(summary.since_ns, summary.until_ns or summary.since_ns),
        )
        self._terminal.line(Text(f"Followed {', '.join(parts)}"))
        for name in summary.lost:
            self._terminal.line(Text.assemble(("lost: ", "yellow"), foreign(name)), INDENT)
        self._out.flush()

    def _make_room(self) -> None:
        if self._line is not None:
            self._line.hide()

    def _happened(self, event: EventDocument, finding: Finding) -> None:
        if event.type == "finding.resolved":
            self._findings.head(finding, "resolved")
        elif event.type == "finding.escalated":
            self._findings.head(finding, "escalated")
            self._findings.evidence(finding)
        else:
            self._findings.whole(finding, "back" if event.type == "finding.regressed" else "")
        self._terminal.blank()

    def _again(self, finding: Finding) -> None:
        place = self._on(wording.service(finding.service.project, finding.service.name), finding.container.host)
        facts = (f"{place}: {finding.title}", wording.occurrences(finding.count))
        when = "" if finding.last_seen_ns is None else f", last at {readable_time(finding.last_seen_ns)}"
        self._said("again", ", ".join(facts) + when)
        self._terminal.whole(foreign(INDENT + finding.rule_id, "dim"))

    def _gap(self, gap: EventGapDocument) -> None:
        ends = (None if time is None else parse_rfc3339(time) for time in (gap.from_, gap.to))
        self._said("gap", f"{self._on(gap.container.name, gap.container.host)}: {wording.missing(gap.reason, *ends)}")

    def _source(self, event: EventDocument, source: EventSourceDocument) -> None:
        name = source.host if source.container is None else self._on(source.container.name, source.host)
        time = readable_time(None if event.time is None else parse_rfc3339(event.time))
        if event.type == "source.lost":
            self._said("lost", f"{name}: {source.reason}, at {time}", source.help)
        else:
            self._said("back", f"{name}, at {time}")

    def _on(self, name: str, host: str) -> str:
        return wording.on_host(name, host) if self._several_hosts else name

    def _said(self, word: str, text: str, help: str | None = None) -> None:  # noqa: A002 - the word users see
        self._terminal.line(Text.assemble((f"{word}: ", "yellow"), foreign(text)))
        if help:
            self._terminal.line(Text.assemble(("help: ", "bold"), foreign(help)), INDENT)

    def _words(self, status: FollowStatus) -> str:
        parts = [
            wording.plural(status.sources, "log"),
            f"{self._rate:,} lines/s",
            wording.plural(status.open_findings, "open finding"),
        ]
        return ", ".join([*parts, f"newest: {self._newest}"] if self._newest else parts)


class Repeats:
    """Findings that have come again since they were told: the newest state of each, held until its pause is over.

    It holds no more than what came within one pause.
    """

    def __init__(self) -> None:
        self._now_ns = 0
        self._told_ns: dict[str, int] = {}
        self._held: dict[str, Finding] = {}

    def told(self, finding: Finding) -> None:
        """Note that a person has just been told how this finding stands."""
        self._told_ns[finding.fingerprint] = self._now_ns
        self._held.pop(finding.fingerprint, None)

    def add(self, finding: Finding) -> None:
        self._held[finding.fingerprint] = finding

    def due(self, now_ns: int) -> list[Finding]:
        """Give those whose pause is over, and let them go."""
        self._now_ns = now_ns
        self._told_ns = {name: told_ns for name, told_ns in self._told_ns.items() if now_ns - told_ns < PAUSE_NS}
        due = [finding for name, finding in self._held.items() if name not in self._told_ns]
        for finding in due:
            self.told(finding)
        return due

    def rest(self) -> list[Finding]:
        """Give all that are held, at the end."""
        return list(self._held.values())
