"""The JSON that logscan prints, as pydantic models: names, order and types are the contract.

Owns the shapes, the way from a Report into them, a finding's way back, and how they become text. Does not own how
many stand on a line (the sinks), the events of a follow (`event_document`), nor what the values mean
(`logscan.finding`). A change that takes a key away, or gives one another meaning, is a new version of its schema.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from logscan import __version__
from logscan.batch import Container, Service, Stream
from logscan.finding import Coverage, Finding, Gap, RelatedLine, Report, Sample, ScanError, Severity, Share, Status
from logscan.sinks.times import parse_rfc3339, rfc3339

REPORT_SCHEMA: Final = "logscan.report/v1"
FINDING_SCHEMA: Final = "logscan.finding/v1"
COVERAGE_SCHEMA: Final = "logscan.coverage/v1"

_SURROGATE = re.compile(r"[\ud800-\udfff]")


def _encodable(value: Any) -> Any:
    # A log line's own JSON may hold half of a surrogate pair, which no strict reader accepts.
    return _SURROGATE.sub("\ufffd", value) if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_encodable)]
Time = Annotated[str | None, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$")]
"""RFC 3339, UTC, nine digits; null where it is not known."""
Count = Annotated[int, Field(ge=0)]
SeverityName = Literal["critical", "high", "medium", "low", "info"]

_SEVERITY_NAMES: dict[Severity, SeverityName] = {
    Severity.CRITICAL: "critical",
    Severity.HIGH: "high",
    Severity.MEDIUM: "medium",
    Severity.LOW: "low",
    Severity.INFO: "info",
}


def _time_ns(text: str | None) -> int | None:
    return None if text is None else parse_rfc3339(text)


class Document(BaseModel):
    """Base of all that is printed: no key too many, and nothing changed behind anybody's back."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ContainerDocument(Document):
    """Who wrote a log. A file that stands for a container leaves empty what it doesn't know."""

    id: Text
    name: Text
    image: Text
    image_id: Text
    host: Text

    @classmethod
    def of(cls, container: Container) -> Self:
        return cls(
            id=container.id,
            name=container.name,
            image=container.image,
            image_id=container.image_id,
            host=container.host,
        )

    def container(self) -> Container:
        return Container(self.id or self.name, self.name, self.id, self.image, self.image_id, self.host)


class ShareDocument(Document):
    """How many of a finding's hits came from one container."""

    id: Text
    name: Text
    host: Text
    count: Count

    @classmethod
    def of(cls, share: Share) -> Self:
        container = share.container
        return cls(id=container.id, name=container.name, host=container.host, count=share.count)

    def share(self) -> Share:
        return Share(Container(self.id or self.name, self.name, self.id, host=self.host), self.count)


class ServiceDocument(Document):
    project: Text | None
    name: Text


class RuleDocument(Document):
    id: Text
    title: Text
    file: Text


class SampleDocument(Document):
    """One line of evidence, and the lines around it."""

    time: Time
    stream: Literal["stdout", "stderr", "unknown"]
    line: Text
    truncated: bool
    before: tuple[Text, ...]
    after: tuple[Text, ...]

    @classmethod
    def of(cls, sample: Sample) -> Self:
        return cls(
            time=rfc3339(sample.time_ns),
            stream=sample.stream.value,
            line=sample.line,
            truncated=sample.truncated,
            before=sample.before,
            after=sample.after,
        )

    def sample(self) -> Sample:
        return Sample(_time_ns(self.time), Stream(self.stream), self.line, self.truncated, self.before, self.after)


class RelatedDocument(Document):
    """A line of another container, from about the time of a hit."""

    container: ContainerDocument
    time: Time
    stream: Literal["stdout", "stderr", "unknown"]
    line: Text

    @classmethod
    def of(cls, related: RelatedLine) -> Self:
        return cls(
            container=ContainerDocument.of(related.container),
            time=rfc3339(related.time_ns),
            stream=related.stream.value,
            line=related.line,
        )

    def related(self) -> RelatedLine:
        return RelatedLine(self.container.container(), _time_ns(self.time) or 0, Stream(self.stream), self.line)


