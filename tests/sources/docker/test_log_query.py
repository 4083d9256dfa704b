"""The query for a log keeps every nanosecond, and never asks for what it must not."""

from hypothesis import given
from hypothesis import strategies as st

from logscan.sources.docker.engine import LogQuery


@given(st.integers(1, 2**62))
def test_since_keeps_all_nine_digits(since_ns):
    seconds, nanos = LogQuery(since_ns=since_ns).params()["since"].split(".")
    assert (since_ns, 9) == (int(seconds) * 10**9 + int(nanos), len(nanos))


def test_the_log_is_asked_for_whole_with_times_and_without_details():
    expected = {"stdout": "1", "stderr": "1", "timestamps": "1", "follow": "0", "tail": "all"}
    assert expected == LogQuery().params()


def test_a_tail_is_a_number():
    assert "10" == LogQuery(tail=10).params()["tail"]
