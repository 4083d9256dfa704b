"""A finding as a block for people: how bad, what, where, how often, the evidence, what to do.

Owns the order and the style of its parts. Does not own their words (`wording`), nor how they are fitted
(`terminal`).
"""

from __future__ import annotations

from rich.text import Text

from logscan.finding import Finding, Severity
from logscan.sinks import wording
from logscan.sinks.terminal import INDENT, Terminal, foreign

RELATED = 3
"""So many related lines a finding shows, or as many as samples where that is more."""

BADGES = {
    Severity.CRITICAL: "bold white on red",
    Severity.HIGH: "bold red",
    Severity.MEDIUM: "bold yellow",
    Severity.LOW: "bold cyan",
    Severity.INFO: "bold",
}


class FindingText:
    """Prints findings. The advice of a rule is given once.

    `samples`: lines of evidence each, at most; `several_hosts`: say on which one it is.
    """

    def __init__(self, terminal: Terminal, *, samples: int, several_hosts: bool = False) -> None:
        self._terminal = terminal
        self._samples = samples
        self._several_hosts = several_hosts
        self._advised: set[str] = set()

    def whole(self, finding: Finding, happened: str = "") -> None:
        """Print all of it. `happened`: a word for what happened to it just now."""
        self.head(finding, happened)
        self.evidence(finding)
        if finding.advice:
            advice = "as above" if finding.rule_id in self._advised else finding.advice
            self._terminal.line(Text.assemble(("What to do: ", "bold"), foreign(advice)), INDENT)
            self._advised.add(finding.rule_id)

    def head(self, finding: Finding, happened: str = "") -> None:
        """Print what it is and where."""
        badge = str(finding.severity).upper(), BADGES[finding.severity]
        title = f"{happened}: {finding.title}" if happened else finding.title
        self._terminal.line(Text.assemble(badge, "  ", foreign(title, "bold")))
        # It is what one searches, copies and mutes by.
        self._terminal.whole(foreign(INDENT + finding.rule_id, "dim"))
        place = wording.place(finding)
        if self._several_hosts:
            place = wording.on_host(place, finding.container.host)
        facts = (place, wording.occurrences(finding.count), wording.when(finding))
        self._terminal.line(foreign(", ".join(facts)), INDENT)

    def evidence(self, finding: Finding) -> None:
        for sample in finding.samples[: self._samples]:
            self._terminal.sample(sample)
        for related in finding.related[: max(self._samples, RELATED)]:
            self._terminal.one_line(wording.meanwhile(related))
