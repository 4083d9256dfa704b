"""Tallies: the findings that are being counted, of which a stream keeps in memory what is in use.

Owns which they are, which have changed, and which go when there are too many: those that have not
been hit for longest, and never one whose count was not collected. One that is hit again is recalled
from the store, so counts stay exact. A scan keeps all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from logscan.detection.keys import Key
from logscan.detection.meaning import Meanings, quiet_ns
from logscan.detection.tally import Tally
from logscan.finding import Finding, fingerprint_v1
from logscan.matching.hit import Hit
from logscan.ruleset.model import Rule

MAX_TALLIES = 5_000
"""So many findings a stream keeps in memory."""

Recall = Callable[[str], bytes | None]
"""Gives what was kept of the finding with this fingerprint; None where nothing was."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A finding that has changed: what it shows, what it goes on with, and how long it must be quiet to be over."""

    finding: Finding
    key: Key
    blob: bytes
    quiet_ns: int


class Tallies:
    """Finds the tally of a key. `recall`: None where nothing was kept, and where nothing goes."""

    def __init__(self, meanings: Meanings, samples: int, recall: Recall | None, max_tallies: int = MAX_TALLIES) -> None:
        self._meanings = meanings
        self._samples = samples
        self._recall = recall
        self._max_tallies = max_tallies
        self._by_key: dict[Key, Tally] = {}  # in a stream, those that changed last at the end
        self._by_name: dict[str, Tally] = {}
        self._changed: list[Tally] = []

    def __iter__(self) -> Iterator[Tally]:
        return iter(self._by_key.values())

    def get(self, rule: Rule, key: Key, first: Hit, *, draws_moments: bool) -> Tally:
        """Give the tally of a key; without one, recall it, or let it begin with this hit."""
        tally = self._by_key.get(key)
        if tally is None:
            recalled = None if self._recall is None else self._recalled(fingerprint_v1(*key))
            tally = recalled or Tally.of(rule, key, first, self._samples, draws_moments=draws_moments)
            self._place(tally)
        return tally

    def named(self, fingerprint: str) -> Tally | None:
        """Give the tally of a finding, if there is one in memory or in the store."""
        tally = self._by_name.get(fingerprint) or self._recalled(fingerprint)
        if tally is not None:
            self._place(tally)
        return tally

    def change(self, tally: Tally) -> None:
        """Take note that a tally has changed."""
        if not tally.changed:
            tally.changed = True
            self._changed.append(tally)

    def collect(self) -> list[Kept]:
        """Give the tallies that changed since this was asked last."""
        kept = []
        for tally in self._changed:
            tally.changed = False
            self._by_key[tally.key] = self._by_key.pop(tally.key)
            finding, blob = tally.collect(self._meanings)
            kept.append(Kept(finding, tally.key, blob, quiet_ns(tally.rule)))
        self._changed.clear()
        return kept

    def make_room(self) -> bool:
        """Let go of tallies beyond the bound that were collected already; tell whether any went."""
        surplus = max(len(self._by_key) - self._max_tallies, 0)
        if self._recall is None or not surplus:
            return False
        for tally in [tally for tally in self._by_key.values() if not tally.changed][:surplus]:
            del self._by_key[tally.key], self._by_name[tally.fingerprint]
        return True

    def _place(self, tally: Tally) -> None:
        self._by_key[tally.key] = self._by_name[tally.fingerprint] = tally

    def _recalled(self, fingerprint: str) -> Tally | None:
        blob = None if self._recall is None else self._recall(fingerprint)
        return None if blob is None else Tally.recalled(blob, self._meanings, self._samples)
