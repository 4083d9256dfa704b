"""Places of a pattern that take any text."""

import pytest

from logscan.ruleset.catch_all import wild_groups, wild_side


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (".*panic", "begins"),
        ("^.+?panic", "begins"),
        ("panic.*", "ends"),
        ("panic.+$", "ends"),
        (".*", "ends"),
        ("panic.{0,64}", None),
        ("panic .* died", None),
        (r"panic\.*", None),
        ("panic[^ ]*", None),
        ("panic: (?P<reason>.*)", None),
        ("", None),
    ],
)
def test_the_side_that_takes_any_text(pattern, expected):
    assert expected == wild_side(pattern)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("(?P<reason>.*)", {"reason"}),
        ("(?P<who>\\w+) says (?P<what>(?:to \\w+: )?.+?)\\.", {"what"}),
        ("(?P<who>.{1,64}) says (.*)", set()),
        ("says .*", set()),
    ],
)
def test_the_groups_that_take_any_text(pattern, expected):
    assert expected == wild_groups(pattern)
