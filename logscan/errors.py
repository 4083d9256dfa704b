"""The errors that logscan raises on purpose, and the exit code each one means.

    LogscanError
      - UsageError                flags, settings, paths that a person typed         exit 2
      - RuleError                 one or more faults in rule files                   exit 2
      - SourceError               something that should be read could not be         exit 3
        - EngineUnreachable       no Docker engine answers at the address
        - ContainerNotFound       a name that was asked for matches no container
        - StreamError             the bytes of a log stream can't be trusted further
          - StreamTruncated       the stream ended inside a frame, or without its terminator
          - ProtocolError         the bytes are no log stream (bad header, absurd length)
          - DaemonError           the engine reported a fault inside the stream (frame type 3)

Foreign exceptions (docker, yaml, OSError) are mapped where they enter. A message says what was
wrong and where; `help` says what to do, in one sentence.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """What the process tells its caller. 2 outranks 3, and 3 outranks 1."""

    DONE = 0
    FINDINGS = 1
    USAGE = 2
    INCOMPLETE = 3
    INTERRUPTED = 130
    TERMINATED = 143


class LogscanError(Exception):
    """Base of every error that logscan raises on purpose."""

    exit_code = ExitCode.USAGE

    def __init__(self, message: str, *, help: str | None = None) -> None:  # noqa: A002 - the word users see
        super().__init__(message)
        self.message = message
        self.help = help


class UsageError(LogscanError):
    """A flag, a setting or a path is wrong."""


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing that is wrong in one rule file; `line` counts from 1."""

    path: str
    line: int
    message: str
    help: str | None = None

    def __str__(self) -> str:
        text = f"{self.path}:{self.line}: {self.message}"
        return f"{text}\n  help: {self.help}" if self.help else text


class RuleError(LogscanError):
    """Rule files have faults; all of all files are in `faults`, sorted by path and line."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = sorted(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class SourceError(LogscanError):
    """Something that should have been read could not be; the others go on."""

    exit_code = ExitCode.INCOMPLETE


class EngineUnreachable(SourceError):
    """No Docker engine answers at the address."""


class ContainerNotFound(SourceError):
    """A name that was asked for matches no container."""


class StreamError(SourceError):
    """The bytes of a log stream can't be trusted further."""


class StreamTruncated(StreamError):
    """The stream ended inside a frame, or without its terminator."""


class ProtocolError(StreamError):
    """The bytes are not a log stream."""


class DaemonError(StreamError):
    """The engine reported a fault inside the stream (frame type 3)."""
