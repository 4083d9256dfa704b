"""SeveralFiles: files that are scanned together, some of those that have to be waited for at once.

Owns whose turn it is: to decompress takes longer than to search, and goes on outside of the interpreter's lock, so
a few files are worth a thread each. Does not own reading one (files).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Final

from logscan.finding import Coverage, ScanError
from logscan.framing.stretch import Portion
from logscan.sources.files import FileSource

AT_ONCE: Final = 4
"""More of them decompress faster than one process can confirm and count.

The same on every machine: lines without a time stand in the order in which they come.
"""


class SeveralFiles:
    """Reads files in turns, a batch of each: of those that have to be waited for AT_ONCE, and of the plain ones one."""

    def __init__(self, files: Sequence[FileSource]) -> None:
        self._files = files

    @property
    def coverage(self) -> Sequence[Coverage]:
        return [coverage for file in self._files for coverage in file.coverage]

    @property
    def errors(self) -> Sequence[ScanError]:
        return [error for file in self._files for error in file.errors]

    def batches(self) -> Iterator[Portion]:
        """Read every file once, in order each. Nothing depends on how long one takes."""
        awaited = (file.batches() for file in self._files if file.is_awaited)
        plain = chain.from_iterable(file.batches() for file in self._files if not file.is_awaited)
        turns = deque([*islice(awaited, AT_ONCE), plain])
        while turns:
            reading = turns.popleft()
            if (batch := next(reading, None)) is not None:
                yield batch
                turns.append(reading)
            elif (upcoming := next(awaited, None)) is not None:
                turns.append(upcoming)
