"""The pattern dialect of rules. (Filled by the ruleset work.)"""

from __future__ import annotations


def check_pattern(pattern: str) -> None:
    """Raise ValueError when `pattern` is outside the dialect."""
