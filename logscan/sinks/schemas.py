"""The JSON Schemas of what is printed, for programs that read it."""

from __future__ import annotations

from typing import Any

from logscan.sinks.document import (
    COVERAGE_SCHEMA,
    FINDING_SCHEMA,
    REPORT_SCHEMA,
    CoverageDocument,
    Document,
    FindingDocument,
    ReportDocument,
)
from logscan.sinks.event_document import EVENT_SCHEMA, EventDocument

DOCUMENTS: dict[str, type[Document]] = {
    REPORT_SCHEMA: ReportDocument,
    FINDING_SCHEMA: FindingDocument,
    COVERAGE_SCHEMA: CoverageDocument,
    EVENT_SCHEMA: EventDocument,
}


def schemas() -> dict[str, dict[str, Any]]:
    """Give them by the `schema` that each document carries."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return {name: dialect | model.model_json_schema() for name, model in DOCUMENTS.items()}
