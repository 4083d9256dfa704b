"""ParsedFiles: what was parsed of rule files that were read before and found sound, by what they hold.

Owns which files need not be parsed and checked again, over runs. Does not own parsing (yaml_reader), nor what makes a
file sound (loader). A file is known by a hash of its bytes: wherever it lies, and whatever it is called.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

import msgspec

from logscan.cache import Cache
from logscan.ruleset.node import Node

FORMAT = "2"
"""Raised when what is checked about a sound file changes, or what is kept of it."""

MAX_FILES = 500
"""So many files are known: those of the newest load first."""


class ParsedFile(msgspec.Struct, frozen=True, array_like=True):
    """A file's nodes, and the same without lines: to take those off 36,000 nodes takes as long as to read a cache."""

    root: Node
    plain: Any

    @classmethod
    def of(cls, root: Node) -> Self:
        return cls(root, root.plain())


class ParsedFiles:
    """Gives and takes what files hold. `folder`: where they are kept; None keeps them nowhere.

    `checked`: the hashes of files whose patterns were checked elsewhere.
    """

    def __init__(self, folder: Path | None, checked: AbstractSet[str] = frozenset()) -> None:
        self._checked = checked
        self._cache: Cache[dict[str, msgspec.Raw]] = Cache("rules", dict[str, msgspec.Raw], FORMAT, folder)
        self._known = self._cache.load() or {}
        self._used: dict[str, msgspec.Raw] = {}

    def find(self, data: bytes) -> ParsedFile | None:
        """Give what a sound file with these bytes holds; None for one that is not known."""
        name = sha256(data).hexdigest()
        found = self._known.get(name)
        if found is None:
            return None
        self._used[name] = found
        return msgspec.msgpack.decode(found, type=ParsedFile)

    def is_listed(self, data: bytes) -> bool:
        """Tell whether the patterns of a file with these bytes were checked elsewhere."""
        return sha256(data).hexdigest() in self._checked

    def add(self, data: bytes, file: ParsedFile) -> None:
        """Take what a file holds that was found sound."""
        self._used[sha256(data).hexdigest()] = msgspec.Raw(msgspec.msgpack.encode(file))

    def save(self) -> None:
        """Keep what was found and added, if that is anything new."""
        if self._used.keys() - self._known.keys():
            newest = {**self._used, **{name: root for name, root in self._known.items() if name not in self._used}}
            self._cache.save(dict(list(newest.items())[:MAX_FILES]))
