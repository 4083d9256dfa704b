"""Colour codes: taken out of a batch before it is searched, since they cut words in two."""

from __future__ import annotations

import re

_ESC = b"\x1b"
_SEQUENCE = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor movements
    rb"|\][^\x07\x1b\n]*(?:\x07|\x1b\\)"  # OSC: window titles, links
    rb"|[PX^_][^\x1b\n]*\x1b\\"  # DCS, SOS, PM, APC
    rb"|[ -/]*[0-~])"  # the short ones
)


def strip_ansi(text: bytes) -> bytes:
    """Give `text` without terminal sequences. Newlines stay, so the lines keep their numbers."""
    return _SEQUENCE.sub(b"", text) if _ESC in text else text
