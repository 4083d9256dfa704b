"""Draft: a rule file from one line of a log, for somebody to finish.

Owns the choice of the matcher and the text of the file. Does not own which parts of a line vary
(generalise), nor where the file goes. A draft loads as it stands and passes its own tests: each
matcher that could be written is tried on the line first, with the judge that scans.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from logscan.errors import UsageError
from logscan.finding import Severity
from logscan.generalise import MAX_LENGTH, Generalised, generalise
from logscan.matching.confirm import test_of
from logscan.matching.escapes import strip_colours
from logscan.matching.fields import mended
from logscan.matching.literals import matcher_literals
from logscan.matching.views import LineView
from logscan.redact import redact
from logscan.ruleset.model import Contains, Equals, FieldTest, Matcher, Regex

ORDINARY = ("Server started, listening on port 8080", "Health check passed in 12 ms", "The cache holds 40 entries")
"""Lines that mean no harm; a draft takes the first that its matcher leaves alone."""

MIN_TITLE, MAX_TITLE = 3, 120
_MESSAGE_KEYS = ("msg", "message")

_PLAIN = re.compile("[\t -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]*")
_ESCAPED = re.compile("[^ -!#-\\[\\]-~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule file as text, and whether the rule has a literal to be searched for."""

    text: str
    searched: bool


def draft_rule(rule_id: str, like: str, *, severity: Severity, service: str | None = None) -> Draft:
    """Write a rule file for lines like `like`: its first line that is not empty, without colours and secrets.

    `service` becomes the file's `where`. Raises UsageError when there is no text in it.
    """
    line = next((line for line in strip_colours(mended(like)).splitlines() if line.strip()), None)
    if line is None:
        raise UsageError("the line is empty", help="give the line as the log shows it, in quotes")
    line = redact(line)
    matcher, title = _choose(line)
    heading = title.replace("$", "").strip()[:MAX_TITLE].strip()
    lines = [
        "schema: logscan/v1",
        f"technology: {_quoted(service or 'Unsorted')}",
        *([f"where: {{service: [{_quoted(service)}]}}"] if service else []),
        "rules:",
        f"  - id: {rule_id}",
        f"    title: {_quoted(heading if len(heading) >= MIN_TITLE else rule_id)}  # say what is wrong",
        f"    severity: {severity}",
        "    match:",
        *(f"      {key}: {_quoted(value)}" for key, value in _said(matcher).items()),
        "    # why: what the line means, and why it is bad",
        "    # advice: what to do about it",
        "    tests:",
        "      match:",
        f"        - {_quoted(line)}",
        "      ignore:",
        "        # replace it: a line that looks like the one above, and is no trouble",
        f"        - {_quoted(_left_alone(matcher)[0])}",
    ]
    return Draft("\n".join(lines) + "\n", matcher_literals(matcher) is not None)


def _choose(line: str) -> tuple[Matcher, str]:
    """Take the first matcher that holds for the line, not for every other, and has a literal, else one without."""
    view = LineView(line)
    fitting = [one for one in _candidates(view) if test_of(one[0]).find(view) and _left_alone(one[0])]
    searched = (one for one in fitting if matcher_literals(one[0]) is not None)
    return next(searched, fitting[0])


def _left_alone(matcher: Matcher) -> list[str]:
    test = test_of(matcher)
    return [line for line in ORDINARY if test.find(LineView(line)) is None]


def _candidates(view: LineView) -> Iterator[tuple[Matcher, str]]:
    """Give the matchers that could be written, best first; the last one always holds."""
    if view.document is not None:
        yield from _of_json(view)
    else:
        yield from _of_logfmt(view)
        yield from _of_text(view.text)
    yield Contains.model_validate({"contains": view.text.strip()[:MAX_LENGTH]}), view.text
    yield Equals.model_validate({"equals": view.text}), view.text


def _of_json(view: LineView) -> Iterator[tuple[Matcher, str]]:
    if view.message and (text := view.message.strip()):
        yield from _of_text(text.splitlines()[0])
        return
    texts = {key: view.field_text(key) or "" for key, value in (view.document or {}).items() if isinstance(value, str)}
    for key in sorted(texts, key=lambda key: -len(texts[key])):
        yield from _of_field(key, texts[key])


def _of_logfmt(view: LineView) -> Iterator[tuple[Matcher, str]]:
    for key in _MESSAGE_KEYS:
        if text := view.field_text(key):
            yield from _of_field(key, text)


def _of_field(key: str, text: str) -> Iterator[tuple[Matcher, str]]:
    if not key or not (found := _generalised(text)):
        return
    test: dict[str, Any] = {"equals": text} if found.title == text else {"regex": found.pattern}
    yield FieldTest.model_validate({"field": key, **test}), found.title


def _of_text(text: str) -> Iterator[tuple[Matcher, str]]:
    if found := _generalised(text):
        yield Regex.model_validate({"regex": found.pattern}), found.title


def _generalised(text: str) -> Generalised | None:
    first = next((line for line in text.splitlines() if line.strip()), "")
    return generalise(first)


def _said(matcher: Matcher) -> dict[str, str]:
    return matcher.model_dump(by_alias=True, exclude_unset=True)


def _quoted(text: str) -> str:
    """Write a text so that YAML reads it back: in single quotes, or in double quotes when it needs escapes."""
    if _PLAIN.fullmatch(text):
        return "'" + text.replace("'", "''") + "'"
    return '"' + _ESCAPED.sub(_escape, text) + '"'


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\{found[0]}" if found[0] in '"\\' else f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"  # noqa: PLR2004
