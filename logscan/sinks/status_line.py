"""Status line: the last line of a terminal, drawn anew over and over, and gone while something is printed.

Owns the few control sequences that this takes. Does not own what it says. rich has such a display too, with a
thread that redraws it; a follow has its own beat.
"""

from __future__ import annotations

from typing import TextIO

ERASE = "\r\x1b[K"


class StatusLine:
    """One line without a newline behind it. What is shown must fit the terminal, or the rest of it stays."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._shown = ""

    def show(self, text: str) -> None:
        """Draw `text` in place of what stands there; it has to be safe already."""
        if text != self._shown:
            self._out.write(ERASE + text)
            self._shown = text

    def hide(self) -> None:
        """Take it away, so that something can be printed."""
        if self._shown:
            self._out.write(ERASE)
            self._shown = ""
