"""TimeRange: which moments a scan is about, inclusive on both sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from logscan.framing.stamp import format_fixed

_END = b"\xff"


@dataclass(frozen=True, slots=True)
class TimeRange:
    """From `since_ns` to `until_ns`, nanoseconds since the epoch; None leaves a side open."""

    since_ns: int | None = None
    until_ns: int | None = None
    _since: bytes = field(init=False, repr=False, default=b"")
    _until: bytes = field(init=False, repr=False, default=_END)

    def __post_init__(self) -> None:
        if self.since_ns is not None:
            object.__setattr__(self, "_since", format_fixed(self.since_ns))
        if self.until_ns is not None:
            object.__setattr__(self, "_until", format_fixed(self.until_ns))

    @property
    def holds_all(self) -> bool:
        """Whether every moment is inside."""
        return self.since_ns is None and self.until_ns is None

    def holds(self, time_ns: int | None) -> bool:
        """Tell whether a moment is inside. What has no time can't be outside."""
        if time_ns is None:
            return True
        return (self.since_ns is None or time_ns >= self.since_ns) and (
            self.until_ns is None or time_ns <= self.until_ns
        )

    def holds_between(self, earliest: bytes, latest: bytes) -> bool:
        """Tell whether all stamps from one to the other, in the engine's fixed form, are inside."""
        return earliest >= self._since and latest <= self._until

    def select(self, stamps: Sequence[bytes]) -> list[bool]:
        """Tell which of these stamps, in the engine's fixed form, are inside."""
        return [self._since <= stamp <= self._until for stamp in stamps]


ALWAYS = TimeRange()
"""Every moment."""
