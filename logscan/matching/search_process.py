"""Search process: searches texts in shared memory, and stretches of files, until its standard input ends.

Owns both ends of the conversation: the layout of the memory, and the messages. Does not own what is searched
there rather than here (search_ahead), nor how (prefilter).

The memory holds the prefilter's database, then slots, each with room for a text and for what is found in it. The
process says one byte when it is ready. A message to it names a slot with a text, or comes with an open file and names
the stretch whose lines it is to lay into the slot. The answers come in the same order: the slot, the length of the
text or that it needs care, how many lines it has, and how many candidates stand in the slot or that it had no room for
all.
"""

from __future__ import annotations

import mmap
import os
import signal
import socket
import subprocess
import sys
from array import array
from collections.abc import Sequence
from contextlib import suppress
from itertools import chain
from struct import Struct
from typing import Final, NamedTuple

from logscan.batch import MAX_BATCH_BYTES, count_lines
from logscan.framing.stretch import Stretch, read_lines
from logscan.matching.prefilter import Candidate, Prefilter

SLOTS: Final = 2
"""So many searches a process has before it: one that it does, and one that waits."""

_FOUND_BYTES: Final = MAX_BATCH_BYTES // 2
_SLOT_BYTES: Final = MAX_BATCH_BYTES + _FOUND_BYTES
_TOO_MANY: Final = 0xFFFFFFFF
_NEEDS_CARE: Final = 0xFFFFFFFF
_MESSAGE: Final = Struct("=Iqq")
_ANSWER: Final = Struct("=IIII")
_NUMBER: Final = "I"
_CANDIDATE_BYTES: Final = 2 * array(_NUMBER).itemsize
_READY: Final = b"!"
_START: Final = "import sys; from logscan.matching.search_process import serve; serve(*map(int, sys.argv[1:]))"
_STDIN: Final = 0

_KEEPS_MEMORY: Final = {"MALLOC_TRIM_THRESHOLD_": str(64 << 20), "MALLOC_MMAP_THRESHOLD_": str(16 << 20)}
"""What is freed after one text serves the next. glibc gives it back to the system otherwise, which takes a quarter of
the process's time."""


class Answer(NamedTuple):
    """What was found in a slot: None where that had no room. `length`: how many bytes its text has."""

    slot: int
    length: int
    lines: int
    found: list[Candidate] | None


class SearchProcess:
    """A process that searches as `prefilter` does. Raises OSError where it can't be started, or is gone."""

    def __init__(self, prefilter: Prefilter) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs:
                self._memory, self._process = _started(prefilter.dump(), theirs)
        except OSError:
            self._socket.close()
            raise
        self.ready = False
        """Whether it has said that it has begun: starting takes it as long as a hundred searches."""

    def fileno(self) -> int:
        """Give what becomes readable when it is ready, when a search is done, or when the process is gone."""
        return self._socket.fileno()

    def greet(self) -> None:
        """Hear that it is ready; waits for it."""
        if self._socket.recv(len(_READY)) != _READY:
            raise ConnectionResetError("the search process is gone")
        self.ready = True

    def begin(self, slot: int, text: bytes) -> None:
        """Have a text of at most MAX_BATCH_BYTES searched in a slot that is free."""
        start = slot * _SLOT_BYTES
        self._memory[start : start + len(text)] = text
        self._socket.send(_MESSAGE.pack(slot, 0, len(text)))

    def begin_stretch(self, slot: int, stretch: Stretch) -> None:
        """Have a stretch read and searched in a slot that is free."""
        socket.send_fds(self._socket, [_MESSAGE.pack(slot, stretch.start, stretch.end)], [stretch.file])

    def answer(self) -> Answer:
        """Wait for the search that was begun first."""
        message = self._socket.recv(_ANSWER.size)
        if len(message) < _ANSWER.size:
            raise ConnectionResetError("the search process is gone")
        slot, length, lines, count = _ANSWER.unpack(message)
        if count == _TOO_MANY:
            return Answer(slot, length, lines, None)
        start = slot * _SLOT_BYTES + MAX_BATCH_BYTES
        numbers = array(_NUMBER, self._memory[start : start + count * _CANDIDATE_BYTES])
        pairs = iter(numbers)
        return Answer(slot, length, lines, list(zip(pairs, pairs, strict=True)))

    def text(self, answer: Answer) -> bytes | None:
        """Give the lines of the stretch that was searched; None where they need care. Before the slot is used again."""
        start = answer.slot * _SLOT_BYTES
        return None if answer.length == _NEEDS_CARE else self._memory[start : start + answer.length]

    def close(self) -> None:
        """End the process, whatever it does: it has nothing to lose."""
        self._process.kill()
        self._process.wait()
        self._socket.close()
        self._memory.close()


def _started(database: bytes, theirs: socket.socket) -> tuple[mmap.mmap, subprocess.Popen[bytes]]:
    """Start a process that has `theirs` for its standard input; give the memory that it shares, too."""
    shared = os.memfd_create("logscan")
    try:
        os.ftruncate(shared, SLOTS * _SLOT_BYTES + len(database))
        memory = mmap.mmap(shared, 0)
        memory[SLOTS * _SLOT_BYTES :] = database
        process = subprocess.Popen(  # noqa: S603 - this interpreter, with a text of our own
            [sys.executable, "-P", "-c", _START, str(shared), str(len(database))],
            env={**os.environ, **_KEEPS_MEMORY, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(shared,),
        )
    finally:
        os.close(shared)
    return memory, process


def serve(shared: int, database_bytes: int) -> None:
    """Be the process: search until the other end closes. The other end alone hears an interrupt."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    memory = mmap.mmap(shared, 0)
    prefilter = Prefilter.loaded(memory[-database_bytes:])
    asking = socket.socket(fileno=_STDIN)
    asking.send(_READY)
    while True:
        message, files, *_ = socket.recv_fds(asking, _MESSAGE.size, 1)
        if not message:
            return
        slot, begin, end = _MESSAGE.unpack(message)
        start = slot * _SLOT_BYTES
        text = _laid_out(memory, start, files, begin, end) if begin else memory[start : start + end]
        found = prefilter.candidates(text or b"")
        count = _TOO_MANY
        if len(found) * _CANDIDATE_BYTES <= _FOUND_BYTES:
            count, numbers = len(found), array(_NUMBER, chain.from_iterable(found)).tobytes()
            start += MAX_BATCH_BYTES
            memory[start : start + len(numbers)] = numbers
        length, lines = (_NEEDS_CARE, 0) if text is None else (len(text), count_lines(text))
        asking.send(_ANSWER.pack(slot, length, lines, count))


def _laid_out(memory: mmap.mmap, start: int, files: Sequence[int], begin: int, end: int) -> bytes | None:
    """Read the lines of a stretch, and lay them into a slot. The open file may have been lost on its way."""
    text = None
    for file in files:
        with suppress(OSError):  # whoever takes care of it meets the same
            text = read_lines(file, begin, end)
        os.close(file)
    if text is not None:
        memory[start : start + len(text)] = text
    return text
