"""FollowedLog: reads one container's log on and on, and loses nothing.

Owns what to ask the engine next, and what an answer means. Does no I/O and reads no clock: the host loop
sends the requests and hands in bytes and times. Does not own what one answer shows (reads), how much to ask
for (tails), nor decoding and counting what is wanted (intake).

    PULL ──ask──► PULLING ──the end, with the place──┬─ rotates, or has ended ─► REST ──ring, start, check──► PULL
     ▲               │                               └─ else ─► STREAM ──ask──► SEARCHING ──place──► LIVE
     │               │                                              │                                 │
     └── too late, a fault ◄──── too late, a fault, silence ────────┴───── the end, a fault, check ───┘

A pull has an end, and there all is known that was written before it was asked. A stream is trusted only
behind the place where a pull stopped, found in it. Whatever ends a read, a pull from the place on comes next.
Where a pull of the whole log lacks the place, lines are gone, and that is told as a gap.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from logscan.batch import Container
from logscan.checkpoint import BEGINNING, Checkpoint
from logscan.errors import StreamError
from logscan.finding import GapReason
from logscan.framing.stamp import SECOND_NS
from logscan.sources.docker.engine import DAMAGED_HELP, ContainerInfo
from logscan.sources.docker.follow.backoff import FIRST_NS, Backoff
from logscan.sources.docker.follow.intake import Intake
from logscan.sources.docker.follow.log_news import LogNews
from logscan.sources.docker.follow.reads import Aim, Ask, Read
from logscan.sources.docker.follow.salvage import Salvage
from logscan.sources.docker.follow.tails import Tails
from logscan.sources.docker.follow.watchdog import (
    BELL_NS,
    LAST_WORDS_NS,
    PULL_SILENCE_NS,
    SEARCH_SILENCE_NS,
    STREAM_NS,
    VAIN_NS,
    Watchdog,
)
from logscan.sources.live import News

PACE_NS = SECOND_NS // 50
LONGEST_PACE_NS = SECOND_NS
PACE_FACTOR = 5
"""So far apart are pulls that were rung for, so that no more than a fifth of the time goes into them."""

LATENESS_NS = SECOND_NS
"""A record is written after it was stamped: what was read to its end now holds all of so much earlier."""

SETTLED_NS = 10 * SECOND_NS
"""A stream that lived so long was no failure."""

REMOVAL_NS = 10 * SECOND_NS
"""A stream that ended at most so long before its container was removed ended with the container."""

LOST_AFTER_NS = 30 * SECOND_NS
"""Who is refused for so long is told lost."""

GONE_RETRY_NS = 30 * SECOND_NS
PERMANENT_RETRY_NS = 300 * SECOND_NS

MOST_TRIES = 10
"""A single pull is tried so often."""


class State(Enum):
    """What goes on with a log; drawn above."""

    PULL = auto()
    PULLING = auto()
    STREAM = auto()
    SEARCHING = auto()
    LIVE = auto()
    REST = auto()
    DONE = auto()


class FollowedLog:
    """One container's log. `now_ns` is a monotonic clock, `engine_ns` the engine's own, since the epoch.

    An `Ask` may come while an answer is open: that one is hung up first, and not told as ended. While bytes
    of the answer wait unread, since the inbox is full, the host doesn't `tick`.
    """

    def __init__(
        self,
        info: ContainerInfo,
        checkpoint: Checkpoint | None,
        *,
        digest_key: bytes,
        since_ns: int | None,
        rotates: bool,
        whole: bool = False,
        tell: Callable[[News], None],
        jitter: Callable[[], float],
        once: bool = False,
    ) -> None:
        start = checkpoint or Checkpoint(since_ns=since_ns)
        self._info = info
        self._key = digest_key
        self._rotates = rotates
        self._once = once
        self._backoff = Backoff(jitter)
        self._news = LogNews(info.container, tell)
        self._intake = Intake(info, start, digest_key=digest_key, tell=tell)
        self._tails = Tails(whole=whole)
        self._since_ns = start.since_ns
        self._has_lost_place = False
        self._doubts_beginning = rotates and start.replayed > 0 and start.mark.place == BEGINNING != start.looked_at
        self._gap: GapReason | None = None
        self._salvage = Salvage()
        self._state = State.PULL
        self._due_ns: int | None = 0
        self._read: Read | None = None
        self._rung = False
        self._pace_ns = PACE_NS
        self._watchdog = Watchdog(BELL_NS if rotates else STREAM_NS)
        self._tries = 0
        self._asked_ns = 0
        self._refused_ns: int | None = None
        self._over_at_ns: int | None = None  # when the container was told to have ended, by the host's clock
        self._over_ns: int | None = None  # when its stream did, by the engine's
        self._removed_ns: int | None = None
        if checkpoint is None or (info.state.started_ns or 0) > (start.mark.place.time_ns or 0):
            self._news.watched(info, self._since_ns)

    # What the host asks

    @property
    def container(self) -> Container:
        return self._info.container

    @property
    def wants_bell(self) -> bool:
        """Whether a request with `follow=1&tail=0` is to be kept open beside, whose bytes `ring`."""
        return self._rotates and self._info.running and not self._once and not self.is_done

    @property
    def is_done(self) -> bool:
        """Whether nothing more will be read: the single pull is over, or the container was removed."""
        return self._state is State.DONE

    def read_to_ns(self, engine_ns: int) -> int | None:
        """Give the moment of before which all was told; None where nothing more is to be expected."""
        if self.is_done or self._news.is_idle or self._news.is_lost:
            return None
        if self._state is State.REST and not self._rung:
            return engine_ns - LATENESS_NS  # its bell would have rung
        return max(self._news.read_to_ns or 0, self._intake.place.time_ns or 0)

    def due_ns(self) -> int | None:
        """When `ask` may give something; None: not before something happens."""
        if self._state is State.LIVE and self._read is not None:
            if self._over_at_ns is None:
                return self._read.heard_ns + self._watchdog.wait_ns
            return max(self._read.heard_ns, self._over_at_ns) + LAST_WORDS_NS
        return self._due_ns if self._state in (State.PULL, State.STREAM, State.REST) else None

    def ask(self, now_ns: int) -> Ask | None:
        """Give the next request, if one is due."""
        due_ns = self.due_ns()
        if due_ns is None or now_ns < due_ns:
            return None
        if self._removed_ns is not None:
            self._finish(is_whole=self._is_complete)
            return None
        aim = self._aim()
        follow = self._state is State.STREAM
        is_check = self._state in (State.LIVE, State.REST) and self._info.running
        self._intake.interrupt()  # what a read that is replaced has begun comes again
        self._rung, self._asked_ns = False, now_ns
        self._state = State.SEARCHING if follow else State.PULLING
        ask = Ask(follow=follow, tail=self._tail(aim, follow=follow))
        self._read = Read(
            ask,
            aim,
            self._info,
            self._key,
            now_ns,
            begins_log=aim.is_lost or ask.tail == self._tails.all or self._salvage.is_settled,
            is_check=is_check,
            is_trial=self._salvage.is_on and not self._salvage.is_settled,
        )
        return ask

    def _aim(self) -> Aim:
        place = self._intake.place
        if self._doubts_beginning:
            return Aim(self._intake.looked_at)
        if self._has_lost_place:
            newer_ns = None if place.time_ns is None else place.time_ns + 1
            return Aim(since_ns=newer_ns, is_lost=True)
        return Aim(place, self._since_ns)

    def _tail(self, aim: Aim, *, follow: bool) -> int | None:
        if self._salvage.is_on:
            return self._salvage.tail
        if self._doubts_beginning:
            return None
        if aim.is_everything or aim.is_lost:
            return self._tails.all
        return self._tails.stream() if follow else self._tails.pull()

    # What comes of a request

    def began(self, now_ns: int) -> None:
        """Note that the engine answers."""
        if self._read is not None:
            self._read.begin(now_ns)
            self._go_live(self._read)

    def feed(self, data: bytes, now_ns: int) -> bool:
        """Take bytes of the body; False: hang up, no more is wanted of this answer."""
        read = self._read
        if read is None:
            return False
        try:
            self._take(read, read.feed(data, now_ns))
        except StreamError as error:
            self._fault(error, now_ns)
            return False
        if read.ask.follow:
            self._go_live(read)
            return not self._gives_up_stream(read, now_ns)
        return not self._gives_up_pull(read, now_ns)

    def ended(self, now_ns: int, *, clean: bool, engine_ns: int) -> None:
        """Take the end of an answer; `clean`: it came with its last chunk."""
        read = self._read
        if read is None:
            return
        try:
            if clean:
                self._take(read, read.finish())
                self._note_taken(read, self._intake.end_read())
        except StreamError as error:
            self._fault(error, now_ns)
            return
        self._drop_read()
        if read.ask.follow:
            self._stream_ended(read, now_ns, engine_ns if clean else None)
        elif not clean:
            self._pull_failed(now_ns)
        elif self._salvage.is_on and not self._salvage.is_settled:
            self._salvage.tried(read.records, has_place=read.search.found)
            self._go_on_salvaging(now_ns)
        else:
            self._pull_ended(read, now_ns, engine_ns)

    def refused(self, now_ns: int, reason: str, help: str | None, *, permanent: bool, gone: bool) -> None:  # noqa: A002
        """Take a refusal. `gone`: there is no such container; `permanent`: asking again won't help."""
        self._read = None
        if self._removed_ns is not None:
            self._finish(is_whole=self._is_complete)
        elif gone or permanent:
            if permanent:
                self._news.lost(reason, help)
            self._rest(now_ns + (GONE_RETRY_NS if gone else PERMANENT_RETRY_NS))
            if self._once:
                self._state = State.DONE
        else:
            self._refused_ns = now_ns if self._refused_ns is None else self._refused_ns
            if now_ns - self._refused_ns >= LOST_AFTER_NS:
                self._news.lost(reason, help)
            self._pull_failed(now_ns, reason)

    # What happens to the container

    def ring(self, now_ns: int, size: int = 0) -> None:
        """Note that something was written, `size` bytes of it as far as the bell knows."""
        self._tails.rang(size)
        self._rung = True
        if self._state is State.REST:
            self._pull(max(now_ns, self._asked_ns + self._pace_ns))

    def inspected(self, info: ContainerInfo, now_ns: int) -> None:
        """Take the state of the container anew: it has started, died or been renamed."""
        before, self._info = self._info, info
        self._intake.container = self._news.container = info.container
        if info.running and info.state.started_ns != before.state.started_ns:
            self._news.watched(info, self._since_ns)
        if info.running and not before.running:
            self._news.awake()
            self._over_ns = self._over_at_ns = None
            self._backoff.reset()
            if self._read is not None:
                self._read.is_last = False
        if before.running and not info.running:
            self._over_at_ns = now_ns
        if info.running != before.running and self._state in (State.PULL, State.STREAM, State.REST):
            self._pull(now_ns)

    def removed(self, now_ns: int, time_ns: int) -> None:
        """Note that the container was destroyed, at `time_ns` of the engine's clock."""
        self._removed_ns = time_ns
        self._over_at_ns = now_ns if self._over_at_ns is None else self._over_at_ns
        if self._state not in (State.LIVE, State.PULLING, State.DONE):  # those come to their ends
            self._finish(is_whole=self._is_complete)

    def tick(self, now_ns: int, engine_ns: int) -> None:
        """Look after what is silent, about once a second."""
        read = self._read
        if read is None:
            return
        silence_ns = now_ns - read.heard_ns
        if read.ask.follow and read.vain_ns is not None and now_ns - read.vain_ns >= VAIN_NS:
            self._drop_read()
            self._pull_failed(now_ns, "the engine's answer leads nowhere")
        elif self._state is State.LIVE:
            if now_ns - read.asked_ns >= SETTLED_NS:
                self._backoff.reset()
            if silence_ns >= LATENESS_NS and self._info.running:
                self._news.caught_up(engine_ns - LATENESS_NS)
        elif read.has_begun and silence_ns >= (SEARCH_SILENCE_NS if read.ask.follow else PULL_SILENCE_NS):
            self._drop_read()
            self._pull_failed(now_ns, "the engine stopped in the middle of an answer")

    # Taking what an answer brings

    def _take(self, read: Read, wanted: bytes) -> None:
        if self._doubts_beginning:
            return
        if read.has_just_found:
            self._intake.found(read.search)
        if not wanted:
            return
        if self._has_lost_place:
            self._tell_gap(read.time_of(wanted))
            self._has_lost_place = False
            self._intake.move_to(BEGINNING)
        self._note_taken(read, self._intake.take(wanted))

    def _note_taken(self, read: Read, records: int) -> None:
        if records:
            read.took(records)
            self._tails.took(records)
            self._backoff.reset()
            self._salvage.got_on()
            self._news.awake()
            self._tries, self._over_ns = 0, None

    def _go_live(self, read: Read) -> None:
        if self._state is State.SEARCHING and read.has_place:
            self._state = State.LIVE
            self._tails.streamed()
            self._news.back()

    def _gives_up_stream(self, read: Read, now_ns: int) -> bool:
        """Hang up a stream that began behind the place: too much was written since the pull."""
        if self._state is State.LIVE or not read.is_late:
            return False
        self._tails.stream_began_late()
        self._drop_read()
        self._pull(now_ns)
        return True

    def _gives_up_pull(self, read: Read, now_ns: int) -> bool:
        """Hang up a pull that began behind the place, unless it is short enough to see whether it is the whole log."""
        if self._doubts_beginning and read.search.found:
            self._drop_read()
            self._check_beginning(read, now_ns)
            return True
        if self._salvage.is_on or not read.is_late or read.may_be_whole:
            return False
        self._tails.began_late(read.ask.tail)
        self._drop_read()
        self._pull(now_ns)
        return True

    # What comes after an answer

    def _check_beginning(self, read: Read, now_ns: int) -> None:
        """Judge by what lies before a later place whether the log still begins where it began."""
        self._doubts_beginning = False
        if not read.search.found or read.search.passed != self._intake.to_replay:
            self._intake.skip_replay()
        self._pull(now_ns)

    def _pull_ended(self, read: Read, now_ns: int, engine_ns: int) -> None:
        if self._doubts_beginning:
            self._check_beginning(read, now_ns)
            return
        if read.has_place:
            self._caught_up(read, now_ns, engine_ns)
            return
        if read.ask.tail is not None and self._skips_records(read) and not self._salvage.is_on:
            self._salvage.begin(read.ask.tail)
        elif not read.is_whole:
            self._tails.began_late(read.ask.tail)
        elif read.search.found or read.aim.place == BEGINNING:
            self._tails.want_all()  # it was all, but only the whole log is known to begin with its first record
        elif self._intake.to_replay:
            self._intake.skip_replay()
        elif older := read.search.fallback():
            self._intake.move_to(older)  # the engine has lost its newest records
            self._tails.forget_size()
        else:
            self._lose_place(GapReason.ROTATED if self._rotates else GapReason.TRUNCATED)
        self._pull(now_ns)

    def _caught_up(self, read: Read, now_ns: int, engine_ns: int) -> None:
        """Note that a pull has brought all that was written before it was asked for."""
        asked_ns = engine_ns - (now_ns - read.asked_ns)
        if self._skips_records(read):
            self._news.gap(GapReason.DAMAGED, read.aim.place.time_ns, asked_ns)
        if self._salvage.is_on and read.ask.tail is not None:
            self._tails.salvaged(read.ask.tail)
        self._salvage.over()
        self._refused_ns = None
        self._pace_ns = min(max(PACE_NS, PACE_FACTOR * (now_ns - read.asked_ns)), LONGEST_PACE_NS)
        self._tails.pulled(read.records if read.is_whole else None)
        self._news.back()
        if self._since_ns is not None and read.aim.place == BEGINNING and not read.search.found:
            self._intake.move_to(read.skipped)
        self._since_ns = None
        if not self._intake.has_told:
            self._intake.tell_mark()
        self._news.caught_up(asked_ns - LATENESS_NS)
        if read.is_check:
            self._watchdog.checked(was_right=not read.taken)
        self._go_on(read, now_ns)

    def _go_on(self, read: Read, now_ns: int) -> None:
        if read.is_last and not self._info.running:
            self._come_to_rest()
        elif self._removed_ns is not None:
            self._finish(is_whole=False)
        elif self._once:
            self._state = State.DONE
        elif not self._info.running:
            self._pull(now_ns)
        elif self._rung:
            self._pull(max(now_ns, read.asked_ns + self._pace_ns))
        elif self._rotates:
            self._rest(now_ns + self._watchdog.wait_ns)
        else:
            self._state, self._due_ns = State.STREAM, now_ns

    def _come_to_rest(self) -> None:
        """The container has ended, and all its lines are here."""
        if self._removed_ns is not None:
            self._finish(is_whole=True)
            return
        self._settle()
        self._news.idle()
        self._rest(None)
        if self._once:
            self._state = State.DONE

    def _stream_ended(self, read: Read, now_ns: int, clean_ns: int | None) -> None:
        """`clean_ns`: when it ended, by the engine's clock, if it ended in order."""
        if self._state is State.LIVE and clean_ns is not None:
            self._over_ns = clean_ns
        if self._removed_ns is not None:
            self._finish(is_whole=self._is_complete)
        elif not self._info.running:
            self._pull(now_ns)
        elif read.taken or now_ns - read.asked_ns >= SETTLED_NS:
            self._backoff.reset()
            self._pull(max(now_ns, read.asked_ns + FIRST_NS))
        else:
            self._pull(now_ns + self._backoff.next_ns())

    def _pull_failed(self, now_ns: int, reason: str = "the engine cuts its answers short") -> None:
        if self._removed_ns is not None:
            self._finish(is_whole=self._is_complete)
            return
        self._tries += 1
        self._pull(now_ns + self._backoff.next_ns())
        if self._once and self._tries >= MOST_TRIES:
            self._news.lost(reason, None)
            self._state = State.DONE

    # Damaged records

    def _fault(self, error: StreamError, now_ns: int) -> None:
        """Give up an answer that is no log any further."""
        self._drop_read()
        was_on = self._salvage.is_on
        self._salvage.fault()
        if was_on and self._salvage.is_on:
            self._go_on_salvaging(now_ns)
        else:
            self._pull_failed(now_ns, error.message)

    def _skips_records(self, read: Read) -> bool:
        """Tell whether an answer holds the place and yet less than must be there.

        An engine may skip a damaged record, and hundreds of good ones with it, and say nothing. A terminal's
        records can't be counted.
        """
        if self._rotates or self._info.tty or not read.search.found:
            return False
        return self._tails.are_lacking(read.ask.tail, read.records)

    def _go_on_salvaging(self, now_ns: int) -> None:
        if not self._salvage.is_settled or self._salvage.has_place:
            self._pull(now_ns)
        elif self._intake.to_replay:
            self._salvage.over()
            self._intake.skip_replay()
            self._pull(now_ns)
        elif self._salvage.tail:
            self._lose_place(GapReason.DAMAGED)
            self._pull(now_ns)
        else:
            self._salvage.over()
            self._news.lost("the newest record of its log is damaged", DAMAGED_HELP)
            self._pull_failed(now_ns)

    # Small things

    @property
    def _is_complete(self) -> bool:
        """Whether nothing can have been written that wasn't read, now that the container is gone."""
        if self._news.is_idle or self._info.state.started_ns is None:
            return True
        ended_ns, removed_ns = self._over_ns, self._removed_ns
        return ended_ns is not None and removed_ns is not None and removed_ns - ended_ns <= REMOVAL_NS

    def _finish(self, *, is_whole: bool) -> None:
        """The container is gone: tell what is left of it, and what is not."""
        self._drop_read()
        if not is_whole:
            known = [time_ns for time_ns in (self._intake.place.time_ns, self._news.read_to_ns) if time_ns is not None]
            self._news.gap(GapReason.REMOVED, max(known, default=None), self._removed_ns)
        self._settle()
        self._state = State.DONE

    def _settle(self) -> None:
        self._tell_gap(None)
        self._intake.settle()

    def _drop_read(self) -> None:
        self._read = None
        self._intake.interrupt()

    def _pull(self, due_ns: int) -> None:
        self._state, self._due_ns = State.PULL, due_ns

    def _rest(self, due_ns: int | None) -> None:
        self._state, self._due_ns = State.REST, due_ns

    def _lose_place(self, reason: GapReason) -> None:
        self._has_lost_place, self._gap = True, reason
        self._tails.forget_size()

    def _tell_gap(self, to_ns: int | None) -> None:
        """Tell what was lost with the place, up to the next record, once there is one or can be none."""
        if self._gap is not None:
            self._news.gap(self._gap, self._intake.place.time_ns, to_ns)
            self._gap = None
