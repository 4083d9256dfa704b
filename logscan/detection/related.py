"""Related: lines of other containers, from about the time of a finding's hits, that may tell the cause.

Owns which of them are kept and which finding they stand by. Does not own which lines are asked for
(matching), nor the hits. What a scan keeps is bounded, and chosen by hash, so that it doesn't matter
which container was read first. What a stream keeps is in `neighbours`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from heapq import merge, nsmallest
from itertools import islice, takewhile
from typing import NamedTuple

from logscan.batch import Container
from logscan.detection.draw import Draw
from logscan.detection.event import exhibit
from logscan.finding import RelatedLine
from logscan.matching.hit import Hit

MAX_KEPT = 5_000
"""So many lines are kept for each rule that asks for them."""

MAX_SHOWN = 10
"""So many lines stand by one finding."""

MAX_MOMENTS = 1_000
"""For so many hits of a finding related lines are looked for."""

Moment = tuple[int, Container]
"""When a hit was, and in which container."""

_Placed = tuple[int, Hit]


class NearLine(NamedTuple):
    """A line that stands by a finding, how far it is from the nearest hit, and a number that names it."""

    distance_ns: int
    number: int
    line: RelatedLine


def nearest(lines: Iterable[NearLine]) -> list[NearLine]:
    """Give those that are shown of these lines, each once, nearest first."""
    by_number: dict[int, NearLine] = {}
    for line in lines:
        known = by_number.get(line.number)
        if known is None or line.distance_ns < known.distance_ns:
            by_number[line.number] = line
    return nsmallest(MAX_SHOWN, by_number.values(), key=_near_order)


def _near_order(near: NearLine) -> tuple[int, int, str, str, str]:
    line = near.line
    return near.distance_ns, line.time_ns, line.container.key, line.stream, line.line


class RelatedLines:
    """Keeps the lines that rules ask for, and finds those near a finding's hits."""

    def __init__(self) -> None:
        self._drawn: dict[str, Draw[_Placed]] = {}

    def add(self, hit: Hit) -> None:
        """Keep a line that the `related` of its rule asks for. One without a time is near to nothing."""
        line = hit.line
        if line.time_ns is None:
            return
        drawn = self._drawn.setdefault(hit.rule.id, Draw(MAX_KEPT))
        drawn.add(f"{line.time_ns} {line.container.key} {line.stream} {line.text}", (line.time_ns, hit))

    def near(self, rule_id: str, moments: Iterable[Moment], within_ns: int) -> tuple[RelatedLine, ...]:
        """Give the lines nearest to any of the hits, nearest first."""
        if rule_id not in self._drawn:
            return ()
        placed = sorted(self._drawn[rule_id], key=_order)
        nearest: dict[int, tuple[int, _Placed]] = {}
        for time_ns, container in moments:
            for one in islice(_around(placed, time_ns, container, within_ns), MAX_SHOWN):
                distance = abs(one[0] - time_ns)
                known = nearest.get(id(one))
                if known is None or distance < known[0]:
                    nearest[id(one)] = distance, one
        chosen = nsmallest(MAX_SHOWN, nearest.values(), key=lambda entry: (entry[0], *_order(entry[1])))
        return tuple(shown(hit) for _, (_, hit) in chosen)


def _order(placed: _Placed) -> tuple[int, str, str, str]:
    time_ns, hit = placed
    return time_ns, hit.line.container.key, hit.line.stream, hit.line.text


def _around(placed: list[_Placed], time_ns: int, container: Container, within_ns: int) -> Iterator[_Placed]:
    """Walk from a hit both ways through the lines of its neighbours, nearest first."""
    middle = bisect_left(placed, time_ns, key=lambda one: one[0])
    earlier = (placed[index] for index in range(middle - 1, -1, -1))
    later = (placed[index] for index in range(middle, len(placed)))
    by_distance = merge(earlier, later, key=lambda one: abs(one[0] - time_ns))
    near = takewhile(lambda one: abs(one[0] - time_ns) <= within_ns, by_distance)
    return (one for one in near if are_neighbours(one[1].line.container, container))


def are_neighbours(one: Container, other: Container) -> bool:
    """Tell whether two containers are different ones of a project, or of a host where none has a project."""
    if one.key == other.key or one.service.project != other.service.project:
        return False
    return one.service.project is not None or one.host == other.host


def shown(hit: Hit) -> RelatedLine:
    """Make of a line what is shown of it."""
    sample = exhibit(hit, (), ()).sample()
    container = hit.line.container
    assert sample.time_ns is not None  # noqa: S101 - for the type checker: only lines with a time are kept
    return RelatedLine(container, sample.time_ns, sample.stream, sample.line)
