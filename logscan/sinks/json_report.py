"""The report as one JSON document, laid out for reading; the shapes are in `document`.

A finding is written when it is its turn: ten thousand of them as documents take more memory than the scan did.
"""

from __future__ import annotations

from typing import TextIO

from logscan.finding import Report
from logscan.sinks.document import FindingDocument, ReportDocument, to_json

_INDENT = 2
_PLACE = '"findings": ['


class JsonSink:
    """Prints one document."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def emit(self, report: Report) -> None:
        frame = to_json(ReportDocument.of(report, findings=()), indent=_INDENT)
        before, place, behind = frame.partition(f"\n{' ' * _INDENT}{_PLACE}")
        self._out.write(before + place)
        separator = ""
        for finding in report.findings:
            text = to_json(FindingDocument.of(finding), indent=_INDENT)
            self._out.write(separator + f"\n{text}".replace("\n", "\n" + 2 * _INDENT * " "))
            separator = ","
        self._out.write(f"\n{' ' * _INDENT}" if separator else "")
        self._out.write(behind + "\n")
