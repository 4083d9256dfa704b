"""Following: what `logscan follow` takes while nothing happens, and while ten containers print all the time.

Owns both situations and what is read off the process meanwhile: its share of a core, that of the engine, its memory,
and the lag from the engine's stamp on a line to the event that its finding causes. Does not own the layout (table).
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random
from subprocess import Popen
from typing import IO

from benchmarks.contest import cpu_seconds
from benchmarks.corpus import make_block, write_corpus
from benchmarks.measures import MEGABYTE
from benchmarks.table import grid
from tests.rig import sweep
from tests.rig.emitter import Emitter
from tests.rig.engine import Engine
from tests.rig.follow import Follower, resident_bytes

HEADINGS = ("", "lines/s", "share of a core", "engine's share", "lag s, median", "lag s, 99 %", "MB", "target")

IDLE_CONTAINERS = 200
WRITERS = 10
LINES_PER_SECOND = 50_000
BURSTS_PER_SECOND = 10
SETTLING_SECONDS = 10
SPARSE = 0.0005

WRITE = """\
n={first}
while :; do
    cat /in/burst.log
    n=$((n + 1))
    case $n in *0) echo "beat $n;" ;; *) echo "number $n;" ;; esac
    usleep {rest}
done
"""
"""A burst of the corpus, then a line that, once a second, is a finding of its own."""

BEATS = """\
schema: logscan/v1
technology: Beat
rules:
  - id: beat
    title: Beat ${number}
    severity: info
    match: {regex: 'beat (?P<number>[0-9]+);'}
    group_by: [number]
    why: It is there to be waited for.
    advice: Nothing is to be done.
    tests: {match: [beat 7;], ignore: [calm]}
"""


@dataclass(frozen=True, slots=True)
class Used:
    """CPU seconds of the follow and of the engine, and the bytes of the logs, at one moment."""

    at_s: float
    own_s: float
    engine_s: float
    log_bytes: int


def measure(folder: Path, shrink: int = 1) -> str:
    """Measure both situations with all shipped rules, and lay them out. `shrink`: fewer containers, less time."""
    rows = [_idle(folder / "idle", IDLE_CONTAINERS // shrink, 60 // shrink), _busy(folder / "busy", 30 // shrink)]
    return grid([HEADINGS, *rows])


def _idle(folder: Path, containers: int, seconds: float) -> tuple[str, ...]:
    print(f"Starting {containers} containers to be followed …", file=sys.stderr)
    with Engine() as engine, _followed(engine, folder) as process:
        emitter = Emitter(engine)
        for _ in range(containers):
            emitter.shell("echo ready; exec sleep 3600", wait=False)
        time.sleep(SETTLING_SECONDS)
        before = _used(process.pid, engine)
        time.sleep(seconds)
        after = _used(process.pid, engine)
        own, daemon = _shares(before, after)
        verdict = f"share ≤ 2 %: {'met' if own <= 0.02 else 'MISSED'}"
        memory = f"{resident_bytes(process.pid) / MEGABYTE:.0f}"
        return (f"{containers} idle containers", "0", f"{own:.1%}", f"{daemon:.1%}", "", "", memory, verdict)


def _busy(folder: Path, seconds: float) -> tuple[str, ...]:
    print(f"Following {WRITERS} containers that print …", file=sys.stderr)
    burst = folder / "in"
    burst.mkdir(parents=True)
    lines = LINES_PER_SECOND // WRITERS // BURSTS_PER_SECOND
    with (burst / "burst.log").open("wb") as out:
        write_corpus(out, make_block(Random(1), density=SPARSE), lines=lines - 1)
    with Engine() as engine, _followed(engine, folder) as process:
        lags: list[float] = []
        threading.Thread(target=_collect, args=(process.stdout, lags), daemon=True).start()
        image = Emitter(engine).image
        for number in range(WRITERS):
            run = WRITE.format(first=number * 1_000_000, rest=900_000 // BURSTS_PER_SECOND)
            engine.run(image, "sh", "-c", run, mounts={burst: "/in"}, wait=False)
        time.sleep(SETTLING_SECONDS)
        before, begun = _used(process.pid, engine), len(lags)
        time.sleep(seconds)
        after, late = _used(process.pid, engine), sorted(lags[begun:])
        own, daemon = _shares(before, after)
        rate = len(late) * BURSTS_PER_SECOND * lines / (after.at_s - before.at_s)
        median, worst = (late[int(len(late) * share)] for share in (0.5, 0.99)) if late else (float("inf"),) * 2
        met = own <= 0.5 and worst <= 1
        return (
            f"{WRITERS} containers, {(after.log_bytes - before.log_bytes) / MEGABYTE / seconds:.0f} MB/s of records",
            f"{rate:,.0f}",
            f"{own:.0%}",
            f"{daemon:.0%}",
            f"{median:.2f}",
            f"{worst:.2f}",
            f"{resident_bytes(process.pid) / MEGABYTE:.0f}",
            f"50,000 lines/s, share ≤ 50 %, lag ≤ 1 s: {'met' if met and rate > 0.9 * LINES_PER_SECOND else 'MISSED'}",
        )


@contextmanager
def _followed(engine: Engine, folder: Path) -> Iterator[Popen[bytes]]:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "beat.yaml").write_text(BEATS, encoding="utf-8")
    follower = Follower(engine.url, folder / "follow", "--rules", str(folder / "beat.yaml"), rules=None)
    with follower.piped("--since", "now") as process:
        time.sleep(SETTLING_SECONDS / 2)
        yield process


def _collect(stdout: IO[bytes] | None, lags: list[float]) -> None:
    for line in stdout or ():
        event = json.loads(line)
        if event["type"] == "finding.opened" and event["finding"]["rule"]["id"] == "beat":
            stamp = datetime.fromisoformat(event["finding"]["first_seen"][:26] + "+00:00")
            lags.append(time.time() - stamp.timestamp())


def _used(process: int, engine: Engine) -> Used:
    logs = engine.root.glob("data/containers/*/*-json.log*")
    sizes = sum(file.stat().st_size for file in logs)
    daemon = sweep.daemon_pid(engine.root)
    return Used(time.monotonic(), cpu_seconds(process), cpu_seconds(daemon) if daemon else 0.0, sizes)


def _shares(before: Used, after: Used) -> tuple[float, float]:
    took = after.at_s - before.at_s
    return (after.own_s - before.own_s) / took, (after.engine_s - before.engine_s) / took
