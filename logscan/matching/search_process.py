"""Search process: searches what another process lays into shared memory, until its standard input ends.

Owns both ends of the conversation: the layout of the memory, and the messages. Does not own what is searched
there rather than here (search_ahead), nor how (prefilter).

The memory holds the prefilter's database, then slots, each with room for a text and for what is found in it. The
process says one byte when it is ready. A message to it names a slot and the length of its text. The answers come in
the same order: the slot, how many lines the text has, and how many candidates stand in the slot, or that it had no
room for all.
"""

from __future__ import annotations

import mmap
import os
import signal
import subprocess
import sys
from array import array
from itertools import chain
from struct import Struct
from typing import Final

from logscan.batch import MAX_BATCH_BYTES, count_lines
from logscan.matching.prefilter import Candidate, Prefilter

SLOTS: Final = 2
"""So many searches a process has before it: one that it does, and one that waits."""

_FOUND_BYTES: Final = MAX_BATCH_BYTES // 2
_SLOT_BYTES: Final = MAX_BATCH_BYTES + _FOUND_BYTES
_TOO_MANY: Final = 0xFFFFFFFF
_MESSAGE: Final = Struct("=II")
_ANSWER: Final = Struct("=III")
_NUMBER: Final = "I"
_CANDIDATE_BYTES: Final = 2 * array(_NUMBER).itemsize
_READY: Final = b"!"
_START: Final = "import sys; from logscan.matching.search_process import serve; serve(*map(int, sys.argv[1:]))"
_STDIN, _STDOUT = 0, 1

_KEEPS_MEMORY: Final = {"MALLOC_TRIM_THRESHOLD_": str(64 << 20), "MALLOC_MMAP_THRESHOLD_": str(16 << 20)}
"""What is freed after one text serves the next. glibc gives it back to the system otherwise, which takes a quarter of
the process's time."""


class SearchProcess:
    """A process that searches as `prefilter` does. Raises OSError where it can't be started, or is gone."""

    def __init__(self, prefilter: Prefilter) -> None:
        database = prefilter.dump()
        shared = os.memfd_create("logscan")
        try:
            os.ftruncate(shared, SLOTS * _SLOT_BYTES + len(database))
            self._memory = mmap.mmap(shared, 0)
            self._memory[SLOTS * _SLOT_BYTES :] = database
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter, with a text of our own
                [sys.executable, "-P", "-c", _START, str(shared), str(len(database))],
                env={**os.environ, **_KEEPS_MEMORY, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                pass_fds=(shared,),
            )
        finally:
            os.close(shared)
        assert self._process.stdin is not None  # noqa: S101 - for the type checker: both are pipes
        assert self._process.stdout is not None  # noqa: S101
        self._to, self._from = self._process.stdin, self._process.stdout
        self.ready = False
        """Whether it has said that it has begun: starting takes it as long as a hundred searches."""

    def fileno(self) -> int:
        """Give what becomes readable when it is ready, when a search is done, or when the process is gone."""
        return self._from.fileno()

    def greet(self) -> None:
        """Hear that it is ready; waits for it."""
        if self._from.read(len(_READY)) != _READY:
            raise ConnectionResetError("the search process is gone")
        self.ready = True

    def begin(self, slot: int, text: bytes) -> None:
        """Have a text of at most MAX_BATCH_BYTES searched in a slot that is free."""
        start = slot * _SLOT_BYTES
        self._memory[start : start + len(text)] = text
        self._to.write(_MESSAGE.pack(slot, len(text)))

    def answer(self) -> tuple[int, int, list[Candidate] | None]:
        """Wait for the search that was begun first.

        Gives its slot, the number of lines, and what it found: None where that had no room.
        """
        message = self._from.read(_ANSWER.size)
        if message is None or len(message) < _ANSWER.size:
            raise ConnectionResetError("the search process is gone")
        slot, lines, count = _ANSWER.unpack(message)
        if count == _TOO_MANY:
            return slot, lines, None
        start = slot * _SLOT_BYTES + MAX_BATCH_BYTES
        numbers = array(_NUMBER, self._memory[start : start + count * _CANDIDATE_BYTES])
        pairs = iter(numbers)
        return slot, lines, list(zip(pairs, pairs, strict=True))

    def close(self) -> None:
        """End the process, whatever it does: it has nothing to lose."""
        self._process.kill()
        self._process.wait()
        self._to.close()
        self._from.close()
        self._memory.close()


def serve(shared: int, database_bytes: int) -> None:
    """Be the process: search until the other end closes. The other end alone hears an interrupt."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    memory = mmap.mmap(shared, 0)
    prefilter = Prefilter.loaded(memory[-database_bytes:])
    os.write(_STDOUT, _READY)
    while message := os.read(_STDIN, _MESSAGE.size):
        slot, length = _MESSAGE.unpack(message)
        start = slot * _SLOT_BYTES
        text = memory[start : start + length]
        found = prefilter.candidates(text)
        count = _TOO_MANY
        if len(found) * _CANDIDATE_BYTES <= _FOUND_BYTES:
            count, numbers = len(found), array(_NUMBER, chain.from_iterable(found)).tobytes()
            start += MAX_BATCH_BYTES
            memory[start : start + len(numbers)] = numbers
        os.write(_STDOUT, _ANSWER.pack(slot, count_lines(text), count))
