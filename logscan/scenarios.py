"""Scenarios: run the lines that a rule carries with their times, and compare what is found.

Owns the play: who prints the lines, when it begins, and which findings count. Does not own how lines
become findings. A scenario is one more source of the pipeline, so rules are judged by the very path
that a scan takes, windows, `where` and joined lines with it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate

from logscan import pipeline
from logscan.batch import COMPOSE_PROJECT, COMPOSE_SERVICE, Batch, Container, Identity, Input, LineIndex, Stream
from logscan.detection.detector import Detector
from logscan.detection.in_order import combined_by
from logscan.finding import Coverage, Finding, ScanError
from logscan.framing.time_range import TimeRange
from logscan.matching.matcher import Matcher
from logscan.matching.where import gate
from logscan.ruleset.model import Expected, Rule, Scenario, ScenarioLine

START_NS = 1_764_547_200_000_000_000
"""When every scenario begins: 2025-12-01, 00:00 UTC."""

PROJECT = "scenario"
"""The compose project of all its containers, unless the rule's `where` asks for another."""

NOBODY = "container"
"""The name of a container that neither the line nor the rule names."""


@dataclass(frozen=True, slots=True)
class ScenarioFailure:
    """A scenario of `rule` that gave other findings than it says; `number` counts from 1."""

    rule: Rule
    number: int
    expected: tuple[Expected, ...] | int
    got: tuple[Finding, ...]

    def __str__(self) -> str:
        expected = self.expected if isinstance(self.expected, int) else [_wish(one) for one in self.expected]
        got = [f"{found.severity}, count {found.count}" for found in self.got]
        return (
            f"{self.rule.path}:{self.rule.line}: {self.rule.id}: scenario {self.number} failed\n"
            f"  expected: {_listed(expected)}\n"
            f"  got:      {_listed(got)}"
        )


def run_scenarios(rules: Sequence[Rule], beside: Sequence[Rule] = ()) -> list[ScenarioFailure]:
    """Give the scenarios of `rules` that end otherwise than they say, in the order in which they stand.

    All of `rules` and those `beside` them take part in each, since rules may speak of the hits of
    others, but only the findings of its own rule count.
    """
    cast = (*rules, *beside)
    by_id = {rule.id: rule for rule in cast}
    failures = []
    for rule in rules:
        for number, scenario in enumerate(rule.model.scenarios, start=1):
            found = play(scenario, rule, rules=cast, inputs=_inputs(rule, by_id))
            if not agrees(scenario.findings, found):
                failures.append(ScenarioFailure(rule, number, scenario.findings, found))
    return failures


def play(scenario: Scenario, rule: Rule, *, rules: Sequence[Rule], inputs: Sequence[Input]) -> tuple[Finding, ...]:
    """Let the lines of a scenario of `rule` happen, and give the findings of that rule."""
    last_ns = START_NS + max(line.at for line in scenario.lines)
    detector = Detector(rules, samples=1)
    source = ScenarioSource(scenario.lines, rule, inputs)
    pipeline.scan([source], Matcher(rules), detector, TimeRange(START_NS, last_ns))
    return tuple(found for found in detector.findings() if found.rule_id == rule.id)


def agrees(expected: Sequence[Expected] | int, found: Sequence[Finding]) -> bool:
    """Tell whether each finding is the one that somebody expected, in any order."""
    if isinstance(expected, int):
        return len(found) == expected
    fits = [[number for number, finding in enumerate(found) if _fits(one, finding)] for one in expected]
    return len(found) == len(expected) == _pairs(fits)


def _fits(expected: Expected, found: Finding) -> bool:
    return expected.severity in (None, found.severity) and expected.count in (None, found.count)


def _pairs(fits: Sequence[Sequence[int]]) -> int:
    """Count how many can have one of their `fits` each: taken ones are handed on, as long as that helps."""
    owner: dict[int, int] = {}

    def settle(wish: int, tried: set[int]) -> bool:
        for fit in fits[wish]:
            if fit not in tried:
                tried.add(fit)
                if fit not in owner or settle(owner[fit], tried):
                    owner[fit] = wish
                    return True
        return False

    return sum(settle(wish, set()) for wish in range(len(fits)))


def _inputs(rule: Rule, by_id: dict[str, Rule]) -> tuple[Input, ...]:
    """Tell what a rule's lines are: a rule that combines others may combine lines and events."""
    judges = [by_id[part] for part in combined_by(rule) if part in by_id] or [rule]
    return tuple(dict.fromkeys(Input(judge.model.input) for judge in judges))


