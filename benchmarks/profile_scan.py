"""Tell where a scan of a file spends its time, function by function.

    python -m benchmarks.profile_scan [--top 30] [--sort tottime] LOG [OPTION OF SCAN]...

Profiles the command line in this process, on this thread; imports of `logscan.cli` itself are left
out. The profiler makes each call of a Python function several times dearer and leaves C as it is,
so it shows what is called too often, not what share it has: measure a change with bench.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import sys
from pathlib import Path

from logscan.cli.main import main as logscan


def main() -> int:
    parser = argparse.ArgumentParser(description="Profile a scan of a file.")
    parser.add_argument("log", type=Path)
    parser.add_argument("--top", type=int, default=30, help="functions shown")
    parser.add_argument("--sort", choices=("tottime", "cumtime", "ncalls"), default="tottime")
    parser.add_argument("options", nargs=argparse.REMAINDER, help="for logscan scan")
    asked = parser.parse_args()
    profile = cProfile.Profile()
    sys.argv = ["logscan", "scan", "--quiet", "--output", os.devnull, "--file", str(asked.log), *asked.options]
    code = profile.runcall(logscan)
    pstats.Stats(profile, stream=sys.stdout).sort_stats(asked.sort).print_stats(asked.top)
    return code


if __name__ == "__main__":
    sys.exit(main())
