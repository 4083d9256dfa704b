"""Stopwatch: run one command and note its wall time, CPU seconds and peak memory.

    python -I -S stopwatch.py REPORT COMMAND [ARGUMENT]...

A program of its own, and a small one: the kernel counts as a child's peak memory also what its
parent held when it started it, so a benchmark that had read a corpus would find its size in every
command. The command keeps this program's streams; REPORT gets a JSON object. Linux only: there the
kernel gives the peak in KiB.
"""

from __future__ import annotations

import json
import os
import sys
import time


def main(report: str, *command: str) -> int:
    begun = time.perf_counter()
    process = os.posix_spawnp(command[0], command, os.environ)
    _, status, used = os.wait4(process, 0)
    wall = time.perf_counter() - begun
    measured = {"wall": wall, "cpu": used.ru_utime + used.ru_stime, "peak": used.ru_maxrss << 10}
    with open(report, "w", encoding="ascii") as file:  # noqa: PTH123 - pathlib would be half of this program's memory
        json.dump(measured, file)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
