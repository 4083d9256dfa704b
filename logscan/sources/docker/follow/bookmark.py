"""Bookmark: where reading stands in one log, and how it is found again.

Owns what a request has to ask for, whether an answer can be trusted to hold what lies behind the bookmark, what an
answer that doesn't shows about the log, and telling what was lost with a place. Does not own when anything is asked
(followed_log), what one answer shows (reads), how much to ask for (tails), how far damage reaches (salvage), nor
decoding and counting what is wanted (intake).

A pull of the whole log that lacks the place is the proof that lines are gone: reading goes on behind the newest
record that is still there, or, without any, from the time of the place on, and a gap tells of it.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from logscan.checkpoint import BEGINNING, Checkpoint
from logscan.finding import GapReason
from logscan.sources.docker.engine import ContainerInfo
from logscan.sources.docker.follow.intake import Intake
from logscan.sources.docker.follow.log_news import LogNews
from logscan.sources.docker.follow.reads import Aim, Ask, Read
from logscan.sources.docker.follow.salvage import Salvage
from logscan.sources.docker.follow.tails import Tails
from logscan.sources.live import News


class Damage(Enum):
    """What the failure of an answer tells of the log."""

    UNKNOWN = auto()
    """It may have been an accident."""
    PASSABLE = auto()
    """A record is damaged, and the next read looks for the end of that, or goes on behind it."""
    LAST = auto()
    """Not even the newest record can be read."""


class Bookmark:
    """Where reading stands in the log of `info`; it begins at `start`.

    `rotates`: the log may lose its oldest records. `whole`: every pull asks for all of it (tails). Gaps go to `news`,
    lines to `tell`.
    """

    def __init__(
        self,
        info: ContainerInfo,
        start: Checkpoint,
        news: LogNews,
        *,
        digest_key: bytes,
        rotates: bool,
        whole: bool,
        tell: Callable[[News], None],
    ) -> None:
        self._key = digest_key
        self._news = news
        self._tty = info.tty
        self._rotates = rotates
        self._intake = Intake(info, start, digest_key=digest_key, tell=tell)
        self._tails = Tails(whole=whole)
        self._salvage = Salvage()
        self._since_ns = start.since_ns
        self._has_lost_place = False
        self._doubts_beginning = rotates and start.replayed > 0 and start.mark.place == BEGINNING != start.looked_at
        self._gap: GapReason | None = None

    @property
    def time_ns(self) -> int | None:
        """The time of the last record taken."""
        return self._intake.place.time_ns

    @property
    def since_ns(self) -> int | None:
        """From when on lines are wanted, until a pull has brought all from there; None: from the place on."""
        return self._since_ns

    def inspected(self, info: ContainerInfo) -> None:
        """Take the container anew: it may have been renamed."""
        self._intake.container = info.container

    # What to ask

    def rang(self, size: int) -> None:
        """Note that so many bytes were written, 0 for who knows how many."""
        self._tails.rang(size)

    def request(self, info: ContainerInfo, now_ns: int, *, follow: bool, is_check: bool) -> Read:
        """Give the next read, of which `ask` is to be requested. What an earlier one has begun comes again."""
        aim = self._aim()
        self._intake.interrupt()
        ask = Ask(follow=follow, tail=self._tail(aim, follow=follow))
        return Read(
            ask,
            aim,
            info,
            self._key,
            now_ns,
            begins_log=aim.is_lost or ask.tail == self._tails.all or self._salvage.is_settled,
            is_check=is_check,
            is_trial=self.is_trying,
        )

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

    # Taking what an answer brings

    def take(self, read: Read, wanted: bytes) -> int:
        """Take what a read wants of its next bytes; give how many records that made whole. Raises StreamError."""
        if self._doubts_beginning:
            return 0
        if read.has_just_found:
            self._intake.found(read.search)
        if not wanted:
            return 0
        if self._has_lost_place:
            self._tell_gap(read.time_of(wanted))
            self._has_lost_place = False
            self._intake.move_to(BEGINNING)
        return self._note_taken(read, self._intake.take(wanted))

    def end_read(self, read: Read) -> int:
        """Note that a read came to its end; give how many records that made whole. Raises StreamError if it was cut."""
        return self._note_taken(read, self._intake.end_read())

    def interrupt(self) -> None:
        """Note that a read has ended in any other way: the record that it has begun comes again."""
        self._intake.interrupt()

    def settle(self) -> None:
        """Note that nothing more can come: tell what was lost, and what has no newline as a line."""
        self._tell_gap(None)
        self._intake.settle()

    def _note_taken(self, read: Read, records: int) -> int:
        if records:
            read.took(records)
            self._tails.took(records)
            self._salvage.got_on()
        return records

    def _tell_gap(self, to_ns: int | None) -> None:
        """Tell what was lost with the place, up to the next record, once there is one or can be none."""
        if self._gap is not None:
            self._news.gap(self._gap, self._intake.place.time_ns, to_ns)
            self._gap = None

    # Whether an answer is worth reading on

    def streamed(self) -> None:
        """Note that a stream found the place."""
        self._tails.streamed()

    def gives_up_stream(self, read: Read) -> bool:
        """Tell whether a stream began behind the place: too much was written since the pull."""
        if not read.is_late:
            return False
        self._tails.stream_began_late()
        return True

    def gives_up_pull(self, read: Read) -> bool:
        """Tell whether a pull began behind the place, or has shown all; one that may be the whole log is read on."""
        if self._doubts_beginning and read.search.found:
            self._check_beginning(read)
            return True
        if self._salvage.is_on or not read.is_late or read.may_be_whole:
            return False
        self._tails.began_late(read.ask.tail)
        return True

    # What a pull shows that came to its end

    def pulled(self, read: Read) -> bool:
        """Tell whether it has brought all behind the place. If not, the next pull asks for more, or from elsewhere."""
        if self._doubts_beginning:
            self._check_beginning(read)
            return False
        if read.has_place:
            return True
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
        return False

    def caught_up(self, read: Read, asked_ns: int) -> None:
        """Note that a pull has brought all that was written before `asked_ns`, by the engine's clock."""
        if self._skips_records(read):
            self._news.gap(GapReason.DAMAGED, read.aim.place.time_ns, asked_ns)
        if self._salvage.is_on and read.ask.tail is not None:
            self._tails.salvaged(read.ask.tail)
        self._salvage.over()
        self._tails.pulled(read.records if read.is_whole else None)

    def settle_beginning(self, read: Read) -> None:
        """After the first pull that caught up, go on from where it ended, and tell of it though there were no lines."""
        if self._since_ns is not None and read.aim.place == BEGINNING and not read.search.found:
            self._intake.move_to(read.skipped)
        self._since_ns = None
        if not self._intake.has_told:
            self._intake.tell_mark()

    def _check_beginning(self, read: Read) -> None:
        """Judge by what lies before a later place whether the log still begins where it began."""
        self._doubts_beginning = False
        if not read.search.found or read.search.passed != self._intake.to_replay:
            self._intake.skip_replay()

    def _lose_place(self, reason: GapReason) -> None:
        self._has_lost_place, self._gap = True, reason
        self._tails.forget_size()

    # Damaged records

    @property
    def is_trying(self) -> bool:
        """Whether reads only try how many records can be read from the log's end."""
        return self._salvage.is_on and not self._salvage.is_settled

    def tried(self, read: Read) -> Damage:
        """Take the end of such a read."""
        self._salvage.tried(read.records, has_place=read.search.found)
        return self._salvaged()

    def fault(self) -> Damage:
        """Note that an answer is no log any further."""
        was_on = self._salvage.is_on
        self._salvage.fault()
        return self._salvaged() if was_on and self._salvage.is_on else Damage.UNKNOWN

    def _salvaged(self) -> Damage:
        """Decide from where to go on, now that more is known of the damage."""
        if self.is_trying or self._salvage.has_place:
            return Damage.PASSABLE
        if self._intake.to_replay:
            self._salvage.over()
            self._intake.skip_replay()
            return Damage.PASSABLE
        if self._salvage.tail:
            self._lose_place(GapReason.DAMAGED)
            return Damage.PASSABLE
        self._salvage.over()
        return Damage.LAST

    def _skips_records(self, read: Read) -> bool:
        """Tell whether an answer holds the place and yet less than must be there.

        An engine may skip a damaged record, and hundreds of good ones with it, and say nothing. A terminal's
        records can't be counted.
        """
        if self._rotates or self._tty or not read.search.found:
            return False
        return self._tails.are_lacking(read.ask.tail, read.records)
