"""StateRow: a piece of what the detector knows, as the store keeps it: opaque bytes under a kind and a key."""

from __future__ import annotations

from typing import NamedTuple


class StateRow(NamedTuple):
    """`blob` is None for what is no longer there. `kind` and `key` together are unique for one host."""

    kind: str
    key: bytes
    blob: bytes | None
