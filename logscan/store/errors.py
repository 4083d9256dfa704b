"""The errors of the store, and the exit code each one means.

LogscanError
  - StateError
    - StateInUse        another process keeps its state in the same file                exit 3
    - StateUnusable     the file or its folder can't be used, and a retry won't help    exit 3
    - StateFull         a commit could not be written now; nothing of it was            exit 3
    - NoState           there is nothing to read yet                                    exit 2

Errors of sqlite3 and OSErrors are mapped where they enter: in `database`, `lock` and `folder`.
"""

from __future__ import annotations

from logscan.errors import ExitCode, LogscanError


class StateError(LogscanError):
    """Base of what the store raises."""

    exit_code = ExitCode.INCOMPLETE


class StateInUse(StateError):
    """Another process keeps its state in the same file."""


class StateUnusable(StateError):
    """The file or its folder can't be used as they are."""


class StateFull(StateError):
    """A commit could not be written: no room, a read-only disk, an I/O error, or a foreign program holds the file.

    Nothing of it was kept, and the store can be asked again.
    """


class NoState(StateError):
    """No state has been kept in this place yet."""

    exit_code = ExitCode.USAGE
