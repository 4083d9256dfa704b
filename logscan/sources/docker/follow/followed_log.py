"""FollowedLog: reads one container's log on and on, and loses nothing.

Owns when the engine is asked next, for a pull or a stream, and when an answer is over. Does no I/O and reads no
clock: the host loop sends the requests and hands in bytes and times. Does not own from where reading goes on and
whether an answer can be trusted (bookmark), what the container's end means (ending), nor waiting after failures
(patience).

    PULL ──ask──► PULLING ──the end, with the place──┬─ rotates, or has ended ─► REST ──ring, start, check──► PULL
     ▲               │                               └─ else ─► STREAM ──ask──► SEARCHING ──place──► LIVE
     │               │                                              │                                 │
     └── too late, a fault ◄──── too late, a fault, silence ────────┴───── the end, a fault, check ───┘

A pull has an end, and there all is known that was written before it was asked. A stream is trusted only
behind the place where a pull stopped, found in it. Whatever ends a read, a pull from the place on comes next.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from logscan.batch import Container
from logscan.checkpoint import Checkpoint
from logscan.errors import StreamError
from logscan.finding import GapReason
from logscan.framing.stamp import SECOND_NS
from logscan.sources.docker.engine import DAMAGED_HELP, ContainerInfo
from logscan.sources.docker.follow.backoff import FIRST_NS
from logscan.sources.docker.follow.bookmark import Bookmark, Damage
from logscan.sources.docker.follow.ending import Ending
from logscan.sources.docker.follow.log_news import LogNews
from logscan.sources.docker.follow.pace import Spacing
from logscan.sources.docker.follow.patience import Patience
from logscan.sources.docker.follow.reads import Ask, Read
from logscan.sources.docker.follow.watchdog import BELL_NS, STREAM_NS, Watchdog, given_up
from logscan.sources.live import News

LATENESS_NS = SECOND_NS
"""A record is written after it was stamped: what was read to its end now holds all of so much earlier."""

SETTLED_NS = 10 * SECOND_NS
"""A stream that lived so long was no failure."""

GONE_RETRY_NS = 30 * SECOND_NS
PERMANENT_RETRY_NS = 300 * SECOND_NS


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
        self._rotates = rotates
        self._once = once
        self._news = LogNews(info.container, tell)
        self._bookmark = Bookmark(
            info, start, self._news, digest_key=digest_key, rotates=rotates, whole=whole, tell=tell
        )
        self._ending = Ending()
        self._patience = Patience(jitter)
        self._spacing = Spacing()
        self._watchdog = Watchdog(BELL_NS if rotates else STREAM_NS)
        self._state = State.PULL
        self._due_ns: int | None = 0
        self._read: Read | None = None
        self._rung = False
        self._asked_ns = 0
        if checkpoint is None or (info.state.started_ns or 0) > (start.mark.place.time_ns or 0):
            self._news.watched(info, start.since_ns)

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
        return max(self._news.read_to_ns or 0, self._bookmark.time_ns or 0)

    def due_ns(self) -> int | None:
        """When `ask` may give something; None: not before something happens."""
        if self._state is State.LIVE and self._read is not None:
            heard_ns = self._read.heard_ns
            last_words_ns = self._ending.last_words_ns(heard_ns)
            return heard_ns + self._watchdog.wait_ns if last_words_ns is None else last_words_ns
        return self._due_ns if self._state in (State.PULL, State.STREAM, State.REST) else None

    def ask(self, now_ns: int) -> Ask | None:
        """Give the next request, if one is due."""
        due_ns = self.due_ns()
        if due_ns is None or now_ns < due_ns:
            return None
        if self._ending.is_removed:
            self._finish()
            return None
        follow = self._state is State.STREAM
        is_check = self._state in (State.LIVE, State.REST) and self._info.running
        self._rung, self._asked_ns = False, now_ns
        self._state = State.SEARCHING if follow else State.PULLING
        self._read = self._bookmark.request(self._info, now_ns, follow=follow, is_check=is_check)
        return self._read.ask

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
            self._took(self._bookmark.take(read, read.feed(data, now_ns)))
        except StreamError as error:
            self._fault(error, now_ns)
            return False
        if read.ask.follow:
            self._go_live(read)
            gives_up = self._state is not State.LIVE and self._bookmark.gives_up_stream(read)
        else:
            gives_up = self._bookmark.gives_up_pull(read)
        if gives_up:
            self._drop_read()
            self._pull(now_ns)
        return not gives_up

    def ended(self, now_ns: int, *, clean: bool, engine_ns: int) -> None:
        """Take the end of an answer; `clean`: it came with its last chunk."""
        read = self._read
        if read is None:
            return
        try:
            if clean:
                self._took(self._bookmark.take(read, read.finish()))
                self._took(self._bookmark.end_read(read))
        except StreamError as error:
            self._fault(error, now_ns)
            return
        self._drop_read()
        if read.ask.follow:
            self._stream_ended(read, now_ns, engine_ns if clean else None)
        elif not clean:
            self._pull_failed(now_ns)
        elif self._bookmark.is_trying:
            self._go_on_behind(self._bookmark.tried(read), now_ns)
        elif self._bookmark.pulled(read):
            self._caught_up(read, now_ns, engine_ns)
        else:
            self._pull(now_ns)

    def refused(self, now_ns: int, reason: str, help: str | None, *, permanent: bool, gone: bool) -> None:  # noqa: A002
        """Take a refusal. `gone`: there is no such container; `permanent`: asking again won't help."""
        self._read = None
        if self._ending.is_removed:
            self._finish()
        elif gone or permanent:
            if permanent:
                self._news.lost(reason, help)
            self._rest(now_ns + (GONE_RETRY_NS if gone else PERMANENT_RETRY_NS))
            if self._once:
                self._state = State.DONE
        else:
            if self._patience.refused(now_ns):
                self._news.lost(reason, help)
            self._pull_failed(now_ns, reason)

    # What happens to the container

    def ring(self, now_ns: int, size: int = 0) -> None:
        """Note that something was written, `size` bytes of it as far as the bell knows."""
        self._bookmark.rang(size)
        self._rung = True
        if self._state is State.REST:
            self._pull(self._spacing.due_ns(self._asked_ns, now_ns))

    def inspected(self, info: ContainerInfo, now_ns: int) -> None:
        """Take the state of the container anew: it has started, died or been renamed."""
        before, self._info = self._info, info
        self._news.container = info.container
        self._bookmark.inspected(info)
        if info.running and info.state.started_ns != before.state.started_ns:
            self._news.watched(info, self._bookmark.since_ns)
        if info.running and not before.running:
            self._news.awake()
            self._ending.started()
            self._patience.lasted()
            if self._read is not None:
                self._read.is_last = False
        if before.running and not info.running:
            self._ending.died(now_ns)
        if info.running != before.running and self._state in (State.PULL, State.STREAM, State.REST):
            self._pull(now_ns)

    def removed(self, now_ns: int, time_ns: int) -> None:
        """Note that the container was destroyed, at `time_ns` of the engine's clock."""
        self._ending.removed(now_ns, time_ns)
        if self._state not in (State.LIVE, State.PULLING, State.DONE):  # those come to their ends
            self._finish()

    def tick(self, now_ns: int, engine_ns: int) -> None:
        """Look after what is silent, about once a second."""
        read = self._read
        if read is None:
            return
        is_live = self._state is State.LIVE
        if (reason := given_up(read, now_ns, is_live=is_live)) is not None:
            self._drop_read()
            self._pull_failed(now_ns, reason)
        elif is_live:
            if now_ns - read.asked_ns >= SETTLED_NS:
                self._patience.lasted()
            if now_ns - read.heard_ns >= LATENESS_NS and self._info.running:
                self._news.caught_up(engine_ns - LATENESS_NS)

    # What comes after an answer, or in it

    def _took(self, records: int) -> None:
        if records:
            self._patience.got_on()
            self._news.awake()
            self._ending.got_on()

    def _go_live(self, read: Read) -> None:
        if self._state is State.SEARCHING and read.has_place:
            self._state = State.LIVE
            self._bookmark.streamed()
            self._news.back()

    def _caught_up(self, read: Read, now_ns: int, engine_ns: int) -> None:
        """Note that a pull has brought all that was written before it was asked for."""
        asked_ns = engine_ns - (now_ns - read.asked_ns)
        self._bookmark.caught_up(read, asked_ns)
        self._patience.caught_up()
        self._spacing.took(now_ns - read.asked_ns)
        self._news.back()
        self._bookmark.settle_beginning(read)
        self._news.caught_up(asked_ns - LATENESS_NS)
        if read.is_check:
            self._watchdog.checked(was_right=not read.taken)
        self._go_on(read, now_ns)

    def _go_on(self, read: Read, now_ns: int) -> None:
        if read.is_last and not self._info.running:
            self._come_to_rest()
        elif self._ending.is_removed:
            self._leave(is_whole=False)
        elif self._once:
            self._state = State.DONE
        elif not self._info.running:
            self._pull(now_ns)
        elif self._rung:
            self._pull(self._spacing.due_ns(read.asked_ns, now_ns))
        elif self._rotates:
            self._rest(now_ns + self._watchdog.wait_ns)
        else:
            self._state, self._due_ns = State.STREAM, now_ns

    def _come_to_rest(self) -> None:
        """The container has ended, and all its lines are here."""
        if self._ending.is_removed:
            self._leave(is_whole=True)
            return
        self._bookmark.settle()
        self._news.idle()
        self._rest(None)
        if self._once:
            self._state = State.DONE

    def _stream_ended(self, read: Read, now_ns: int, clean_ns: int | None) -> None:
        """`clean_ns`: when it ended, by the engine's clock, if it ended in order."""
        if self._state is State.LIVE and clean_ns is not None:
            self._ending.stream_ended(clean_ns)
        if self._ending.is_removed:
            self._finish()
        elif not self._info.running:
            self._pull(now_ns)
        elif read.taken or now_ns - read.asked_ns >= SETTLED_NS:
            self._patience.lasted()
            self._pull(max(now_ns, read.asked_ns + FIRST_NS))
        else:
            self._pull(now_ns + self._patience.stream_failed())

    def _fault(self, error: StreamError, now_ns: int) -> None:
        """Give up an answer that is no log any further."""
        self._drop_read()
        damage = self._bookmark.fault()
        if damage is Damage.UNKNOWN:
            self._pull_failed(now_ns, error.message)
        else:
            self._go_on_behind(damage, now_ns)

    def _go_on_behind(self, damage: Damage, now_ns: int) -> None:
        if damage is Damage.LAST:
            self._news.lost("the newest record of its log is damaged", DAMAGED_HELP)
            self._pull_failed(now_ns)
        else:
            self._pull(now_ns)

    def _pull_failed(self, now_ns: int, reason: str = "the engine cuts its answers short") -> None:
        if self._ending.is_removed:
            self._finish()
            return
        self._pull(now_ns + self._patience.pull_failed())
        if self._once and self._patience.is_exhausted:
            self._news.lost(reason, None)
            self._state = State.DONE

    # Small things

    def _finish(self) -> None:
        """The container is gone, and nothing of its log can be read any more."""
        self._leave(is_whole=self._news.is_idle or self._info.state.started_ns is None or self._ending.is_all_read)

    def _leave(self, *, is_whole: bool) -> None:
        """Tell what is left of a log, and what is not, and read no more of it."""
        self._drop_read()
        if not is_whole:
            known = [time_ns for time_ns in (self._bookmark.time_ns, self._news.read_to_ns) if time_ns is not None]
            self._news.gap(GapReason.REMOVED, max(known, default=None), self._ending.removed_ns)
        self._bookmark.settle()
        self._state = State.DONE

    def _drop_read(self) -> None:
        self._read = None
        self._bookmark.interrupt()

    def _pull(self, due_ns: int) -> None:
        self._state, self._due_ns = State.PULL, due_ns

    def _rest(self, due_ns: int | None) -> None:
        self._state, self._due_ns = State.REST, due_ns
