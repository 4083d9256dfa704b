"""The prefilter: one search through a batch for all literals of all rules at once.

Owns Hyperscan, and is its only importer. Hyperscan is used in literal mode alone: its regex engine
misses matches in current builds. Does not own where literals come from (literals), nor what a
candidate means (confirm): it answers with literals and offsets.

A long literal is cut, so that searching for all of them is quick (cuts): it is found wherever its beginning stands, and
what is cut off, the questions that it points to ask for anyway. Each match costs a callback, about 0.16 µs.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

import hyperscan
import msgspec

from logscan.cache import Cache
from logscan.matching.cuts import cut

FORMAT = 5
"""Raised when another database comes of the same literals: one that was kept is compiled anew."""

_LEAST = 2000
"""For fewer literals Hyperscan makes smaller tables, in which more places look as if one of them stood there. Filled up
with what stands nowhere, fifty literals or five hundred are searched for in half the time."""

_LEAST_AT_ONCE = 128
"""The same where the database is not kept, and has to be made quickly: below this the search is at its slowest."""

_FIRST_FILLER = 1 << 30
"""The number of the first of those that fill up the literals. Nobody asks for them."""


class _Compiled(msgspec.Struct, array_like=True):
    """A database as bytes; `name` is a hash of its literals, `digest` one of the bytes themselves."""

    name: bytes
    digest: bytes
    data: bytes


def _compiled(literals: Sequence[str], least: int) -> Any:
    pieces = cut(literals)
    fillers = [_filler(number) for number in range(least - len(literals))]
    expressions = [*(pieces[literal].encode("ascii") for literal in literals), *fillers]
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=expressions,
        ids=[*range(len(literals)), *range(_FIRST_FILLER, _FIRST_FILLER + len(fillers))],
        elements=len(expressions),
        flags=[hyperscan.HS_FLAG_CASELESS] * len(expressions),
        literal=True,
    )
    return database


def _filler(number: int) -> bytes:
    """Give control characters in an order in which they stand nowhere."""
    return bytes(1 + byte % 8 for byte in sha256(b"%d" % number).digest()[:10])


def _loaded(kept: _Compiled | None, name: bytes) -> Any:
    """Give a database that was kept; None for one of other literals, a damaged one, or one of another processor."""
    if kept is None or kept.name != name or sha256(kept.data).digest() != kept.digest:
        return None
    try:
        return hyperscan.loadb(kept.data, hyperscan.HS_MODE_BLOCK)
    except hyperscan.error:
        return None


Candidate = tuple[int, int]
"""A literal's number, and an offset in the line where it was found, behind one of its characters."""


class Prefilter:
    """Finds literals in bytes, without regard to case. Of a long one it may find the beginning alone."""

    def __init__(self, database: Any) -> None:
        self._database = database
        self._threads = threading.local()

    @classmethod
    def of(cls, literals: Sequence[str], *, cache: Path | None = None) -> Self:
        """Find `literals`: ASCII, numbered by their place.

        `cache`: a folder in which databases are kept: to cut and to compile 10,000 literals takes the better part of
        a second.
        """
        name = sha256("\n".join(literals).encode("ascii")).digest()
        version = f"{hyperscan.__version__} {FORMAT}"  # type: ignore[attr-defined] # it is not in its stubs
        kept: Cache[_Compiled] = Cache("database", _Compiled, version, cache, variant=name.hex()[:16])
        database = _loaded(kept.load(), name)
        if database is None:
            database = _compiled(literals, _LEAST_AT_ONCE if cache is None else _LEAST)
            if cache is not None:
                data = hyperscan.dumpb(database)
                kept.save(_Compiled(name, sha256(data).digest(), data))
        return cls(database)

    @classmethod
    def loaded(cls, data: bytes) -> Self:
        """Find what another one finds that was dumped on this machine."""
        return cls(hyperscan.loadb(data, hyperscan.HS_MODE_BLOCK))

    def dump(self) -> bytes:
        """Write it down for `loaded`."""
        data: bytes = hyperscan.dumpb(self._database)
        return data

    def candidates(self, text: bytes) -> list[Candidate]:
        """Give all places where a literal occurs, and some where only its beginning does, by rising offset.

        May be called from any thread.
        """
        found: list[Candidate] = []
        append = found.append

        def note(literal: int, _start: int, end: int, _flags: int, _context: object) -> None:
            append((literal, end))

        self._database.scan(text, match_event_handler=note, scratch=self._scratch())
        return found

    def _scratch(self) -> Any:
        """Give this thread's scratch space: two searches at once must not share one."""
        try:
            return self._threads.scratch
        except AttributeError:
            self._threads.scratch = hyperscan.Scratch(self._database)
            return self._threads.scratch
