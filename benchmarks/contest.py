"""Contest: commands that do the same work, run in turns.

Owns the order of the runs, starting each in a clean environment, and that what it printed is right:
a fast command with a wrong answer ends the benchmark. Does not own which commands there are.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks import stopwatch
from benchmarks.corpus import Corpus
from benchmarks.measures import Run, Target, measures
from benchmarks.searches import ID_PREFIX
from benchmarks.table import Row, Section

LOGSCAN = (sys.executable, "-m", "logscan")
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")

Check = Callable[[bytes], None]
"""Looks at what a command printed. Raises `BenchmarkFailed`."""


class BenchmarkFailed(Exception):
    """A command failed or gave a wrong answer, so its time is worth nothing."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A command of a contest. `needs` is the program without which it can't run; `prepare` runs once, unmeasured."""

    name: str
    command: Sequence[str]
    check: Check | None = None
    targets: Sequence[Target] = ()
    needs: str = "sh"
    prepare: Sequence[str] = ()

    @property
    def missing(self) -> bool:
        return shutil.which(self.needs) is None


@dataclass(frozen=True, slots=True)
class Contest:
    """Contenders, the first of which the others are compared with.

    `size`: bytes that each goes through. `engine`: the process of the Docker engine that serves them.
    """

    title: str
    contenders: Sequence[Contender]
    size: int = 0
    engine: int | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


def hold(contest: Contest, rounds: int, caches: Path) -> Section:
    """Run all contenders in each round, in turns forwards and backwards, so that no one always goes first.

    `caches`: a folder for the caches of logscan and of Python, which are those of an installed program.
    """
    kept = {"XDG_CACHE_HOME": str(caches), "PYTHONPYCACHEPREFIX": str(caches / "python")}
    contest = replace(contest, environment={**kept, **contest.environment})
    runs: dict[str, list[Run]] = {each.name: [] for each in contest.contenders}
    able = [each for each in contest.contenders if not each.missing]
    for contender in able:
        if contender.prepare:
            _run(replace(contender, command=contender.prepare, check=None), contest)
    for number in range(rounds):
        for contender in able if number % 2 == 0 else reversed(able):
            print(f"{contest.title}, round {number + 1} of {rounds}: {contender.name}", file=sys.stderr)
            runs[contender.name].append(_run(contender, contest))
    first = runs[contest.contenders[0].name]
    rows = [
        Row(each.name, measures(runs[each.name], first, contest.size), each.targets)
        if runs[each.name]
        else Row(each.name, None, absent=f"{each.needs} is not installed")
        for each in contest.contenders
    ]
    return Section(contest.title, rows)


def finds(corpus: Corpus) -> Check:
    """Check a JSON report: every line was read, and every hit was found."""

    def check(printed: bytes) -> None:
        report = json.loads(printed)
        hits = sum(each["count"] for each in report["findings"] if each["rule"]["id"].startswith(ID_PREFIX))
        _agree("lines and hits", (corpus.lines, corpus.hits), (report["summary"]["lines"], hits))

    return check


def reads(lines: int) -> Check:
    """Check that a JSON report is of so many lines."""
    return lambda printed: _agree("lines", lines, json.loads(printed)["summary"]["lines"])


def reads_some_of(corpus: Corpus) -> Check:
    """Check that a JSON report is of some lines, and of far fewer than there are."""

    def check(printed: bytes) -> None:
        _agree("a few lines read", True, 0 < json.loads(printed)["summary"]["lines"] < corpus.lines // 10)

    return check


def counts(corpus: Corpus) -> Check:
    """Check a number of matching lines."""
    return lambda printed: _agree("hits", corpus.hits, int(printed))


def passes(corpus: Corpus) -> Check:
    """Check that no fewer bytes came, by one reader or several, than there are in the lines."""
    return lambda printed: _agree("all bytes read", True, sum(map(int, printed.split())) >= corpus.bytes)


def _agree(what: str, expected: object, actual: object) -> None:
    if expected != actual:
        raise BenchmarkFailed(f"{what}: expected {expected}, got {actual}")


def _run(contender: Contender, contest: Contest) -> Run:
    """Run a contender once. Where nobody looks at its output, it goes to /dev/null, as with a user."""
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "printed").open("w+b") as printed:
        report = Path(folder) / "report"
        before = None if contest.engine is None else cpu_seconds(contest.engine)
        done = subprocess.run(
            [sys.executable, "-I", "-S", stopwatch.__file__, str(report), *contender.command],
            env=_environment(contest.environment),
            stdin=subprocess.DEVNULL,
            stdout=printed if contender.check else subprocess.DEVNULL,
            check=False,
        )
        after = None if contest.engine is None else cpu_seconds(contest.engine)
        if done.returncode:
            raise BenchmarkFailed(f"{contender.name}: exit code {done.returncode}")
        if contender.check:
            printed.seek(0)
            _check(contender.name, contender.check, printed.read())
        found = json.loads(report.read_bytes())
    run = Run(found["wall"], found["cpu"], found["peak"])
    return run if before is None or after is None else replace(run, engine_seconds=after - before)


def _check(name: str, check: Check, printed: bytes) -> None:
    try:
        check(printed)
    except BenchmarkFailed as error:
        raise BenchmarkFailed(f"{name}: {error}") from None


def cpu_seconds(process: int) -> float:
    """Give the CPU seconds that a process has spent in all its threads."""
    # Behind the name, which may hold blanks and parentheses: state is field 3, utime 14, stime 15.
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def _environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Give this process's environment without what steers logscan, Docker and Python, then `extra`."""
    steering = ("LOGSCAN_", "DOCKER_", "PYTHON")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(steering)}
    return clean | dict(extra)
