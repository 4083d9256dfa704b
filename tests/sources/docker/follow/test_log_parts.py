"""The parts of a followed log: its patience, its container's end, how far apart its pulls are, what is given up."""

import pytest

from logscan.batch import Container
from logscan.sources.docker.engine import ContainerInfo
from logscan.sources.docker.follow.ending import LAST_WORDS_NS, REMOVAL_NS, Ending
from logscan.sources.docker.follow.pace import LONGEST_NS, SHORTEST_NS, Spacing
from logscan.sources.docker.follow.patience import LOST_AFTER_NS, MOST_TRIES, Patience
from logscan.sources.docker.follow.reads import Aim, Ask, Read
from logscan.sources.docker.follow.watchdog import PULL_SILENCE_NS, SEARCH_SILENCE_NS, VAIN_NS, given_up
from tests.framing.wire import STDOUT, frame

SECOND = 1_000_000_000


def test_refusals_are_worth_a_word_after_half_a_minute_and_anew_after_the_log_was_read():
    patience = Patience(lambda: 0.0)
    assert [False, False, True] == [patience.refused(at) for at in (5, 4 + LOST_AFTER_NS, 5 + LOST_AFTER_NS)]
    patience.caught_up()
    assert not patience.refused(6 + LOST_AFTER_NS)


def test_failures_are_waited_for_ever_longer_until_records_come():
    patience = Patience(lambda: 0.0)
    waits = [patience.pull_failed() for _ in range(MOST_TRIES)]
    assert sorted(set(waits)) == waits[: len(set(waits))]
    assert patience.is_exhausted
    patience.got_on()
    assert not patience.is_exhausted
    assert waits[0] == patience.pull_failed()


def test_stream_that_lasted_ends_the_waiting_and_is_no_success_of_a_pull():
    patience = Patience(lambda: 0.0)
    first_ns = patience.pull_failed()
    for _ in range(MOST_TRIES - 1):
        patience.pull_failed()
    patience.lasted()
    assert first_ns == patience.stream_failed()
    assert patience.is_exhausted


def test_stream_of_a_container_that_runs_has_no_last_words():
    ending = Ending()
    assert ending.last_words_ns(5) is None
    ending.died(100)
    ending.started()
    assert ending.last_words_ns(5) is None


@pytest.mark.parametrize(
    ("heard_ns", "from_ns"), [pytest.param(50, 100, id="silent"), pytest.param(150, 150, id="heard")]
)
def test_last_words_are_waited_for_from_the_end_or_from_what_was_heard_last(heard_ns, from_ns):
    ending = Ending()
    ending.died(100)
    ending.removed(120, 0)
    assert from_ns + LAST_WORDS_NS == ending.last_words_ns(heard_ns)


def test_removal_right_after_the_end_of_the_stream_has_cost_nothing():
    ending = Ending()
    ending.stream_ended(100)
    ending.removed(0, 100 + REMOVAL_NS)
    assert ending.is_all_read


def test_removal_long_after_the_end_of_the_stream_may_have_cost_lines():
    ending = Ending()
    ending.stream_ended(100)
    ending.removed(0, 101 + REMOVAL_NS)
    assert not ending.is_all_read


def test_end_of_a_stream_behind_which_more_was_read_was_not_the_last():
    ending = Ending()
    ending.stream_ended(100)
    ending.got_on()
    ending.removed(0, 101)
    assert not ending.is_all_read


@pytest.mark.parametrize(
    ("duration_ns", "pause_ns"),
    [
        pytest.param(1, SHORTEST_NS, id="quick"),
        pytest.param(SECOND // 10, SECOND // 2, id="a fifth of the time"),
        pytest.param(SECOND, LONGEST_NS, id="slow"),
    ],
)
def test_pulls_that_are_rung_for_take_no_more_than_a_fifth_of_the_time(duration_ns, pause_ns):
    spacing = Spacing()
    spacing.took(duration_ns)
    assert 1000 + pause_ns == spacing.due_ns(1000, 1001)
    assert 9 * SECOND == spacing.due_ns(1000, 9 * SECOND)


def answer(*, follow, data=b"", has_begun=True):
    """An answer that was asked for at 0, and has brought `data` then."""
    info = ContainerInfo(Container("box", "box", id="box", host="here"), True, False, "json-file", {})
    read = Read(Ask(follow, None), Aim(), info, b"k", 0, begins_log=True, is_check=False, is_trial=False)
    if has_begun:
        read.begin(0)
    if data:
        read.feed(data, 0)
    return read


@pytest.mark.parametrize(
    ("read", "is_live", "after_ns"),
    [
        pytest.param(answer(follow=False), False, PULL_SILENCE_NS, id="a pull that stands still"),
        pytest.param(answer(follow=True), False, SEARCH_SILENCE_NS, id="a stream that stands still before the place"),
        pytest.param(answer(follow=True, data=b"\1\0\0\0"), True, VAIN_NS, id="a record that is never whole"),
    ],
)
def test_answer_that_is_given_up(read, is_live, after_ns):
    assert given_up(read, after_ns - 1, is_live=is_live) is None
    assert given_up(read, after_ns, is_live=is_live) is not None


def records_taken():
    read = answer(follow=True, data=frame(STDOUT, b"one\n"))
    read.took(1)
    return read


@pytest.mark.parametrize(
    ("read", "is_live"),
    [
        pytest.param(answer(follow=False, has_begun=False), False, id="no byte yet: files may have to be unpacked"),
        pytest.param(answer(follow=True), True, id="a quiet log"),
        pytest.param(records_taken(), True, id="a log that was quiet since its last record"),
    ],
)
def test_answer_that_may_be_silent(read, is_live):
    assert given_up(read, 1000 * SECOND, is_live=is_live) is None
