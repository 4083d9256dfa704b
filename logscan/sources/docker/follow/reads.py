"""Reads: one request for a log, and what its answer shows.

Owns the question (Ask), from where on records are wanted (Aim), and whether an answer holds what lies behind
that place, all of it (Read). Does not own how a place is found (framing.place), nor what is asked next.
"""

from __future__ import annotations

from dataclasses import dataclass

from logscan.checkpoint import BEGINNING, Mark, Place
from logscan.framing.frames import FrameDecoder, record_time
from logscan.framing.place import SLACK_NS, PlaceSearch, PlaceTracker
from logscan.framing.stamp import SECOND_NS
from logscan.framing.time_range import TimeRange
from logscan.framing.tty import TtyDecoder, tty_record_time
from logscan.sources.docker.engine import ContainerInfo

DOCKER_SLACK_NS = SECOND_NS // 20
"""Both outputs of a container are stamped before one of them may write: a millisecond was measured. Stamps
of these drivers have nine digits; those of other engines may be whole seconds (framing.place)."""

_FULL_STAMPS = ("json-file", "local")
_SMALL_TAIL = 512
_NEVER_NS = 1 << 62


@dataclass(frozen=True, slots=True)
class Ask:
    """What to request of a container's log: its last `tail` records, all for None, and those to come if `follow`."""

    follow: bool
    tail: int | None


@dataclass(frozen=True, slots=True)
class Aim:
    """From where on records are wanted: behind `place`, or, without one, from `since_ns` on.

    `is_lost`: there was a place, and the log doesn't hold it any more.
    """

    place: Place = BEGINNING
    since_ns: int | None = None
    is_lost: bool = False

    @property
    def is_everything(self) -> bool:
        return self.place == BEGINNING and self.since_ns is None

    def begin_before_ns(self, *, full_stamps: bool) -> int | None:
        """Give the time before which an answer has to begin; None where it has to begin with the log."""
        slack_ns = DOCKER_SLACK_NS if full_stamps else SLACK_NS
        first_ns = min((record.time_ns for record in self.place.records), default=self.since_ns)
        return None if first_ns is None else first_ns - slack_ns


class Read:
    """One answer under way. `heard_ns`: when something of it came last, by the host's clock. `vain_ns`: since when
    bytes come that led to nothing, neither to the place nor to a whole record behind it; None while they do.

    `is_certain`: it began so early that it holds the place if the log does, and all records of the place's
    time, which the place counts; None until its first record is there. Nothing is wanted of one that isn't.
    """

    def __init__(
        self,
        ask: Ask,
        aim: Aim,
        info: ContainerInfo,
        key: bytes,
        now_ns: int,
        *,
        begins_log: bool,
        is_check: bool,
        is_trial: bool,
    ) -> None:
        self.ask = ask
        self._begins_log = begins_log
        self.aim = aim
        self.is_check = is_check
        self.is_last = not info.running
        """Whether it was asked for when the container had ended."""
        self.asked_ns = self.heard_ns = now_ns
        self.vain_ns: int | None = None
        self.has_begun = self.has_just_found = False
        self.taken = 0
        self._is_tty = info.tty
        self.search = PlaceSearch(key, aim.place, tty=info.tty, since_ns=aim.since_ns)
        self.is_certain = False if is_trial else True if begins_log else None
        self._begin_before_ns = aim.begin_before_ns(full_stamps=info.driver in _FULL_STAMPS)
        self._counter = PlaceSearch(key, BEGINNING, tty=info.tty, since_ns=_NEVER_NS)
        self._skipped = _Skipped(info, key) if aim.place == BEGINNING and not aim.is_lost else None
        self._head = b""

    def begin(self, now_ns: int) -> None:
        """Note that the engine answers."""
        self.has_begun, self.heard_ns = True, now_ns

    def feed(self, data: bytes, now_ns: int) -> bytes:
        """Give what is wanted of the next bytes. Raises StreamError where they are no log."""
        self.heard_ns = now_ns
        had_found = self.search.found
        wanted = self.search.feed(data)
        if self._skipped is not None and not had_found:
            self._skipped.feed(data)
        if self.is_certain is None:
            self._head += data
            data = self._judge()
        self.has_just_found = bool(self.is_certain) and self.search.found and not had_found
        if self.has_just_found:
            self.vain_ns = None
        elif self.vain_ns is None:
            self.vain_ns = now_ns
        if not self.is_certain:
            self._counter.feed(data)
            return b""
        return wanted

    def finish(self) -> bytes:
        """Note that it came to its end; give what is wanted of its last bytes. Raises StreamError when it was cut."""
        had_found = self.search.found
        wanted = self.search.finish()
        self._counter.finish()
        self.has_just_found = bool(self.is_certain) and self.search.found and not had_found
        return wanted if self.is_certain else b""

    def took(self, records: int) -> None:
        """Note that so many records of it, at least one, were whole and wanted."""
        self.taken += records
        self.vain_ns = None

    @property
    def has_place(self) -> bool:
        """Whether what came behind the place, if anything did, is all that lies behind it."""
        is_certain = self.is_certain or (self.is_certain is None and not self._head)
        return is_certain and (self.search.found or self.aim.place == BEGINNING)

    @property
    def is_late(self) -> bool:
        """Whether it shows already that it began behind the place, or may have."""
        brought_all = self.ask.tail is not None and self.search.passed >= self.ask.tail
        return self.is_certain is False or (brought_all and not self.search.found)

    @property
    def may_be_whole(self) -> bool:
        """Whether it is small enough to be read on, to see whether it is the whole log."""
        if self._begins_log or self.ask.tail is None:
            return True
        return self.ask.tail <= _SMALL_TAIL and self._counter.passed < self.ask.tail

    @property
    def records(self) -> int:
        """How many records it brought."""
        return self.search.passed + self.taken if self.is_certain else self._counter.passed

    @property
    def is_whole(self) -> bool:
        """Whether the log holds no more than it brought, now that it came to its end."""
        return self._begins_log or self.ask.tail is None or self.records < self.ask.tail

    @property
    def skipped(self) -> Place:
        """The place behind what it brought, where nothing of that was wanted."""
        return self._skipped.place if self._skipped is not None else BEGINNING

    def time_of(self, records: bytes) -> int:
        """Give the time of the first of these."""
        return tty_record_time(records) if self._is_tty else record_time(records)

    def _judge(self) -> bytes:
        """Decide whether it began early enough; give the bytes that were not counted yet."""
        first_ns, before_ns = self.search.first_ns, self._begin_before_ns
        if first_ns is None:
            return b""
        head, self._head = self._head, b""
        self.is_certain = before_ns is not None and first_ns < before_ns
        return head


class _Skipped:
    """Keeps the place behind records that are older than what is wanted of a log."""

    def __init__(self, info: ContainerInfo, key: bytes) -> None:
        self._decoder = (TtyDecoder if info.tty else FrameDecoder)(info.container, TimeRange())
        self._tracker = PlaceTracker(key, Mark(), tty=info.tty)

    def feed(self, data: bytes) -> None:
        for _ in self._decoder.feed(data):
            pass
        self._tracker.took(self._decoder.taken)

    @property
    def place(self) -> Place:
        return self._tracker.mark.place
