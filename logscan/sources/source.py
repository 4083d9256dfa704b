"""What every source of log lines offers to the pipeline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from logscan.finding import Coverage, ScanError
from logscan.framing.stretch import Portion


class Source(Protocol):
    """Something that can be read: containers of an engine, a file, standard input.

    A fault of one container or file ends up in `coverage` and `errors`, and stops nothing else.
    """

    @property
    def coverage(self) -> Sequence[Coverage]:
        """What was read, one entry per container or file; final once `batches` has ended."""
        ...

    @property
    def errors(self) -> Sequence[ScanError]:
        """What could not be read, and why."""
        ...

    def batches(self) -> Iterator[Portion]:
        """Read everything once, in order per container, or tell where it is. Fills `coverage` on the way."""
        ...
