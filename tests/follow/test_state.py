"""The state: full, read-only, damaged, in use, or lost; none of it costs a line without a word."""

import subprocess
from collections import Counter
from contextlib import contextmanager, suppress

from tests.rig.cli import run_logscan
from tests.rig.conservation import Tally, conserved, until_conserved
from tests.rig.follow import NUMBERS
from tests.rig.oracle import Ticker

USAGE, INCOMPLETE = 2, 3

AGAIN = "n=0; trap 'n=$((n + 1)); echo \"number $n;\"' USR1; echo 'number 0;'; while true; do sleep 0.1; done"
"""Prints the next number for each SIGUSR1."""


def once(*numbers):
    return Counter(dict.fromkeys(numbers, 1))


@contextmanager
def small_disk(folder, size):
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(path):
    """Write a file until there is no room left."""
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def test_a_full_disk_is_told_and_nothing_is_lost_once_there_is_room(emitter, follower, tmp_path):
    ticker = Ticker(2000, rest=0.1, batch=8, block=8, traces=4)
    with small_disk(tmp_path / "disk", "16m") as disk:
        follow = follower()
        follow.state = disk / "state" / "logscan.db"
        follow.start("--since", "24h")
        container = emitter.tick(ticker, name="ticker")
        follow.until(lambda: follow.of_type("finding"))

        filler = disk / "filler"
        fill(filler)
        follow.until(lambda: follow.stderr)
        container.wait()
        filler.unlink()

        until_conserved(follow, {"ticker": Tally.of_ticker(ticker)})
        assert 0 == follow.stop()
        conserved({"ticker": Tally.of_ticker(ticker)}, follow.findings())
        assert [] == follow.gaps
        assert "Traceback" not in follow.stderr


def test_a_state_that_can_not_be_written_is_refused_with_advice(proxy, tmp_path):
    with small_disk(tmp_path / "disk", "1m") as disk:
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        done = run_logscan("follow", "--state", f"{disk}/state/logscan.db", docker_host=proxy.url)

    assert INCOMPLETE == done.exit_code
    assert "help:" in done.stderr
    assert f"{disk}" in done.stderr.replace("\n", "")
    assert "Traceback" not in done.stderr


def test_a_second_instance_is_refused_and_told_who_holds_the_state(emitter, follower):
    first, second = follower(rules=NUMBERS), follower(rules=NUMBERS, name="second")
    second.state = first.state
    emitter.shell("echo 'number 1;'")
    first.start("--since", "24h")
    first.until(lambda: first.numbers() == once(1))

    assert INCOMPLETE == second.start().wait()
    assert f"{first.pid}" in second.stderr
    assert "follow" in second.stderr
    assert [] == second.events

    emitter.shell("echo 'number 2;'")
    first.until(lambda: first.numbers() == once(1, 2))
    assert 0 == first.stop()


def test_after_a_kill_the_state_is_free(emitter, follower):
    follow = follower(rules=NUMBERS).start("--since", "24h")
    emitter.shell("echo 'number 1;'")
    follow.until(lambda: follow.numbers() == once(1))

    follow.kill()
    follow.start()
    emitter.shell("echo 'number 2;'")

    follow.until(lambda: follow.numbers() == once(1, 2))
    assert 0 == follow.stop()


def damage(path):
    """Overwrite the middle of a file, its beginning aside."""
    data = bytearray(path.read_bytes())
    data[100:] = b"\xa5" * (len(data) - 100)
    path.write_bytes(data)


def test_a_damaged_state_is_moved_aside_and_its_loss_is_a_gap(emitter, follower):
    follow = follower(rules=NUMBERS).start("--since", "24h")
    container = emitter.shell(AGAIN, name="again")
    follow.until(lambda: follow.numbers() == once(0))
    assert 0 == follow.stop()

    damage(follow.state)
    follow.start()
    follow.until(lambda: follow.gaps)
    container.kill("SIGUSR1")

    follow.until(lambda: 1 in follow.numbers())
    assert 0 == follow.stop()
    assert "damaged" in follow.stderr
    assert {"state lost"} == {gap["reason"] for gap in follow.gaps}
    assert [path for path in follow.state.parent.iterdir() if "damaged" in path.name]


def test_a_file_that_is_no_state_is_left_alone(proxy, tmp_path):
    notes = tmp_path / "notes.txt"
    notes.write_text("not a database\n" * 100)

    done = run_logscan("follow", "--state", f"{notes}", docker_host=proxy.url)

    assert done.exit_code in (USAGE, INCOMPLETE)
    assert "Traceback" not in done.stderr
    assert "not a database\n" * 100 == notes.read_text()
    assert [notes] == list(tmp_path.iterdir())


def test_the_state_is_for_its_owner_alone_and_holds_no_secret(emitter, follower):
    follow = follower(rules=NUMBERS).start("--since", "24h")
    emitter.shell("echo 'number 1; password=hunter2hunter2'; sleep 1; echo 'number 2; password=hunter2hunter2'")

    follow.until(lambda: follow.numbers() == once(1, 2))
    assert 0 == follow.stop()
    assert 0o700 == follow.state.parent.stat().st_mode & 0o777
    for path in follow.state.parent.iterdir():
        assert 0o600 == path.stat().st_mode & 0o777, path
        assert b"hunter2hunter2" not in path.read_bytes(), path
