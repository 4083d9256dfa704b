"""Trail: where the checkpoint of one log may lie.

Owns how far back of the newest line reading has to begin again, so that nothing that is still open is cut:
a line without its end, an event that joins lines, a hit that waits for the lines around it. And which hits
count when those lines are looked at again. Does not own reading (sources), nor how a place is found.

A checkpoint says: begin at this mark; the next so many records have been looked at. What they lead to
is counted, except for the hits that were still awaited: those alone count the second time.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from hashlib import blake2b
from itertools import islice

from logscan.checkpoint import Awaited, Checkpoint, Mark
from logscan.matching.hit import Hit
from logscan.sources.live import Lines

_Name = tuple[str, int | None, int]


class Trail:
    """Follows one log, batch by batch. `digest_key` keys the hashes of lines."""

    def __init__(self, checkpoint: Checkpoint | None, digest_key: bytes) -> None:
        checkpoint = checkpoint or Checkpoint()
        self._digest_key = digest_key
        self._latest = checkpoint.mark
        self._looked_at = checkpoint.mark.records + checkpoint.replayed  # records, from wherever they count
        self._looked_at_place = checkpoint.looked_at
        self._unfinished: Mark | None = None
        self._marks: deque[tuple[int, Mark]] = deque()  # of batches: where their text begins, and what lies before it
        self._begin = self._end = self._replayed_to = 0
        self._open: list[tuple[int, Hit]] = []
        self._counted: list[tuple[int, Hit]] = []
        self._awaited = Counter({(one.rule_id, one.time_ns, one.digest): one.times for one in checkpoint.awaited})

    def enter(self, lines: Lines) -> None:
        """Turn to the next lines of the log."""
        self._begin, self._end = self._end, self._end + len(lines.batch.text)
        self._marks.append((self._begin, lines.before))
        self._latest, self._unfinished = lines.after, lines.unfinished
        if lines.after.records >= self._looked_at:
            self._looked_at, self._looked_at_place = lines.after.records, lines.after.place
        if lines.replayed:
            self._replayed_to = self._end

    def counts(self, hit: Hit) -> bool:
        """Tell whether a hit counts; one from lines that are looked at again does only if it was awaited."""
        if self._begin + hit.offset >= self._replayed_to:
            return True
        name = self._name(hit)
        if not self._awaited[name]:
            return False
        self._awaited[name] -= 1
        return True

    def leave(self, open_: Iterable[Hit], counted: Iterable[Hit] = ()) -> None:
        """Note which hits wait behind the lines that were entered; their offsets count from those.

        Of the `open_` ones it was not asked yet whether they count; the `counted` ones do, and wait for the lines
        around them.
        """
        self._open = [(self._begin + hit.offset, hit) for hit in open_]
        self._counted = [(self._begin + hit.offset, hit) for hit in counted]
        first = min((begin for begin, _ in (*self._open, *self._counted)), default=None)
        if first is None:
            self._marks.clear()
            return
        while len(self._marks) > 1 and self._marks[1][0] <= first:
            self._marks.popleft()

    def checkpoint(self, name: str) -> Checkpoint:
        """Say where reading has to begin again; `name` is the container's."""
        marks = [self._latest, *(mark for _, mark in islice(self._marks, 1))]
        if self._unfinished is not None:
            marks.append(self._unfinished)
        begin = min(marks, key=lambda mark: mark.records)
        return Checkpoint(
            mark=begin,
            replayed=self._looked_at - begin.records,
            awaited=tuple(Awaited(*one, times) for one, times in self._still_awaited().items() if times),
            name=name,
            looked_at=self._looked_at_place,
        )

    def _still_awaited(self) -> Counter[_Name]:
        """Count the hits that wait; of those that are open for the second time only the ones awaited before."""
        new = Counter(self._name(hit) for begin, hit in self._open if begin >= self._replayed_to)
        new += Counter(self._name(hit) for _, hit in self._counted)
        if self._latest.records < self._looked_at:
            return new + self._awaited
        again = Counter(self._name(hit) for begin, hit in self._open if begin < self._replayed_to)
        return new + (self._awaited & again)

    def _name(self, hit: Hit) -> _Name:
        line = hit.line
        text = line.text.encode("utf-8", "surrogatepass")
        digest = int.from_bytes(blake2b(text, digest_size=8, key=self._digest_key).digest(), "big")
        return hit.rule.id, line.time_ns, digest
