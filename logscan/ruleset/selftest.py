"""Run the tests that rules carry: the lines that they must match, and those that they must leave alone.

Owns which lines are tried and how a failure reads. Does not own matching, which comes as an argument,
so that rules are judged by the very matcher that reads the logs; windows and `where` take no part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar, Literal

from logscan.ruleset.model import Rule


@dataclass(frozen=True, slots=True)
class TestFailure:
    """A test line of `rule` that was judged wrongly; `kind` is the list that `line` stands in."""

    __test__: ClassVar[bool] = False  # its name makes pytest take it for tests

    rule: Rule
    kind: Literal["match", "ignore"]
    line: str

    def __str__(self) -> str:
        fault = "does not match" if self.kind == "match" else "does not ignore"
        return f"{self.rule.path}:{self.rule.line}: {self.rule.id} {fault} {self.line!r}"


def run_tests(rules: Iterable[Rule], matches: Callable[[Rule, str], bool]) -> list[TestFailure]:
    """Give the test lines that `matches` judges otherwise than the rule says, in the order they stand."""
    return [
        failure
        for rule in rules
        for failure in (
            *(TestFailure(rule, "match", line) for line in rule.model.tests.match if not matches(rule, line)),
            *(TestFailure(rule, "ignore", line) for line in rule.model.tests.ignore if matches(rule, line)),
        )
    ]
