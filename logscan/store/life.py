"""Life: how a finding stands: new, ongoing, resolved, or back again.

Owns what makes a finding change its standing, and how the standing is worded. Does not own when a finding has
been quiet for long enough (the store's `overdue`), nor any clock: moments are nanoseconds that come in.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from logscan.duration import UNITS_NS

FRESH_NS: Final = UNITS_NS["d"]
"""For so long a finding is called new after it was opened, and regressed after it came back."""


class Life(StrEnum):
    """How a finding stands at a moment."""

    NEW = "new"
    ONGOING = "ongoing"
    RESOLVED = "resolved"
    REGRESSED = "regressed"


@dataclass(frozen=True, slots=True)
class Standing:
    """When a finding was opened, when it was resolved if it is, and when it last came back if it ever did."""

    opened_ns: int
    resolved_ns: int | None = None
    regressed_ns: int | None = None

    def seen(self, at_ns: int) -> Self:
        """Give the standing after the finding was told at `at_ns`: what was resolved has come back."""
        return self if self.resolved_ns is None else type(self)(self.opened_ns, None, at_ns)

    def resolved(self, at_ns: int) -> Self:
        """Give the standing after the finding was called resolved at `at_ns`."""
        return type(self)(self.opened_ns, at_ns, self.regressed_ns) if self.resolved_ns is None else self

    def life(self, now_ns: int) -> Life:
        """Word the standing as of `now_ns`."""
        if self.resolved_ns is not None:
            return Life.RESOLVED
        if self.regressed_ns is not None:
            return Life.REGRESSED if now_ns - self.regressed_ns < FRESH_NS else Life.ONGOING
        return Life.NEW if now_ns - self.opened_ns < FRESH_NS else Life.ONGOING
