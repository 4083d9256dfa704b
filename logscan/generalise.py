r"""Generalise: from the text of one line, a pattern that fits its kin as well.

Owns which parts of a line vary from one to the next (times, numbers, addresses, what is quoted) and what
stands for each in a pattern: a named group where the value tells something, else a class. Does not own
which text of a line is looked at, nor the rule around the pattern (draft).

Everything else stays as it is: what a line says is in its words, and a pattern that is too narrow is
seen at once, while one that is too wide cries for months. A status such as `401` is such a word.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import dropwhile

from logscan.redact import MARKER

MAX_LENGTH = 500
"""Characters of a text that are looked at; what stands further on adds nothing that anybody reads."""

_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_CLOCK = r"\d\d:\d\d:\d\d(?:[.,]\d+)?(?:\ ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d)(?!\w))?"
_UNIT = r"(?:%|[kKMGT]i?B|B|bytes|ns|us|ms|s|sec|m|min|h|d)"

_VARIABLE = re.compile(
    rf"""
      (?P<protocol>\bHTTP/\d(?:\.\d)?\b)
    | (?P<redacted>{re.escape(MARKER)})
    | (?P<quoted>"(?![^"]*\ HTTP/\d)(?:[^"\\]|\\.)*" | (?<!\w)'[^']*'(?!\w))
    | (?P<time>(?<!\w)(?:
          (?:\d\d)?\d\d[-/]\d\d[-/]\d\d(?:[T ]{_CLOCK})?
        | \d{{1,2}}[/\ -]{_MONTH}(?:[/\ -]\d{{4}})?[:\ ]{_CLOCK}
        | {_MONTH}\ +\d{{1,2}}\ {_CLOCK}
        | {_CLOCK})(?!\w))
    | (?P<url>\b[a-z][a-z0-9+.-]*://[^\s"'<>]+)
    | (?P<email>[\w.+-]+@\w[\w-]*(?:\.[\w-]+)+)
    | (?P<uuid>(?<!\w)[0-9a-fA-F]{{8}}-(?:[0-9a-fA-F]{{4}}-){{3}}[0-9a-fA-F]{{12}}(?!\w))
    | (?P<address>(?<![\w.])\d{{1,3}}(?:\.\d{{1,3}}){{3}}(?::\d+)?(?![\w.]))
    | (?P<path>(?<![\w/.)\]}}~])~?\.{{0,2}}/[^\s"'(),;]*[^\s"'(),;:.])
    | (?P<hex>(?<!\w)(?:0x[0-9a-fA-F]+|(?=[a-fA-F]*\d)(?=\d*[a-fA-F])[0-9a-fA-F]{{8,}})(?!\w))
    | (?P<number>(?<![\w.])(?:(?:\d+(?:[.,]\d+)*{_UNIT})+(?!\w) | \d+(?:[.,]\d+)*(?!\w)))
    """,
    re.VERBOSE | re.ASCII,
)
_STATUS = re.compile(r'(?:HTTP/[\d.]+"?|\b(?:errno|status|code|exit|exited|signal|error))\W{0,3}\Z|\(\Z', re.IGNORECASE)
"""What stands before a number that is a word of the message: an HTTP status, an errno, an exit code."""
_STATUS_REACH = 16
_STATUS_DIGITS = 3

_FORMS = {
    "redacted": r"\S+",
    "url": r"(?P<{}>[a-z][^\s\"'<>]+)",
    "email": r"(?P<{}>[^\s@]+@[\w.-]+)",
    "uuid": r"(?P<{}>[0-9a-f-]{{36}})",
    "address": r"(?P<{}>[\d.]+(?::\d+)?)",
    "path": r"(?P<{}>[^\s\"'(),;]+)",
    "hex": r"(?P<{}>[0-9a-fx]+)",
}
_GROUPS = {"uuid": "id", "hex": "id"}

_SPECIAL = re.compile(r"[\\.^$*+?{}\[\]|()]")
_SPACES = re.compile(r"\s{2,}|[^\S ]")
_BEFORE_WORDS = re.compile(r"[\s:;,|>\])}-]+")
_LETTER = re.compile(r"[^\W\d_]")

_Part = tuple[str | None, str]
"""A piece of a text: what varies with its kind, what stays with None."""


@dataclass(frozen=True, slots=True)
class Generalised:
    """`pattern` fits the text it was made from; `title` is that text with an ellipsis for what varies."""

    pattern: str
    title: str


def generalise(text: str) -> Generalised | None:
    """Give the pattern of a text without newlines; None when no word of it stays the same.

    What varies at the head of a line, nearly always its time, is left out: a pattern is found
    anywhere in a line.
    """
    groups: Counter[str] = Counter()
    patterns: list[str] = []
    words: list[str] = []
    for kind, part in _without_head(_parts(text[:MAX_LENGTH].strip())):
        patterns.append(_escaped(part) if kind is None else _form(kind, part, groups))
        words.append(part if kind is None else "…")
    return Generalised("".join(patterns).strip(), " ".join("".join(words).split())) if patterns else None


def _parts(text: str) -> Iterator[_Part]:
    end = 0
    for found in _VARIABLE.finditer(text):
        kind = found.lastgroup
        if kind == "protocol" or (kind == "number" and _is_word(text, found)):
            continue
        if found.start() > end:
            yield None, text[end : found.start()]
        yield kind, found[0]
        end = found.end()
    if end < len(text):
        yield None, text[end:]


def _is_word(text: str, number: re.Match[str]) -> bool:
    short = number.end() - number.start() <= _STATUS_DIGITS
    return short and _STATUS.search(text, max(0, number.start() - _STATUS_REACH), number.start()) is not None


def _without_head(parts: Iterable[_Part]) -> Iterator[_Part]:
    """Leave out what stands before the first word."""
    rest = dropwhile(lambda part: part[0] is not None or not _LETTER.search(part[1]), parts)
    first = next(rest, None)
    if first is not None:
        before = _BEFORE_WORDS.match(first[1])
        yield None, first[1][before.end() :] if before else first[1]
        yield from rest


def _escaped(text: str) -> str:
    return _SPACES.sub(r"\\s+", _SPECIAL.sub(r"\\\g<0>", text))


def _form(kind: str, text: str, groups: Counter[str]) -> str:
    """Give what stands for a part that varies; a name that is taken gets a number."""
    if kind == "time":
        return re.sub(r"\d+", r"\\d+", re.sub(r"[A-Za-z]{3,}", "[A-Za-z]+", _escaped(text)))
    if kind == "number":
        return r"\d+" if text.isdigit() else r"\d\S*" if not text[-1].isdigit() else r"[\d.,]+"
    if kind == "redacted":
        return _FORMS[kind]
    name = _GROUPS.get(kind, kind)
    groups[name] += 1
    name += str(groups[name]) if groups[name] > 1 else ""
    if kind == "quoted":
        quote = text[0]
        inside = r'(?:[^"\\]|\\.)*' if quote == '"' and "\\" in text else f"[^{quote}]*"
        return f"{quote}(?P<{name}>{inside}){quote}"
    return _FORMS[kind].format(name)
