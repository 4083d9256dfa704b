"""The phrases that reports for people share: counts, sizes, places, what was read and what was not.

Owns the words. Does not own layout, colour or escaping: what comes from a log or a container goes
through unchanged, and each sink makes it safe in its own way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from logscan.finding import Coverage, Finding, RelatedLine, Report, Severity, Status
from logscan.sinks.times import readable_range, readable_time

LISTED_CONTAINERS = 10
"""A finding names no more, so of so many there may be others."""

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def plural(count: int, noun: str) -> str:
    """`1 line`, `1,234 lines`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def occurrences(count: int) -> str:
    """`once`, `3 times`."""
    return "once" if count == 1 else f"{count:,} times"


def size(count: int) -> str:
    """Write bytes as `512 B`, `44.6 KiB`, `1.0 GiB`, rounded down to a tenth."""
    power = min(max(count.bit_length() - 1, 0) // 10, len(_UNITS) - 1)
    if power == 0:
        return f"{count} B"
    tenths = count * 10 >> 10 * power
    return f"{tenths // 10:,}.{tenths % 10} {_UNITS[power]}"


def service(project: str | None, name: str) -> str:
    """`homeiq/influxdb`, or the name alone where there is no project."""
    return name if project is None else f"{project}/{name}"


def place(finding: Finding) -> str:
    """The service, and how many containers of it had a part."""
    name = service(finding.service.project, finding.service.name)
    containers = len(finding.containers)
    if containers >= LISTED_CONTAINERS:
        return f"{name} in {containers} or more containers"
    if containers > 1:
        return f"{name} in {plural(containers, 'container')}"
    return name if finding.container.name in name else f"{name} in {finding.container.name}"


def on_host(name: str, host: str) -> str:
    """Say on which host something is, where it is on one that has a name."""
    return f"{name} on {host}" if host else name


def when(finding: Finding) -> str:
    if finding.first_seen_ns is None and finding.last_seen_ns is None:
        return "time unknown"
    return readable_range(finding.first_seen_ns, finding.last_seen_ns)


def meanwhile(related: RelatedLine) -> str:
    """Tell a line of another container, with the container named."""
    return f"Meanwhile in {related.container.name}: {related.line}"


def summary(report: Report) -> str:
    """`2 findings: 1 critical, 1 low`, or that there are none."""
    return findings(Counter(finding.severity for finding in report.findings), "finding")


def findings(counts: Mapping[Severity, int], noun: str) -> str:
    """`2 findings: 1 critical, 1 low`, or `No findings.`; `noun` is what they are called."""
    parts = [f"{counts[severity]:,} {severity}" for severity in sorted(Severity, reverse=True) if counts.get(severity)]
    return f"{plural(sum(counts.values()), noun)}: {', '.join(parts)}" if parts else f"No {noun}s."


def coverage(report: Report) -> str:
    """What was read in all: a scan that found nothing is worth as much as what it read."""
    sources = report.sources
    if not sources:
        return "Nothing was read."
    read = sum(source.status is not Status.UNREADABLE for source in sources)
    parts = [
        plural(read, "source") if read == len(sources) else f"{read:,} of {plural(len(sources), 'source')}",
        plural(sum(source.lines for source in sources), "line"),
        size(sum(source.bytes for source in sources)),
    ]
    firsts = [source.first_seen_ns for source in sources if source.first_seen_ns is not None]
    lasts = [source.last_seen_ns for source in sources if source.last_seen_ns is not None]
    if firsts and lasts:
        parts.append(readable_range(min(firsts), max(lasts)))
    return f"Read {', '.join(parts)}"


def missing(reason: str, from_ns: int | None, to_ns: int | None) -> str:
    """Tell of a gap why and when lines are missing."""
    start, end = readable_time(from_ns), readable_time(to_ns)
    if from_ns is None and to_ns is None:
        between = "at an unknown time"
    else:
        between = f"at {start}" if start == end else f"from {start} to {end}"
    return f"{reason}, lines are missing {between}"


def shortfalls(source: Coverage) -> Iterator[tuple[str, str]]:
    """What is missing of one source: a word for it, and what is known."""
    if source.status is not Status.COMPLETE:
        yield source.status.value, source.reason or "no reason is known"
    elif source.reason:
        yield "note", source.reason
    for gap in source.gaps:
        yield "gap", missing(gap.reason.value, gap.from_ns, gap.to_ns)
    if source.truncated:
        yield "cut", f"{plural(source.truncated, 'line')} too long to search whole"
    if source.untimed:
        yield "untimed", f"{plural(source.untimed, 'hit')} without a time, left out of windows"
