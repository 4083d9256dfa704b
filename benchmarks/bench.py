"""The benchmark: measure logscan beside its peers, print one table, and on request keep it in a page.

    python -m benchmarks.bench [--pairs 3] [--lines 3000000] [--quick] [--only PART]... [--results FILE]

Owns the options, the corpus on disk and the page of results. Does not own what is compared
(contests) nor how (contest). Nothing here is a test: a slow run tells of the machine as much as of
logscan, so a number is looked at by people and kept beside the load of its moment.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from benchmarks import contests, following, machine
from benchmarks.contest import BenchmarkFailed, Contest, hold
from benchmarks.corpus import Block, Corpus, make_block, write_corpus
from benchmarks.curves import FILE_CURVES, Measuring, draw, over_containers
from benchmarks.table import Row, Section, layout
from tests.rig.engine import EngineFailed, requirement_missing

PARTS = ("engine", "loop", "many", "file", "dense", "windows", "startup", "rules", "follow", "curves")
LINES = 3_000_000
FILE_BYTES = 2_000_000_000
CURVE_BYTES = 400_000_000
DENSE_BYTES = 100_000_000
BOX_BYTES = 100_000_000
LOOPED_LINES = 100_000
SPARSE, DENSE = 0.0005, 1 / 3
"""Which share of the lines are hits."""

Contained = Callable[[Path, Path, Corpus], AbstractContextManager[Sequence[Contest]]]
CONTAINED: Mapping[str, Contained] = {"engine": contests.engine, "loop": contests.loop, "many": contests.many}
"""The contests over what containers print."""

READ_BYTES = 1 << 20
STARTS_PER_PAIR = 3
"""A start takes a moment, in which chance has more weight than in a scan."""

PAGE = """\
# Results

Written by `make bench` on {date}. The machine's load average over 1, 5 and 15 minutes was {before}
before, and {after} after.

The commands of a section took turns (rounds: {rounds}; for start-up: {starts}). Numbers are medians,
in parentheses the least and the most. The ratio is of a command's wall time to that of the section's
first one in the same round. [README.md](README.md) tells what the commands do.

{table}

{following}

![What a scan takes over rules, lines, hits and containers](curves.png)

| | |
|---|---|
{facts}
"""


def main() -> int:
    asked = options().parse_args()
    if asked.quick:
        asked.lines, asked.pairs = asked.lines // 10, 1
    shrink = 10 if asked.quick else 1
    before = machine.load_average()
    parts = asked.only or PARTS
    picture = asked.results.with_name("curves.png") if asked.results else None
    try:
        with tempfile.TemporaryDirectory(prefix="logscan-bench-") as folder:
            sections = list(_sections(Path(folder), parts, asked.lines, shrink, asked.pairs))
            followed = _following(Path(folder), shrink) if "follow" in parts else ""
            if picture and "curves" in parts:
                _draw(Measuring(Path(folder) / "logs", Path(folder) / "caches", asked.pairs, shrink), picture)
    except (BenchmarkFailed, EngineFailed) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    table = layout(sections)
    print(f"{table}\n\n{followed}")
    if asked.results:
        asked.results.write_text(page(table, followed, before, asked.pairs), encoding="utf-8")
    return 0


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench", description="Measure logscan beside its peers.")
    parser.add_argument("--pairs", type=int, default=3, metavar="N", help="rounds in which all commands run [3]")
    parser.add_argument("--lines", type=int, default=LINES, metavar="N", help=f"lines of the log [{LINES}]")
    parser.add_argument("--quick", action="store_true", help="a tenth of the lines, one round")
    parser.add_argument("--only", action="append", choices=PARTS, help="measure this part, may be repeated [all]")
    parser.add_argument("--results", type=Path, metavar="FILE", help="write the page of results there")
    return parser


def page(table: str, followed: str, before: str, rounds: int) -> str:
    facts = "\n".join(f"| {name} | {value} |" for name, value in machine.describe().items())
    date = datetime.now(UTC).date()
    return PAGE.format(
        date=date,
        before=before,
        after=machine.load_average(),
        rounds=rounds,
        starts=rounds * STARTS_PER_PAIR,
        table=table,
        following=followed,
        facts=facts,
    )


def _sections(folder: Path, parts: Sequence[str], lines: int, shrink: int, rounds: int) -> Iterator[Section]:
    """Hold the contests of `parts`. Each log is read once before, so that none waits for the disk."""
    block = make_block(Random(1), density=SPARSE)
    logs, caches = folder / "logs", folder / "caches"
    logs.mkdir()
    sizes = {
        "engine": {"lines": lines},
        "loop": {"lines": LOOPED_LINES // shrink},
        "many": {"size": BOX_BYTES // shrink},
    }
    for part in [part for part in sizes if part in parts]:
        if requirement_missing():
            absent = "needs root, dockerd and a static busybox"
            yield Section(f"The part {part}", [Row("not measured", None, absent=absent)])
            continue
        log, corpus = _written(logs / f"{part}.log", block, **sizes[part])
        print(f"Feeding {corpus.lines:,} lines to each container …", file=sys.stderr)
        with CONTAINED[part](folder, log, corpus) as held:
            yield from [hold(contest, rounds, caches) for contest in held]
    if "file" in parts:
        log, corpus = _written(logs / "file.log", block, size=FILE_BYTES // shrink)
        for count in (50, 500):
            yield hold(contests.file(folder, log, corpus, count), rounds, caches)
        log.unlink()
    if "dense" in parts:
        log, corpus = _written(logs / "dense.log", make_block(Random(2), density=DENSE), size=DENSE_BYTES // shrink)
        yield hold(contests.dense(folder, log, corpus), rounds, caches)
    if "windows" in parts:
        yield hold(contests.windows(folder), rounds, caches)
    if "startup" in parts:
        yield hold(contests.start_up(folder), rounds * STARTS_PER_PAIR, caches)
    if "rules" in parts:
        for size in (CURVE_BYTES, FILE_BYTES):
            log, corpus = _written(logs / "curve.log", block, size=size // shrink)
            yield hold(contests.rule_counts(folder, log, corpus), rounds, caches)


def _draw(measuring: Measuring, picture: Path) -> None:
    curves = [measure(measuring) for measure in FILE_CURVES]
    if not requirement_missing():
        curves.append(over_containers(measuring))
    draw(curves, picture)


def _following(folder: Path, shrink: int) -> str:
    return "" if requirement_missing() else following.measure(folder / "following", shrink)


def _written(path: Path, block: Block, *, lines: int | None = None, size: int | None = None) -> tuple[Path, Corpus]:
    with path.open("wb") as out:
        corpus = write_corpus(out, block, lines=lines, size=size)
    with path.open("rb") as file:
        while file.read(READ_BYTES):
            pass
    return path, corpus


if __name__ == "__main__":
    sys.exit(main())
