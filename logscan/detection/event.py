"""Event: a hit with its place in time. What the windows are fed, and what a finding counts.

Most events are one line. A sequence of hits, or a silence, is an event too: its hit belongs to the
rule that found it, and the lines that show it are its parts. An event that was kept over a restart has
lost its text: what it may still be asked for was taken from it before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

from logscan.detection.sampler import Exhibit, Shown
from logscan.matching.hit import Hit

CONTAINER = "container"
"""The name under which a rule may group and count by the container's name."""

DIGEST_BYTES = 16


class Message(NamedTuple):
    """What a line says and on which side, for its twin on the other. `redacted`: its secrets are gone already."""

    side: str
    text: str
    redacted: bool = False


class Remains(NamedTuple):
    """What stays of an event whose text is gone: its evidence, the digest of the value that counts, its message."""

    shown: Shown
    value: bytes | None
    message: Message | None


@dataclass(frozen=True, slots=True)
class Event:
    """A hit, the lines around it, and the moment at which it counts (its own, or one borrowed).

    `parts` are the events that it is made of, None for a plain line; `began_ns` is when the first of
    several began. With `remains`, the hit has its fields redacted, and no text.
    """

    hit: Hit
    counts_at_ns: int
    before: Sequence[str] = ()
    after: Sequence[str] = ()
    parts: tuple[Event, ...] | None = None
    began_ns: int | None = None
    remains: Remains | None = None

    def exhibits(self) -> tuple[Exhibit | Shown, ...]:
        """Give the lines that may be shown for it."""
        if self.parts is not None:
            return tuple(shown for part in self.parts for shown in part.exhibits())
        if self.remains is not None:
            return (self.remains.shown,)
        return (exhibit(self.hit, self.before, self.after),)

    def shown(self) -> Shown:
        """Give the evidence of a plain line, redacted."""
        return exhibit(self.hit, self.before, self.after).shown() if self.remains is None else self.remains.shown

    def value(self, name: str) -> bytes | None:
        """Give the digest of a field's value, which may be long and may be secret; None when there is none."""
        if self.remains is not None:
            return self.remains.value
        value = field_value(self.hit, name)
        if value is None:
            return None
        return blake2b(value.encode("utf-8", "surrogatepass"), digest_size=DIGEST_BYTES).digest()


def exhibit(hit: Hit, before: Sequence[str] = (), after: Sequence[str] = ()) -> Exhibit:
    return Exhibit(hit.line, hit.start, hit.end, before, after, hit.continued)


def field_value(hit: Hit, name: str) -> str | None:
    """Give the raw value of a field, or of the container's name; None when there is none."""
    return hit.line.container.name if name == CONTAINER else hit.fields.get(name)
