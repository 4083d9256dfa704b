"""Findings text: what the store knows, as a person reads it in a terminal.

Owns which facts stand where. Does not own how text is fitted and made safe (sinks.terminal), nor what a finding's
evidence looks like (sinks.finding_text). Times are UTC, to the minute.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from rich.text import Text

from logscan.cli.sparkline import sparkline
from logscan.finding import Finding
from logscan.sinks import wording
from logscan.sinks.document import FindingDocument
from logscan.sinks.finding_text import BADGES, FindingText
from logscan.sinks.terminal import INDENT, Terminal, foreign
from logscan.sinks.times import readable_time
from logscan.store.life import Life
from logscan.store.reader import StoredFinding
from logscan.store.records import GapRow

NEWEST_GAPS = 5
"""A list of findings ends with so many gaps: what was not read can't have been found."""

_NAME_WIDTH = 12


def print_list(found: Sequence[StoredFinding], gaps: Sequence[GapRow], terminal: Terminal, *, now_ns: int) -> None:
    """Print a few lines for each finding, and what is known to be missing."""
    several_hosts = len({one.host for one in found}) > 1
    count_width = max([len("COUNT"), *(len(f"{one.count:,}") for one in found)])
    if found:
        columns = ("SEVERITY", "STATE    ", "COUNT".rjust(count_width), "SINCE (UTC)     ", "LAST SEEN (UTC) ")
        terminal.whole(Text("  ".join((*columns, "LAST 7 DAYS")), style="dim"))
    for one in found:
        terminal.whole(_row(one, count_width, now_ns))
        place = wording.service(one.project, one.service)
        place = wording.on_host(place, one.host) if several_hosts else place
        terminal.line(foreign(f"{place}: {one.document['title']}"), INDENT)
        terminal.whole(foreign(INDENT + one.rule_id, "dim"))
    if found:
        terminal.blank()
    terminal.line(Text(wording.findings(Counter(one.severity for one in found), "finding"), style="bold"))
    _print_gaps(gaps, terminal)


def _row(one: StoredFinding, count_width: int, now_ns: int) -> Text:
    severity = str(one.severity)
    facts = (
        one.life.value.ljust(9),
        f"{one.count:,}".rjust(count_width),
        _minute(one.opened_ns if one.first_seen_ns is None else one.first_seen_ns),
        _minute(one.last_seen_ns),
        sparkline(one.history, now_ns),
    )
    padding = " " * (len("SEVERITY") - len(severity))
    return Text.assemble((severity, BADGES[one.severity]), padding, "  ", "  ".join(facts))


def _print_gaps(gaps: Sequence[GapRow], terminal: Terminal) -> None:
    older = len(gaps) - NEWEST_GAPS
    if older > 0:
        terminal.line(Text(f"{wording.plural(older, 'older gap')}, and the newest:"))
    for gap in gaps[-NEWEST_GAPS:]:
        told = f"{gap.container_name}: {wording.missing(gap.reason, gap.from_ns, gap.to_ns)}"
        terminal.line(Text.assemble(("gap: ", "yellow"), foreign(told)))


def print_page(one: StoredFinding, terminal: Terminal, *, now_ns: int) -> None:
    """Print everything that is known of one finding."""
    finding = FindingDocument.model_validate(one.document).finding()
    text = FindingText(terminal, samples=len(finding.samples))
    text.head(finding)
    for name, value in _facts(one, finding, now_ns):
        terminal.line(foreign(f"{name + ':':<{_NAME_WIDTH}} {value}"), INDENT)
    text.evidence(finding)
    for heading, prose in (("Why it matters", finding.why), ("What to do", finding.advice)):
        if prose:
            terminal.line(Text.assemble((f"{heading}: ", "bold"), foreign(prose)), INDENT)
    for reference in finding.references:
        terminal.whole(foreign(f"{INDENT}{reference}"))


def _facts(one: StoredFinding, finding: Finding, now_ns: int) -> Iterator[tuple[str, str]]:
    yield "state", _standing(one)
    yield "opened", readable_time(one.opened_ns)
    yield "last 7 days", sparkline(one.history, now_ns)
    yield "fingerprint", one.fingerprint
    yield "rule", f"{finding.rule_title}, {finding.rule_file}"
    if one.host:
        yield "host", one.host
    for share in finding.containers:
        yield "container", f"{share.container.name}, {wording.occurrences(share.count)}"
    yield "image", finding.container.image or "unknown"
    yield from finding.fields.items()


def _standing(one: StoredFinding) -> str:
    match one.life:
        case Life.RESOLVED:
            return f"resolved since {readable_time(one.resolved_ns)}"
        case Life.REGRESSED:
            return f"regressed, back since {readable_time(one.regressed_ns)}"
        case Life.NEW | Life.ONGOING:
            return one.life.value


def _minute(time_ns: int | None) -> str:
    return readable_time(time_ns)[:16] if time_ns is not None else "unknown".ljust(16)
