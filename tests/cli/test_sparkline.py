"""A sparkline: half a day a bar, the newest at the right, as high as it was busy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logscan.cli.sparkline import CELLS, sparkline

HOUR_NS = 3_600_000_000_000
NOW_HOUR = 490_000
NOW = NOW_HOUR * HOUR_NS + 7


@pytest.mark.parametrize(
    ("history", "bars"),
    [
        pytest.param([], "·" * 14, id="nothing ever"),
        pytest.param([(NOW_HOUR, 1)], "·" * 13 + "█", id="this hour"),
        pytest.param([(NOW_HOUR - 11, 1)], "·" * 13 + "█", id="the first hour of the last bar"),
        pytest.param([(NOW_HOUR - 12, 1)], "·" * 12 + "█·", id="the last hour of the bar before"),
        pytest.param([(NOW_HOUR - 7 * 24 + 1, 1)], "█" + "·" * 13, id="the first hour of all"),
        pytest.param([(NOW_HOUR - 7 * 24, 1)], "·" * 14, id="too long ago"),
        pytest.param([(NOW_HOUR + 1, 1)], "·" * 14, id="the future"),
        pytest.param([(NOW_HOUR - 30, 1), (NOW_HOUR - 20, 50), (NOW_HOUR, 100)], "·" * 11 + "▁▄█", id="heights"),
        pytest.param([(NOW_HOUR - 2, 50), (NOW_HOUR - 1, 50), (NOW_HOUR - 13, 50)], "·" * 12 + "▄█", id="hours add up"),
    ],
)
def test_bars(history, bars):
    assert bars == sparkline(history, NOW)


@given(st.dictionaries(st.integers(0, NOW_HOUR + 9), st.integers(1, 10**15)))
def test_whatever_was_counted_is_seen_and_nothing_else(history):
    bars = sparkline(history.items(), NOW)
    seen = any(NOW_HOUR - 7 * 24 < hour <= NOW_HOUR for hour in history)
    assert (CELLS, seen) == (len(bars), bars != "·" * CELLS)
