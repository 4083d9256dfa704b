"""The lines around a hit are found, also across the edges of batches."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logscan.batch import Batch, Container
from logscan.matching.hit import Hit
from logscan.surroundings import Surroundings
from tests.detection.making import rule

R = rule()


def placed(lines, cuts, size, is_hit):
    """Run numbered lines in these batches; give (hit, before, after) as texts."""
    box, surroundings, result = Container("k", "box"), Surroundings(size), []
    places = [0, *cuts, len(lines)]
    for start, end in itertools.pairwise(places):
        text = "".join(f"{line}\n" for line in lines[start:end]).encode()
        if not text:
            continue
        batch, offset, hits = Batch(box, text, end - start), 0, []
        for line in lines[start:end]:
            if is_hit(line):
                hits.append(Hit(R, batch.line_at(offset), {}, 0, 0, offset))
            offset += len(line) + 1
        result += [(p.hit.line.text, list(p.before), p.after) for p in surroundings.around(batch, hits)]
    return result + [(p.hit.line.text, list(p.before), p.after) for p in surroundings.close()]


@given(st.integers(1, 4), st.lists(st.integers(0, 20), max_size=6).map(sorted), st.sets(st.integers(0, 19)))
def test_any_batches_give_the_lines_around_each_hit_in_order(size, cuts, hits):
    lines = [f"line {n}" for n in range(20)]
    expected = [(lines[n], lines[max(0, n - size) : n], lines[n + 1 : n + 1 + size]) for n in sorted(hits)]
    assert expected == placed(lines, cuts, size, {lines[n] for n in hits}.__contains__)


def test_without_context_hits_pass_as_they_are():
    assert [("b", [], [])] == placed(["a", "b", "c"], [], 0, "b".__eq__)


@pytest.mark.parametrize("size", [1, 3])
def test_containers_don_t_lend_each_other_lines(size):
    surroundings = Surroundings(size)
    one, two = (Batch(Container(name, name), f"{name}\n".encode(), 1) for name in ("one", "two"))
    assert [] == list(surroundings.around(one, [Hit(R, one.line_at(0), {}, 0, 0, 0)]))
    assert [] == list(surroundings.around(two, []))
    assert [("one", (), [])] == [(p.hit.line.text, p.before, p.after) for p in surroundings.close()]
