"""Title: a rule's title with the fields of the newest hit in it.

`${name}` is replaced and nothing else is read: no attribute, no format, no second pass. What is put
in comes from a log, so it can only be text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from logscan.detection.safe_fields import MISSING

MAX_VALUE_CHARS = 120
"""A title is a line: a longer value is cut, and the fields of the finding have it whole."""

_FIELD = re.compile(r"\$\{([A-Za-z_@][\w.@-]*)\}", re.ASCII)


def filled(title: str, fields: Mapping[str, str]) -> str:
    """Fill in the redacted fields; `<missing>` stands for one that is not there."""
    if "${" not in title:
        return title
    return _FIELD.sub(lambda found: _short(fields.get(found[1], MISSING)), title)


def _short(value: str) -> str:
    flat = " ".join(value.split("\n"))
    return flat if len(flat) <= MAX_VALUE_CHARS else flat[: MAX_VALUE_CHARS - 1] + "…"