class FindingDocument(Document):
    """One problem of one service."""

    schema_: Literal["logscan.finding/v1"] = Field(alias="schema")
    fingerprint: Text
    state: Text | None
    rule: RuleDocument
    severity: SeverityName
    title: Text
    count: Count
    first_seen: Time
    last_seen: Time
    service: ServiceDocument
    container: ContainerDocument
    containers: tuple[ShareDocument, ...]
    fields: dict[Text, Text]
    samples: tuple[SampleDocument, ...]
    related: tuple[RelatedDocument, ...]
    why: Text | None
    advice: Text | None
    references: tuple[Text, ...]

    @classmethod
    def of(cls, finding: Finding) -> Self:
        return cls(
            schema=FINDING_SCHEMA,
            fingerprint=finding.fingerprint,
            state=finding.state,
            rule=RuleDocument(id=finding.rule_id, title=finding.rule_title, file=finding.rule_file),
            severity=_SEVERITY_NAMES[finding.severity],
            title=finding.title,
            count=finding.count,
            first_seen=rfc3339(finding.first_seen_ns),
            last_seen=rfc3339(finding.last_seen_ns),
            service=ServiceDocument(project=finding.service.project, name=finding.service.name),
            container=ContainerDocument.of(finding.container),
            containers=tuple(map(ShareDocument.of, finding.containers)),
            fields=dict(finding.fields),
            samples=tuple(map(SampleDocument.of, finding.samples)),
            related=tuple(map(RelatedDocument.of, finding.related)),
            why=finding.why,
            advice=finding.advice,
            references=finding.references,
        )

    def finding(self) -> Finding:
        """Give the finding that this tells of, but for where in its lines the matches lie."""
        return Finding(
            fingerprint=self.fingerprint,
            rule_id=self.rule.id,
            rule_title=self.rule.title,
            rule_file=self.rule.file,
            severity=Severity.parse(self.severity),
            title=self.title,
            count=self.count,
            first_seen_ns=_time_ns(self.first_seen),
            last_seen_ns=_time_ns(self.last_seen),
            service=Service(self.service.project, self.service.name),
            container=self.container.container(),
            containers=tuple(share.share() for share in self.containers),
            fields=self.fields,
            samples=tuple(sample.sample() for sample in self.samples),
            why=self.why,
            advice=self.advice,
            references=self.references,
            state=self.state,
            related=tuple(line.related() for line in self.related),
        )


class GapDocument(Document):
    """A stretch of a source that is known to be missing."""

    from_: Time = Field(alias="from")
    to: Time
    reason: Text

    @classmethod
    def of(cls, gap: Gap) -> Self:
        return cls(**{"from": rfc3339(gap.from_ns)}, to=rfc3339(gap.to_ns), reason=gap.reason.value)


class SourceDocument(Document):
    """What was read of one source, and what could not be."""

    container: ContainerDocument
    status: Literal["complete", "partial", "unreadable"]
    reason: Text | None
    lines: Count
    bytes: Count
    truncated: Count
    untimed: Count
    first_seen: Time
    last_seen: Time
    driver: Text | None
    read: Text
    format: Text | None
    identity: Literal["known", "unknown"]
    gaps: tuple[GapDocument, ...]

    @classmethod
    def of(cls, coverage: Coverage) -> Self:
        return cls(
            container=ContainerDocument.of(coverage.container),
            status=coverage.status.value,
            reason=coverage.reason,
            lines=coverage.lines,
            bytes=coverage.bytes,
            truncated=coverage.truncated,
            untimed=coverage.untimed,
            first_seen=rfc3339(coverage.first_seen_ns),
            last_seen=rfc3339(coverage.last_seen_ns),
            driver=coverage.driver,
            read=coverage.read,
            format=coverage.format,
            identity=coverage.identity.value,
            gaps=tuple(map(GapDocument.of, coverage.gaps)),
        )


