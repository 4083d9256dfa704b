"""Index: from the literals of all questions to the questions that each one points to.

Owns how a question's needs become entries, and that they are kept from run to run, since deriving them from
hundreds of rules takes longer than all else before the first line. Does not own what a matcher needs (literals), nor
searching for literals (prefilter).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import msgspec

from logscan.cache import Cache
from logscan.matching.cuts import TAIL
from logscan.matching.literals import FORMAT, Companions, matcher_needs, remembered
from logscan.ruleset.model import Matcher

Order = int
"""A question's place among the questions."""

Pointer = tuple[Order, tuple[tuple[bytes, ...], ...]]
"""A question that a literal points to, and what has to stand beside the literal, in lower case."""


class Index(msgspec.Struct, array_like=True):
    """`pointers`: by literal. `slow`: the questions without literals. `name`: a hash of all that was asked."""

    name: bytes
    pointers: Mapping[str, Sequence[Pointer]]
    slow: tuple[Order, ...]

    @classmethod
    def of(cls, matchers: Sequence[Matcher], *, cache: Path | None = None) -> Index:
        """Derive the index of questions for these matchers, or find it in the folder `cache`."""
        name = sha256(b"\n".join(matcher.model_dump_json().encode() for matcher in matchers)).digest()
        kept: Cache[Index] = Cache("index", Index, FORMAT, cache, variant=name.hex()[:16])
        known = kept.load()
        if known is not None and known.name == name:
            return known
        with remembered(cache):
            index = cls._derived(name, matchers)
        kept.save(index)
        return index

    @classmethod
    def _derived(cls, name: bytes, matchers: Sequence[Matcher]) -> Index:
        pointers: dict[str, list[Pointer]] = {}
        slow: list[Order] = []
        for order, matcher in enumerate(matchers):
            needs = matcher_needs(matcher)
            if needs is None:
                slow.append(order)
            for literal, companions in (needs or {}).items():
                pointers.setdefault(literal, []).append((order, _as_bytes(literal, companions)))
        return cls(name, pointers, tuple(slow))


def _as_bytes(literal: str, companions: Companions) -> tuple[tuple[bytes, ...], ...]:
    """Give what has to stand in a line beside `literal`: of a long one the prefilter finds the beginning only."""
    whole = [{literal}] if len(literal) > TAIL else []
    return tuple(tuple(one.encode("ascii") for one in sorted(literals)) for literals in [*whole, *companions])
