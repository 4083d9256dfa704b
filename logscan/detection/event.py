"""Event: a hit with its place in time. What the windows are fed, and what a finding counts.

Most events are one line. A sequence of hits, or a silence, is an event too: its hit belongs to the
rule that found it, and the lines that show it are its parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from logscan.detection.sampler import Exhibit
from logscan.matching.hit import Hit

CONTAINER = "container"
"""The name under which a rule may group and count by the container's name."""


@dataclass(frozen=True, slots=True)
class Event:
    """A hit, the lines around it, and the moment at which it counts (its own, or one borrowed).

    `parts` are the events that it is made of, None for a plain line; `began_ns` is when the first of
    several began.
    """

    hit: Hit
    counts_at_ns: int
    before: Sequence[str] = ()
    after: Sequence[str] = ()
    parts: tuple[Event, ...] | None = None
    began_ns: int | None = None

    def exhibits(self) -> tuple[Exhibit, ...]:
        """Give the lines that may be shown for it."""
        if self.parts is None:
            return (exhibit(self.hit, self.before, self.after),)
        return tuple(shown for part in self.parts for shown in part.exhibits())


def exhibit(hit: Hit, before: Sequence[str], after: Sequence[str]) -> Exhibit:
    return Exhibit(hit.line, hit.start, hit.end, before, after, hit.continued)


def field_value(hit: Hit, name: str) -> str | None:
    """Give the raw value of a field, or of the container's name; None when there is none."""
    return hit.line.container.name if name == CONTAINER else hit.fields.get(name)
