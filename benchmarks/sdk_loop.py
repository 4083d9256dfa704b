"""Read a container's log as most tools in Python do: the SDK's generator, and a loop over patterns for each line.

    python benchmarks/sdk_loop.py CONTAINER PATTERNS

Prints how many lines any of the patterns (a file, one a line) is found in. The engine is that of DOCKER_HOST.
"""

from __future__ import annotations

import sys
from pathlib import Path

import docker
import regex


def count(container: str, patterns: Path) -> int:
    """Count the lines that hold one of the patterns."""
    searches = [regex.compile(line).search for line in patterns.read_text(encoding="utf-8").splitlines()]
    lines = docker.from_env().containers.get(container).logs(stream=True, follow=False)
    return sum(any(search(text) for search in searches) for text in (line.decode("utf-8", "replace") for line in lines))


if __name__ == "__main__":
    print(count(sys.argv[1], Path(sys.argv[2])))
