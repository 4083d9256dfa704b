"""Spans: the lines of a batch that somebody has to be asked about, with the literals that stand in them.

Owns going from the places where literals were found to lines. Does not own the search (prefilter), nor who is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from logscan.batch import Batch
from logscan.matching.prefilter import Candidate

Span = tuple[int, int, list[int]]
"""Start and end of a line in its batch, and the numbers of the literals found in it, each once."""


def spans_of(batch: Batch, candidates: Iterable[Candidate], *, every: bool) -> Iterator[Span]:
    """Yield the lines that hold literals, or every line. `candidates` come by rising offset."""
    found = _by_line(batch, candidates)
    if not every:
        yield from found
        return
    upcoming = next(found, None)
    start = 0
    while start < len(batch.text):
        if upcoming is not None and upcoming[0] == start:
            span, upcoming = upcoming, next(found, None)
        else:
            span = (*batch.span_at(start), [])
        yield span
        start = span[1] + 1


def _by_line(batch: Batch, candidates: Iterable[Candidate]) -> Iterator[Span]:
    start, end = 0, -1
    literals: list[int] = []
    for literal, offset in candidates:
        if offset > end:
            if literals:
                yield start, end, _once(literals)
            (start, end), literals = batch.span_at(offset - 1), []
        literals.append(literal)
    if literals:
        yield start, end, _once(literals)


def _once(literals: list[int]) -> list[int]:
    """Leave out repeats: a line may hold the same literal ten thousand times."""
    return literals if len(literals) == 1 else list(set(literals))
