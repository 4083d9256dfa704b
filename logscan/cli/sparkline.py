"""Sparkline: how often something happened over the last days, drawn in a few characters."""

from __future__ import annotations

from collections.abc import Iterable

from logscan.duration import UNITS_NS

DAYS = 7
CELL_HOURS = 12
CELLS = DAYS * 24 // CELL_HOURS
NOTHING = "·"
_BARS = "▁▂▃▄▅▆▇█"


def sparkline(history: Iterable[tuple[int, int]], now_ns: int) -> str:
    """Draw the last seven days, a bar for each half of one; the highest is the busiest.

    `history`: (hour since the epoch, count). The last bar ends with the hour of `now_ns`.
    """
    counts = [0] * CELLS
    newest_hour = now_ns // UNITS_NS["h"]
    for hour, count in history:
        age = (newest_hour - hour) // CELL_HOURS
        if 0 <= age < CELLS:
            counts[CELLS - 1 - age] += count
    most = max(counts)
    return "".join(_BARS[(len(_BARS) * count - 1) // most] if count > 0 else NOTHING for count in counts)
