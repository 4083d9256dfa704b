"""Presence: whether an engine is there, and when its absence is worth a word.

Owns the judgement and the pace of trying again. A socket proxy that cuts, or an engine that restarts within seconds,
is nobody's news: only an absence of more than `PATIENCE_NS` is told, once, and its end. Does not own any call.

    HERE ──a call failed──> DOUBTED ──PATIENCE_NS without an answer──> LOST
      ^                        │                                        │
      └──────an answer─────────┴────────────────an answer───────────────┘
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

MILLISECOND_NS = 1_000_000
SECOND_NS = 1_000_000_000

PATIENCE_NS = 3 * SECOND_NS
SHORTEST_NS = 200 * MILLISECOND_NS
LONGEST_NS = 10 * SECOND_NS

SILENCE_NS = 10 * SECOND_NS
"""An engine that was not heard for so long is asked whether it is there."""


class Where(Enum):
    """Where an engine is, as far as we know."""

    HERE = auto()
    DOUBTED = auto()
    LOST = auto()


class Presence:
    """One engine's. Doubted until it is first reached. `jitter` gives 0 to 1; times are of a monotonic clock."""

    def __init__(self, now_ns: int, jitter: Callable[[], float]) -> None:
        self._jitter = jitter
        self._doubted_ns = now_ns
        self._heard_ns = now_ns
        self._tries = 0
        self._try_ns = now_ns
        self.where = Where.DOUBTED
        self.reason = "it was not reached yet"
        self.help: str | None = None

    @property
    def is_here(self) -> bool:
        return self.where is Where.HERE

    def due_ns(self) -> int:
        """When to ask whether it is there."""
        return self._heard_ns + SILENCE_NS if self.is_here else self._try_ns

    def heard(self, now_ns: int) -> None:
        """Bytes of it came: it need not be asked. Once it is doubted they say nothing, as they may have lain about."""
        self._heard_ns = now_ns

    def reached(self, now_ns: int) -> bool:
        """It was asked, and answered; tell whether it had been told lost."""
        was_lost = self.where is Where.LOST
        self.where, self._heard_ns, self._tries = Where.HERE, now_ns, 0
        return was_lost

    def failed(self, now_ns: int, reason: str, help_: str | None) -> None:
        """A call got no answer. The first try to reach it again comes at once, later ones ever slower."""
        self.reason, self.help = reason, help_
        if self.is_here:
            self.where, self._doubted_ns = Where.DOUBTED, now_ns
            self._try_ns = now_ns

    def try_failed(self, now_ns: int, reason: str, help_: str | None) -> None:
        """A try to reach it failed."""
        self.failed(now_ns, reason, help_)
        longest_ns = min(LONGEST_NS, SHORTEST_NS << min(self._tries, 16))
        self._tries += 1
        self._try_ns = now_ns + int(longest_ns * (0.5 + 0.5 * self._jitter()))

    def gives_up(self, now_ns: int, *, at_once: bool = False) -> bool:
        """Tell whether it is to be told lost now: true once for each absence."""
        late = at_once or now_ns - self._doubted_ns > PATIENCE_NS
        if self.where is not Where.DOUBTED or not late:
            return False
        self.where = Where.LOST
        return True
