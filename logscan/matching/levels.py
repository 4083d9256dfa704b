"""Levels: how loud a line says it is, in five words for all the dialects.

Owns the dialects: keys of JSON and logfmt, the numbers of pino, Monolog and syslog, brackets, bare
words, the letters of Telegraf, klog, Tornado and MongoDB, the sigils of Redis. Does not own severity:
harm and loudness differ, which is why rules exist. The first level near the head of a line counts;
words further on belong to its message.
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


_SPELLINGS = {
    Level.DEBUG: "trace trce trc debug debu dbug dbg verbose silly d t",
    Level.INFO: "info inf information informational notice note log i n",
    Level.WARNING: "warning warn wrn warnung w",
    Level.ERROR: "error eror erro err fail severe fehler erreur e",
    Level.FATAL: "fatal fata pani ftl critical crit crt panic pnc dpanic emerg emergency alert f c",
}
_WORDS = {word: level for level, words in _SPELLINGS.items() for word in words.split()}
_LONG = "|".join(sorted((word for word in _WORDS if len(word) > 1), key=len, reverse=True))
_SHOUTED = _LONG.upper()

_TIME = r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)"

_SIGILS = {"#": Level.WARNING, "*": Level.INFO, "-": Level.DEBUG, ".": Level.DEBUG}
_REDIS = re.compile(r"\d+:[MCSX] [^#*.\-]{0,24}(?:\.\d{1,6})? ([#*.\-]) ")
_KLOG = re.compile(r"([IWEF])(?:\d{4}){1,2} \d\d:\d\d:\d\d")
_PRIORITY = re.compile(r"<(\d{1,3})>(?! ?</)")
_COMPOSE = re.compile(r"[\w.-]{1,64} +\| +")

_KEY = r"(?:log[._]?)?(?:level|lvl)(?:_?name)?|severity(?:_text)?"

_AT_START = re.compile(
    rf"""
      \d[\d:.,\ T/Z+-]{{6,34}} \| \s* ((?i:{_LONG})) \s* \|   # NLog
    | \[ ([EWIDC]) [ ] \d                                     # [E 12:00:00 web:1]: Tornado
    | = ((?i:{_LONG})) [ ] REPORT====                         # Erlang before its logger
    | (?:\[ [^\]]{{8,40}} \] [ ])? \W{{0,4}} (?:PHP [ ]+)? ((?i:fatal)) (?= [ ] error\b )  # V8, PHP
    | \W* (?:npm|yarn|pnpm) [ ] (error|warn) (?= \s )
    | ([EWIDF]) / [\w.-]{{1,40}} [ ]* \( [ ]* \d+ \) :        # Android
    | \d\d-\d\d [ ] [\d:.]{{8,15}} [ ]+ \d+ [ ]+ \d+ [ ] ([EWIDF]) [ ]  # the same, with process and thread
    | \[? \d{{2,4}} [-/.] \d\d [-/.] \d\d [T ] \d\d:\d\d:\d\d \S* [ \t]+ ([EWIDF]) (?= [ \t] )  # a time, then a letter
    | (?:\S+\t)? ((?i:{_LONG})) (?= \s )                      # the first word, or behind a tab
    | [A-Za-z]\w* : ((?i:{_LONG})) (?= \s )                   # Zigbee2MQTT:info
    | {_TIME} [ ]+ ((?i:{_LONG})) (?= \s )                    # a time, then the padded word: zap's console
    | {_TIME} [ ] ([FEWID]) \d? [ ]+ [A-Z]+ [ ]+ \[           # MongoDB before 4.4
    """,
    re.VERBOSE | re.ASCII,
)
_ANNOUNCED = re.compile(
    rf"""
      (?<![\w.-]) (?i:{_KEY}) = "? ([A-Za-z]+)                # logfmt
    | "(?i:{_KEY})" \s* : \s* " (\w+) "                       # JSON that does not parse
    | (?<!\S) ([EWID]) ! (?!\S)                               # Telegraf
    | \[ \s* ((?i:{_LONG})) \s* \]                            # [error], [Note]
    | \[ ([EWID]) \]                                          # [E]: Gitea, ESPHome (whose [C] are settings)
    | \[ [a-z_]\w* : ({_LONG}) \d? \]                         # [core:error]: Apache
    | \[ [^\[\]/]{{1,60}} / ({_SHOUTED}) \]                   # [Server thread/ERROR]: Log4j
    | (?<= \d:\s ) ({_SHOUTED}) (?= / \S+ \] )                # [2024-01-01 00:00:00,000: ERROR/MainProcess]: Celery
    | (?<!\S) < ((?i:{_LONG})) > (?!\S)                       # <Error>: ClickHouse
    | (?<![\w./"=-]) ({_SHOUTED}) (?![\w./"=-])               # ERROR, WRN
    | (?: ^ | (?<=[\s:\]*]) ) ((?i:{_LONG})) (?= :(?:\s|$) ) # info: after a time, a bracket, an asterisk
    | (?<= \s ) [a-z]\w* \. ({_SHOUTED}) (?= : \s )           # app.ERROR: Monolog
    """,
    re.VERBOSE | re.ASCII,
)

_KEYS = (
    *("level_name", "levelname", "levelName", "level", "lvl", "severity", "log.level", "@l", "s", "Level", "@level"),
    *("severityText", "severity_text", "Severity", "SeverityText", "log_level", "loglevel", "logLevel", "LogLevel"),
    *("LEVEL", "LOG_LEVEL", "SEVERITY", "level.name"),
)
_DIGITS = re.compile("[0-9]{1,3}")
_MONGO_DEBUG = re.compile("D[1-5]")
_NUMBERS = (
    *((500, Level.FATAL), (400, Level.ERROR), (300, Level.WARNING), (200, Level.INFO), (100, Level.DEBUG)),
    *((60, Level.FATAL), (50, Level.ERROR), (40, Level.WARNING), (30, Level.INFO), (10, Level.DEBUG)),
)
"""From so much on: Monolog counts in hundreds, pino and bunyan in tens."""

_SYSLOG = (*(Level.FATAL,) * 3, Level.ERROR, Level.WARNING, Level.INFO, Level.INFO, Level.DEBUG)
_SYSLOG_MARKS = ("short_message", "SYSLOG_IDENTIFIER", "_SYSTEMD_UNIT", "_PID")
"""Keys that only GELF and the journal have; both number their levels as syslog does."""


def text_level(text: str) -> Level | None:
    """Give the level that a line of text announces near its head; None when it is silent about it."""
    head = strip_colours(text[:HEAD])
    if level := _head_level(head):
        return level
    behind = _COMPOSE.match(head)
    return _head_level(head[behind.end() :]) if behind else None


def _head_level(head: str) -> Level | None:
    if found := _KLOG.match(head):
        return _WORDS[found[1].lower()]
    if found := _REDIS.match(head):
        return _SIGILS[found[1]]
    if (found := _PRIORITY.match(head)) and int(found[1]) < 24 * 8:
        return _SYSLOG[int(found[1]) % 8]
    if (found := _AT_START.match(head)) and (level := _WORDS.get(found[found.lastindex or 0].lower())):
        return level
    for found in _ANNOUNCED.finditer(head):
        if level := _WORDS.get(found[found.lastindex or 0].lower()):
            return level
    return None


def json_level(document: dict[str, Any]) -> Level | None:
    """Give the level that a JSON line names by one of the usual keys; None when it has none."""
    if any(mark in document for mark in _SYSLOG_MARKS):
        number = document.get("PRIORITY", document.get("level"))
        if str(number) in {"0", "1", "2", "3", "4", "5", "6", "7"}:
            return _SYSLOG[int(str(number))]
    for key in _KEYS:
        value = lookup(document, key)
        if isinstance(value, str) and (level := _word_level(strip_colours(value).strip())):
            return level
        if isinstance(value, int) and not isinstance(value, bool):
            return _number_level(value)
    return None


def _number_level(value: int) -> Level | None:
    return next((level for least, level in _NUMBERS if value >= least), None)


def _word_level(word: str) -> Level | None:
    if _DIGITS.fullmatch(word):
        return _number_level(int(word))
    return Level.DEBUG if _MONGO_DEBUG.fullmatch(word) else _WORDS.get(word.lower())
