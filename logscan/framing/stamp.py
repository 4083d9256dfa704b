"""Timestamps of the Docker engine, as bytes and as integer nanoseconds.

The engine writes a fixed form of 30 bytes, `2026-11-24T07:20:29.123456789Z` (moby
`RFC3339NanoFixed`), so two of them compare as bytes. Podman and older files have fewer digits
or an offset; those take the careful way.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

STAMP_BYTES = 30
"""Length of a timestamp in the engine's fixed form; a space follows it."""

SECOND_NS = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CAREFUL = re.compile(rb"(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d):(\d\d)(?:\.(\d{1,9})\d*)?(Z|z|[+-]\d\d:?\d\d)")


@lru_cache(maxsize=4096)
def _minute_ns(minute: bytes) -> int:
    """Give the nanoseconds of `2026-11-24T07:20`; there are few minutes in a log and many lines."""
    year, month, day, hour, minutes = (int(minute[a:b]) for a, b in ((0, 4), (5, 7), (8, 10), (11, 13), (14, 16)))
    moment = datetime(year, month, day, hour, minutes, tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000


def parse_fixed(stamp: bytes) -> int:
    """Give the nanoseconds of a stamp in the fixed form. Raises ValueError when it is none."""
    return _minute_ns(stamp[:16]) + int(stamp[17:19]) * SECOND_NS + int(stamp[20:29])


def is_fixed(stamp: bytes) -> bool:
    """Tell whether it is a time in the fixed form."""
    try:
        parse_fixed(stamp)
    except ValueError:
        return False
    return True


def parse_careful(stamp: bytes) -> int:
    """Give the nanoseconds of any RFC 3339 stamp, as podman writes them. Raises ValueError when it is none."""
    found = _CAREFUL.fullmatch(stamp)
    if found is None:
        raise ValueError(f"{stamp[:40]!r} is no timestamp")
    minute, second, fraction, zone = found.groups()
    total = _minute_ns(minute) + int(second) * SECOND_NS + int((fraction or b"0").ljust(9, b"0"))
    if zone in (b"Z", b"z"):
        return total
    offset = (int(zone[1:3]) * 60 + int(zone[-2:])) * 60 * SECOND_NS
    return total - offset if zone[:1] == b"+" else total + offset


def format_fixed(time_ns: int) -> bytes:
    """Write `time_ns` in the engine's fixed form, for comparing as bytes. Years 1 to 9999."""
    seconds, nanos = divmod(time_ns, SECOND_NS)
    moment = _EPOCH + timedelta(seconds=seconds)
    return b"%s.%09dZ" % (moment.strftime("%04Y-%m-%dT%H:%M:%S").zfill(19).encode(), nanos)
