"""Contests: the questions that the benchmark asks, each as commands side by side.

Owns which commands are compared and what is hoped for. Does not own how they are run.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks import bare_read, sdk_loop, searches
from benchmarks.contest import LOGSCAN, Check, Contender, Contest, counts, finds, passes, reads, reads_some_of
from benchmarks.corpus import Corpus
from benchmarks.measures import Quantity, Target
from tests.rig import sweep
from tests.rig.emitter import Emitter
from tests.rig.engine import Engine

FEEDING_SECONDS = 1200
"""The engine takes some 100,000 lines a second from a container."""

CONTAINER = "stack"
MANY = 20
LOOPED = 50
READERS = 4
WINDOW_LINES = (40_000, 350_000)
SCAN_AS_JSON = (*LOGSCAN, "scan", "--quiet", "--format", "json")
NOTHING = Corpus(0, 0, 0)
FEW = len(searches.SEARCHES)

LITTLE_MEMORY = Target(Quantity.PEAK, 150)
AS_QUICK_AS_A_BARE_READ = Target(Quantity.RATIO, 1.05)
LITTLE_BESIDE_THE_ENGINE = Target(Quantity.OF_ENGINE, 0.35)
TWELVE_TIMES_AS_QUICK = Target(Quantity.RATIO, 1 / 12)
AT_ONCE = Target(Quantity.WALL, 0.6)
QUICKER_THAN_RIPGREP = {50: Target(Quantity.RATIO, 1 / 2.5), 500: Target(Quantity.RATIO, 1 / 3)}
HALF_AS_QUICK_AS_RIPGREP = Target(Quantity.RATIO, 2)
AS_QUICK_WITH_PACKS = Target(Quantity.RATIO, 1.3)
A_GIGABYTE_A_SECOND = Target(Quantity.SPEED, 1000)


@contextmanager
def engine(folder: Path, log: Path, corpus: Corpus) -> Iterator[Sequence[Contest]]:
    """Have the lines in a container of a private engine, and read them through its API and from its files."""
    with Engine() as docker:
        emitter = Emitter(docker)
        mounts = {log.parent: "/in"}
        container = docker.run(emitter.image, "cat", f"/in/{log.name}", name=CONTAINER, mounts=mounts, wait=False)
        container.wait(FEEDING_SECONDS)
        (last,) = docker.client.logs(CONTAINER, timestamps=True, tail=1).splitlines()
        size = f"{corpus.lines:,} lines, {corpus.bytes / 1e6:,.0f} MB"
        daemon, environment = sweep.daemon_pid(docker.root), {"DOCKER_HOST": docker.url}
        yield [
            Contest(
                f"A container of {size}, through the engine's API",
                _through_the_api(folder, str(docker.socket), corpus),
                corpus.bytes,
                daemon,
                environment,
            ),
            Contest(
                "The same container, from the engine's files",
                _from_its_files(folder, last.partition(b" ")[0].decode("ascii"), corpus),
                corpus.bytes,
                daemon,
                environment,
            ),
        ]


@contextmanager
def loop(folder: Path, log: Path, corpus: Corpus) -> Iterator[Sequence[Contest]]:
    """Have few lines in a container, since the loop of other tools takes long for them, and search them for much."""
    rules, patterns = _rules(folder, LOOPED), folder / f"patterns-{LOOPED}.txt"
    searches.write_patterns(patterns, rules)
    with Engine() as docker:
        mounts = {log.parent: "/in"}
        box = docker.run(Emitter(docker).image, "cat", f"/in/{log.name}", name=CONTAINER, mounts=mounts, wait=False)
        box.wait(FEEDING_SECONDS)
        grep = f"docker logs {CONTAINER} | LC_ALL=C grep -cE -f {shlex.quote(str(patterns))}"
        scan = ("--direct", "never", CONTAINER)
        contest = Contest(
            f"A container of {corpus.lines:,} lines, {LOOPED} searches, through the engine's API",
            [
                Contender(
                    "a loop of regex over the SDK's lines",
                    (sys.executable, sdk_loop.__file__, CONTAINER, str(patterns)),
                    counts(corpus),
                ),
                Contender("docker logs | grep -cE -f", ("sh", "-c", grep), counts(corpus), needs="docker"),
                logscan(f"logscan scan, {LOOPED} rules", scan, only(folder, LOOPED), finds(corpus)),
            ],
            corpus.bytes,
            sweep.daemon_pid(docker.root),
            {"DOCKER_HOST": docker.url},
        )
        yield [contest]


@contextmanager
def many(folder: Path, log: Path, corpus: Corpus) -> Iterator[Sequence[Contest]]:
    """Have the same lines in twenty containers of a private engine, and read them all."""
    with Engine() as docker:
        image, mounts = Emitter(docker).image, {log.parent: "/in"}
        names = [f"box-{number:02d}" for number in range(MANY)]
        boxes = [docker.run(image, "cat", f"/in/{log.name}", name=name, mounts=mounts, wait=False) for name in names]
        for box in boxes:
            box.wait(FEEDING_SECONDS)
        total = Corpus(MANY * corpus.lines, MANY * corpus.bytes, MANY * corpus.hits)
        bare = shlex.join((sys.executable, "-I", "-S", bare_read.__file__, str(docker.socket)))
        by_four = f"printf '%s\\n' {' '.join(names)} | xargs -P {READERS} -n 1 {bare}"
        api, files, packs = ("--direct", "never"), ("--direct", "always"), also(folder, FEW)
        targets = (AS_QUICK_AS_A_BARE_READ, LITTLE_MEMORY)
        contest = Contest(
            f"{MANY} containers of {corpus.bytes / 1e6:,.0f} MB",
            [
                Contender(f"bare reads of the socket, {READERS} at a time", ("sh", "-c", by_four), passes(total)),
                logscan("logscan scan, through the API, shipped and 5 rules", api, packs, finds(total), targets),
                logscan("logscan scan, from the engine's files", files, packs, finds(total), (LITTLE_MEMORY,)),
            ],
            total.bytes,
            sweep.daemon_pid(docker.root),
            {"DOCKER_HOST": docker.url},
        )
        yield [contest]


def windows(folder: Path) -> Contest:
    """Scan logs in which every line is a hit of three rules: that group, count within a window, and count values."""
    rules = folder / "windows.yaml"
    searches.write_window_rules(rules)
    logs = {lines: folder / f"logins-{lines}.log" for lines in WINDOW_LINES}
    for lines, log in logs.items():
        searches.write_logins(log, lines)
    scans = [
        logscan(
            f"logscan scan --file, {3 * lines:,} hits",
            ("--file", str(log)),
            ("--no-builtin", "--rules", str(rules)),
            reads(lines),
            (LITTLE_MEMORY,),
        )
        for lines, log in logs.items()
    ]
    return Contest("Windows and groups", scans)


def _through_the_api(folder: Path, socket: str, corpus: Corpus) -> Sequence[Contender]:
    bare = (sys.executable, "-I", "-S", bare_read.__file__, socket, CONTAINER)
    scan = ("--direct", "never", CONTAINER)
    targets = (AS_QUICK_AS_A_BARE_READ, LITTLE_BESIDE_THE_ENGINE, LITTLE_MEMORY)
    return [
        Contender("bare read of the socket", bare, passes(corpus)),
        logscan("logscan scan, 5 rules", scan, only(folder, FEW), finds(corpus), targets),
        logscan("logscan scan, shipped and 5 rules", scan, also(folder, FEW), finds(corpus), targets),
        Contender("docker logs > /dev/null", ("docker", "logs", CONTAINER), needs="docker"),
    ]


def _from_its_files(folder: Path, last: str, corpus: Corpus) -> Sequence[Contender]:
    """Give `docker logs | grep` and what reads the files. `last`: the time of the last line."""
    patterns = shlex.quote("|".join(search.pattern for search in searches.SEARCHES))
    scan = ("--direct", "always", CONTAINER)
    recent = (*scan, "--since", last)
    targets = (TWELVE_TIMES_AS_QUICK, LITTLE_MEMORY)
    return [
        Contender(
            "docker logs | grep -cE, 5 patterns",
            ("sh", "-c", f"docker logs {CONTAINER} | LC_ALL=C grep -cE {patterns}"),
            counts(corpus),
            needs="docker",
        ),
        logscan("logscan scan, 5 rules", scan, only(folder, FEW), finds(corpus), targets),
        logscan("logscan scan, shipped and 5 rules", scan, also(folder, FEW), finds(corpus), (LITTLE_MEMORY,)),
        logscan("logscan scan --since its last line", recent, also(folder, FEW), reads_some_of(corpus), (AT_ONCE,)),
    ]


def file(folder: Path, log: Path, corpus: Corpus, count: int) -> Contest:
    """Scan a file for `count` searches, beside the tools that search for as many."""
    rules, patterns = _rules(folder, count), folder / f"patterns-{count}.txt"
    searches.write_patterns(patterns, rules)
    ripgrep = ("rg", "--no-config", "-c", "-f", str(patterns), str(log))
    grep = ("env", "LC_ALL=C", "grep", "-cE", "-f", str(patterns), str(log))
    targets = (QUICKER_THAN_RIPGREP[count], LITTLE_MEMORY)
    return Contest(
        f"A file of {corpus.lines:,} lines, {corpus.bytes / 1e6:,.0f} MB, {count} searches",
        [
            Contender("rg -c -f", ripgrep, counts(corpus), needs="rg"),
            logscan("logscan scan --file", ("--file", str(log)), only(folder, count), finds(corpus), targets),
            Contender("grep -cE -f", grep, counts(corpus), needs="grep"),
        ],
        corpus.bytes,
    )


def dense(folder: Path, log: Path, corpus: Corpus) -> Contest:
    """Scan a file in which every third line is a hit."""
    contest = file(folder, log, corpus, 50)
    ripgrep, patterns, grep = contest.contenders
    targets = (HALF_AS_QUICK_AS_RIPGREP, LITTLE_MEMORY)
    plain = folder / "plain.yaml"
    searches.write_rules(plain, FEW, plain=True)
    rules = ("--no-builtin", "--rules", str(plain))
    texts = logscan("logscan scan --file, 5 plain texts", ("--file", str(log)), rules, finds(corpus), targets)
    packs = logscan("logscan scan --file, shipped and 50 rules", ("--file", str(log)), also(folder, 50), finds(corpus))
    title = f"A file of {corpus.lines:,} lines, {corpus.bytes / 1e6:,.0f} MB, every third a hit"
    scans = [replace(patterns, targets=targets), texts, packs]
    return replace(contest, title=title, contenders=[ripgrep, *scans, grep])


def rule_counts(folder: Path, log: Path, corpus: Corpus) -> Contest:
    """Scan a file with ever more rules, and with all that are shipped."""
    scan, check = ("--file", str(log)), finds(corpus)
    few = [logscan(f"logscan scan --file, {count} rules", scan, only(folder, count), check) for count in (6, 50, 500)]
    packs = also(folder, 6)
    targets = (AS_QUICK_WITH_PACKS, A_GIGABYTE_A_SECOND, LITTLE_MEMORY)
    return Contest(
        f"What rules cost, on a file of {corpus.bytes / 1e6:,.0f} MB",
        [*few, logscan("logscan scan --file, shipped and 6 rules", scan, packs, check, targets)],
        corpus.bytes,
    )


def start_up(folder: Path) -> Contest:
    """Start, load rules, and read nothing: what a scan costs before its first line."""
    empty = folder / "empty.log"
    empty.touch()
    scan, more = ("--file", str(empty)), also(folder, 500)
    return Contest(
        "Start-up",
        [
            Contender("python -c pass", (sys.executable, "-c", "pass")),
            Contender("logscan --version", (*LOGSCAN, "--version"), targets=(Target(Quantity.WALL, 0.15),)),
            logscan("logscan scan --file, an empty file", scan, (), finds(NOTHING), (Target(Quantity.WALL, 0.35),)),
            logscan("the same with 500 more rules", scan, more, finds(NOTHING)),
        ],
    )


def logscan(
    name: str, what: Sequence[str], rules: Sequence[str], check: Check, targets: Sequence[Target] = ()
) -> Contender:
    """Give a scan, whose rules are in the cache then, as for all but the first scan on a machine."""
    first = (*SCAN_AS_JSON, *rules, "--file", os.devnull)
    return Contender(name, (*SCAN_AS_JSON, *what, *rules), check, targets, prepare=first)


def only(folder: Path, count: int) -> Sequence[str]:
    """Give the options for so many rules, and none of the shipped ones."""
    return ("--no-builtin", *also(folder, count))


def also(folder: Path, count: int) -> Sequence[str]:
    """Give the options for so many rules beside the shipped ones."""
    return ("--rules", str(_rules(folder, count)))


def _rules(folder: Path, count: int) -> Path:
    path = folder / f"rules-{count}.yaml"
    searches.write_rules(path, count)
    return path
