"""Python looks for garbage as usual once the rules are loaded, and only then leaves out what is there."""

import gc

import pytest

from logscan import memory


@pytest.fixture(autouse=True)
def _as_before():
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


def test_nothing_is_looked_for_until_all_is_loaded():
    usual = gc.get_threshold()

    memory.begin_loading()
    assert gc.get_threshold()[0] > 100 * usual[0]

    memory.end_loading()
    assert usual == gc.get_threshold()
    assert gc.get_freeze_count() > 0


def test_a_program_that_postponed_nothing_keeps_its_own_habits():
    gc.set_threshold(123, 4, 5)
    memory.end_loading()
    assert ((123, 4, 5), 0) == (gc.get_threshold(), gc.get_freeze_count())
