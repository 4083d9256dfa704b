"""Durations as people write them (`30s`, `5m`, `1h30m`, `24h`, `7d`), in nanoseconds, and back."""

from __future__ import annotations

import re

UNITS_NS = {
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
    "d": 86_400_000_000_000,
    "w": 604_800_000_000_000,
}
_PART = re.compile(r"(\d+)(ms|[smhdw])")


def parse_duration(text: str) -> int:
    """Give the nanoseconds of `text`. Raises ValueError when it is no duration."""
    position, total = 0, 0
    while position < len(text):
        part = _PART.match(text, position)
        if part is None:
            break
        total += int(part[1]) * UNITS_NS[part[2]]
        position = part.end()
    if not text or position < len(text):
        raise ValueError(f"{text!r} is no duration; write it like 30s, 5m, 24h or 7d")
    return total


def duration_text(duration_ns: int) -> str:
    """Write nanoseconds as a rule does, in hours at the most: `36h`, `90s`."""
    if duration_ns == 0:
        return "0s"
    unit = next(unit for unit, size_ns in reversed(UNITS_NS.items()) if duration_ns % size_ns == 0 and unit not in "dw")
    return f"{duration_ns // UNITS_NS[unit]}{unit}"
