"""Machine: where and with what a benchmark was run, since its numbers mean nothing elsewhere.

Owns reading that from /proc, from installed packages and from the programs themselves. Does not own
any judgement of it.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("logscan", "hyperscan", "regex")
PROGRAMS = ("dockerd", "docker", "rg", "grep")


def describe() -> Mapping[str, str]:
    """Give what the machine is and the versions of all that took part, by name."""
    facts = {
        "cores": f"{os.cpu_count()}",
        "CPU": _proc_value("cpuinfo", "model name"),
        "memory": f"{int(_proc_value('meminfo', 'MemTotal').split()[0]) / (1 << 20):.1f} GiB",
        "kernel": platform.release(),
        "python": platform.python_version(),
    }
    facts |= {package: version(package) for package in PACKAGES}
    return facts | {program: _program_version(program) for program in PROGRAMS}


def load_average() -> str:
    """Give the mean number of busy tasks over the last 1, 5 and 15 minutes."""
    return ", ".join(f"{load:.2f}" for load in os.getloadavg())


def _proc_value(file: str, key: str) -> str:
    for line in Path("/proc", file).read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return "unknown"


def _program_version(program: str) -> str:
    """Give the first line of what `--version` says."""
    if not shutil.which(program):
        return "not installed"
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    return done.stdout.partition("\n")[0].strip()
