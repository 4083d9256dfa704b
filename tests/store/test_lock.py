"""The lock: two processes never keep one state, and the second is told who does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

from logscan.store.errors import StateInUse
from logscan.store.reader import Reader
from tests.store.making import HOST, NOW, checkpoint, commit, opened

HOLD = """
import sys
from pathlib import Path
from logscan.store.store import Store
with Store.open(Path(sys.argv[1]), now_ns=int(sys.argv[2]), command="follow"):
    print("open", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process(path):
    """Hold the state in another process."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path), str(NOW)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert "open\n" == process.stdout.readline()
        yield process


def test_second_process_is_told_who_holds_the_state(tmp_path):
    path = tmp_path / "logscan.db"
    with another_process(path) as holder:
        with pytest.raises(StateInUse) as caught:
            opened(path)
        expected = f"logscan follow (process {holder.pid}, since 2025-11-24 16:00:00 UTC) keeps its state in {path}"
        assert expected == caught.value.message
        assert 3 == caught.value.exit_code
        Reader.open(path, now_ns=NOW).close()
    with opened(path) as store:
        store.commit(commit(checkpoints={"c": checkpoint()}))


def test_lock_falls_with_its_process(tmp_path):
    path = tmp_path / "logscan.db"
    with another_process(path) as holder:
        holder.send_signal(signal.SIGKILL)
    with opened(path) as store:
        assert {} == store.load(HOST).checkpoints


def test_second_store_in_the_same_process_is_refused_too(tmp_path):
    path = tmp_path / "logscan.db"
    message = rf"logscan scan --since last \(process {os.getpid()}, since"
    with opened(path, command="scan --since last"), pytest.raises(StateInUse, match=message):
        opened(path)
    opened(path).close()


def test_lock_that_names_nobody_holds_all_the_same(tmp_path):
    """Its holder found no room to write its name."""
    path = tmp_path / "logscan.db"
    with opened(path):
        (tmp_path / "logscan.db.lock").write_bytes(b"")
        with pytest.raises(StateInUse, match="another logscan keeps its state in"):
            opened(path)


def test_two_files_in_one_folder_have_locks_of_their_own(tmp_path):
    with opened(tmp_path / "one.db"), opened(tmp_path / "two.db"):
        pass