class ErrorDocument(Document):
    """Something that went wrong without ending the scan."""

    kind: Text
    source: Text
    message: Text
    help: Text | None

    @classmethod
    def of(cls, error: ScanError) -> Self:
        return cls(kind=error.kind, source=error.source, message=error.message, help=error.help)


class RangeDocument(Document):
    """The times that were asked for."""

    since: Time
    until: Time


class SeveritiesDocument(Document):
    critical: Count
    high: Count
    medium: Count
    low: Count
    info: Count


class SummaryDocument(Document):
    """The report in numbers; `incomplete` counts the sources that are not complete."""

    findings: Count
    by_severity: SeveritiesDocument
    sources: Count
    incomplete: Count
    lines: Count
    bytes: Count
    gaps: Count

    @classmethod
    def of(cls, report: Report) -> Self:
        counts = Counter(finding.severity for finding in report.findings)
        sources = report.sources
        return cls(
            findings=len(report.findings),
            by_severity=SeveritiesDocument(**{name: counts[severity] for severity, name in _SEVERITY_NAMES.items()}),
            sources=len(sources),
            incomplete=sum(source.status is not Status.COMPLETE for source in sources),
            lines=sum(source.lines for source in sources),
            bytes=sum(source.bytes for source in sources),
            gaps=sum(len(source.gaps) for source in sources),
        )


def _frame(report: Report) -> dict[str, Any]:
    """Give what a report and a coverage have in common: everything around the findings."""
    return {
        "logscan": __version__,
        "started_at": rfc3339(report.started_ns),
        "finished_at": rfc3339(report.finished_ns),
        "range": RangeDocument(since=rfc3339(report.since_ns), until=rfc3339(report.until_ns)),
        "summary": SummaryDocument.of(report),
        "sources": tuple(map(SourceDocument.of, report.sources)),
        "errors": tuple(map(ErrorDocument.of, report.errors)),
    }


class ReportDocument(Document):
    """The result of one scan."""

    schema_: Literal["logscan.report/v1"] = Field(alias="schema")
    logscan: Text
    started_at: Time
    finished_at: Time
    range: RangeDocument
    summary: SummaryDocument
    findings: tuple[FindingDocument, ...]
    sources: tuple[SourceDocument, ...]
    errors: tuple[ErrorDocument, ...]

    @classmethod
    def of(cls, report: Report, findings: Iterable[Finding] | None = None) -> Self:
        """Give the document, with these `findings` in place of all."""
        shown = tuple(map(FindingDocument.of, report.findings if findings is None else findings))
        return cls(schema=REPORT_SCHEMA, findings=shown, **_frame(report))


class CoverageDocument(Document):
    """The last line of ndjson: all of a report but its findings."""

    schema_: Literal["logscan.coverage/v1"] = Field(alias="schema")
    logscan: Text
    started_at: Time
    finished_at: Time
    range: RangeDocument
    summary: SummaryDocument
    sources: tuple[SourceDocument, ...]
    errors: tuple[ErrorDocument, ...]

    @classmethod
    def of(cls, report: Report) -> Self:
        return cls(schema=COVERAGE_SCHEMA, **_frame(report))


def to_json(document: BaseModel, *, indent: int | None = None) -> str:
    """Write a document as `ascii_json` does."""
    return ascii_json(document.model_dump(mode="json", by_alias=True), indent=indent)


def ascii_json(content: Any, *, indent: int | None = None) -> str:
    """Write JSON in printable ASCII, so no control or bidi character gets out, and none is lost."""
    separators = (",", ":") if indent is None else (",", ": ")
    text = json.dumps(content, ensure_ascii=True, indent=indent, separators=separators)
    return text.replace("\x7f", r"\u007f")  # DEL is ASCII, so `json` leaves it
