"""Terminal: paragraphs and lines of evidence, fitted to a width, out of text that is not ours.

Owns wrapping, cutting and colour. Does not own what is said (the sinks). Every foreign string passes
`safe_text` and becomes a `rich.text.Text`, never markup. Lines of a log stand behind a bar, so none can
pass for ours.
"""

from __future__ import annotations

import os
import shutil
from typing import Self, TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from logscan.finding import Sample
from logscan.safe_text import safe_text

INDENT = "  "
MIN_WIDTH = 20
FILE_WIDTH = 120
"""Columns of what goes to a file or a pipe."""

_BAR = "  │ "


class Terminal:
    """Prints what is no wider than `width` cells, but for what must stay whole."""

    def __init__(self, out: TextIO, *, width: int, color: bool) -> None:
        self.width = max(width, MIN_WIDTH)
        self._console = Console(
            file=out,
            width=self.width,
            force_terminal=color,
            color_system="standard" if color else None,
            no_color=not color,
            markup=False,
            highlight=False,
            emoji=False,
            legacy_windows=False,
        )

    @classmethod
    def on(cls, out: TextIO) -> Self:
        """Fit what is printed to what `out` leads to: a terminal of some width, or a file."""
        return cls(out, width=columns_of(out), color=has_color(out))

    def fit(self, width: int) -> None:
        """Go on with another width: a person has resized the terminal."""
        self.width = self._console.width = max(width, MIN_WIDTH)

    def line(self, text: Text, indent: str = "") -> None:
        """Print one paragraph of ours, wrapped; what is wrapped is indented once more."""
        room = self.width - len(indent) - len(INDENT)
        for number, line in enumerate(text.wrap(self._console, room, overflow="fold")):
            line.rstrip()
            start = indent if number == 0 else indent + INDENT
            self._console.print(Text(start).append_text(line), no_wrap=True, overflow="ignore", crop=False)

    def whole(self, text: Text) -> None:
        """Print a line that is never wrapped or cut, since it is what one searches and copies."""
        self._console.print(text, soft_wrap=True)

    def one_line(self, text: str) -> None:
        """Print a line of ours in which foreign text stands: it is cut, so nothing foreign ever begins a line."""
        self._console.print(Text(INDENT + cut(flat(text), self.width - len(INDENT))), no_wrap=True, overflow="ellipsis")

    def blank(self) -> None:
        self._console.print()

    def sample(self, sample: Sample) -> None:
        """Print a line of evidence, with the lines around it."""
        for line in sample.before:
            self._evidence(flat(line), style="dim")
        begin = 0
        for line in sample.line.split("\n"):
            start, end = (len(flat(line[: max(place - begin, 0)])) for place in (sample.start, sample.end))
            self._evidence(flat(line), start, end)
            begin += len(line) + 1
        for line in sample.after:
            self._evidence(flat(line), style="dim")

    def _evidence(self, line: str, start: int = 0, end: int = 0, style: str = "") -> None:
        room = self.width - cell_len(_BAR)
        text = Text.assemble((_BAR, "dim"), (cut(line, room, start, end), style))
        self._console.print(text, no_wrap=True, overflow="ellipsis")


def columns_of(out: TextIO) -> int:
    return shutil.get_terminal_size().columns if out.isatty() else FILE_WIDTH


def has_color(out: TextIO) -> bool:
    return out.isatty() and "NO_COLOR" not in os.environ


def flat(text: str) -> str:
    """Make foreign text fit to stand in a line."""
    # A tab is as wide as the terminal likes, so no line with one could be fitted.
    return safe_text(text).replace("\t", "    ")


def foreign(text: str, style: str = "") -> Text:
    return Text(flat(text), style=style)


def cut(line: str, room: int, start: int = 0, end: int = 0) -> str:
    """Cut a line to `room` cells, from its head if the match fits in, else so that it begins within."""
    if cell_len(line) <= room:
        return line
    if cell_len(line[:end]) >= room:
        lead = min(start, room // 3)
        line = "…" + line[start - lead + 1 :] if start > lead else line
    text = Text(line)
    text.truncate(room, overflow="ellipsis")
    return text.plain
