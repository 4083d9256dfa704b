"""Sweep: take down a private engine and everything that it left, whatever state it is in.

Owns finding the processes, mounts and files of one root folder, and nothing of how an engine is
started. It is a program of its own, because pytest may be killed in the middle: it is started
beside the engine and waits on its standard input, which ends when pytest closes it or dies. So the
ordinary end and the violent one take the same path.

A process is the engine's when its arguments name the root's folder of running state (those of
dockerd, containerd and the shims all do, and those of clients don't), or when its control group
carries the ID of one of the root's containers. Nothing is ever found by its own name.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

PATIENCE_SECONDS = 20
"""Longer than dockerd waits for its containers (15 s), shorter than a person at the keyboard."""


def processes(root: Path) -> set[int]:
    """Give the ids of all processes of the engine below `root`, those in its containers included."""
    return daemons(root) | contained(root)


def daemons(root: Path) -> set[int]:
    """Give the ids of dockerd, containerd and a shim per running container."""
    state = os.fsencode(root / "exec")
    return {pid for pid in _pids() if state in _read(pid, "cmdline")}


def contained(root: Path) -> set[int]:
    """Give the ids of the processes that run in containers."""
    containers = [os.fsencode(folder.name) for folder in root.glob("data/containers/*")]
    return {pid for pid in _pids() if any(container in _read(pid, "cgroup") for container in containers)}


def mounts(root: Path) -> list[str]:
    """Give the mount points below `root`, the deepest first."""
    points = (line.split(" ")[4] for line in Path("/proc/self/mountinfo").read_text().splitlines())
    return sorted((point for point in points if point.startswith(f"{root}/")), key=len, reverse=True)


def sweep(root: Path) -> None:
    """End the engine below `root`, first in order, then by force, and remove what it left."""
    if daemon := daemon_pid(root):
        until(lambda: _has_no_container(root))
        _signal({daemon}, signal.SIGTERM)
        until(lambda: daemon not in daemons(root))
    until(lambda: _has_no_process(root))
    for point in mounts(root):
        subprocess.run(["umount", "--lazy", point], check=False)
    shutil.rmtree(root, ignore_errors=True)


def daemon_pid(root: Path) -> int | None:
    """Give the id of the running dockerd, None where there is none; a stale pid file doesn't count."""
    try:
        pid = int((root / "pid").read_text())
    except (OSError, ValueError):
        return None
    return pid if pid in daemons(root) else None


def until(happened: Callable[[], bool]) -> bool:
    """Wait for something, but not forever; tell whether it has happened."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (done := happened()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return done


def _pids() -> Iterator[int]:
    own = f"{os.getpid()}"
    return (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and entry.name != own)


def _read(pid: int, name: str) -> bytes:
    """Read a file of a process; one that ended meanwhile, or is a zombie, has nothing to say."""
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def _has_no_container(root: Path) -> bool:
    """Kill what runs in containers, and tell whether the engine has cleared them away.

    Only it knows their control groups and the sockets of their shims, which lie outside the root; and
    with live-restore it would leave them running.
    """
    _signal(contained(root), signal.SIGKILL)
    return len(daemons(root)) <= len({"dockerd", "containerd"})


def _has_no_process(root: Path) -> bool:
    """Kill what is left, and tell whether there was nothing."""
    left = processes(root)
    _signal(left, signal.SIGKILL)
    return not left


def _signal(pids: set[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


if __name__ == "__main__":
    sys.stdin.buffer.read()
    sweep(Path(sys.argv[1]))
