"""Evidence is the first, the last and some between, the same in any order of arrival."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from logscan.detection.sampler import MAX_SAMPLE_CHARS, Exhibit, Sampler
from tests.detection.making import box, hit, rule

R, BOX = rule(), box()


def exhibit(number, text=None, **more):
    return Exhibit(hit(R, number, text or f"boom {number}", container=BOX).line, 0, 0, **more)


def chosen(size, exhibits):
    sampler = Sampler(size)
    for one in exhibits:
        sampler.add(one)
    return [sample.line for sample in sampler.samples()]


@given(st.permutations(range(40)), st.integers(1, 6))
def test_the_choice_does_not_depend_on_the_order_of_arrival(order, size):
    in_order = chosen(size, map(exhibit, range(40)))
    assert in_order == chosen(size, map(exhibit, order))
    assert size == len(in_order)


def test_first_and_last_are_among_them_in_the_order_of_time():
    lines = chosen(4, map(exhibit, (5, 1, 9, 3, 7)))
    assert ("boom 1", "boom 9", 4) == (lines[0], lines[-1], len(lines))


def test_the_ones_between_are_spread_over_all_hits():
    numbers = [int(line.split()[1]) for line in chosen(12, map(exhibit, range(10_000)))]
    assert max(b - a for a, b in itertools.pairwise(numbers)) < 5000


def test_one_hit_is_one_sample():
    assert ["boom 1"] == chosen(3, [exhibit(1)])


def test_lines_without_a_time_keep_the_order_in_which_they_stand():
    lines = [Exhibit(hit(R, None, text, container=BOX).line, 0, 0) for text in ("z", "a", "m")]
    assert ["z", "a", "m"] == chosen(3, lines)


def test_a_long_line_is_cut_around_the_match():
    text = "x" * 50_000 + "MATCH" + "y" * 50_000
    (sample,) = [Exhibit(hit(R, 0, text, container=BOX).line, 50_000, 50_005).sample()]
    assert (MAX_SAMPLE_CHARS, True) == (len(sample.line), sample.truncated)
    assert "xMATCHy" in sample.line


def test_a_secret_is_gone_before_the_line_is_cut():
    text = "x" * 5000 + " password=hunter2hunter2 " + "y" * 5000
    sample = Exhibit(hit(R, 0, text, container=BOX).line, 5015, 5020).sample()
    assert "hunter2" not in sample.line
    assert "password=" in sample.line


def test_a_key_that_runs_over_the_lines_around_is_redacted():
    sample = exhibit(
        1,
        text="MIIEowIBAAKCAQEA1234567890",
        before=("-----BEGIN RSA PRIVATE KEY-----",),
        after=("abcdefghijklmnop", "-----END RSA PRIVATE KEY-----"),
    ).sample()
    assert "MIIEow" not in repr(sample)
    assert "abcdefghij" not in repr(sample)
