"""Where reading stands in a log: what is asked for to go on from there, and what an answer without the place shows."""

import pytest

from logscan.checkpoint import Checkpoint
from logscan.finding import GapReason
from logscan.sources.docker.follow.bookmark import Bookmark, Damage
from logscan.sources.docker.follow.log_news import LogNews
from logscan.sources.docker.follow.salvage import STUCK
from logscan.sources.live import GapFound, Lines
from tests.framing.wire import START_NS, STDOUT, frame
from tests.sources.docker.follow.fake_log import BOX, KEY, SECOND, FakeHost, FakeLog, lines_of


def records(first, last):
    """The records of these seconds."""
    return [frame(STDOUT, b"line %d\n" % n, START_NS + n * SECOND) for n in range(first, last)]


class Reading:
    """A bookmark in a log, and all that it told."""

    def __init__(self, *, rotates=False):
        self.news = []
        self.info = FakeHost(FakeLog(), rotates=rotates).info()
        self.bookmark = Bookmark(
            self.info,
            Checkpoint(),
            LogNews(BOX, self.news.append),
            digest_key=KEY,
            rotates=rotates,
            whole=False,
            tell=self.news.append,
        )

    def request(self, *, follow=False):
        return self.bookmark.request(self.info, 0, follow=follow, is_check=False)

    def pull(self, log):
        """Pull as often as it takes; give how much was asked for each time."""
        asked = []
        while len(asked) < 9:
            read = self.request()
            asked.append(read.ask.tail)
            body = b"".join(log[-read.ask.tail :] if read.ask.tail else log)
            self.bookmark.take(read, read.feed(body, 0))
            self.bookmark.take(read, read.finish())
            self.bookmark.end_read(read)
            if self.bookmark.pulled(read):
                self.bookmark.caught_up(read, START_NS)
                return asked
        raise AssertionError(f"it never catches up, and asks for {asked}")

    @property
    def lines(self):
        return [text for news in self.news if isinstance(news, Lines) for text, _, _ in lines_of(news.batch)]

    @property
    def gaps(self):
        return [(news.gap.reason, news.gap.from_ns, news.gap.to_ns) for news in self.news if isinstance(news, GapFound)]


def numbered(*numbers):
    return [f"line {number}" for number in numbers]


def test_pull_that_begins_before_the_place_gives_what_lies_behind_it():
    reading = Reading()
    reading.pull(records(0, 500))
    assert [64] == reading.pull(records(0, 510))
    assert numbered(*range(510)) == reading.lines
    assert START_NS + 509 * SECOND == reading.bookmark.time_ns


def test_pull_that_begins_too_late_is_followed_by_a_longer_one():
    reading = Reading()
    reading.pull(records(0, 500))
    assert [64, 512] == reading.pull(records(0, 700))
    assert numbered(*range(700)) == reading.lines


def test_place_that_the_whole_log_lacks_is_a_gap_up_to_the_next_record():
    reading = Reading(rotates=True)
    reading.pull(records(0, 20))
    reading.pull(records(50, 53))
    assert numbered(*range(20), 50, 51, 52) == reading.lines
    assert [(GapReason.ROTATED, START_NS + 19 * SECOND, START_NS + 50 * SECOND)] == reading.gaps


def test_gap_behind_which_nothing_came_is_told_when_nothing_can_come():
    reading = Reading()
    reading.pull(records(0, 20))
    reading.pull([])
    assert [] == reading.gaps
    reading.bookmark.settle()
    assert [(GapReason.TRUNCATED, START_NS + 19 * SECOND, None)] == reading.gaps


def test_newest_records_that_the_log_has_lost_are_no_gap():
    reading = Reading()
    reading.pull(records(0, 20))
    reading.pull([*records(0, 18), *records(30, 32)])
    assert numbered(*range(20), 30, 31) == reading.lines
    assert [] == reading.gaps


def test_stream_asks_for_more_after_one_that_began_behind_the_place():
    reading = Reading()
    reading.pull(records(0, 2000))
    stream = reading.request(follow=True)
    stream.feed(b"".join(records(3000, 3000 + stream.ask.tail)), 0)
    assert reading.bookmark.gives_up_stream(stream)
    assert 2 * stream.ask.tail == reading.request(follow=True).ask.tail


def test_faults_without_a_record_between_them_are_damage_from_which_the_end_of_the_log_is_read():
    reading = Reading()
    reading.pull(records(0, 500))
    damage = [reading.bookmark.fault() for _ in range(STUCK + 1)]
    assert [Damage.UNKNOWN] * STUCK == damage[:STUCK]
    assert Damage.LAST is damage[-1]


@pytest.mark.parametrize(
    ("readable", "damage"),
    [
        pytest.param(1, Damage.PASSABLE, id="the newest record can be read"),
        pytest.param(0, Damage.LAST, id="no record can be read"),
    ],
)
def test_trying_from_the_end_tells_whether_damage_can_be_passed(readable, damage):
    reading = Reading()
    reading.pull(records(0, 500))
    for _ in range(STUCK):
        reading.bookmark.fault()
    while reading.bookmark.is_trying:
        read = reading.request()
        if read.ask.tail <= readable:
            read.feed(b"".join(records(600, 601)), 0)
            told = reading.bookmark.tried(read)
        else:
            told = reading.bookmark.fault()
    assert damage is told
