"""Evidence: why a line counts as a hit."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, Protocol

from logscan.matching.views import LineView

NO_GROUPS: Mapping[str, str] = MappingProxyType({})


class Evidence(NamedTuple):
    """Where in the line's text a test held (0, 0 when it was not there), and its named groups."""

    start: int = 0
    end: int = 0
    groups: Mapping[str, str] = NO_GROUPS

    def joined(self, other: Evidence) -> Evidence:
        """Keep the first place that is known, and of a repeated group the first value."""
        if self is ELSEWHERE:
            return other
        place = self if self.end else other
        groups = {**other.groups, **self.groups} if other.groups else self.groups
        return Evidence(place.start, place.end, groups)


ELSEWHERE = Evidence()
"""The test held, but at no place in the text of the line: in a decoded message or a field."""


class Test(Protocol):
    """A question to a line."""

    @property
    def captures(self) -> bool:
        """Whether evidence may carry named groups."""
        ...

    @property
    def searches(self) -> bool:
        """Whether a regular expression is involved, which may take long."""
        ...

    def find(self, view: LineView) -> Evidence | None:
        """Give the evidence, or None. Raises `TimeoutError` when a search takes too long."""
        ...
