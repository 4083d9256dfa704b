"""Compressed: files that gzip or zstd made, read as what they hold.

Owns which endings mean which format, and what is said of data that is damaged. Does not own what is in the files. What
stands before the damage is given all the same: hence `read1`, since a read that gathers more would lose it.
"""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

Read = Callable[[int], bytes]


class DamagedError(Exception):
    """Compressed data that breaks off, or makes no sense."""


@contextmanager
def opened_gzip(path: Path) -> Iterator[Read]:
    """Open a file; what it gives to read raises DamagedError and OSError."""
    with gzip.open(path) as file:
        yield _whole(file.read1, "gzip", (EOFError, gzip.BadGzipFile, zlib.error))


@contextmanager
def opened_zstd(path: Path) -> Iterator[Read]:
    """Open a file; what it gives to read raises DamagedError and OSError."""
    zstd = zstd_module()
    with zstd.open(path) as file:
        yield _whole(file.read1, "zstd", (EOFError, zstd.ZstdError))


OPENED_BY: Final = {".gz": opened_gzip, ".zst": opened_zstd}
"""By ending, how a file is opened."""


def zstd_module() -> Any:
    """Import it when it is needed: few logs are compressed so, and only new versions of Python bring it along."""
    if sys.version_info >= (3, 14):
        from compression import zstd  # noqa: PLC0415
    else:
        from backports import zstd  # noqa: PLC0415
    return zstd


def _whole(read: Read, what: str, faults: tuple[type[Exception], ...]) -> Read:
    def reading(size: int) -> bytes:
        try:
            return read(size)
        except faults as error:
            raise DamagedError(f"damaged {what} data ({error})") from error

    return reading