class ScenarioSource:
    """The containers of one scenario of `rule`, each of which prints its lines in the order they stand."""

    def __init__(self, lines: Sequence[ScenarioLine], rule: Rule, inputs: Sequence[Input]) -> None:
        self._inputs = inputs
        self._lines: dict[Container, list[ScenarioLine]] = {}
        stage = _Stage(rule)
        for line in lines:
            self._lines.setdefault(stage.container(line.as_), []).append(line)
        self._coverage = {
            container: Coverage(container, None, "scenario", started_ns=START_NS) for container in self._lines
        }

    @property
    def coverage(self) -> Sequence[Coverage]:
        return list(self._coverage.values())

    @property
    def errors(self) -> Sequence[ScanError]:
        return ()

    def batches(self) -> Iterator[Batch]:
        for container, lines in self._lines.items():
            for kind in self._inputs:
                batch = _batch(container, lines, kind)
                self._coverage[container].count(batch)
                yield batch
            self._coverage[container].done = True


@dataclass(slots=True)
class _Stage:
    """The containers of one scenario, by the name that a line gives; all of one compose project."""

    rule: Rule
    _containers: dict[str | None, Container] = field(default_factory=dict)

    def container(self, name: str | None) -> Container:
        """Give the container of that name; for None one that the rule looks at."""
        if name not in self._containers:
            self._containers[name] = self._anyone() if name is None else self._container(name, image=name)
        return self._containers[name]

    def _anyone(self) -> Container:
        container = self._container(self._wanted("service") or NOBODY, image=self._wanted("image"))
        selected = all(gate(asked, container) for asked in (self.rule.where, self.rule.narrowed))
        return container if selected else replace(container, identity=Identity.UNKNOWN)

    def _container(self, name: str, *, image: str) -> Container:
        where = self.rule.where
        labels = dict(map(_label, where.label or ())) if where else {}
        labels |= {COMPOSE_PROJECT: self._wanted("project") or PROJECT, COMPOSE_SERVICE: name}
        return Container(f"scenario:{name}", name, image=image, labels=labels)

    def _wanted(self, key: str) -> str:
        """Give a name that the first glob under this key of `where` fits, "" when there is none."""
        globs = getattr(self.rule.where, key, None)
        return name_for(globs) if globs else ""


def name_for(globs: Sequence[str]) -> str:
    """Give a name that the first of `globs` fits, as far as it holds no character classes."""
    return globs[0].replace("*", "").replace("?", "x") or NOBODY


def _label(label: str) -> tuple[str, str]:
    key, _, value = label.partition("=")
    return key, name_for([value]) if value else ""


def _batch(container: Container, lines: Sequence[ScenarioLine], kind: Input) -> Batch:
    """Write the lines as a program does: text that goes over several is several lines of one moment."""
    printed = [(text.encode(), line) for line in lines for text in line.line.split("\n")]
    text = b"".join(data + b"\n" for data, _ in printed)
    starts = [0, *accumulate(len(data) + 1 for data, _ in printed)][:-1]
    times = [START_NS + line.at for line in lines]
    index = _Printed(starts, [line for _, line in printed])
    return Batch(container, text, len(printed), index, first_ns=min(times), last_ns=max(times), input=kind)


@dataclass(frozen=True, slots=True)
class _Printed(LineIndex):
    """Times and streams of a batch's lines; `starts` are the places at which they begin, rising."""

    starts: Sequence[int]
    lines: Sequence[ScenarioLine]

    def locate(self, text: bytes, start: int, end: int) -> tuple[int | None, Stream]:  # noqa: ARG002
        line = self.lines[bisect_left(self.starts, start)]
        return START_NS + line.at, Stream(line.stream)


def _wish(expected: Expected) -> str:
    severity = "any severity" if expected.severity is None else str(expected.severity)
    return severity if expected.count is None else f"{severity}, count {expected.count}"


def _listed(findings: Sequence[str] | int) -> str:
    """`2 findings`, `1 finding (high, count 3)`, `no finding`."""
    number = findings if isinstance(findings, int) else len(findings)
    words = f"{number or 'no'} finding{'' if number < 2 else 's'}"  # noqa: PLR2004 - the plural
    return words if isinstance(findings, int) or not findings else f"{words} ({'; '.join(findings)})"
