"""The prefilter: one search for all literals."""

from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest

from logscan.matching.prefilter import _LEAST, Prefilter, _filler


def key(candidate):
    """Several that end at one place come in no order."""
    return candidate[1], candidate[0]


def test_finds_every_place_of_every_literal_by_rising_offset():
    prefilter = Prefilter.of(["abc", "bc d"])

    assert [(0, 3), (1, 5), (0, 9)] == prefilter.candidates(b"abc d abc")


def test_ignores_case_in_both_directions():
    assert [(0, 4), (0, 9)] == Prefilter.of(["pani"]).candidates(b"PANI PaNi")


def test_takes_characters_of_patterns_literally():
    assert [(0, 10)] == Prefilter.of([".*[a]"]).candidates(b"abca .*[a]")


def test_finds_a_long_literal_and_maybe_its_beginning():
    literal = "could not open file pg_xlog for the connection"
    prefilter = Prefilter.of([literal])

    assert [0] == [number for number, _ in prefilter.candidates(f"ERROR: {literal}\n".encode())]
    assert [(0, 24)] == prefilter.candidates(b"could not open file pg_xlog for a reason\n")
    assert [] == prefilter.candidates(b"could not open file pg_wal for the connection\n")


def test_answers_from_several_threads_at_once():
    prefilter = Prefilter.of(["needle"])
    text = b"hay " * 1000 + b"needle"

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(prefilter.candidates, [text] * 64))

    assert [[(0, 4006)]] * 64 == answers


@pytest.mark.parametrize("count", [1, 30, 700])
def test_a_database_that_is_kept_finds_the_same(tmp_path, count):
    random = Random(count)
    literals = ["".join(random.choices("abcdefgh \x01\x02", k=random.randint(5, 12))) for _ in range(count)]
    text = " ".join(random.choices([*literals, "ordinary", "nothing"], k=20_000)).upper().encode()

    expected = sorted(Prefilter.of(literals).candidates(text), key=key)
    compiled, loaded = (Prefilter.of(literals, cache=tmp_path) for _ in range(2))

    assert len(expected) > 1000
    assert [expected] * 2 == [sorted(one.candidates(text), key=key) for one in (compiled, loaded)]


def test_what_fills_a_database_up_is_nobodys_number(tmp_path):
    prefilter = Prefilter.of(["needle"], cache=tmp_path)
    text = b"".join(map(_filler, range(_LEAST))) + b"needle"

    found = prefilter.candidates(text)

    assert _LEAST - 1 == sum(number > 1000 for number, _ in found)
    assert [(0, len(text))] == [one for one in found if one[0] <= 1000]
