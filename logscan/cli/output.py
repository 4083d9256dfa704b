"""Output: where a command's result and its complaints go.

Owns the result's way to stdout or to a file that is there whole or not at all, that of a result without end,
and the shape of errors on stderr. Does not own what a result looks like (sinks, the commands), nor which error
means which exit code (errors).
"""

from __future__ import annotations

import os
import select
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from logscan.errors import UsageError
from logscan.safe_text import safe_text


@contextmanager
def result_stream(path: Path | None) -> Iterator[TextIO]:
    """Give the stream for a command's result: stdout, or a file that appears when all is written.

    The file is readable by its owner alone, since logs may hold what nobody has thought of. It is
    written beside its place under a name that nobody can foresee, and then moved: a reader never
    sees half of it, a scan that fails leaves the old one, and a symbolic link is replaced and not
    followed. Devices and pipes are written to as they are. Raises UsageError when it can't be
    written.
    """
    if path is None:
        yield sys.stdout
    elif _is_device(path):
        with _complaints(path):
            stream = path.open("w", encoding="utf-8")
        with stream:
            yield stream
    else:
        yield from _replacing(path)


@contextmanager
def live_stream(path: Path | None) -> Iterator[TextIO]:
    """Give the stream for a result that never ends: stdout, or a file that it is appended to.

    A file that is made is readable by its owner alone. Raises UsageError when it can't be written.
    """
    if path is None:
        yield sys.stdout
        return
    with _complaints(path):
        stream = open(path, "a", encoding="utf-8", opener=_private)  # noqa: SIM115 - a Path takes no opener
    with stream:
        yield stream


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, mode=0o600)


def _replacing(path: Path) -> Iterator[TextIO]:
    with _complaints(path):
        if path.is_dir():
            raise IsADirectoryError(None, "it is a folder")
        number, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # made with mode 0600
    try:
        with open(number, "w", encoding="utf-8") as stream:  # noqa: PTH123 - a file number has no Path
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        with _complaints(path):
            os.replace(name, path)  # noqa: PTH105 - the name came from mkstemp
    except BaseException:
        with suppress(OSError):
            os.unlink(name)  # noqa: PTH108
        raise


def _is_device(path: Path) -> bool:
    """Tell what must not be replaced: devices, pipes, and /dev/stdout even if it leads to a file."""
    return Path("/dev") in path.absolute().parents or (path.exists() and not path.is_file() and not path.is_dir())


@contextmanager
def _complaints(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(
            f"can't write {path}: {(error.strerror or str(error)).lower()}",
            help="name a file in a folder that you may write",
        ) from error


def complain(message: str, help: str | None = None) -> None:  # noqa: A002 - the word users see
    """Say on stderr what went wrong and what to do. Foreign text in it is made harmless."""
    _say("error", message, help)


def warn(message: str, help: str | None = None) -> None:  # noqa: A002 - the word users see
    """Say on stderr what is doubtful and stops nothing."""
    _say("warning", message, help)


def _say(kind: str, message: str, help: str | None) -> None:  # noqa: A002 - the word users see
    lines = [f"{kind}: {line}" if number == 0 else f"  {line}" for number, line in enumerate(message.splitlines())]
    lines += [f"help: {line}" for line in (help or "").splitlines()]
    with suppress(OSError):  # when stderr is closed, the exit code has to say it
        for line in lines:
            print(safe_text(line), file=sys.stderr)  # noqa: T201


def reader_is_gone(stream: TextIO) -> bool:
    """Tell whether `stream` is a pipe that nobody reads any more, as after `| head -1`."""
    poll = select.poll()
    poll.register(stream.fileno(), 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))


def discard(stream: TextIO) -> None:
    """Let what is left in `stream` go nowhere, or the interpreter fails on it while shutting down."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
