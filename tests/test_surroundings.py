"""The lines around a hit are found, also across the edges of batches."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logscan.batch import Batch, Container, Line, Stream
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


@given(st.integers(1, 4), st.sets(st.integers(1, 19)).map(sorted), st.integers(0, 19), st.integers(0, 20))
def test_a_hit_that_comes_with_a_later_batch_has_the_lines_around_its_first_line(size, cuts, began, ended):
    """`ended`: the line that made the hit whole; 20 is the end of the log."""
    lines, ended = [f"line {n}" for n in range(20)], max(began + 1, ended)
    box, surroundings, result, read = Container("k", "box"), Surroundings(size), [], 0
    place = len("".join(f"{line}\n" for line in lines[:began]))
    late = Line(lines[began], None, Stream.UNKNOWN, box)
    for start, end in itertools.pairwise([0, *cuts, len(lines)]):
        batch = Batch(box, "".join(f"{line}\n" for line in lines[start:end]).encode(), end - start)
        hits = [Hit(R, late, {}, 0, 0, place - read)] if start <= ended < end else []
        still_open = {place - read} if began < end <= ended else set()
        result += surroundings.around(batch, hits, lambda _, still_open=still_open: still_open)
        read, last = read + len(batch.text), read
    result += surroundings.close([Hit(R, late, {}, 0, 0, place - last)] if ended == 20 else [])

    expected = (lines[began], lines[max(0, began - size) : began], lines[began + 1 : began + 1 + size])
    assert [expected] == [(p.hit.line.text, list(p.before), p.after) for p in result]
