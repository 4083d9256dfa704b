"""The report for a terminal, to be read at a glance: worst first, and at the end what was read.

Owns layout and colour. Does not own whether there is colour, how wide the terminal is (the caller
knows), or the shared phrases (`wording`). Every foreign string passes `safe_text` and becomes a
`rich.text.Text`, never markup. Lines of a log stand behind a bar, so none can pass for ours.
"""

from __future__ import annotations

from typing import TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from logscan.finding import Finding, Report, Sample, Severity
from logscan.safe_text import safe_text
from logscan.sinks import wording

_MIN_WIDTH = 20
_INDENT = "  "
_BAR = "  │ "
_RELATED = 3
"""So many related lines a finding shows, or as many as samples where that is more."""
_BADGES = {
    Severity.CRITICAL: "bold white on red",
    Severity.HIGH: "bold red",
    Severity.MEDIUM: "bold yellow",
    Severity.LOW: "bold cyan",
    Severity.INFO: "bold",
}


class TextSink:
    """Prints for people: no line is wider than `width` cells but those with a rule's id.

    `samples`: how many lines of evidence each finding shows, at most.
    """

    def __init__(self, out: TextIO, *, width: int, color: bool, samples: int = 1) -> None:
        self._width = max(width, _MIN_WIDTH)
        self._samples = samples
        self._advised: set[str] = set()
        self._console = Console(
            file=out,
            width=self._width,
            force_terminal=color,
            color_system="standard" if color else None,
            no_color=not color,
            markup=False,
            highlight=False,
            emoji=False,
            legacy_windows=False,
        )

    def emit(self, report: Report) -> None:
        for finding in report.findings:
            self._finding(finding)
        self._line(Text(wording.summary(report), style="bold"))
        self._coverage(report)
        self._errors(report)

    def _finding(self, finding: Finding) -> None:
        badge = str(finding.severity).upper(), _BADGES[finding.severity]
        self._line(Text.assemble(badge, "  ", _foreign(finding.title, "bold")))
        # Never wrapped or cut: it is what one searches, copies and mutes by.
        self._console.print(_foreign(_INDENT + finding.rule_id, "dim"), soft_wrap=True)
        facts = (wording.place(finding), wording.occurrences(finding.count), wording.when(finding))
        self._line(_foreign(", ".join(facts)), _INDENT)
        for sample in finding.samples[: self._samples]:
            self._sample(sample)
        for related in finding.related[: max(self._samples, _RELATED)]:
            # One line of ours, never wrapped: what is foreign in it never begins one.
            text = _cut(_flat(wording.meanwhile(related)), self._width - len(_INDENT), 0, 0)
            self._console.print(Text(_INDENT + text), no_wrap=True, overflow="ellipsis")
        if finding.advice:
            advice = "as above" if finding.rule_id in self._advised else finding.advice
            self._line(Text.assemble(("What to do: ", "bold"), _foreign(advice)), _INDENT)
            self._advised.add(finding.rule_id)
        self._console.print()

    def _sample(self, sample: Sample) -> None:
        for line in sample.before:
            self._evidence(_flat(line), style="dim")
        begin = 0
        for line in sample.line.split("\n"):
            start, end = (len(_flat(line[: max(place - begin, 0)])) for place in (sample.start, sample.end))
            self._evidence(_flat(line), start, end)
            begin += len(line) + 1
        for line in sample.after:
            self._evidence(_flat(line), style="dim")

    def _evidence(self, line: str, start: int = 0, end: int = 0, style: str = "") -> None:
        room = self._width - cell_len(_BAR)
        text = Text.assemble((_BAR, "dim"), (_cut(line, room, start, end), style))
        self._console.print(text, no_wrap=True, overflow="ellipsis")

    def _coverage(self, report: Report) -> None:
        self._line(Text(wording.coverage(report)))
        for source in report.sources:
            for word, known in wording.shortfalls(source):
                shortfall = _foreign(f"{source.container.name}: {known}")
                self._line(Text.assemble((f"{word}: ", "yellow"), shortfall), _INDENT)

    def _errors(self, report: Report) -> None:
        """Print the errors; of one that the coverage has told already, what can be done."""
        told = {(source.container.name, source.reason) for source in report.sources}
        for error in report.errors:
            if (error.source, error.message) not in told:
                self._line(Text.assemble(("error: ", "red"), _foreign(f"{error.source}: {error.message}")))
        for help_ in dict.fromkeys(error.help for error in report.errors if error.help):
            self._line(Text.assemble(("help: ", "bold"), _foreign(help_)))

    def _line(self, text: Text, indent: str = "") -> None:
        """Print one paragraph of ours, wrapped; what is wrapped is indented once more."""
        room = self._width - len(indent) - len(_INDENT)
        for number, line in enumerate(text.wrap(self._console, room, overflow="fold")):
            line.rstrip()
            start = indent if number == 0 else indent + _INDENT
            self._console.print(Text(start).append_text(line), no_wrap=True, overflow="ignore", crop=False)


def _flat(text: str) -> str:
    # A tab is as wide as the terminal likes, so no line with one could be fitted.
    return safe_text(text).replace("\t", "    ")


def _foreign(text: str, style: str = "") -> Text:
    return Text(_flat(text), style=style)


def _cut(line: str, room: int, start: int, end: int) -> str:
    """Cut a line to `room` cells, from its head if the match fits in, else so that it begins within."""
    if cell_len(line) <= room:
        return line
    if cell_len(line[:end]) >= room:
        lead = min(start, room // 3)
        line = "…" + line[start - lead + 1 :] if start > lead else line
    text = Text(line)
    text.truncate(room, overflow="ellipsis")
    return text.plain
