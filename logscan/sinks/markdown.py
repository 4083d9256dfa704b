"""The report as Markdown: the body of a ticket per finding, and the coverage at the end.

Owns the layout, and escaping for CommonMark, HTML and the trackers that link mentions and numbers.
Foreign text passes `safe_text` first, so it has no newline and can't begin a block. Then all that
could be syntax becomes a character reference: those can't form structure in any dialect, where a
backslash before a pipe in a table is read in three ways. Evidence stands in a fence that is longer
than any run of backticks in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TextIO

from logscan.finding import Finding, Report, Sample
from logscan.safe_text import safe_text
from logscan.sinks import wording
from logscan.sinks.times import readable_time

_SYNTAX = re.compile(r"[&<>\\`*_\[\]|~#@!$^={}]|(?<=[hpHP]):(?=//)|(?<=[sS]):(?=//)|(?<=[wW]{3})\.")
# Trackers look for mentions and issue numbers in the rendered text, where references are gone.
_LINKED = "@#"
_ZERO_WIDTH_SPACE = "&#8203;"
_PLAIN_CODE = re.compile(r"[^`\\|\s](?:[^`\\|\t]*[^`\\|\s])?")
_BACKTICKS = re.compile(r"`+")
_MIN_FENCE = 3
_REFERENCE = re.compile(r"https?://[A-Za-z0-9.-]+(?::\d+)?(?:[/?#][A-Za-z0-9._~:/?#@!$&'()*+,;=%-]*)?")


def escaped(text: str) -> str:
    """Make foreign text mean nothing but itself, in a paragraph, a heading or a cell."""
    return _SYNTAX.sub(_as_reference, safe_text(text).replace("\t", " ").strip())


def _as_reference(found: re.Match[str]) -> str:
    reference = f"&#{ord(found[0])};"
    return reference + _ZERO_WIDTH_SPACE if found[0] in _LINKED else reference


def code(text: str) -> str:
    """Show a name or value as code where that is safe in a table, else as escaped text."""
    safe = safe_text(text)
    return f"`{safe}`" if _PLAIN_CODE.fullmatch(safe) else escaped(text)


def fenced(lines: list[str]) -> str:
    """Put lines of a log in a fence that none of them can close."""
    body = "\n".join(map(safe_text, lines))
    longest = max(map(len, _BACKTICKS.findall(body)), default=0)
    fence = "`" * max(_MIN_FENCE, longest + 1)
    return f"{fence}text\n{body}\n{fence}"


class MarkdownSink:
    """Prints one ticket after the other, rules between them. `samples`: lines of evidence each, at most."""

    def __init__(self, out: TextIO, *, samples: int = 3) -> None:
        self._out = out
        self._samples = samples

    def emit(self, report: Report) -> None:
        parts = ["\n\n".join(self._ticket(finding)) for finding in report.findings]
        parts.append("\n\n".join(_coverage(report)))
        self._out.write("\n\n---\n\n".join(parts) + "\n")

    def _ticket(self, finding: Finding) -> Iterator[str]:
        yield f"## {str(finding.severity).upper()}: {escaped(finding.title)}"
        rows = "".join(f"\n| {name} | {value} |" for name, value in _facts(finding))
        yield f"| Fact | Value |\n| --- | --- |{rows}"
        if evidence := [*self._sampled(finding), *map(wording.meanwhile, finding.related)]:
            yield "**Evidence**"
            yield fenced(evidence)
        if finding.why:
            yield f"**Why it matters.** {escaped(finding.why)}"
        if finding.advice:
            yield f"**What to do.** {escaped(finding.advice)}"
        if finding.references:
            yield "**References**"
            yield "\n".join(f"- {_reference(reference)}" for reference in finding.references)
        yield f"Fingerprint: {code(finding.fingerprint)}"

    def _sampled(self, finding: Finding) -> Iterator[str]:
        for sample in finding.samples[: self._samples]:
            yield from _lines(sample)


def _facts(finding: Finding) -> Iterator[tuple[str, str]]:
    """Give the rows of the table; what a file doesn't know has none."""
    service, container = finding.service, finding.container
    yield "Severity", str(finding.severity)
    yield "Rule", code(finding.rule_id)
    if service.project:
        yield "Project", code(service.project)
    yield "Service", code(service.name)
    yield "Container", code(container.name)
    if container.image:
        yield "Image", code(container.image)
    if container.host:
        yield "Host", code(container.host)
    yield "Count", f"{finding.count:,}"
    yield "First seen", readable_time(finding.first_seen_ns)
    yield "Last seen", readable_time(finding.last_seen_ns)
    for name, value in finding.fields.items():
        yield f"Field {code(name)}", code(value)


def _lines(sample: Sample) -> Iterator[str]:
    yield from sample.before
    yield from sample.line.split("\n")
    yield from sample.after


def _reference(reference: str) -> str:
    return f"<{reference}>" if _REFERENCE.fullmatch(reference) else escaped(reference)


def _coverage(report: Report) -> Iterator[str]:
    yield "## Coverage"
    yield escaped(wording.summary(report))
    yield escaped(wording.coverage(report))
    shortfalls = [
        f"- {word}: {code(source.container.name)}: {escaped(known)}"
        for source in report.sources
        for word, known in wording.shortfalls(source)
    ]
    errors = [
        f"- error: {code(error.source)}: {escaped(error.message)}" + (f" ({escaped(error.help)})" if error.help else "")
        for error in report.errors
    ]
    if shortfalls or errors:
        yield "\n".join(shortfalls + errors)
