"""Run the tests that rules carry: the lines that they must match, and those that they must leave alone.

Owns which lines are tried and how a failure reads. Does not own matching, which comes as an argument,
so that rules are judged by the very matcher that reads the logs; windows and `where` take no part
(scenarios play those).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Literal

from logscan.ruleset.model import Rule


class Verdict(StrEnum):
    """What a rule made of a line, in the words of a failure."""

    MATCH = "a match"
    NO_MATCH = "no match"
    TOO_SLOW = "nothing: its pattern took too long"


@dataclass(frozen=True, slots=True)
class TestFailure:
    """A test line of `rule` that was judged wrongly; `kind` is the list that `line` stands in."""

    __test__: ClassVar[bool] = False  # its name makes pytest take it for tests

    rule: Rule
    kind: Literal["match", "ignore"]
    line: str
    got: Verdict

    @property
    def expected(self) -> Verdict:
        return Verdict.MATCH if self.kind == "match" else Verdict.NO_MATCH

    def __str__(self) -> str:
        return (
            f"{self.rule.path}:{self.rule.line}: {self.rule.id} does not {self.kind} {self.line!r}\n"
            f"  expected: {self.expected}\n"
            f"  got:      {self.got}"
        )


def run_tests(rules: Iterable[Rule], matches: Callable[[Rule, str], bool]) -> list[TestFailure]:
    """Give the test lines that `matches` judges otherwise than the rule says, in the order they stand.

    `matches` may raise `TimeoutError`: a pattern that takes too long for its own tests fails them.
    """
    return [failure for rule in rules for failure in _failures(rule, matches)]


def _failures(rule: Rule, matches: Callable[[Rule, str], bool]) -> Iterator[TestFailure]:
    kinds: tuple[tuple[Literal["match", "ignore"], tuple[str, ...]], ...] = (
        ("match", rule.model.tests.match),
        ("ignore", rule.model.tests.ignore),
    )
    for kind, lines in kinds:
        for line in lines:
            failure = TestFailure(rule, kind, line, _verdict(rule, line, matches))
            if failure.got is not failure.expected:
                yield failure


def _verdict(rule: Rule, line: str, matches: Callable[[Rule, str], bool]) -> Verdict:
    try:
        return Verdict.MATCH if matches(rule, line) else Verdict.NO_MATCH
    except TimeoutError:
        return Verdict.TOO_SLOW
