"""Crowd: the hits of one rule in one batch, which only have to be counted, in the order of the log.

Owns what is known of each, and which of what was found in a batch may be counted in this way. Lines and hits are made
of the few that somebody asks for: to make one takes longer than to find it. Does not own counting (tally), nor which
lines are shown (sampler).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from logscan.batch import Batch, Container, Line, Stream
from logscan.detection.sampler import checksum
from logscan.framing.time_range import TimeRange
from logscan.matching.hit import Hit, Sighting
from logscan.ruleset.model import Rule

HitOf = Callable[[Sighting, Line], Hit]
"""Makes a hit of a sighting and its line."""


@dataclass(slots=True)
class Crowd:
    """Hits of one rule. Of each: its time (nanoseconds since the epoch), its stream, and its text."""

    rule: Rule
    _container: Container
    _hit_of: HitOf
    times: list[int] = field(default_factory=list)
    streams: list[Stream] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    members: list[Hit | Sighting] = field(default_factory=list)

    def checksums(self) -> list[int]:
        """Give the number of each by which lines are drawn to be shown."""
        return list(map(checksum, self.times, self.texts))

    def hit(self, number: int) -> Hit:
        """Give one of the hits."""
        one = self.members[number]
        if isinstance(one, Hit):
            return one
        return self._hit_of(one, Line(self.texts[number], self.times[number], self.streams[number], self._container))


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was found in one batch: crowds, and hits that go another way. `last_ns`: the time of the last of all."""

    crowds: Collection[Crowd]
    hits: list[Hit]
    last_ns: int | None


def gather(
    batch: Batch, found: Iterable[Hit | Sighting], counted: Collection[Rule], wanted: TimeRange, hit_of: HitOf
) -> Gathered | None:
    """Bring together what was found within the `wanted` times; None where something has no time, for order counts then.

    What is found of rules that are `counted` has to be in the order of the log.
    """
    crowds: dict[Rule, Crowd] = {}
    hits: list[Hit] = []
    last_ns: int | None = None
    start = -1
    located: tuple[int | None, Stream, str] = None, Stream.UNKNOWN, ""  # of the last sighting's line
    bounded = not wanted.holds_all
    locate, said, text = batch.index.locate, batch.index.said, batch.text
    for one in found:
        if isinstance(one, Hit):
            time_ns, stream, line = one.line.time_ns, one.line.stream, one.line.text
        else:
            if one.start != start:
                start = one.start
                located = *locate(text, start, one.end), said(text, start, one.end)
            time_ns, stream, line = located
        if time_ns is None:
            return None
        if bounded and not wanted.holds(time_ns):
            continue
        if isinstance(one, Hit) and one.rule not in counted:
            hits.append(one)
            last_ns = last_ns if one.aside else time_ns
            continue
        crowd = crowds.get(one.rule)
        if crowd is None:
            crowd = crowds[one.rule] = Crowd(one.rule, batch.container, hit_of)
        crowd.times.append(time_ns)
        crowd.streams.append(stream)
        crowd.texts.append(line)
        crowd.members.append(one)
        last_ns = time_ns
    return Gathered(crowds.values(), hits, last_ns)
