"""Fields: the keys that a JSON or logfmt line brings along, and their values as text.

Owns reading them, tolerantly: logs hold NaN, bare control characters and lines that only look like
JSON, and none of that may end a scan. Does not own when they are read (views) nor what is asked of
them (confirm). Every value is compared and grouped as the text that the line shows, so numbers
keep the digits they were written with.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

import msgspec

MISSING: Final = object()
"""What `lookup` gives for a key that is not there; None is JSON's null."""

_DECODER = msgspec.json.Decoder(float_hook=str)
_PAIR = re.compile(r"""(?<!\S)([^\s="]+)=(?:"((?:[^"\\]|\\.)*+)"|(\S*))""")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(x1[bB]|033)|([\"\\/bfnrt]))")
_SIMPLE = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_NUMBER = re.compile(r"[+-]?\d{1,300}(\.\d{0,300})?([eE][+-]?\d{1,4})?", re.ASCII)


def json_object(text: str) -> dict[str, Any] | None:
    """Decode a line that is one JSON object; None for any other. Of a repeated key the last counts."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        value = _DECODER.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        value = _lenient_json(text)
    return value if isinstance(value, dict) else None


def _lenient_json(text: str) -> Any:
    """Decode what msgspec is too strict for: NaN, lone surrogates, raw tabs, endless integers."""
    if not text.rstrip().endswith("}"):
        return None
    try:
        return json.loads(text, strict=False, parse_float=str, parse_constant=str, parse_int=str)
    except (ValueError, RecursionError):
        return None


def logfmt_pairs(text: str) -> dict[str, str]:
    """Read the `key=value` pairs of a line, wherever they stand. Of a repeated key the first counts."""
    pairs: dict[str, str] = {}
    for key, quoted, bare in _PAIR.findall(text):
        if key not in pairs:
            pairs[key] = _ESCAPE.sub(_unescape, quoted) if "\\" in quoted else quoted or bare
    return pairs


def _unescape(escape: re.Match[str]) -> str:
    if escape[1]:
        return chr(int(escape[1], 16))
    return "\x1b" if escape[2] else _SIMPLE.get(escape[3], escape[3])


def lookup(fields: dict[str, Any], name: str) -> Any:
    """Give the value of `name`, whose dots may reach into objects; `MISSING` when it is not there."""
    if name in fields:
        return fields[name]
    head, _, rest = name.partition(".")
    inner = fields.get(head)
    return lookup(inner, rest) if rest and isinstance(inner, dict) else MISSING


def value_text(value: Any) -> str | None:
    """Give a value as JSON writes it, text without its quotes; None for objects, lists and MISSING."""
    if isinstance(value, str):
        return mended(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return "null" if value is None else None


def mended(text: str) -> str:
    """Replace lone surrogates, which JSON can write and no encoding can carry further."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def number(text: str) -> int | float | None:
    """Read a number as JSON and logfmt write it; None for any other text."""
    form = _NUMBER.fullmatch(text)
    if form is None:
        return None
    return float(text) if form[1] or form[2] else int(text)
