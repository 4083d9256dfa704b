"""The time that is written in a line of text, in nanoseconds since the epoch, UTC.

Owns the shapes in which programs write times, and what is assumed where one lacks zone or year.
Does not own which line's time counts for a hit (sources), nor the time the daemon gave a line.
Reads no clock: the zone and the year come from outside, so a file gives the same times tomorrow.

Nothing here raises on nonsense: a month 13 or a number of forty digits is no time.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import NamedTuple

REACH = 4096
"""How far into a line a time under a known key is looked for; JSON often has it last."""

_HEAD = 128
# How far a bare time is looked for: nginx writes two addresses and a user before it. Further in, it
# is more likely what the message talks about than when it was written.

_SECOND = 1_000_000_000
_DAY_S = 86_400
_DAY = _DAY_S * _SECOND
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_YEARS = range(1970, 2262)  # what fits in 64 bits of nanoseconds
_MONTH = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_MONTHS = {name: number for number, name in enumerate(_MONTH.split("|"), start=1)}

_CLOCK, _SECONDS = re.compile(r":\d\d:\d\d", re.ASCII), re.compile(r"1\d{9}", re.ASCII)
"""Every shape has one of them: lines without, which are most lines without a time, cost two searches.

Each begins with a character of its own, which `re` finds so quickly that both take less than half the time of one for
both.
"""

_OF_DAY = r"""
    (?P<hour>\d\d) : (?P<minute>\d\d) : (?P<second>\d\d) (?: [.,] (?P<fraction>\d{1,9}) \d* )?
    (?: [ ]? (?P<zone>Z | UTC | GMT | [+-]\d\d:?\d\d) (?![A-Za-z0-9])
      | [ ] (?P<year_after>(?:19|20)\d\d) \b                            # ctime, dmesg -T, Apache
    )?
