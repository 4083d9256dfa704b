"""A log as an engine keeps it, a host loop that reads it, and a store that remembers: all in memory.

`FakeLog` gives answers as dockerd does: the last so many records, then those to come. `FakeHost` drives a
FollowedLog and can be unkind: it cuts, stalls and loses rings. `Kept` is what a run amounts to, over restarts.
"""

from collections import deque
from dataclasses import dataclass, field

from logscan.batch import Container
from logscan.checkpoint import Checkpoint, Mark
from logscan.finding import Gap
from logscan.framing.frames import FrameDecoder
from logscan.framing.time_range import TimeRange
from logscan.framing.tty import TtyDecoder
from logscan.sources.docker.engine import ContainerInfo
from logscan.sources.docker.follow.followed_log import FollowedLog
from logscan.sources.docker.state import ContainerState
from logscan.sources.live import GapFound, Idle, Lines
from tests.framing.wire import START_NS

SECOND = 1_000_000_000
KEY = b"k" * 16
BOX = Container("box" * 20, "box", id="box" * 20, host="here")


class Answer:
    """One answer under way: `waiting` is what the engine has sent and nobody has read."""

    def __init__(self, body: bytes, *, follows: bool):
        self.waiting = bytearray(body)
        self.follows = follows
        self.stalled = False
        self.broken = False


class FakeLog:
    """The log of one container. `records` is what the engine holds, `written` all there ever was."""

    def __init__(self):
        self.records: list[bytes] = []
        self.written: list[bytes] = []
        self.answers: list[Answer] = []
        self.running = True
        self.there = True

    def write(self, *records):
        self.records += records
        self.written += records
        for answer in self.answers:
            if answer.follows and not answer.stalled:
                answer.waiting += b"".join(records)

    def keep(self, count):
        """Forget all but the newest records, as a rotation does; 0 is a truncation."""
        self.records = self.records[-count:] if count else []

    def stop(self):
        self.running = False
        for answer in self.answers:
            if not answer.stalled:
                answer.follows = False

    def answer(self, ask):
        chosen = self.records if ask.tail is None else self.records[-ask.tail :] if ask.tail else []
        answer = Answer(b"".join(chosen), follows=ask.follow and self.running)
        self.answers.append(answer)
        return answer


class Kept:
    """What the lines came to, as a store would know it: what was not committed is forgotten by `restart`."""

    def __init__(self):
        self.lines = []
        self.gaps: list[Gap] = []
        self.marks: list[Mark] = [Mark()]
        self.latest = Mark()
        self.unfinished: Mark | None = None
        self.replayed = []
        self.begun_at: Checkpoint | None = None
        self._committed = (None, 0, 0)

    def take(self, news):
        match news:
            case Lines():
                assert (news.after.records, news.after.lines) >= (news.before.records, news.before.lines)
                lines = lines_of(news.batch)
                if news.replayed:
                    self.replayed += lines
                else:
                    self.lines += lines
                self.marks.append(news.before)
                self.latest, self.unfinished = news.after, news.unfinished
            case GapFound(gap):
                self.gaps.append(gap)
            case Idle():
                self.marks.clear()

    @property
    def looked_at(self):
        checkpoint = self.begun_at or Checkpoint()
        return max(self.latest.records, checkpoint.mark.records + checkpoint.replayed)

    def commit(self, back=0):
        """Commit with a mark that lies `back` pieces of news before the latest."""
        marks = [self.latest, *self.marks[len(self.marks) - back :]] if back else [self.latest]
        if self.unfinished is not None:
            marks.append(self.unfinished)
        mark = min(marks, key=lambda mark: mark.records)
        told = self.begun_at is not None or self.latest != Mark()
        replays = self.begun_at is not None and self.latest.records < self.looked_at
        place = self.begun_at.looked_at if replays else self.latest.place
        checkpoint = Checkpoint(mark, self.looked_at - mark.records, looked_at=place) if told else None
        self._committed = checkpoint, len(self.lines), len(self.gaps)

    def restart(self):
        """Forget what was not committed; give where to begin again."""
        self.begun_at, lines, gaps = self._committed
        del self.lines[lines:], self.gaps[gaps:]
        self.replayed = []
        self.latest = self.begun_at.mark if self.begun_at else Mark()
        self.marks, self.unfinished = [self.latest], None
        return self.begun_at


