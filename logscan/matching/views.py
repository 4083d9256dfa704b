"""Views: one decoded line in the forms in which a rule may see it.

A JSON line has two: the line as it stands, and the message inside it, decoded and without colours.
Any other line has one. Owns what is derived from a line, each at most once and only when a rule
asks, for all rules share the view. Does not own how JSON and logfmt are read (fields), nor what
rules ask (confirm).
"""

from __future__ import annotations

from typing import Any

from logscan.lazy import lazy
from logscan.matching import fields
from logscan.matching.escapes import hides, revealed, strip_colours
from logscan.matching.levels import Level, json_level, text_level

MESSAGE_KEYS = ("message", "msg", "log", "@m")
"""The first of these that holds a string is the message of a JSON line."""


def fold(text: str) -> str:
    """Lower the ASCII letters and no others, so that lengths and foreign letters stay."""
    if text.isascii():
        return text.lower()
    return text.encode("utf-8", "surrogatepass").lower().decode("utf-8", "surrogatepass")


class LineView:
    """The views of one line. `text` is the line as it stands, without its newline."""

    def __init__(self, text: str) -> None:
        self.text = text

    @lazy
    def message(self) -> str | None:
        """The decoded message of a JSON line; None for other lines."""
        return _message(self.document)

    @lazy
    def folded(self) -> str:
        """The line with its ASCII letters lowered, the same length."""
        return fold(self.text)

    @lazy
    def folded_message(self) -> str | None:
        """The message with its ASCII letters lowered."""
        return None if self.message is None else fold(self.message)

    @lazy
    def haystack(self) -> str:
        """All forms of the line with their ASCII letters lowered, for looking whether a literal stands in any."""
        line = fold("\n".join(revealed(self.text))) if hides(self.text) else self.folded
        return line if self.folded_message is None else f"{line}\n{self.folded_message}"

    @lazy
    def document(self) -> dict[str, Any] | None:
        """The line as a JSON object; None for other lines."""
        return fields.json_object(self.text)

    @lazy
    def level(self) -> Level | None:
        """The normalised level that the line announces; a JSON line by key, else in its message."""
        if self.document is None:
            return text_level(self.text)
        return json_level(self.document) or text_level(self.message or "")

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

    @lazy
    def _logfmt(self) -> dict[str, str]:
        return fields.logfmt_pairs(self.text)


def _message(document: dict[str, Any] | None) -> str | None:
    if document is None:
        return None
    texts = (document[key] for key in MESSAGE_KEYS if isinstance(document.get(key), str))
    first = next(texts, None)
    return None if first is None else strip_colours(fields.mended(first))