"""
_BEHIND_DATE = re.compile(_OF_DAY, re.VERBOSE | re.ASCII)
_DATED = re.compile(
    rf"""
    (?P<date> (?<!\d) (?P<year>\d{{4}} | \d\d) (?P<sep>[-/]) (?P<month>\d\d) (?P=sep) (?P<day>\d\d) [T _]
      | (?<!\d) (?P<day_b>\d{{1,2}}) [ /-] (?P<month_b>{_MONTH}) (?: [ /-] (?P<year_b>\d{{4}}) )? (?: [ ] | :{{1,2}} )
      | \b (?P<month_c>{_MONTH}) [ ]{{1,2}} (?P<day_c>\d{{1,2}}) [ ] (?: (?P<year_c>\d{{4}}) [ ] )?
      | (?<!\S) [IWEF] (?P<month_d>\d\d) (?P<day_d>\d\d) [ ]            # klog: E0102 15:04:05.123456
    ) {_OF_DAY}
    """,
    re.VERBOSE | re.ASCII,
)
_YEAR = ("year", "year_b", "year_c", "year_after")
_OWN_YEAR = _YEAR[:-1]

_DAYS = 1024
"""So many days are remembered as they were written: neighbouring lines share theirs."""

_SIZES = 4
"""In so many places days are looked for as they were written; programs write theirs in one or two."""

_HEADS = 512
"""So many heads of lines are remembered. Where there are more, other words stand before each date."""

_LONGEST_HEAD = 64
"""Programs write their time first, or behind a level and a name; in a longer head stands what differs."""

_ACCESS_DAY = len("[02/Dec/2025:")

_DIGIT = re.compile(r"\d")

_EPOCH = re.compile(r"(1\d{9})(\d{9}|\d{6}|\d{3})?(?:\.(\d{1,9})\d*)?(?!\d)", re.ASCII)
_KEY = re.compile(
    r'"(?:@?timestamp|time|ts|t|datetime|asctime)"\s*:\s*(?:\{\s*"\$date"\s*:\s*)?"?'
    r'|(?<![\w.-])(?:timestamp|time|ts|t)="?'
)


class _Head(NamedTuple):
    """What a line that begins like another one says: when its day begins, in the zone of the other one.

    `reach`: how far into the line the rest of the time may stand.
    """

    day_ns: int
    zone: str | None
    reach: int


class LineClock:
    """Reads the times of one file's lines.

    `default_tz` is the zone of times that name none, and of those that name it by an abbreviation
    other than UTC (CST alone means three of them). `mtime_ns` is when the file was last written: a
    time without a year is put nearest before it. With None such times are none.
    """

    def __init__(self, default_tz: tzinfo = UTC, mtime_ns: int | None = None) -> None:
        self._tz = default_tz
        self._newest_ns = None if mtime_ns is None else mtime_ns + _DAY  # a day, for the zone may be a guess
        self._days: dict[tuple[str, str | None, str | None], int | None] = {}
        self._heads: dict[str, _Head] = {}
        self._sizes: dict[str, list[int]] = {}  # of heads, by their first character

    def time_of(self, text: str) -> int | None:
        """Give the time in `text`: the first near its head, else under a known key such as `ts=`.

        A JSON line is asked for its keys alone, for its other values tell of other times. A time
        without a year comes last: dockerd's syslog lines have a full one behind it.
        """
        for size in self._sizes.get(text[:1], ()):
            head = self._heads.get(text[:size])
            if head is not None and (time_ns := _behind_head(text, size, head)) is not None:
                return time_ns
        bracket = text.find("[", 0, _HEAD)
        if bracket > 0 and (head := self._heads.get(text[bracket : bracket + _ACCESS_DAY])) is not None:
            alone = ":" not in text[:bracket] and not text.startswith("{")
            if alone and (time_ns := _behind_head(text, bracket + _ACCESS_DAY, head)) is not None:
                return time_ns
        if _CLOCK.search(text, 0, REACH) is None and _SECONDS.search(text, 0, REACH) is None:
            return None
        if text.startswith("{"):
            return self._keyed(text, alone=True)
        bare = _DATED.search(text, 0, _HEAD)
        if bare is not None and any(bare.group(*_YEAR)):
            return self._remembered(bare, _HEAD)
        for time_ns in self._candidates(text, bare):
            if time_ns is not None:
                return time_ns
        return None

    def _candidates(self, text: str, bare: re.Match[str] | None) -> Iterator[int | None]:
        yield self._keyed(text)
        if bare is not None:
            yield self._dated(bare)
        epoch = _EPOCH.match(text)
        if epoch is not None and text[epoch.end() : epoch.end() + 1] in (":", " "):  # Mosquitto
            yield _epoch_ns(epoch)

    def _keyed(self, text: str, *, alone: bool = False) -> int | None:
        """Give the time under a known key; `alone`: no time elsewhere in the line would come before it."""
        for key in _KEY.finditer(text, 0, REACH):
            if dated := _DATED.match(text, key.end()):
                time_ns = self._remembered(dated, sys.maxsize) if alone else self._dated(dated)
            elif epoch := _EPOCH.match(text, key.end()):
                time_ns = _epoch_ns(epoch)
            else:
                continue
            if time_ns is not None:
                return time_ns
        return None

    def _remembered(self, match: re.Match[str], reach: int) -> int | None:
        """Give the time, and remember the head of its line: another line with the same one has its time there too.

        A head with other digits in it, such as an address, comes but once. Of an access log's lines the part from the
        bracket is remembered: before it there is no time without a colon.
        """
        time_ns, begin, size = self._dated(match), 0, match.end("date")
        if len(self._heads) >= _HEADS or size > _LONGEST_HEAD:
            return time_ns
        day_ns = self._days.get(_day_key(match))
        if time_ns is None or day_ns is None or not any(match.group(*_OWN_YEAR)):
            return time_ns
        if _DIGIT.search(match.string, 0, match.start()):
            begin = size - _ACCESS_DAY
            if match.string[begin : begin + 1] != "[":
                return time_ns
        else:
            sizes = self._sizes.setdefault(match.string[:1], [])
            if size not in sizes:
                sizes.insert(0, size)
                del sizes[_SIZES:]
        self._heads[match.string[begin:size]] = _Head(day_ns, match["zone"], reach)
        if len(self._heads) >= _HEADS:  # nearly each line has its own
            self._sizes.clear()
        return time_ns

    def _dated(self, match: re.Match[str]) -> int | None:
        of_day_ns = _of_day_ns(*match.group("hour", "minute", "second", "fraction"))
        if of_day_ns is None:
            return None
        try:
            day_ns = self._days[_day_key(match)]
        except KeyError:
            year = _year(match)
            return self._in_likely_year(match, of_day_ns) if year is None else self._in_year(year, match, of_day_ns)
        return None if day_ns is None else day_ns + of_day_ns

    def _in_year(self, year: int, match: re.Match[str], of_day_ns: int) -> int | None:
        """Give the time, and remember its day, unless a clock is set near it."""
        day_s, zone = _day_seconds(year, match), match["zone"]
        if day_s is not None and zone is None and not self._has_one_offset(day_s):
            return self._moment_ns(day_s, zone, of_day_ns)
        if len(self._days) >= _DAYS:
            self._days.clear()
        day_ns = None if day_s is None else self._moment_ns(day_s, zone, 0)
        self._days[_day_key(match)] = day_ns
        return None if day_ns is None else day_ns + of_day_ns

    def _in_likely_year(self, match: re.Match[str], of_day_ns: int) -> int | None:
        if self._newest_ns is None:
            return None
        newest = 1970 + self._newest_ns // (365 * _DAY)  # never too small
        for guess in range(newest, newest - 10, -1):  # ten: a 29th of February may have to go back eight
            day_s = _day_seconds(guess, match)
            time_ns = None if day_s is None else self._moment_ns(day_s, match["zone"], of_day_ns)
            if time_ns is not None and time_ns <= self._newest_ns:
                return time_ns
        return None

    def _moment_ns(self, day_s: int, zone: str | None, of_day_ns: int) -> int | None:
        """Give the moment so far into a day; `day_s`: when that begins, no zone applied."""
        offset = self._default_offset(day_s + of_day_ns // _SECOND) if zone is None else _offset_seconds(zone)
        return None if offset is None else (day_s - offset) * _SECOND + of_day_ns

    def _has_one_offset(self, day_s: int) -> bool:
        """Tell whether no clock is set on this day, nor on those beside it."""
        return self._default_offset(day_s - _DAY_S) == self._default_offset(day_s + 2 * _DAY_S)

    def _default_offset(self, seconds: int) -> int:
        if self._tz is UTC:
            return 0
        naive = datetime(1970, 1, 1) + timedelta(seconds=seconds)  # noqa: DTZ001 - its zone is set next
        offset = naive.replace(tzinfo=self._tz).utcoffset()
        return 0 if offset is None else round(offset.total_seconds())


def _behind_head(text: str, size: int, head: _Head) -> int | None:
    """Give the time of a line whose head was seen before; None where what stands behind it is of another form."""
    rest = _BEHIND_DATE.match(text, size, head.reach)
    if rest is None:
        return None
    hour, minute, second, fraction, zone, _ = rest.groups()
    of_day_ns = _of_day_ns(hour, minute, second, fraction) if zone == head.zone else None
    return None if of_day_ns is None else head.day_ns + of_day_ns


def _of_day_ns(hour: str, minute: str, second: str, fraction: str | None) -> int | None:
    """Give the time since midnight. A leap second is the first second of the next minute."""
    if hour > "23" or minute > "59" or second > "60":
        return None
    return (int(hour) * 3_600 + int(minute) * 60 + int(second)) * _SECOND + _fraction_ns(fraction)


def _day_key(match: re.Match[str]) -> tuple[str, str | None, str | None]:
    """Give all that decides when a day begins."""
    return match["date"], match["zone"], match["year_after"]


def _day_seconds(year: int, match: re.Match[str]) -> int | None:
    """Seconds since the epoch at which a day begins, no zone applied."""
    month = match["month"] or match["month_d"] or _MONTHS[match["month_b"] or match["month_c"]]
    day = match["day"] or match["day_b"] or match["day_c"] or match["day_d"]
    if year not in _YEARS:
        return None
    try:
        return (date(year, int(month), int(day)).toordinal() - _EPOCH_DAY) * _DAY_S
    except ValueError:
        return None


def _offset_seconds(zone: str) -> int | None:
    if zone[0] not in "+-":
        return 0
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    if hours > 23 or minutes > 59:  # noqa: PLR2004 - the limits of a clock
        return None
    seconds = hours * 3_600 + minutes * 60
    return -seconds if zone[0] == "-" else seconds


def _fraction_ns(digits: str | None) -> int:
    return int(digits.ljust(9, "0")) if digits else 0


def _year(match: re.Match[str]) -> int | None:
    year = next(filter(None, match.group(*_YEAR)), None)
    if year is None:
        return None
    return int(year) + (2000 if len(year) == 2 else 0)  # noqa: PLR2004 - the supervisor writes 21-05-21


def _epoch_ns(match: re.Match[str]) -> int:
    """Read 10 digits as seconds, 13 as milliseconds, 16 as microseconds, 19 as nanoseconds."""
    digits = match[1] + (match[2] or "")
    unit_ns = int("1".ljust(20 - len(digits), "0"))
    return int(digits) * unit_ns + _fraction_ns(match[3]) * unit_ns // _SECOND