@dataclass
class FakeHost:
    """Reads one log. Time only passes when told; the engine's clock runs with it."""

    log: FakeLog
    rotates: bool = False
    tty: bool = False
    once: bool = False
    since_ns: int | None = None
    now: int = 0
    bite: int = 1 << 20
    engine_up: bool = True
    rings: bool = True
    kept: Kept = field(default_factory=Kept)
    asks: list = field(default_factory=list)
    news: list = field(default_factory=list)

    def __post_init__(self):
        self.started_ns = START_NS - SECOND
        self.begin(None)

    @property
    def engine_ns(self):
        return START_NS + self.now

    def info(self, name="box"):
        status = "running" if self.log.running else "exited"
        container = Container(BOX.key, name, id=BOX.id, host="here")
        options = {"max-size": "1k"} if self.rotates else {}
        state = ContainerState(status=status, started_ns=self.started_ns)
        return ContainerInfo(container, self.log.running, self.tty, "json-file", options, state=state)

    def begin(self, checkpoint):
        self.answer = None
        self.followed = FollowedLog(
            self.info(),
            checkpoint,
            digest_key=KEY,
            since_ns=self.since_ns,
            rotates=self.rotates,
            tell=self.take,
            jitter=lambda: 0.5,
            once=self.once,
        )

    def take(self, news):
        self.news.append(news)
        self.kept.take(news)

    def told(self, kind):
        return [news for news in self.news if isinstance(news, kind)]

    def write(self, *records):
        self.log.write(*records)
        if self.rings and self.followed.wants_bell:
            self.followed.ring(self.now, sum(map(len, records)))

    def kill(self):
        """Kill the process and start it again at its last commit."""
        self.begin(self.kept.restart())

    def turn(self):
        """Ask if something is due, and read a bite of the open answer; tell whether anything happened."""
        ask = self.followed.ask(self.now)
        if ask is not None:
            self.asks.append(ask)
            self._hang_up()
            if not self.engine_up:
                self.followed.refused(self.now, "no engine", None, permanent=False, gone=False)
            elif not self.log.there:
                self.followed.refused(self.now, "no such container", None, permanent=False, gone=True)
            else:
                self.answer = self.log.answer(ask)
                self.followed.began(self.now)
            return True
        answer = self.answer
        if answer is None or answer.stalled:
            return False
        if answer.waiting:
            data, answer.waiting = bytes(answer.waiting[: self.bite]), answer.waiting[self.bite :]
            if not self.followed.feed(data, self.now):
                self._hang_up()
            return True
        if answer.follows:
            return False
        self._hang_up()
        self.followed.ended(self.now, clean=not answer.broken, engine_ns=self.engine_ns)
        return True

    def run(self, seconds=0.0):
        """Let this time pass, tick each second, and do all that is due on the way."""
        until = self.now + int(seconds * SECOND)
        tick = self.now + SECOND
        for _ in range(100_000):
            if self.turn():
                continue
            due = self.followed.due_ns()
            following = min(x for x in (due if due is not None and due > self.now else until, tick, until))
            if following <= self.now:
                break
            self.now = following
            if self.now >= tick:
                self.followed.tick(self.now, self.engine_ns)
                tick += SECOND
        else:
            raise AssertionError("it never comes to rest")

    def cut(self, *, after=0):
        """Cut the open answer behind so many more bytes."""
        if self.answer is not None:
            del self.answer.waiting[after:]
            self.answer.follows, self.answer.broken, self.answer.stalled = False, True, False

    def stall(self):
        if self.answer is not None:
            self.answer.stalled = True

    def stop(self):
        self.log.stop()
        self.followed.inspected(self.info(), self.now)

    def start(self):
        self.log.running = True
        self.started_ns = self.engine_ns
        self.followed.inspected(self.info(), self.now)

    def remove(self):
        self.log.there = False
        self.followed.removed(self.now, self.engine_ns)

    def _hang_up(self):
        if self.answer in self.log.answers:
            self.log.answers.remove(self.answer)
        self.answer = None


def lines_of(batch):
    lines, offset = [], 0
    while offset < len(batch.text):
        start, end = batch.span_at(offset)
        line = batch.line(start, end)
        lines.append((line.text, line.time_ns, line.stream))
        offset = end + 1
    return lines


def lines_in(records, *, tty=False):
    """The lines of whole records, in the order in which a single read gives them."""
    decoder = (TtyDecoder if tty else FrameDecoder)(BOX, TimeRange())
    batches = deque(decoder.feed(b"".join(records)))
    batches += decoder.finish()
    return [line for batch in batches for line in lines_of(batch)]
