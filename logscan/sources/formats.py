"""Formats: in which of four shapes a file holds the lines of its containers.

Owns telling them apart by looking at the beginning of a file. Does not own reading them: each
format has its reader. A few odd lines don't matter (a banner, a damaged record): the majority decides.
"""

from __future__ import annotations

import re
from enum import StrEnum

from logscan.framing.ansi import strip_ansi

SAMPLE_BYTES = 64 << 10
"""How much of a file is looked at."""


class Format(StrEnum):
    """What a file was found to be, as the coverage tells it."""

    PLAIN = "plain"
    DOCKER_TIMESTAMPS = "docker-timestamps"
    COMPOSE = "compose"
    JSON_FILE = "json-file"


DOCKER_STAMP = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}(?:Z|[+-]\d\d:\d\d)) ")
"""What `docker logs -t` writes before a line. Nine digits, always: programs that write RFC 3339
themselves mostly write fewer, and their times belong to the line."""

COMPOSE_PREFIX = re.compile(
    rb"(?!(?i:trace|debug|info|notice|warn|warning|error|critical|fatal|success) )"  # Loguru's columns look alike
    rb"((?=[^ ]*[A-Za-z])[A-Za-z0-9][A-Za-z0-9_.-]*) {2,}\| ?"
)
"""`name-1  | `: compose pads the names to a common width and puts two spaces at least before the bar."""

_RECORD = re.compile(rb'\{(?:"log":".*",)?"stream":"std(?:out|err)",.*"time":"')

_SHAPES = (
    (Format.JSON_FILE, _RECORD),
    (Format.COMPOSE, COMPOSE_PREFIX),
    (Format.DOCKER_TIMESTAMPS, DOCKER_STAMP),
)


def detect(sample: bytes) -> Format:
    """Tell the format of a file that begins with `sample`, a run of SAMPLE_BYTES or the whole file."""
    lines = strip_ansi(sample).split(b"\n")
    if len(lines) > 1:
        lines.pop()  # empty, or cut by the end of the sample
    lines = [line for line in lines if line.strip()]
    for shape, pattern in _SHAPES:
        if 2 * sum(pattern.match(line) is not None for line in lines) > len(lines):
            return shape
    return Format.PLAIN
