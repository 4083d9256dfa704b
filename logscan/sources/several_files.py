"""SeveralFiles: files that are scanned together, those that have to be waited for at once.

Owns which of them are read on threads: to decompress takes longer than to search, and goes on outside of the
interpreter's lock. Does not own reading one (files).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

from logscan.batch import Batch
from logscan.finding import Coverage, ScanError
from logscan.sources.ahead import read_ahead
from logscan.sources.files import QUEUED_BATCHES, FileSource

MAX_THREADS: Final = 4
"""More of them decompress faster than one process can confirm and count."""


class SeveralFiles:
    """Reads files, in order each, up to `threads` of them beside the plain ones."""

    def __init__(self, files: Sequence[FileSource], threads: int | None = None) -> None:
        self._files = files
        self._threads = min(len(os.sched_getaffinity(0)), MAX_THREADS) if threads is None else threads

    @property
    def coverage(self) -> Sequence[Coverage]:
        return [coverage for file in self._files for coverage in file.coverage]

    @property
    def errors(self) -> Sequence[ScanError]:
        return [error for file in self._files for error in file.errors]

    def batches(self) -> Iterator[Batch]:
        """Read every file once. Those that are plain are read here, while nothing comes from the others."""
        awaited = [file.read() for file in self._files if file.is_awaited]
        plain = chain.from_iterable(file.read() for file in self._files if not file.is_awaited)
        return read_ahead(awaited, threads=self._threads, depth=QUEUED_BATCHES * self._threads, beside=plain)
