"""Node: a value of a YAML file that knows its line."""

from __future__ import annotations

from typing import Any

import msgspec

MAX_BYTES = 1 << 20
"""No file that is read as YAML may be larger."""

Scalar = str | int | float | bool | None


class Node(msgspec.Struct, frozen=True, array_like=True):
    """A value and its line, from 1: that of its key in a mapping, else the one where it begins."""

    value: str | int | float | bool | list[Node] | dict[str, Node] | None
    line: int

    def plain(self) -> Any:
        """Give the value without lines, as dicts, lists and scalars."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value
