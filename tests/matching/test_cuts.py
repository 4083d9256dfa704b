"""Where literals are cut so that searching for all of them is quick."""

import pytest

from logscan.matching.cuts import TAIL, cut

PHRASES = [
    f"could not {verb} the {thing} of the connection"
    for verb in ("open", "close", "write", "verify", "synchronize")
    for thing in ("journal", "mailbox", "index page", "certificate", "zwave network")
]


@pytest.mark.parametrize("length", range(1, 40))
def test_a_literal_keeps_its_beginning_and_a_short_one_all_of_it(length):
    literal = ("xq" + "e " * 40)[:length]

    piece = cut([literal])[literal]

    assert literal.startswith(piece)
    assert len(piece) >= min(length, TAIL)


def test_each_literal_has_a_piece():
    assert set(PHRASES) == cut(PHRASES).keys()
    assert {} == cut([])


def test_common_words_are_no_endings():
    literal = "zigbee herdsman lost its connection"

    assert not cut([literal])[literal].endswith("connection")


def test_what_is_cut_off_tells_no_two_literals_apart():
    """Their beginnings are rare enough to stop at, so both are found by one piece."""
    one, other = "quorum of the journal vanished today", "quorum of the journal vanished yesterday"

    assert 1 == len(set(cut([one, other]).values()))


def test_a_beginning_that_is_common_is_not_all_that_is_searched_for():
    literal = "connection to the mailbox vanished"

    assert len(cut([literal])[literal]) > len("connection to ")


def test_the_order_of_literals_changes_nothing_for_those_that_are_alike():
    assert cut(PHRASES) == cut(PHRASES)
