"""How seldom two characters follow each other."""

from logscan.matching.digrams import ALPHABET, digram_bits, digram_share, folded


def test_every_ascii_text_is_written_in_the_alphabet():
    text = folded("".join(map(chr, range(128))))

    assert 128 == len(text)
    assert set(text) <= set(ALPHABET)
    assert "e0~" == folded("E9?")


def test_what_words_are_made_of_is_met_more_often():
    assert digram_bits("i", "n") < digram_bits("x", "q")
    assert digram_share("i", "n") > digram_share("x", "q")
