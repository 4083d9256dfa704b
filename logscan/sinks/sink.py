"""What every sink offers: it takes the report of a scan, and writes it in its own format.

A sink gets the stream that it writes to, and whatever its format needs to know, when it is made.
It opens, flushes and closes nothing.
"""

from __future__ import annotations

from typing import Protocol

from logscan.finding import Report


class Sink(Protocol):
    """Something that shows a report."""

    def emit(self, report: Report) -> None:
        """Write the whole of `report`."""
        ...
