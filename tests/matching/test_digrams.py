"""Where a literal is cut: behind characters that seldom follow each other."""

import pytest

from logscan.matching.digrams import ALPHABET, folded, rarest_end


@pytest.mark.parametrize(
    ("literal", "kept"),
    [
        ("could not open file pg_xlog for the connection", "could not open file pg_xlog"),
        ("no space left", "no space left"),
        ("exactly eighteen c", "exactly eighteen c"),
    ],
)
def test_a_literal_is_cut_where_its_end_is_rare(literal, kept):
    assert kept == literal[: rarest_end(literal, tail=8, shortest=18)]


@pytest.mark.parametrize("length", range(1, 40))
def test_a_cut_keeps_the_shortest_piece_that_is_allowed(length):
    literal = ("xq" + "e " * 40)[:length]

    assert min(length, 18) <= rarest_end(literal, tail=8, shortest=18) <= length


def test_every_ascii_text_is_written_in_the_alphabet():
    text = folded("".join(map(chr, range(128))))

    assert 128 == len(text)
    assert set(text) <= set(ALPHABET)
    assert "e0~" == folded("E9?")
