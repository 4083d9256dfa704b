"""The standing of a finding, at the edges of its time."""

from __future__ import annotations

import pytest

from logscan.store.life import FRESH_NS, Life, Standing


@pytest.mark.parametrize(
    ("standing", "now_ns", "expected"),
    [
        pytest.param(Standing(100), 100, Life.NEW, id="just opened"),
        pytest.param(Standing(100), 50, Life.NEW, id="opened, and the clock was set back"),
        pytest.param(Standing(100), 100 + FRESH_NS - 1, Life.NEW, id="opened, a day less a nanosecond"),
        pytest.param(Standing(100), 100 + FRESH_NS, Life.ONGOING, id="opened a day ago"),
        pytest.param(Standing(100).resolved(200), 200, Life.RESOLVED, id="resolved"),
        pytest.param(Standing(100).resolved(200).seen(300), 300, Life.REGRESSED, id="came back"),
        pytest.param(Standing(100).resolved(200).seen(300).seen(400), 300 + FRESH_NS, Life.ONGOING, id="stayed"),
        pytest.param(Standing(100).resolved(200).seen(300).resolved(400), 400, Life.RESOLVED, id="resolved again"),
    ],
)
def test_life(standing, now_ns, expected):
    assert expected == standing.life(now_ns)


def test_what_is_open_or_resolved_already_stays_as_it_is():
    assert Standing(100) == Standing(100).seen(200)
    assert Standing(100, 200) == Standing(100, 200).resolved(300)
