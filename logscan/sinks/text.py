"""The report for a terminal, to be read at a glance: worst first, and at the end what was read.

Owns what stands in it, and in which order. Does not own whether there is colour, how wide the terminal is (the
caller knows), how text is fitted and made safe (`terminal`), or the shared phrases (`wording`).
"""

from __future__ import annotations

from typing import TextIO

from rich.text import Text

from logscan.finding import Report
from logscan.sinks import wording
from logscan.sinks.finding_text import FindingText
from logscan.sinks.terminal import INDENT, Terminal, foreign


class TextSink:
    """Prints for people: no line is wider than `width` cells but those with a rule's id.

    `samples`: how many lines of evidence each finding shows, at most.
    """

    def __init__(self, out: TextIO, *, width: int, color: bool, samples: int = 1) -> None:
        self._terminal = Terminal(out, width=width, color=color)
        self._samples = samples

    def emit(self, report: Report) -> None:
        hosts = {source.container.host for source in report.sources if source.container.host}
        findings = FindingText(self._terminal, samples=self._samples, several_hosts=len(hosts) > 1)
        for finding in report.findings:
            findings.whole(finding)
            self._terminal.blank()
        self._terminal.line(Text(wording.summary(report), style="bold"))
        self._coverage(report)
        self._errors(report)

    def _coverage(self, report: Report) -> None:
        self._terminal.line(Text(wording.coverage(report)))
        for source in report.sources:
            for word, known in wording.shortfalls(source):
                shortfall = foreign(f"{source.container.name}: {known}")
                self._terminal.line(Text.assemble((f"{word}: ", "yellow"), shortfall), INDENT)

    def _errors(self, report: Report) -> None:
        """Print the errors; of one that the coverage has told already, what can be done."""
        told = {(source.container.name, source.reason) for source in report.sources}
        for error in report.errors:
            if (error.source, error.message) not in told:
                self._terminal.line(Text.assemble(("error: ", "red"), foreign(f"{error.source}: {error.message}")))
        for help_ in dict.fromkeys(error.help for error in report.errors if error.help):
            self._terminal.line(Text.assemble(("help: ", "bold"), foreign(help_)))
