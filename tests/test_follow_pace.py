"""How often a follow commits: soon, but never so often that it does nothing else."""

from itertools import pairwise

import pytest

from logscan.batch import Batch, Container
from logscan.follow import Follow, Stop
from logscan.keeper import Keeper
from logscan.matching.matcher import Matcher
from logscan.sources.live import Ended, Lines, Watched
from logscan.store.store import Store
from tests.matching.making import rule
from tests.test_follow_replay import Only, mark, part_of

NOW_NS = 1_800_000_000_000_000_000
WEB = Container("web", "web", id="web", host="vm")
RULE = rule({"regex": "^user (?P<user>[0-9]+)"}, group_by=["user"])
LINES = 400
LINE_S = 0.05


class Clock:
    """Stands still but for what is done."""

    now_s = 0.0

    def __call__(self):
        return self.now_s


class Storm:
    """A source whose every line opens a finding."""

    host = "vm"

    def start(self, start, inbox):
        inbox.put(Watched(WEB, NOW_NS))
        for number in range(LINES):
            time_ns = NOW_NS + number
            batch = Batch(WEB, b"user %d\n" % number, 1, first_ns=time_ns, last_ns=time_ns)
            inbox.put(Lines(batch, mark(number), mark(number + 1)))
        inbox.put(Ended(self.host))

    def stop(self):
        pass

    def close(self, timeout_s):
        pass


class SlowMatcher(Matcher):
    """Takes its time for each line."""

    def __init__(self, clock):
        super().__init__([RULE])
        self._now = clock

    def scan(self, batch, candidates=None):
        self._now.now_s += LINE_S
        return super().scan(batch, candidates)


class SlowStore(Store):
    """Takes its time for each commit."""

    clock, took_s, commits = None, 0.0, ()

    def commit(self, commit):
        super().commit(commit)
        self.commits.append(self.clock.now_s)
        self.clock.now_s += self.took_s


@pytest.mark.parametrize(
    ("took_s", "apart_s"),
    [
        pytest.param(0.0, 0.1, id="a quick one: as soon as somebody waits"),
        pytest.param(0.5, 2.0, id="a slow one: a quarter of the time"),
        pytest.param(3.0, 5.0, id="a very slow one: no later all the same"),
    ],
)
def test_commits_leave_time_to_count(tmp_path, took_s, apart_s):
    clock = Clock()
    with SlowStore.open(tmp_path / "state.db", now_ns=NOW_NS) as store:
        store.clock, store.took_s, store.commits = clock, took_s, []
        matcher = SlowMatcher(clock)
        keeper = Keeper(store, monotonic=clock, notice=print)
        part = part_of(Storm(), [RULE], matcher, keeper)
        Follow(Only(part), matcher, keeper, None, stop=Stop(), clock=lambda: NOW_NS, monotonic=clock).run()

        apart = [later - earlier for earlier, later in pairwise(store.commits[1:-2])]

    assert LINES == sum(tally.count for tally in part.counting.detector.findings())
    assert 2 < len(apart)
    assert apart_s <= min(apart) + 1e-9
    assert max(apart) < apart_s + 2 * LINE_S
