"""Docker stamps: the time that `docker logs -t` writes before each line, and into long ones.

Owns finding and removing them. The stamps stay in the text while it is searched, since taking each
out would cost as much as the search: a line loses its stamp when it is decoded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from logscan.framing.line_block import PIECE_BYTES
from logscan.framing.lines import long_lines
from logscan.framing.stamp import parse_careful
from logscan.sources.formats import DOCKER_STAMP
from logscan.sources.written_times import PlainStamp


@dataclass(frozen=True, slots=True)
class DockerStamp:
    """The stamp of lines that begin with Docker's; a line without it may have a time of its own, by `plain`."""

    plain: PlainStamp
    verbatim: ClassVar[bool] = False

    def content(self, text: bytes, start: int, end: int) -> int:
        prefix = _prefix(text, start, end)
        return start if prefix is None else prefix[0]

    def time(self, text: bytes, start: int, end: int) -> int | None:
        prefix = _prefix(text, start, end)
        return self.plain.time(text, start, end) if prefix is None else prefix[1]


def _prefix(text: bytes, start: int, end: int) -> tuple[int, int] | None:
    """Give where Docker's stamp ends, and its time."""
    prefix = DOCKER_STAMP.match(text, start, end)
    if prefix is None:
        return None
    try:
        return prefix.end(), parse_careful(prefix[1])
    except ValueError:  # a month 13: digits that are no stamp
        return None


def join_pieces(text: bytes) -> bytes:
    """Take the stamps out of the middle of lines, where they hide what lies across them from the search.

    Each piece of a line carries the same stamp. It is looked for by its text, not at the multiples of
    PIECE_BYTES: colours that were stripped and bytes that were dropped have moved it. A program that
    prints the very nanosecond at which the daemon will read its line is not expected.
    """
    parts: list[bytes] = []
    kept = 0
    for start, end in long_lines(text, PIECE_BYTES):
        prefix = DOCKER_STAMP.match(text, start, end)
        if prefix is not None and text.find(prefix[0], prefix.end(), end) >= 0:
            parts += text[kept : prefix.end()], text[prefix.end() : end].replace(prefix[0], b"")
            kept = end
    return b"".join([*parts, text[kept:]]) if parts else text
