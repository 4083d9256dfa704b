"""A disk that is full, or read-only: said, survived, and healed from."""

from __future__ import annotations

import os
import subprocess
from functools import partial

import pytest

from logscan.store.errors import StateFull, StateUnusable
from logscan.store.reader import Reader
from logscan.store.records import Outgoing
from tests.store.making import HOST, NOW, checkpoint, commit, finding, opened

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")


@pytest.fixture
def disk(tmp_path):
    """A disk of 2 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def fill(disk):
    """Leave no room at all."""
    with (disk / "filler").open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            return


def part(number):
    return commit(
        NOW + number,
        checkpoints={"c": checkpoint(number)},
        findings=[finding(count=number, bulk=5000), finding(f"v1:{number}", bulk=5000)],
        outgoing=[Outgoing(f"e{number}", b"x" * 1000)],
    )


def test_full_disk_keeps_nothing_of_a_commit_and_all_of_it_once_there_is_room(disk):
    """What failed is kept and tried again together with what came later."""
    path = disk / "logscan.db"
    with opened(path) as store:
        kept, waiting, said = 0, None, set()
        for number in range(1, 5):
            store.commit(part(number))
            kept = number
        fill(disk)
        for number in range(kept + 1, kept + 60):
            waiting = waiting.merge(part(number)) if waiting else part(number)
            try:
                store.commit(waiting)
            except StateFull as error:
                said.add(error.message)
            else:
                kept, waiting = number, None
            assert kept == store.load(HOST).checkpoints["c"].mark.records
            assert b"tally %d" % kept == store.recall(HOST, "v1:aa")
        assert {f"the state in {path} can't be written to: no room is left"} == said
        (disk / "filler").unlink()
        store.commit(waiting)
        assert 63 == store.load(HOST).checkpoints["c"].mark.records
    with opened(path) as store:
        assert store.recovered_from is None
        assert [f"e{number}" for number in range(1, 64)] == [event.id for event in store.load(HOST).undelivered]
    with Reader.open(path, now_ns=NOW) as reader:
        assert 64 == len(reader.findings())


def test_store_is_closed_on_a_full_disk_and_nothing_is_lost(disk):
    path = disk / "logscan.db"
    store = opened(path)
    store.commit(part(1))
    fill(disk)
    store.close()
    (disk / "filler").unlink()
    with opened(path) as store:
        assert store.recovered_from is None
        assert 1 == store.load(HOST).checkpoints["c"].mark.records


def test_state_can_not_be_begun_on_a_full_disk(disk):
    fill(disk)
    with pytest.raises(StateUnusable, match=r"no room is left|no space left") as caught:
        opened(disk / "logscan.db")
    assert 3 == caught.value.exit_code
    (disk / "filler").unlink()
    opened(disk / "logscan.db").close()


def test_read_only_disk_is_read_and_not_written(disk):
    path = disk / "logscan.db"
    with opened(path) as store:
        store.commit(part(1))
    remount = partial(subprocess.run, check=True)
    remount(["mount", "-o", "remount,ro", disk])
    with pytest.raises(StateUnusable, match=r"the state in .* can't be used: read-only file system") as caught:
        opened(path)
    assert "--state" in caught.value.help
    with pytest.raises(StateUnusable, match="read-only file system"):
        opened(disk / "new" / "logscan.db")
    with Reader.open(path, now_ns=NOW) as reader:
        assert 2 == len(reader.findings())
    remount(["mount", "-o", "remount,rw", disk])
    with opened(path) as store:
        store.commit(part(2))
