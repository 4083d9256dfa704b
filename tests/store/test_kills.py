"""A process that is killed while it commits: each commit is there as a whole, or not at all."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from logscan.store.reader import Reader
from tests.store.making import HOST, NOW, opened

KILLS = 10
WRITE = """
import sys
from pathlib import Path
from logscan.state_row import StateRow
from logscan.store.records import Outgoing
from tests.store.making import HOST, NOW, checkpoint, commit, finding, gap, opened

with opened(Path(sys.argv[1])) as store:
    known = store.load(HOST).checkpoints
    number = known["c0"].mark.records if known else 0
    while True:
        number += 1
        store.commit(commit(
            NOW + number,
            checkpoints={f"c{nth}": checkpoint(number) for nth in range(20)},
            events_told_ns=number,
            rows=[StateRow("count", b"n", b"%d" % number)],
            findings=[finding(f"v1:{nth}", count=number, bulk=1000) for nth in range(5)],
            outgoing=[Outgoing(f"e{number}", b"")],
            delivered=[f"e{number - 1}"],
            gaps=[gap(NOW + number)],
        ))
        if number % 100 == 0:
            store.sweep(NOW + number, present=[])
        print(number, flush=True)
"""


def test_killed_process_leaves_whole_commits(tmp_path):
    """What it has said is kept is kept, and all parts of the state tell of the same commit."""
    path = tmp_path / "logscan.db"
    chance = random.Random(4)
    acknowledged = 0
    for _ in range(KILLS):
        with subprocess.Popen(
            [sys.executable, "-c", WRITE, path], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
        ) as process:
            process.stdout.readline()
            time.sleep(chance.uniform(0, 0.25))
            process.send_signal(signal.SIGKILL)
            said = process.stdout.read().split()
        acknowledged = int(said[-1]) if said else acknowledged
        with Reader.open(path, now_ns=NOW) as reader:
            findings, gaps = reader.findings(), reader.gaps()
        with opened(path) as store:
            assert store.recovered_from is None
            loaded = store.load(HOST)
        number = loaded.checkpoints["c0"].mark.records
        assert number >= acknowledged
        assert {number} == {point.mark.records for point in loaded.checkpoints.values()}
        assert number == loaded.events_told_ns
        assert [b"%d" % number] == [row.blob for row in loaded.rows]
        assert [f"e{number}"] == [event.id for event in loaded.undelivered]
        assert [number] * 5 == [one.count for one in findings]
        assert [number] * 5 == [sum(count for _, count in one.history) for one in findings]
        assert list(range(1, number + 1)) == [one.found_ns - NOW for one in gaps]
    assert acknowledged > KILLS
