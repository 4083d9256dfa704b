"""Cache: what was worked out once and is the same next time, in files below the user's cache folder.

Owns the files: who may read and write them, that they are whole or not there, and that another version of logscan or
Python begins anew. Does not own what is in them (ruleset.parsed, matching.literals). A cache is never needed: where
there is none, or it can't be read or written, the work is done again and nobody is told.
"""

from __future__ import annotations

import os
import platform
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from logscan import __version__

MAX_BYTES = 64 << 20
MAX_VARIANTS = 8
_PRIVATE = 0o077

T = TypeVar("T")


def cache_folder() -> Path | None:
    """Give the folder, as the XDG base directories have it; None for a user without a home."""
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if named.is_absolute():
        return named / "logscan"
    home = os.path.expanduser("~")  # noqa: PTH111 - Path.home raises without a home
    return Path(home, ".cache", "logscan") if home != "~" else None


class Cache(Generic[T]):
    """One file of values of type `kind`. `version`: what the values depend on beside logscan and Python.

    `variant`: which of several values of this name it is, such as a hash of what it was derived from.
    """

    def __init__(self, name: str, kind: Any, version: str, folder: Path | None, *, variant: str = "") -> None:
        self._stamp = f"{__version__}-{platform.python_implementation()}{platform.python_version()}-{version}"
        self._file = None if folder is None else folder / f"{name}-{self._stamp}{variant and '-'}{variant}.msgpack"
        self._name = name
        self._decoder: msgspec.msgpack.Decoder[T] = msgspec.msgpack.Decoder(kind)

    def load(self) -> T | None:
        """Give what was saved last; None where that is nothing which can be trusted."""
        if self._file is None:
            return None
        with suppress(OSError, msgspec.DecodeError), self._file.open("rb") as stream:
            if not _is_ours(os.fstat(stream.fileno())):
                return None
            return self._decoder.decode(stream.read(MAX_BYTES))
        return None

    def save(self, value: T) -> None:
        """Keep a value for the next time, and remove those of other versions, and all but the newest variants."""
        if self._file is None:
            return
        data = msgspec.msgpack.encode(value)
        if len(data) > MAX_BYTES:
            return
        with suppress(OSError):
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            number, name = tempfile.mkstemp(prefix=f".{self._name}.", dir=self._file.parent)  # made with mode 0600
            with open(number, "wb") as stream:  # noqa: PTH123 - a file number has no Path
                stream.write(data)
            Path(name).replace(self._file)
            mine = f"{self._name}-{self._stamp}"
            found = sorted(self._file.parent.glob(f"{self._name}-*.msgpack"), key=lambda file: file.stat().st_mtime_ns)
            kept = [file for file in found if file.name.startswith((f"{mine}-", f"{mine}."))][-MAX_VARIANTS:]
            for other in found:
                if other not in kept:
                    other.unlink()


def _is_ours(found: os.stat_result) -> bool:
    """Tell whether nobody else could have written a file."""
    return stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & _PRIVATE
