"""Times as sinks write them: RFC 3339 with nine digits for machines, shorter for people.

Integer arithmetic only, since a float can't hold nanoseconds of our days. Zone is always UTC.
"""

from __future__ import annotations

import re
from datetime import date

NS_PER_SECOND = 1_000_000_000
_SECONDS_PER_DAY = 86_400
_EPOCH = date(1970, 1, 1).toordinal()
_RFC_3339 = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.(\d{9})Z")


def rfc3339(time_ns: int | None) -> str | None:
    """Write nanoseconds since the epoch; None for None, and for years that RFC 3339 can't write."""
    if time_ns is None:
        return None
    seconds, fraction = divmod(time_ns, NS_PER_SECOND)
    days, seconds = divmod(seconds, _SECONDS_PER_DAY)
    if not 1 <= _EPOCH + days <= date.max.toordinal():
        return None
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{date.fromordinal(_EPOCH + days)}T{hour:02}:{minute:02}:{second:02}.{fraction:09}Z"


def parse_rfc3339(text: str) -> int:
    """Read what `rfc3339` wrote, in nanoseconds since the epoch. Raises ValueError for all else."""
    parts = _RFC_3339.fullmatch(text)
    if parts is None:
        raise ValueError(f"{text!r} is no UTC time with nine digits")
    year, month, day, hour, minute, second, fraction = map(int, parts.groups())
    days = date(year, month, day).toordinal() - _EPOCH
    return (days * _SECONDS_PER_DAY + hour * 3600 + minute * 60 + second) * NS_PER_SECOND + fraction


def readable_time(time_ns: int | None) -> str:
    """Write a time for people, to the second, as `2025-10-14 09:04:11 UTC`."""
    text = rfc3339(time_ns)
    return "unknown time" if text is None else f"{text[:10]} {text[11:19]} UTC"


def readable_range(first_ns: int | None, last_ns: int | None) -> str:
    """Write a range for people; what both ends share is said once."""
    first, last = readable_time(first_ns), readable_time(last_ns)
    if first == last:
        return first
    start = first.removesuffix(" UTC")
    return f"{start} – {last.removeprefix(first[:11]) if first_ns is not None else last}"  # noqa: RUF001 - a dash of ranges
