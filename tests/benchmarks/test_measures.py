"""What runs amount to: medians, ratios round by round, targets."""

import pytest

from benchmarks.measures import Quantity, Run, Spread, Target, measures

ENGINE = {Quantity.ENGINE_CPU, Quantity.OF_ENGINE}


def run(wall, *, peak=50_000_000, engine=None):
    return Run(wall, cpu_seconds=wall / 2, peak_bytes=peak, engine_seconds=engine)


@pytest.mark.parametrize(
    ("numbers", "spread"),
    [
        pytest.param([4], Spread(4, 4, 4), id="one"),
        pytest.param([9, 1, 5], Spread(5, 1, 9), id="three, unsorted"),
        pytest.param([1, 2, 4, 8], Spread(3, 1, 8), id="four: between the middle two"),
    ],
)
def test_a_spread_is_the_median_and_the_ends(numbers, spread):
    assert spread == Spread.of(numbers)


def test_no_run_has_no_spread():
    with pytest.raises(ValueError, match="no median"):
        Spread.of([])


def test_a_ratio_compares_runs_of_the_same_round():
    """The ratio of the medians would be 4, as if the second round had been slow for one of them only."""
    found = measures([run(2), run(8), run(30)], [run(1), run(2), run(30)], size=0)
    assert Spread(2, 1, 4) == found[Quantity.RATIO]


def test_a_speed_is_in_millions_of_bytes_a_second():
    assert Spread(25, 20, 50) == measures([run(2), run(4), run(5)], [], size=100_000_000)[Quantity.SPEED]


def test_peak_memory_is_in_millions_of_bytes():
    assert Spread(50, 50, 50) == measures([run(1)], [run(1)], size=0)[Quantity.PEAK]


@pytest.mark.parametrize(
    ("runs", "first", "size", "absent"),
    [
        pytest.param([run(1, engine=1)], [run(1)], 0, {Quantity.SPEED}, id="no size, no speed"),
        pytest.param([run(1, engine=1)], [], 1, {Quantity.RATIO}, id="nothing to compare with, no ratio"),
        pytest.param([run(1)], [run(1)], 1, ENGINE, id="no engine, no time of it"),
    ],
)
def test_what_was_not_measured_is_left_out(runs, first, size, absent):
    assert set(Quantity) - absent == set(measures(runs, first, size))


def test_the_engine_took_what_it_took_in_each_round():
    found = measures([run(1, engine=0.0), run(1, engine=0.5)], [], size=0)
    assert Spread(0.25, 0.0, 0.5) == found[Quantity.ENGINE_CPU]


def test_a_command_took_so_much_beside_the_engine():
    """Half of the wall time each, here; where the engine took less than its clock shows, nothing is told."""
    assert Spread(0.25, 0.25, 0.25) == measures([run(1, engine=2)], [], size=0)[Quantity.OF_ENGINE]
    assert Quantity.OF_ENGINE not in measures([run(1, engine=0.0)], [], size=0)


@pytest.mark.parametrize(
    ("target", "median", "verdict"),
    [
        pytest.param(Target(Quantity.RATIO, 1.3), 1.3, "ratio ≤ 1.3: met", id="at most, just so"),
        pytest.param(Target(Quantity.RATIO, 1.3), 1.31, "ratio ≤ 1.3: MISSED", id="at most, above"),
        pytest.param(Target(Quantity.SPEED, 500), 500, "MB/s ≥ 500: met", id="at least, just so"),
        pytest.param(Target(Quantity.SPEED, 500), 499, "MB/s ≥ 500: MISSED", id="at least, below"),
    ],
)
def test_a_target_is_judged_by_the_median(target, median, verdict):
    assert verdict == target.verdict({target.quantity: Spread(median, 0, 1000)})


def test_a_target_for_what_was_not_measured_is_unknown():
    assert "ratio ≤ 1.3: unknown" == Target(Quantity.RATIO, 1.3).verdict({})
