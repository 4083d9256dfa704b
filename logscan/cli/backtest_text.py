"""Backtest text: the findings that rules would have made, as a table with lines of evidence.

Owns layout alone. Lines come out as they are, and whoever prints them passes them through `safe_text`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from logscan.finding import Finding, Report
from logscan.ruleset.model import Rule
from logscan.sinks import wording
from logscan.sinks.times import readable_time

HEADINGS = ("RULE", "SERVICE", "SEVERITY", "FINDINGS", "HITS", "FIRST SEEN", "LAST SEEN")
COUNTS = ("FINDINGS", "HITS")
BAR = "  │ "
SAMPLES = 3

Row = tuple[str, ...]


def backtest_page(report: Report, asked: Sequence[Rule]) -> Iterator[str]:
    """Give the lines of the answer: a row for each rule and service, its evidence, and what was read."""
    rows: list[tuple[Row, list[str]]] = []
    for rule in asked:
        findings = [found for found in report.findings if found.rule_id == rule.id]
        rows += list(_rows(rule, findings)) or [((rule.id, "no findings"), [])]
    whole = [HEADINGS, *(row for row, _ in rows if len(row) == len(HEADINGS))]
    widths = [max(map(len, column)) for column in zip(*whole, strict=True)]
    widths[0] = max(len(rule.id) for rule in asked)
    yield _aligned(HEADINGS, widths)
    for row, evidence in rows:
        yield _aligned(row, widths)
        yield from (BAR + line for line in evidence)
    yield ""
    yield wording.summary(report)
    yield wording.coverage(report)
    yield from _shortfalls(report)
    yield f"next: {_advice(report, asked)}"


def _rows(rule: Rule, findings: Sequence[Finding]) -> Iterator[tuple[Row, list[str]]]:
    by_service = sorted(findings, key=_service)
    for service, group in groupby(by_service, key=_service):
        found = list(group)
        firsts = [one.first_seen_ns for one in found if one.first_seen_ns is not None]
        lasts = [one.last_seen_ns for one in found if one.last_seen_ns is not None]
        row = (
            rule.id,
            service,
            str(max(one.severity for one in found)),
            f"{len(found):,}",
            f"{sum(one.count for one in found):,}",
            readable_time(min(firsts, default=None)),
            readable_time(max(lasts, default=None)),
        )
        yield row, [sample.line for one in found for sample in one.samples][:SAMPLES]


def _service(found: Finding) -> str:
    project, name = found.service.project, found.service.name
    return name if project is None else f"{project}/{name}"


def _aligned(row: Row, widths: Sequence[int]) -> str:
    cells = (
        cell.rjust(width) if heading in COUNTS and len(row) == len(HEADINGS) else cell.ljust(width)
        for cell, width, heading in zip(row, widths, HEADINGS, strict=False)
    )
    return "  ".join(cells).rstrip()


def _shortfalls(report: Report) -> Iterator[str]:
    for source in report.sources:
        for word, known in wording.shortfalls(source):
            yield f"  {word}: {source.container.name}: {known}"
    for error in report.errors:
        yield f"error: {error.source}: {error.message}"
        if error.help:
            yield f"help: {error.help}"


def _advice(report: Report, asked: Sequence[Rule]) -> str:
    silent = [rule.id for rule in asked if all(found.rule_id != rule.id for found in report.findings)]
    if silent:
        return f"to see why a line gave no finding: logscan rules explain --rule {silent[0]} LINE"
    return "what fired by mistake belongs under `ignore` of the rule's tests; then: logscan rules test"
