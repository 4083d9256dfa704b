"""The command line as a user has it: `python -m logscan` in a process of its own.

Owns the environment of that process, so that neither the settings of the person who runs the tests
nor an engine of this machine gets into one. Does not own what is asked and what is expected.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NO_ENGINE = "unix:///nonexistent/docker.sock"
"""Where a test that names no engine is sent: never to the one that this machine may run."""


@dataclass(frozen=True, slots=True)
class Completed:
    """How a run of logscan ended. UnicodeDecodeError, where it printed something else than UTF-8."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The one document on stdout."""
        return json.loads(self.stdout)

    @property
    def ndjson(self) -> list[Any]:
        """The documents on stdout, one per line."""
        return [json.loads(line) for line in self.stdout.splitlines()]


def run_logscan(
    *args: str,
    docker_host: str | None = None,
    env: Mapping[str, str] | None = None,
    input: bytes | None = None,  # noqa: A002 - the word of subprocess.run
    timeout: float = 60,
) -> Completed:
    """Run logscan to its end. `env` comes on top of a clean environment; `timeout` is in seconds."""
    done = subprocess.run(
        [sys.executable, "-m", "logscan", *args],
        env=environment(docker_host, env or {}),
        input=input if input is not None else b"",
        capture_output=True,
        timeout=timeout,
        check=False,
    )
    return Completed(done.returncode, done.stdout.decode(), done.stderr.decode())


def environment(docker_host: str | None, extra: Mapping[str, str]) -> dict[str, str]:
    """Give this process's environment without all that steers logscan, then `docker_host` and `extra`."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("LOGSCAN_", "DOCKER_"))}
    return clean | {"DOCKER_HOST": docker_host or NO_ENGINE} | dict(extra)
