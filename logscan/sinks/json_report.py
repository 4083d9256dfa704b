"""The report as one JSON document, laid out for reading; the shapes are in `document`."""

from __future__ import annotations

from typing import TextIO

from logscan.finding import Report
from logscan.sinks.document import ReportDocument, to_json


class JsonSink:
    """Prints one document."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def emit(self, report: Report) -> None:
        self._out.write(to_json(ReportDocument.of(report), indent=2) + "\n")
