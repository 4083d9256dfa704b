"""Rule warning: something doubtful that keeps no rule from loading.

Owns its shape alone, apart from lint: whoever loads rules may have one to give, and a scan should not
wait for all the checks that it never runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Weight(StrEnum):
    """A warning should be mended; a note may be right as it is."""

    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class RuleWarning:
    """Something doubtful about one rule, or about one change to a rule; `line` is where it begins, from 1."""

    path: str
    line: int
    message: str
    help: str
    weight: Weight = Weight.WARNING

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.weight}: {self.message}\n  help: {self.help}"
