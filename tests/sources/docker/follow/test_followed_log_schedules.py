"""Any schedule of writes, cuts, stalls, kills and rotations: each record once, in order, or inside a told gap."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from logscan.finding import GapReason
from logscan.framing.line_block import HEADER_BYTES
from tests.framing.wire import PIECE, STDERR, STDOUT, pieces
from tests.sources.docker.follow.fake_log import SECOND, FakeHost, FakeLog, lines_in

COUNTS, STEPS, KINDS = st.integers(1, 300), [0, 1, 1_000, 1_000_000, 10 * SECOND], ["same", "numbered", "numbered"]
PLAIN_LINES = st.tuples(st.just("write"), COUNTS, st.sampled_from(STEPS), st.sampled_from(KINDS))
LINES = st.tuples(st.just("write"), COUNTS, st.sampled_from([*STEPS, -3_000]), st.sampled_from([*KINDS, "long"]))
UNKINDNESS = st.one_of(
    st.tuples(st.just("cut"), st.integers(0, 2000)),
    st.tuples(st.just("stall")),
    st.tuples(st.just("kill")),
    st.tuples(st.just("commit"), st.integers(0, 5)),
    st.tuples(st.just("bite"), st.sampled_from([1 << 20, 1 << 20, 997, 60])),
    st.tuples(st.just("ring"), st.booleans()),
    st.tuples(st.just("engine"), st.booleans()),
    st.tuples(st.just("turns"), st.integers(1, 6)),
    st.tuples(st.just("time"), st.sampled_from([0.001, 0.05, 0.5, 3.0, 40.0])),
    st.tuples(st.just("stop")),
    st.tuples(st.just("start")),
)
FORGETTING = st.tuples(st.just("keep"), st.integers(0, 400))


class Play:
    """Plays a schedule on a log; the engine stamps what is written with a clock that only this moves."""

    def __init__(self, *, rotates=False, tty=False):
        self.host = FakeHost(FakeLog(), rotates=rotates, tty=tty)
        self.stamp_ns = self.host.engine_ns
        self.number = 0

    def step(self, name, *arguments):
        getattr(self, name)(*arguments)

    def write(self, count, step_ns, kind):
        host = self.host
        if not host.log.running:
            return
        self.stamp_ns = max(self.stamp_ns, host.engine_ns)
        for _ in range(count if kind != "long" else min(count, 3)):
            self.number += 1
            self.stamp_ns += step_ns
            stream = STDERR if self.number % 5 == 0 else STDOUT
            text = b"number %d" % self.number
            if kind == "same":
                stream, text = STDOUT, b"same"
            elif kind == "long":
                text = text.ljust(PIECE + self.number % 7, b".") if self.number % 2 else text.ljust(2 * PIECE, b".")
            records = pieces(stream, text, self.stamp_ns)
            host.write(*([record[HEADER_BYTES:] for record in records] if host.tty else records))
        self.stamp_ns += 1_000_000 if step_ns < 0 else 0

    def cut(self, after):
        self.host.cut(after=after)

    def stall(self):
        self.host.stall()

    def kill(self):
        self.host.kill()

    def commit(self, back):
        self.host.kept.commit(back)

    def bite(self, size):
        self.host.bite = size

    def ring(self, rings):
        self.host.rings = rings

    def engine(self, up):
        self.host.engine_up = up
        if not up:
            self.host.cut()

    def turns(self, count):
        for _ in range(count):
            self.host.turn()

    def time(self, seconds):
        self.host.run(seconds)

    def stop(self):
        if self.host.log.running:
            self.host.stop()

    def start(self):
        if not self.host.log.running:
            self.host.start()

    def keep(self, count):
        self.host.log.keep(count)

    def heal_and_end(self):
        host = self.host
        host.engine_up, host.bite = True, 1 << 20
        if host.log.running:
            host.stop()
        host.run(400)
        assert host.followed.due_ns() is None


def judge(host):
    """Each line was told once and in order; those that were not lie in a gap."""
    expected, told, gaps = lines_in(host.log.written, tty=host.tty), host.kept.lines, host.kept.gaps
    if not gaps:
        assert told == expected
        return
    assert not Counter(told) - Counter(expected)
    for _, time_ns, _ in (Counter(expected) - Counter(told)).elements():
        assert any(
            (gap.from_ns is None or gap.from_ns <= time_ns) and (gap.to_ns is None or time_ns <= gap.to_ns)
            for gap in gaps
        )


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(LINES, UNKINDNESS, UNKINDNESS), max_size=25))
def test_nothing_is_lost_of_a_log_that_keeps_everything(schedule):
    """Whatever happens, a log that never forgets is told exactly."""
    play = Play()
    for step in schedule:
        play.step(*step)
    play.heal_and_end()
    assert play.host.kept.gaps == []
    judge(play.host)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(LINES, UNKINDNESS, UNKINDNESS), max_size=20))
def test_nothing_is_lost_of_a_terminal(schedule):
    """The log of a container with a terminal has no frames, and is told as exactly."""
    play = Play(tty=True)
    for step in schedule:
        play.step(*step)
    play.heal_and_end()
    assert play.host.kept.gaps == []
    judge(play.host)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(PLAIN_LINES, UNKINDNESS, UNKINDNESS, FORGETTING), max_size=25))
def test_what_rotation_eats_lies_in_a_gap(schedule):
    """Of a log that rotates, what was not read in time lies in a gap, and nothing else is missing or comes twice."""
    play = Play(rotates=True)
    play.write(1, 1, "numbered")  # of a log that has been forgotten before it was met nothing can be known
    play.time(0.1)
    play.commit(0)
    for step in schedule:
        play.step(*step)
    play.heal_and_end()
    assert {gap.reason for gap in play.host.kept.gaps} <= {GapReason.ROTATED}
    judge(play.host)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(LINES, UNKINDNESS), max_size=15), st.integers(0, 50))
def test_replay_tells_the_same_lines_again(schedule, back):
    """After a kill, the replayed lines are those that were told between the checkpoint's mark and the commit."""
    play = Play()
    for step in schedule:
        play.step(*step)
    play.host.kept.commit(back)
    play.host.kill()
    play.heal_and_end()
    kept = play.host.kept
    if kept.begun_at is not None:
        start = kept.begun_at.mark.lines
        assert kept.replayed == kept.lines[start : start + len(kept.replayed)]
        assert kept.latest.lines == len(kept.lines)
    judge(play.host)
