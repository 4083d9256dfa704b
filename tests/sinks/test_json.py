"""JSON and ndjson: read back through their models, ASCII only, key for key as promised."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import pytest

from logscan.finding import Report
from logscan.sinks.document import CoverageDocument, FindingDocument, ReportDocument
from logscan.sinks.json_report import JsonSink
from logscan.sinks.ndjson import NdjsonSink
from logscan.sinks.schemas import schemas

Golden = Callable[[str, str], None]


def as_json(report: Report) -> str:
    out = io.StringIO()
    JsonSink(out).emit(report)
    return out.getvalue()


def as_ndjson(report: Report) -> str:
    out = io.StringIO()
    NdjsonSink(out).emit(report)
    return out.getvalue()


@pytest.mark.parametrize("name", ["ordinary", "hostile", "empty"])
def test_json_is_the_golden_file(name: str, request: pytest.FixtureRequest, golden: Golden) -> None:
    golden(f"{name}.json", as_json(request.getfixturevalue(name)))


@pytest.mark.parametrize("name", ["ordinary", "hostile", "empty"])
def test_ndjson_is_the_golden_file(name: str, request: pytest.FixtureRequest, golden: Golden) -> None:
    golden(f"{name}.ndjson", as_ndjson(request.getfixturevalue(name)))


@pytest.mark.parametrize("name", ["ordinary", "hostile", "empty"])
def test_json_is_read_back_through_its_model(name: str, request: pytest.FixtureRequest) -> None:
    report = request.getfixturevalue(name)
    assert ReportDocument.of(report) == ReportDocument.model_validate_json(as_json(report))


@pytest.mark.parametrize("name", ["ordinary", "hostile", "empty"])
def test_ndjson_is_a_finding_a_line_and_the_coverage_last(name: str, request: pytest.FixtureRequest) -> None:
    report = request.getfixturevalue(name)
    *findings, coverage = as_ndjson(report).splitlines()
    assert [FindingDocument.of(finding) for finding in report.findings] == [
        FindingDocument.model_validate_json(line) for line in findings
    ]
    assert CoverageDocument.of(report) == CoverageDocument.model_validate_json(coverage)


@pytest.mark.parametrize("write", [as_json, as_ndjson], ids=["json", "ndjson"])
def test_json_is_printable_ascii(write: Callable[[Report], str], hostile: Report) -> None:
    text = write(hostile).replace("\n", "")
    assert text.isascii()
    assert text.isprintable()


def test_json_changes_no_data_but_half_surrogates(hostile: Report) -> None:
    finding = json.loads(as_json(hostile))["findings"][0]
    assert hostile.findings[0].title.replace("\ud800", "\ufffd") == finding["title"]


def test_delete_is_escaped_though_it_is_ascii(hostile: Report) -> None:
    error = hostile.errors[0]
    report = Report(0, 0, None, None, (), (), (type(error)("rule", "\x7f", "m"),))
    assert r'"source": "\u007f"' in as_json(report)


def test_the_keys_of_a_report_are_those_promised_in_that_order(ordinary: Report) -> None:
    document = json.loads(as_json(ordinary))
    finding, source = document["findings"][0], document["sources"][1]
    keys = {
        "report": "schema logscan started_at finished_at range summary findings sources errors",
        "range": "since until",
        "summary": "findings by_severity sources incomplete lines bytes gaps",
        "by_severity": "critical high medium low info",
        "finding": "schema fingerprint state rule severity title count first_seen last_seen service container containers"
        " fields samples related why advice references",
        "rule": "id title file",
        "service": "project name",
        "container": "id name image image_id host",
        "share": "id name host count",
        "sample": "time stream line truncated before after",
        "related": "container time stream line",
        "source": "container status reason lines bytes truncated untimed first_seen last_seen driver read format"
        " identity gaps",
        "source's container": "id name image image_id host",
        "gap": "from to reason",
        "error": "kind source message help",
    }
    printed = {
        "report": document,
        "range": document["range"],
        "summary": document["summary"],
        "by_severity": document["summary"]["by_severity"],
        "finding": finding,
        "rule": finding["rule"],
        "service": finding["service"],
        "container": finding["container"],
        "share": finding["containers"][0],
        "sample": finding["samples"][0],
        "related": finding["related"][0],
        "source": source,
        "source's container": source["container"],
        "gap": source["gaps"][0],
        "error": document["errors"][0],
    }
    assert keys == {name: " ".join(value) for name, value in printed.items()}


def test_the_summary_counts_what_the_report_holds(ordinary: Report) -> None:
    expected = {
        "findings": 2,
        "by_severity": {"critical": 1, "high": 0, "medium": 0, "low": 1, "info": 0},
        "sources": 3,
        "incomplete": 2,
        "lines": 1234,
        "bytes": 45_678,
        "gaps": 1,
    }
    assert expected == json.loads(as_json(ordinary))["summary"]


def test_there_is_a_schema_for_each_document_and_it_names_every_key(ordinary: Report) -> None:
    expected = ["logscan.report/v1", "logscan.finding/v1", "logscan.coverage/v1", "logscan.event/v1"]
    assert expected == list(schemas())
    document = json.loads(as_json(ordinary))
    schema = schemas()["logscan.report/v1"]
    assert list(document) == list(schema["properties"]) == schema["required"]


def test_the_schemas_are_the_golden_file(golden: Golden) -> None:
    golden("schemas.json", json.dumps(schemas(), indent=2) + "\n")
