"""Contests: the questions that the benchmark asks, each as commands side by side.

Owns which commands are compared and what is hoped for. Does not own how they are run.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks import bare_read, searches
from benchmarks.contest import LOGSCAN, Contender, Contest, counts, finds, passes
from benchmarks.corpus import Corpus
from benchmarks.measures import Quantity, Target
from tests.rig import sweep
from tests.rig.emitter import Emitter
from tests.rig.engine import Engine

FEEDING_SECONDS = 1200
"""The engine takes some 100,000 lines a second from a container."""

CONTAINER = "stack"
SCAN_AS_JSON = (*LOGSCAN, "scan", "--quiet", "--format", "json")
SMALL = Target(Quantity.PEAK, 120)
FAST = Target(Quantity.SPEED, 500)
AS_QUICK_AS_DOCKER = Target(Quantity.RATIO, 1.3)
AS_QUICK_WITH_PACKS = Target(Quantity.RATIO, 1.3)


@contextmanager
def api(folder: Path, log: Path, corpus: Corpus) -> Iterator[Contest]:
    """Have the lines in a container of a private engine, and read them through its API.

    `--direct never`, for what is measured is the way that works everywhere.
    """
    rules = _rules(folder, len(searches.SEARCHES))
    patterns = "|".join(search.pattern for search in searches.SEARCHES)
    with Engine() as engine:
        emitter = Emitter(engine)
        mounts = {log.parent: "/in"}
        container = engine.run(emitter.image, "cat", f"/in/{log.name}", name=CONTAINER, mounts=mounts, wait=False)
        container.wait(FEEDING_SECONDS)
        logs = f"docker logs {CONTAINER}"
        scan = (*SCAN_AS_JSON, "--direct", "never", "--rules", str(rules), CONTAINER)
        bare = (sys.executable, "-I", "-S", bare_read.__file__, str(engine.socket), CONTAINER)
        yield Contest(
            f"A container of {corpus.lines:,} lines, {corpus.bytes / 1e6:,.0f} MB, through the engine's API",
            [
                Contender(f"{logs} > /dev/null", shlex.split(logs), needs="docker"),
                Contender(
                    f"logscan scan {CONTAINER}, shipped and 5 rules", scan, finds(corpus), (AS_QUICK_AS_DOCKER, SMALL)
                ),
                Contender(
                    f"{logs} | grep -cE, 5 patterns",
                    ("sh", "-c", f"{logs} | LC_ALL=C grep -cE {shlex.quote(patterns)}"),
                    counts(corpus),
                    needs="docker",
                ),
                Contender("bare read of the socket", bare, passes(corpus)),
            ],
            corpus.bytes,
            engine=sweep.daemon_pid(engine.root),
            environment={"DOCKER_HOST": engine.url},
        )


def files(folder: Path, log: Path, corpus: Corpus) -> Contest:
    """Scan a file with the shipped rules and 50 or 500 more, beside the tools that search for as many."""
    contenders = []
    for count in (50, 500):
        rules = _rules(folder, count)
        contenders.append(
            Contender(
                f"logscan scan --file, shipped and {count} rules",
                (*SCAN_AS_JSON, "--rules", str(rules), "--file", str(log)),
                finds(corpus),
                (FAST, SMALL),
            )
        )
    for count in (50, 500):
        contenders += _peers(folder, log, corpus, count)
    return Contest(f"A file of {corpus.lines:,} lines, {corpus.bytes / 1e6:,.0f} MB", contenders, corpus.bytes)


def rule_counts(folder: Path, log: Path, corpus: Corpus) -> Contest:
    """Scan a file with ever more rules, and with all that are shipped."""
    contenders = [
        Contender(
            f"logscan scan --file --no-builtin, {count} rules",
            (*SCAN_AS_JSON, "--no-builtin", "--rules", str(_rules(folder, count)), "--file", str(log)),
            finds(corpus),
        )
        for count in (6, 50, 500)
    ]
    contenders.append(
        Contender(
            "logscan scan --file, shipped and 6 rules",
            (*SCAN_AS_JSON, "--rules", str(_rules(folder, 6)), "--file", str(log)),
            finds(corpus),
            (AS_QUICK_WITH_PACKS,),
        )
    )
    return Contest(f"What rules cost, on a file of {corpus.bytes / 1e6:,.0f} MB", contenders, corpus.bytes)


def start_up(folder: Path) -> Contest:
    """Start, load rules, and read nothing: what a scan costs before its first line."""
    empty = folder / "empty.log"
    empty.touch()
    nothing = finds(Corpus(0, 0, 0))
    scan = (*SCAN_AS_JSON, "--file", str(empty))
    rules = _rules(folder, 500)
    contenders = [
        Contender("python -c pass", (sys.executable, "-c", "pass")),
        Contender("logscan --version", (*LOGSCAN, "--version")),
        Contender("logscan scan --file, an empty file", scan, nothing),
        Contender("the same with 500 more rules", (*scan, "--rules", str(rules)), nothing),
    ]
    return Contest("Start-up", contenders)


def _peers(folder: Path, log: Path, corpus: Corpus, count: int) -> Sequence[Contender]:
    """Give what else counts matching lines. Bytes as they are are the fastest locale that grep has."""
    patterns = folder / f"patterns-{count}.txt"
    searches.write_patterns(patterns, _rules(folder, count))
    ripgrep = ("rg", "--no-config", "-c", "-f", str(patterns), str(log))
    grep = ("env", "LC_ALL=C", "grep", "-cE", "-f", str(patterns), str(log))
    return [
        Contender(f"rg -c -f, {count} searches", ripgrep, counts(corpus), needs="rg"),
        Contender(f"grep -cE -f, {count} searches", grep, counts(corpus), needs="grep"),
    ]


def _rules(folder: Path, count: int) -> Path:
    path = folder / f"rules-{count}.yaml"
    searches.write_rules(path, count)
    return path
