"""ParsedFiles: the nodes of rule files that were read before and found sound, by what they hold.

Owns which files need not be parsed and checked again, over runs. Does not own parsing (yaml_reader), nor what makes a
file sound (loader). A file is known by a hash of its bytes: wherever it lies, and whatever it is called.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from hashlib import sha256
from pathlib import Path

import msgspec

from logscan.cache import Cache
from logscan.ruleset.node import Node

FORMAT = "1"
"""Raised when what is checked about a sound file changes."""

MAX_FILES = 500
"""So many files are known: those of the newest load first."""


class ParsedFiles:
    """Gives and takes the nodes of files. `folder`: where they are kept; None keeps them nowhere.

    `checked`: the hashes of files whose patterns were checked elsewhere.
    """

    def __init__(self, folder: Path | None, checked: AbstractSet[str] = frozenset()) -> None:
        self._checked = checked
        self._cache: Cache[dict[str, msgspec.Raw]] = Cache("rules", dict[str, msgspec.Raw], FORMAT, folder)
        self._known = self._cache.load() or {}
        self._used: dict[str, msgspec.Raw] = {}

    def find(self, data: bytes) -> Node | None:
        """Give the nodes of a sound file with these bytes; None for one that is not known."""
        name = sha256(data).hexdigest()
        found = self._known.get(name)
        if found is None:
            return None
        self._used[name] = found
        return msgspec.msgpack.decode(found, type=Node)

    def is_listed(self, data: bytes) -> bool:
        """Tell whether the patterns of a file with these bytes were checked elsewhere."""
        return sha256(data).hexdigest() in self._checked

    def add(self, data: bytes, root: Node) -> None:
        """Take the nodes of a file that was found sound."""
        self._used[sha256(data).hexdigest()] = msgspec.Raw(msgspec.msgpack.encode(root))

    def save(self) -> None:
        """Keep what was found and added, if that is anything new."""
        if self._used.keys() - self._known.keys():
            newest = {**self._used, **{name: root for name, root in self._known.items() if name not in self._used}}
            self._cache.save(dict(list(newest.items())[:MAX_FILES]))
