"""Explain: what one rule makes of one line, step by step, and why it did not fire.

Owns the words and the tree of steps for whoever writes a rule; `explain` never decides anything that
scanning decides elsewhere. Does not own how it is printed, nor windows: it looks at one line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from logscan.ruleset.model import Rule


class Outcome(StrEnum):
    """How a step ended. A field test on a line without fields is not evaluable, which does not hold either."""

    HELD = "held"
    FAILED = "failed"
    NOT_EVALUABLE = "not evaluable"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Step:
    """One question: `what` was asked, how it ended, the values that were looked at, and its parts.

    `what` is written as in a rule file (`contains: disk full`); `detail` says where it held or what
    stood there instead. A step is `SKIPPED` when its answer no longer mattered.
    """

    what: str
    outcome: Outcome
    detail: str = ""
    parts: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """What `rule` makes of a line, in the order in which a scan asks.

    `container`: the parts of its `where`, those of an override too. `literals`: the texts of which one
    must stand in a line; none means that every line is asked about. `passed_prefilter`: whether one
    does. `fields`: what a hit would take along. `reason`: one sentence, why it fired or did not.
    """

    rule: Rule
    container: tuple[Step, ...]
    literals: tuple[str, ...]
    passed_prefilter: bool
    match: Step
    fields: Mapping[str, str]
    fired: bool
    reason: str
