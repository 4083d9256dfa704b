"""Levels: how loud a line says it is, in five words for all the dialects.

Owns the dialects: keys of JSON and logfmt, brackets, bare words, the letters of Telegraf, klog and
MongoDB, the sigils of Redis. Does not own severity: harm and loudness differ, which is why rules
exist. The first level near the head of a line counts; words further on belong to its message.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any

from logscan.matching.escapes import strip_colours
from logscan.matching.fields import lookup

HEAD = 160
"""How many characters of a line may announce its level."""


class Level(StrEnum):
    """The normalised level of a line."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    FATAL = "fatal"


_WORDS: dict[str, Level] = {
    **dict.fromkeys(("trace", "trce", "trc", "debug", "dbug", "dbg", "verbose", "silly", "d", "t"), Level.DEBUG),
    **dict.fromkeys(("info", "inf", "information", "informational", "notice", "note", "log", "i", "n"), Level.INFO),
    **dict.fromkeys(("warning", "warn", "wrn", "w"), Level.WARNING),
    **dict.fromkeys(("error", "eror", "err", "fail", "severe", "e"), Level.ERROR),
    **dict.fromkeys(
        ("fatal", "ftl", "critical", "crit", "crt", "panic", "pnc", "dpanic", "emerg", "emergency", "alert", "f", "c"),
        Level.FATAL,
    ),
}
_LONG = "|".join(sorted((word for word in _WORDS if len(word) > 1), key=len, reverse=True))
_SHOUTED = _LONG.upper()

_TIME = r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)"

_SIGILS = {"#": Level.WARNING, "*": Level.INFO, "-": Level.DEBUG, ".": Level.DEBUG}
_REDIS = re.compile(r"\d+:[MCSX] [^#*.\-]{0,24}(?:\.\d{1,6})? ([#*.\-]) ")
_KLOG = re.compile(r"([IWEF])\d{4} \d\d:\d\d:\d\d")

_ANNOUNCED = re.compile(
    rf"""
      (?<![\w.-]) (?:level|lvl|severity) = "? ([A-Za-z]+)   # logfmt
    | "(?:level|severity)" \s* : \s* " (\w+) "              # JSON that does not parse
    | (?<!\S) ([EWID]) ! (?!\S)                             # Telegraf
    | \[ \s* ((?i:{_LONG})) \s* \]                          # [error], [Note]
    | (?<![\w./"=-]) ({_SHOUTED}) (?![\w./"=-])             # ERROR, WRN
    | (?: ^ | (?<=[\s:\]]) ) ((?i:{_LONG})) (?= :(?:\s|$) ) # info: after a time or a bracket
    | ^ (?:\S+\t)? ((?i:{_LONG})) (?= \s )                  # the first word, or behind a tab
    | ^ [A-Za-z]\w* : ((?i:{_LONG})) (?= \s )               # Zigbee2MQTT:info
    | ^ {_TIME} [ ]+ ((?i:{_LONG})) (?= \s )                # a time, then the padded word: zap's console
    | ^ {_TIME} [ ] ([FEWID]) \d? [ ]+ [A-Z]+ [ ]+ \[      # MongoDB before 4.4
    | (?<= \s ) [a-z]\w* \. ({_SHOUTED}) (?= : \s )        # app.ERROR: Monolog
    """,
    re.VERBOSE | re.ASCII,
)

_KEYS = ("level", "lvl", "severity", "levelname", "log.level", "@l", "s", "Level", "@level", "severityText")
_MONGO_DEBUG = re.compile("D[1-5]")
_PINO = ((60, Level.FATAL), (50, Level.ERROR), (40, Level.WARNING), (30, Level.INFO), (10, Level.DEBUG))


def text_level(text: str) -> Level | None:
    """Give the level that a line of text announces near its head; None when it is silent about it."""
    head = strip_colours(text[:HEAD])
    if found := _KLOG.match(head):
        return _WORDS[found[1].lower()]
    if found := _REDIS.match(head):
        return _SIGILS[found[1]]
    for found in _ANNOUNCED.finditer(head):
        if level := _WORDS.get(found[found.lastindex or 0].lower()):
            return level
    return None


def json_level(document: dict[str, Any]) -> Level | None:
    """Give the level that a JSON line names by one of the usual keys; None when it has none."""
    for key in _KEYS:
        value = lookup(document, key)
        if isinstance(value, str) and (level := _word_level(strip_colours(value).strip())):
            return level
        if isinstance(value, int) and not isinstance(value, bool):
            return next((level for least, level in _PINO if value >= least), None)
    return None


def _word_level(word: str) -> Level | None:
    return Level.DEBUG if _MONGO_DEBUG.fullmatch(word) else _WORDS.get(word.lower())
