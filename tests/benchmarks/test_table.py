"""How results are laid out."""

from benchmarks.measures import Quantity, Spread, Target
from benchmarks.table import Row, Section, layout


def cells(line):
    return [cell.strip() for cell in line.strip("|").split(" | ")]


def test_columns_line_up():
    sections = [
        Section("Short", [Row("a", {Quantity.WALL: Spread(1, 1, 1)})]),
        Section("A much longer title", [Row("bcd", {Quantity.PEAK: Spread(12345, 12345, 12345)})]),
    ]
    lines = layout(sections).splitlines()
    assert {len(lines[0])} == {len(line) for line in lines}
    bars = [place for place, char in enumerate(lines[0]) if char == "|"]
    assert [bars] * len(lines) == [[place for place, char in enumerate(line) if char == "|"] for line in lines]


def test_a_row_shows_medians_and_the_spread_of_ratio_and_speed():
    measured = {
        Quantity.WALL: Spread(2.5, 2, 3),
        Quantity.RATIO: Spread(1.2, 1.1, 1.25),
        Quantity.SPEED: Spread(400, 350.4, 500),
        Quantity.PEAK: Spread(61.4, 60, 62),
    }
    line = layout([Section("", [Row("scan", measured, [Target(Quantity.RATIO, 1.3)])])]).splitlines()[-1]
    expected = ["scan", "2.50", "1.20 (1.10-1.25)", "400 (350-500)", "", "", "", "61", "ratio ≤ 1.3: met"]
    assert expected == cells(line)


def test_a_spread_of_one_run_is_a_number():
    line = layout([Section("", [Row("scan", {Quantity.RATIO: Spread(1, 1, 1)})])]).splitlines()[-1]
    assert "1.00" == cells(line)[2]


def test_a_row_without_measures_says_why():
    line = layout([Section("", [Row("rg", None, absent="rg is not installed")])]).splitlines()[-1]
    assert ["rg", "rg is not installed"] == cells(line)[:2]


def test_a_pipe_in_a_command_is_no_border():
    line = layout([Section("", [Row("docker logs | grep", {})])]).splitlines()[-1]
    assert line.startswith(r"| docker logs \| grep |")
