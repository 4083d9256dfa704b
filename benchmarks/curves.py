"""Curves: what rules, lines, hits and containers cost, each from few to many.

Owns which points are measured, and the picture. Does not own how a point is measured (contest).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from matplotlib.figure import Figure

from benchmarks import contests
from benchmarks.contest import Contender, Contest, finds, hold, reads
from benchmarks.corpus import Corpus, make_block, write_corpus
from benchmarks.measures import MEGABYTE, Quantity, Spread
from tests.rig.emitter import Emitter
from tests.rig.engine import Engine

RULES = (6, 100, 250, 500, 700)
SIZES_MB = (50, 400, 800, 1600)
DENSITIES = (0.0005, 0.05, 0.1, 0.2, 1 / 3)
CONTAINERS = (1, 10, 25, 50)

RULES_MB = 400
DENSE_MB = 50
LINES_EACH = 20_000
OTHER_RULES = 50


@dataclass(frozen=True, slots=True)
class Curve:
    """Wall seconds of whole processes, by how much there is of something."""

    label: str
    amounts: Sequence[float]
    seconds: Sequence[Spread]


@dataclass(frozen=True, slots=True)
class Measuring:
    """How the points of a curve are measured. `shrink`: files are so many times smaller, for a glance."""

    folder: Path
    caches: Path
    rounds: int
    shrink: int = 1

    def curve(
        self,
        label: str,
        amounts: Sequence[float],
        scans: Sequence[Contender],
        environment: Mapping[str, str] | None = None,
    ) -> Curve:
        section = hold(Contest(label, scans, environment=environment or {}), self.rounds, self.caches)
        return Curve(label, amounts, [row.measures[Quantity.WALL] for row in section.rows if row.measures])

    def log(self, name: str, megabytes: float, density: float = DENSITIES[0]) -> tuple[Path, Corpus]:
        path = self.folder / name
        with path.open("wb") as out:
            block = make_block(Random(1), density=density)
            corpus = write_corpus(out, block, size=round(megabytes * MEGABYTE) // self.shrink)
        return path, corpus


def over_rules(measuring: Measuring) -> Curve:
    log, corpus = measuring.log("curve.log", RULES_MB)
    scans = [_scan(f"{count} rules", log, corpus, measuring.folder, count) for count in RULES]
    return measuring.curve(f"rules, on a file of {RULES_MB // measuring.shrink} MB", RULES, scans)


def over_lines(measuring: Measuring) -> Curve:
    logs = [measuring.log(f"{size}.log", size) for size in SIZES_MB]
    scans = [_scan(f"{corpus.lines} lines", log, corpus, measuring.folder, OTHER_RULES) for log, corpus in logs]
    return measuring.curve("million lines", [corpus.lines / 1e6 for _, corpus in logs], scans)


def over_hits(measuring: Measuring) -> Curve:
    logs = [measuring.log(f"{share:.4f}.log", DENSE_MB, share) for share in DENSITIES]
    scans = [_scan(f"{corpus.hits} hits", log, corpus, measuring.folder, OTHER_RULES) for log, corpus in logs]
    label = f"thousand hits, in files of {DENSE_MB // measuring.shrink} MB"
    return measuring.curve(label, [one.hits / 1e3 for _, one in logs], scans)


def over_containers(measuring: Measuring) -> Curve:
    """Scan the first of many containers with the same lines, through the API of an engine."""
    lines = LINES_EACH // measuring.shrink
    log = measuring.folder / "each.log"
    with log.open("wb") as out:
        write_corpus(out, make_block(Random(1), density=DENSITIES[0]), lines=lines)
    names = [f"box-{number:02d}" for number in range(max(CONTAINERS))]
    with Engine() as engine:
        image, mounts = Emitter(engine).image, {measuring.folder: "/in"}
        started = [engine.run(image, "cat", f"/in/{log.name}", name=name, mounts=mounts, wait=False) for name in names]
        for container in started:
            container.wait(contests.FEEDING_SECONDS)
        rules = contests.only(measuring.folder, OTHER_RULES)
        scans = [
            contests.logscan(f"{count} containers", ("--direct", "never", *names[:count]), rules, reads(count * lines))
            for count in CONTAINERS
        ]
        label = f"containers of {lines:,} lines, through the API"
        return measuring.curve(label, CONTAINERS, scans, {"DOCKER_HOST": engine.url})


FILE_CURVES: tuple[Callable[[Measuring], Curve], ...] = (over_rules, over_lines, over_hits)


def _scan(name: str, log: Path, corpus: Corpus, folder: Path, count: int) -> Contender:
    return contests.logscan(name, ("--file", str(log)), contests.only(folder, count), finds(corpus))


def draw(curves: Sequence[Curve], path: Path) -> None:
    """Draw the medians, each with its spread, as a PNG. Both axes begin at zero: only so a flat line looks flat."""
    figure = Figure(figsize=(11, 2.2 + 3.3 * ((len(curves) + 1) // 2)), layout="constrained")
    for number, curve in enumerate(curves, 1):
        axes = figure.add_subplot((len(curves) + 1) // 2, 2, number)
        medians = [spread.median for spread in curve.seconds]
        below = [spread.median - spread.least for spread in curve.seconds]
        above = [spread.most - spread.median for spread in curve.seconds]
        axes.errorbar(curve.amounts, medians, yerr=[below, above], marker="o", capsize=4, color="#1f5f8b")
        axes.set(
            xlabel=curve.label,
            ylabel="seconds",
            xlim=(0, None),
            ylim=(0, 1.15 * max(spread.most for spread in curve.seconds)),
        )
        axes.grid(alpha=0.3)
    figure.suptitle("What a scan takes: whole processes, medians and ranges")
    figure.savefig(path, dpi=110)
