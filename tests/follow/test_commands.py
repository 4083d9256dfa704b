"""Beginning and ending: signals, `--since`, and scans that go on where the last one ended."""

import signal
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from tests.rig.cli import run_logscan
from tests.rig.follow import END_SECONDS, NUMBERS, wait_for
from tests.rig.oracle import MAX_BLOCKS, Mix, Ticker

INCOMPLETE = 3

COUNTING = 'n=0; while true; do n=$((n + 1)); echo "number $n;"; sleep 0.1; done'


def once(*numbers):
    return Counter(dict.fromkeys(numbers, 1))


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=lambda how: how.name)
def test_a_signal_ends_it_in_order(emitter, follower, how):
    """Within ten seconds, with exit code 0, and everything that was committed was told."""
    containers = [emitter.tick(Ticker(32_000, rest=0.1, traces=10, mix=Mix.BOTH)) for _ in range(5)]
    follow = follower().start("--since", "24h")
    follow.until(lambda: len(follow.of_type("finding.opened")) > 30)

    begun = time.monotonic()
    assert 0 == follow.stop(how)
    assert time.monotonic() - begun < 2 * END_SECONDS  # ten, on a machine that does something else as well
    for container in containers:
        container.end()

    opened = [event["finding"]["fingerprint"] for event in follow.of_type("finding.opened")]
    assert sorted(opened) == sorted(finding["fingerprint"] for finding in follow.listed())
    assert follow.listed() == follow.findings()
    assert len(follow.events) == len(follow.printed), "an event came twice without a crash"
    assert "Traceback" not in follow.stderr


def test_what_was_opened_before_a_kill_is_not_opened_again(emitter, follower):
    emitter.tick(Ticker(MAX_BLOCKS, rest=0.2, block=1))
    follow = follower().start("--since", "24h")
    for _ in range(4):
        seen = len(follow.of_type("finding.opened"))
        follow.until(lambda seen=seen: len(follow.of_type("finding.opened")) > seen + 3)
        follow.kill()
        follow.start()
    seen = len(follow.of_type("finding.opened"))
    follow.until(lambda: len(follow.of_type("finding.opened")) > seen)
    assert 0 == follow.stop()

    opened = Counter(event["finding"]["fingerprint"] for event in follow.of_type("finding.opened"))
    assert {1} == set(opened.values())
    assert set(opened) == {finding["fingerprint"] for finding in follow.findings()}


@pytest.mark.parametrize("since", ["now", "24h", "a moment"])
def test_since_decides_where_a_first_follow_begins(emitter, proxy, follower, since):
    emitter.shell("echo 'number 1;'", wait=True)
    time.sleep(1.5)
    moment = datetime.now(UTC)
    time.sleep(0.5)
    old = emitter.shell("echo 'number 2;'; trap 'echo \"number 3;\"' USR1; while true; do sleep 0.1; done")
    follow = follower(rules=NUMBERS)
    follow.start("--since", moment.isoformat().replace("+00:00", "Z") if since == "a moment" else since)
    follow.until(lambda: proxy.asked(f"{old.id}/logs"))
    old.kill("SIGUSR1")
    emitter.shell("echo 'number 4;'")

    wanted = {"now": once(3, 4), "24h": once(1, 2, 3, 4), "a moment": once(2, 3, 4)}[since]
    follow.until(lambda: not wanted - follow.numbers())
    time.sleep(1)
    assert 0 == follow.stop()
    assert wanted == follow.numbers()


def test_a_follow_until_a_moment_ends_by_itself(emitter, follower):
    emitter.shell(COUNTING)
    until = datetime.now(UTC) + timedelta(seconds=6)
    follow = follower(rules=NUMBERS).start("--since", "24h", "--until", until.isoformat().replace("+00:00", "Z"))

    assert 0 == follow.wait()
    assert follow.numbers()
    assert {1} == set(follow.numbers().values())


@pytest.mark.parametrize("containers", [0, 1], ids=["no container", "one that has ended"])
def test_a_follow_until_a_moment_ends_where_nothing_runs(emitter, follower, containers):
    for number in range(containers):
        emitter.shell(f"echo 'number {number};'").wait()
    until = datetime.now(UTC) + timedelta(seconds=3)
    follow = follower(rules=NUMBERS).start("--since", "24h", "--until", until.isoformat().replace("+00:00", "Z"))

    assert 0 == follow.wait()
    assert follow.numbers() == once(*range(containers))


def scan_last(proxy, state):
    return run_logscan(
        "scan", "--since", "last", "--state", f"{state}", "--format", "json", "--rules", f"{NUMBERS}", "--no-builtin",
        docker_host=proxy.url,
    )  # fmt: skip


def test_scans_since_the_last_one_report_each_line_once(emitter, proxy, tmp_path):
    state = tmp_path / "logscan.db"
    container = emitter.shell(COUNTING)
    rotating = emitter.shell(
        COUNTING.replace("n=0", "n=100000"), log_driver="json-file", log_opts={"max-size": "20k", "max-file": "5"}
    )

    reports = []
    for _ in range(5):
        time.sleep(0.7)
        reports.append(scan_last(proxy, state))
    for each in (container, rotating):
        each.end()
    reports.append(scan_last(proxy, state))
    reports.append(scan_last(proxy, state))

    assert {0} == {done.exit_code for done in reports}, reports[-1].stderr
    lines = sum(done.json["summary"]["lines"] for done in reports)
    assert 0 == reports[-1].json["summary"]["lines"]
    kept = run_logscan("findings", "list", "--format", "json", "--state", f"{state}").json["findings"]
    counts = Counter({int(each["fields"]["number"]): each["count"] for each in kept})
    assert {1} == set(counts.values())
    for first in (0, 100_000):
        numbers = [number for number in counts if first < number < first + 100_000]
        assert list(range(min(numbers), max(numbers) + 1)) == sorted(numbers)
    assert lines == counts.total()


def test_a_scan_since_last_is_refused_beside_a_running_follow(emitter, proxy, follower):
    emitter.shell("echo 'number 1;'")
    follow = follower(rules=NUMBERS).start("--since", "24h")
    follow.until(lambda: follow.numbers() == once(1))

    done = scan_last(proxy, follow.state)

    assert INCOMPLETE == done.exit_code
    assert f"{follow.pid}" in done.stderr
    assert "follow" in done.stderr
    assert 0 == follow.stop()


def test_a_scan_since_last_goes_on_where_a_follow_ended(emitter, proxy, follower):
    container = emitter.shell(COUNTING)
    follow = follower(rules=NUMBERS).start("--since", "24h")
    follow.until(lambda: len(follow.numbers()) > 5)
    assert 0 == follow.stop()
    seen = follow.numbers()
    container.end()

    done = scan_last(proxy, follow.state)

    assert 0 == done.exit_code, done.stderr
    (last,) = container.engine.client.logs(container.id, tail=1).split(b"number ")[1:]
    assert once(*range(1, int(last.rstrip(b";\n")) + 1)) == follow.numbers()
    assert done.json["summary"]["lines"] == (follow.numbers() - seen).total()


def test_a_reader_that_goes_away_ends_it_quietly(emitter, follower):
    """As `logscan follow | head -1` does."""
    emitter.shell(COUNTING)
    follow = follower(rules=NUMBERS)
    with follow.piped("--since", "24h") as process:
        process.stdout.readline()
        process.stdout.close()
        wait_for(lambda: process.poll() is not None)
        assert 0 == process.returncode
        assert b"Traceback" not in process.stderr.read()
