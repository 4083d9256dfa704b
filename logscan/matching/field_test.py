"""Field tests: what a rule asks of one key of a JSON or logfmt line.

Owns comparing: numbers as numbers, words without regard to case unless the rule says so. A line
without any keys cannot answer, which counts as "does not hold". Does not own reading the keys
(fields).
"""

from __future__ import annotations

from dataclasses import dataclass

from logscan.matching import fields
from logscan.matching.evidence import ELSEWHERE, Evidence
from logscan.matching.search import named_groups, search
from logscan.matching.views import LineView, fold
from logscan.ruleset import model
from logscan.ruleset.pattern import LazyPattern

Scalar = str | float | bool | None


@dataclass(frozen=True, slots=True)
class FieldTest:
    """All that is asked of the key must hold; of each of the `choices`, one value."""

    asked: model.FieldTest
    choices: tuple[tuple[Scalar, ...], ...]
    pattern: LazyPattern | None

    @classmethod
    def of(cls, asked: model.FieldTest) -> FieldTest:
        choices: list[tuple[Scalar, ...]] = []
        if "equals" in asked.model_fields_set:
            choices.append((asked.equals,))
        if asked.in_ is not None:
            choices.append(asked.in_)
        pattern = LazyPattern(asked.regex, sensitive=asked.case == "sensitive") if asked.regex else None
        return cls(asked, tuple(choices), pattern)

    @property
    def captures(self) -> bool:
        return self.pattern is not None and self.pattern.has_names

    @property
    def searches(self) -> bool:
        return self.pattern is not None

    def find(self, view: LineView) -> Evidence | None:
        if not view.has_fields:
            return None
        present = view.field(self.asked.field) is not fields.MISSING
        if not present or self.asked.exists is False:
            return ELSEWHERE if not present and self._asks_only_for_absence() else None
        if not self._asks_for_value():
            return ELSEWHERE
        text = view.field_text(self.asked.field)
        if text is None or not self._fits(text):
            return None
        return self._searched(text)

    def _asks_for_value(self) -> bool:
        bounds = self.asked.gte is not None or self.asked.lte is not None
        return bool(self.choices) or self.pattern is not None or bounds

    def _asks_only_for_absence(self) -> bool:
        return self.asked.exists is False and not self._asks_for_value()

    def _fits(self, text: str) -> bool:
        sensitive = self.asked.case == "sensitive"
        return all(
            any(_is(value, text, sensitive=sensitive) for value in values) for values in self.choices
        ) and _within(text, self.asked.gte, self.asked.lte)

    def _searched(self, text: str) -> Evidence | None:
        if self.pattern is None:
            return ELSEWHERE
        match = search(self.pattern, text)
        return None if match is None else Evidence(groups=named_groups(match))


def _is(value: Scalar, text: str, *, sensitive: bool) -> bool:
    if value is None:
        return text == "null"
    if isinstance(value, bool):
        return fold(text) == ("true" if value else "false")
    if isinstance(value, str):
        return text == value if sensitive else fold(text) == fold(value)
    return fields.number(text) == value


def _within(text: str, least: float | None, most: float | None) -> bool:
    if least is None and most is None:
        return True
    value = fields.number(text)
    return value is not None and (least is None or value >= least) and (most is None or value <= most)
