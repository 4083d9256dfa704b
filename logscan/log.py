"""Log: what logscan says about its own work, on stderr, so that stdout carries the result alone.

Owns how structlog is set up; the command line calls `configure` once. Does not own what is said:
modules take `structlog.get_logger()` and name their events. Names and lines of containers are
foreign text, so every value passes `safe_text` before it reaches a terminal.
"""

from __future__ import annotations

import logging
import sys
from typing import TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

from logscan.safe_text import safe_text


def configure(*, verbose: bool = False, quiet: bool = False) -> None:
    """Say warnings and errors; everything when `verbose`, errors alone when `quiet`."""
    level = logging.DEBUG if verbose else logging.ERROR if quiet else logging.WARNING
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _make_safe,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"], bool_as_flag=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_to_stderr,
        # A logger that is kept would also keep the stderr of its time; a progress display replaces it.
        cache_logger_on_first_use=False,
    )


def _to_stderr(*_: object) -> WrappedLogger:
    stream: TextIO = sys.stderr
    return structlog.PrintLogger(stream)


def _make_safe(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {
        key: value if isinstance(value, bool | int | float) else safe_text(str(value)) for key, value in event.items()
    }
