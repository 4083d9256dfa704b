"""Measures: what a command's runs amount to, beside those of another command.

Owns the quantities, medians with their spread, and whether a target was met. Ratios are taken
between runs of the same round, a moment apart: on a machine that others use too, both are slowed
alike, and only the ratio is worth keeping. Does not own how a run is measured, nor how a table looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from statistics import median

MEGABYTE = 1_000_000


class Quantity(Enum):
    """A column: its heading, and the format of its numbers."""

    WALL = "wall s", ".2f"
    RATIO = "ratio", ".2f"
    SPEED = "MB/s", ".0f"
    CPU = "CPU s", ".2f"
    ENGINE_CPU = "engine CPU s", ".2f"
    OF_ENGINE = "CPU / engine's", ".2f"
    PEAK = "peak MB", ".0f"

    @property
    def heading(self) -> str:
        return self.value[0]

    def write(self, number: float) -> str:
        return format(number, self.value[1])


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a command. `engine_seconds`: CPU that the Docker engine spent meanwhile, if it was asked."""

    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int
    engine_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some numbers, and the range they lie in."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, numbers: Iterable[float]) -> Spread:
        """Raises ValueError where there is no number."""
        ordered = sorted(numbers)
        return cls(median(ordered), ordered[0], ordered[-1])


Measures = Mapping[Quantity, Spread]


def measures(runs: Sequence[Run], first: Sequence[Run], size: int) -> Measures:
    """Give the quantities of `runs`, compared round by round with those of the contest's first command.

    `first` is empty where that command isn't installed, and there is no ratio then. `size`: bytes that
    each run went through, 0 where that says nothing.
    """
    found = {
        Quantity.WALL: Spread.of(run.wall_seconds for run in runs),
        Quantity.CPU: Spread.of(run.cpu_seconds for run in runs),
        Quantity.PEAK: Spread.of(run.peak_bytes / MEGABYTE for run in runs),
    }
    if first:
        pairs = zip(runs, first, strict=True)
        found[Quantity.RATIO] = Spread.of(run.wall_seconds / other.wall_seconds for run, other in pairs)
    if size:
        found[Quantity.SPEED] = Spread.of(size / MEGABYTE / run.wall_seconds for run in runs)
    if engine := [run.engine_seconds for run in runs if run.engine_seconds is not None]:
        found[Quantity.ENGINE_CPU] = Spread.of(engine)
        if all(engine):
            found[Quantity.OF_ENGINE] = Spread.of(run.cpu_seconds / (run.engine_seconds or 1) for run in runs)
    return found


@dataclass(frozen=True, slots=True)
class Target:
    """What the median of a quantity should be: at least so much for a speed, at most for all else."""

    quantity: Quantity
    bound: float

    def verdict(self, found: Measures) -> str:
        """Word the target and whether it was met."""
        fast = self.quantity is Quantity.SPEED
        wording = f"{self.quantity.heading} {'≥' if fast else '≤'} {round(self.bound, 3):g}"
        if self.quantity not in found:
            return f"{wording}: unknown"
        reached = found[self.quantity].median
        met = reached >= self.bound if fast else reached <= self.bound
        return f"{wording}: {'met' if met else 'MISSED'}"
