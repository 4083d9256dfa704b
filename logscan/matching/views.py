"""Views: one decoded line in the forms in which a rule may see it.

A JSON line has two: the line as it stands, and the message inside it, decoded and without colours.
Any other line has one. Owns what is derived from a line, each at most once and only when a rule
asks, for all rules share the view. Does not own how JSON and logfmt are read (fields), nor what
rules ask (confirm).
"""

from __future__ import annotations

from typing import Any, Final

from logscan.matching import fields
from logscan.matching.escapes import strip_colours
from logscan.matching.levels import Level, json_level, text_level

MESSAGE_KEYS = ("message", "msg", "log", "@m")
"""The first of these that holds a string is the message of a JSON line."""

_UNREAD: Final = object()


def fold(text: str) -> str:
    """Lower the ASCII letters and no others, so that lengths and foreign letters stay."""
    if text.isascii():
        return text.lower()
    return text.encode("utf-8", "surrogatepass").lower().decode("utf-8", "surrogatepass")


class LineView:
    """The views of one line. `text` is the line as it stands, without its newline."""

    __slots__ = ("_document", "_folded", "_folded_message", "_haystack", "_level", "_message", "_pairs", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._document: Any = _UNREAD
        self._message: Any = _UNREAD
        self._folded: Any = _UNREAD
        self._folded_message: Any = _UNREAD
        self._haystack: Any = _UNREAD
        self._level: Any = _UNREAD
        self._pairs: Any = _UNREAD

    @property
    def message(self) -> str | None:
        """The decoded message of a JSON line; None for other lines."""
        if self._message is _UNREAD:
            self._message = _message(self.document)
        message: str | None = self._message
        return message

    @property
    def folded(self) -> str:
        """The line with its ASCII letters lowered, the same length."""
        if self._folded is _UNREAD:
            self._folded = fold(self.text)
        folded: str = self._folded
        return folded

    @property
    def folded_message(self) -> str | None:
        """The message with its ASCII letters lowered."""
        if self._folded_message is _UNREAD:
            self._folded_message = None if self.message is None else fold(self.message)
        folded: str | None = self._folded_message
        return folded

    @property
    def haystack(self) -> str:
        """Both views with their ASCII letters lowered, for looking whether a literal stands in either."""
        if self._haystack is _UNREAD:
            message = self.folded_message
            self._haystack = self.folded if message is None else f"{self.folded}\n{message}"
        haystack: str = self._haystack
        return haystack

    @property
    def document(self) -> dict[str, Any] | None:
        """The line as a JSON object; None for other lines."""
        if self._document is _UNREAD:
            self._document = fields.json_object(self.text)
        document: dict[str, Any] | None = self._document
        return document

    @property
    def level(self) -> Level | None:
        """The normalised level that the line announces; a JSON line by key, else in its message."""
        if self._level is _UNREAD:
            self._level = self._read_level()
        level: Level | None = self._level
        return level

    @property
    def has_fields(self) -> bool:
        """Whether the line carries keys at all; without, a field test cannot be decided."""
        return self.document is not None or bool(self._logfmt)

    def field(self, name: str) -> Any:
        """Give the value of a key as it was decoded, `fields.MISSING` when it is not there."""
        return fields.lookup(self._logfmt if self.document is None else self.document, name)

    def field_text(self, name: str) -> str | None:
        """Give the value of a key as text without colours; None when it has no text."""
        text = fields.value_text(self.field(name))
        return None if text is None else strip_colours(text)

    @property
    def _logfmt(self) -> dict[str, str]:
        if self._pairs is _UNREAD:
            self._pairs = fields.logfmt_pairs(self.text)
        pairs: dict[str, str] = self._pairs
        return pairs

    def _read_level(self) -> Level | None:
        if self.document is None:
            return text_level(self.text)
        return json_level(self.document) or text_level(self.message or "")


def _message(document: dict[str, Any] | None) -> str | None:
    if document is None:
        return None
    texts = (document[key] for key in MESSAGE_KEYS if isinstance(document.get(key), str))
    first = next(texts, None)
    return None if first is None else strip_colours(fields.mended(first))
