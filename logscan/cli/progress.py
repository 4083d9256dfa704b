"""Progress: one line on stderr that shows a long scan moving, and is gone when it ends.

Owns when it appears and what it says. Does not own what is counted: the scan calls it with totals,
as often as it likes. Here a clock is read, since only a person who waits needs one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TransferSpeedColumn

PATIENCE_S = 1.0
"""A scan that ends within this time shows nothing: a line that only flashes is noise."""


class ProgressDisplay:
    """Called with totals so far; draws from the first call after `PATIENCE_S` seconds on."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._begun_s = clock()
        # The result may share the terminal: rich must hold stderr back, and leave stdout alone.
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.fields[done]} of {task.fields[sources]} logs"),
            TextColumn("{task.fields[lines]:,} lines"),
            TransferSpeedColumn(),
            console=console,
            transient=True,
            redirect_stdout=False,
        )
        self._task = self._progress.add_task("", total=None, done=0, sources=0, lines=0)

    def __call__(self, sources_done: int, sources: int, lines: int, bytes: int) -> None:  # noqa: A002 - the contract's word
        if self._clock() - self._begun_s < PATIENCE_S:
            return
        self._progress.start()
        self._progress.update(self._task, completed=bytes, done=sources_done, sources=sources, lines=lines)

    def close(self) -> None:
        self._progress.stop()


@contextmanager
def progress_display() -> Iterator[ProgressDisplay]:
    """Give what a scan reports its progress to; what it drew is gone afterwards."""
    display = ProgressDisplay(Console(stderr=True))
    try:
        yield display
    finally:
        display.close()
