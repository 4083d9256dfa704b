"""Fields without secrets: the one way from a hit's raw fields to what a finding may say.

A field was cut out of a line, and may have lost the name or the prefix by which a secret is known.
So the line is redacted whole, and what then is no longer in it was a secret, or part of one.
"""

from __future__ import annotations

from collections.abc import Iterable

from logscan.detection.event import field_value
from logscan.matching.hit import Hit
from logscan.matching.views import LineView
from logscan.redact import MARKER, redact_field, redact_lines

MISSING = "<missing>"
"""The group value of a hit that lacks the field: such hits are a group of their own."""


def safe_fields(hit: Hit) -> dict[str, str]:
    """Redact all fields of a hit."""
    raw, safe = _texts(hit) if hit.fields else ("", "")
    return {name: _safe(name, value, raw, safe) for name, value in hit.fields.items()}


def safe_group(hit: Hit, names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Redact these fields of a hit, in this order; one that it lacks is `<missing>`."""
    raw, safe = _texts(hit) if hit.fields else ("", "")
    group = []  # filled by a loop: this runs for every hit, and a generator costs twice as much
    for name in names:
        value = field_value(hit, name)
        group.append((name, MISSING if value is None else _safe(name, value, raw, safe)))
    return tuple(group)


def _texts(hit: Hit) -> tuple[str, str]:
    """Give the whole event as it was printed, and redacted."""
    lines = [hit.line.text, *hit.continued]
    message = LineView(hit.line.text).message
    if message is not None:  # where a value stands without the escapes of JSON
        lines.append(message)
    return "\n".join(lines), "\n".join(redact_lines(lines))


def _safe(name: str, value: str, raw: str, safe: str) -> str:
    if value in raw and value not in safe:
        return MARKER
    return redact_field(name, value)
