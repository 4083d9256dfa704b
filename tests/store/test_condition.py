"""What doctor tells of a state, without touching it."""

import os

import pytest

from logscan.store.condition import Condition, condition_of
from logscan.store.store import Store

NOW_NS = 1_790_000_000_000_000_000


@pytest.fixture
def path(tmp_path):
    return tmp_path / "logscan.db"


def test_where_none_is_yet_it_can_be_made(tmp_path):
    """Neither it nor its folder is made by looking."""
    assert (Condition(), []) == (
        condition_of(tmp_path / "deep" / "logscan.db", now_ns=NOW_NS),
        list(tmp_path.iterdir()),
    )


def test_a_state_that_nobody_uses(path):
    Store.open(path, now_ns=NOW_NS).close()
    assert Condition(path.stat().st_size) == condition_of(path, now_ns=NOW_NS)


def test_who_uses_it_is_named(path):
    with Store.open(path, now_ns=NOW_NS, command="follow"):
        assert f"logscan follow (process {os.getpid()}" in condition_of(path, now_ns=NOW_NS).holder


def test_looking_at_it_does_not_keep_it(path):
    Store.open(path, now_ns=NOW_NS).close()
    condition_of(path, now_ns=NOW_NS)
    Store.open(path, now_ns=NOW_NS).close()


def test_a_file_of_another_kind_is_a_fault(path):
    path.write_text("a shopping list")
    assert condition_of(path, now_ns=NOW_NS).fault


@pytest.mark.parametrize("is_there", [True, False])
def test_what_can_t_be_written_is_a_fault(path, monkeypatch, is_there):
    """Root, as whom the tests run, may write everywhere, so the system is asked to say no."""
    if is_there:
        Store.open(path, now_ns=NOW_NS).close()
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert "writ" in condition_of(path, now_ns=NOW_NS).fault
