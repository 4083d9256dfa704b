"""The report as lines of JSON: a finding each, then the coverage.

The coverage comes last and always, so a reader that has seen it knows that nothing was cut off.
"""

from __future__ import annotations

from typing import TextIO

from logscan.finding import Report
from logscan.sinks.document import CoverageDocument, FindingDocument, to_json


class NdjsonSink:
    """Prints one document a line."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def emit(self, report: Report) -> None:
        for finding in report.findings:
            self._out.write(to_json(FindingDocument.of(finding)) + "\n")
        self._out.write(to_json(CoverageDocument.of(report)) + "\n")
