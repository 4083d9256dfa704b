"""`logscan follow` from the command line to what runs it, and how it ends: `run_follow` is played by a stand-in."""

import os
import signal
import stat
import subprocess
import sys
import types
from pathlib import Path

import click
import pytest

from logscan.cli.follow import follow as follow_command
from logscan.cli.main import Invocation
from logscan.errors import ExitCode, UsageError
from logscan.settings import FollowFormat, Since
from tests.cli.conftest import environment

STAND_IN = """
import os, sys, time, types
module = types.ModuleType("logscan.assemble_live")

def run_follow(settings, *, out, stop, warn):
    def wait_for(condition):
        deadline = time.monotonic() + 60
        while not condition() and time.monotonic() < deadline:
            time.sleep(0.01)

    def say(text):
        print(text, file=out, flush=True)
{body}

module.run_follow = run_follow
sys.modules["logscan.assemble_live"] = module
from logscan.cli.main import main
sys.exit(main())
"""
UNTIL_STOPPED = "say('begun')\nwait_for(lambda: stop.asked)\nsay('ended')\nreturn 0"
LIMIT_S = 60


@pytest.fixture
def follow(tmp_path):
    """Start `logscan follow` in an empty folder, with a `run_follow` that does what the lines of `body` say."""
    started = []

    def start(body, stdout=subprocess.PIPE):
        code = STAND_IN.replace("{body}", "\n".join("    " + line for line in body.splitlines()))
        process = subprocess.Popen(
            [sys.executable, "-c", code, "follow"],
            cwd=tmp_path,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def ended(process):
    stdout, stderr = process.communicate(timeout=LIMIT_S)
    return process.returncode, stdout, stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_in_order(follow, number):
    process = follow(UNTIL_STOPPED)
    assert "begun\n" == process.stdout.readline()
    process.send_signal(number)
    assert (0, "ended\n", "") == ended(process)


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        pytest.param(signal.SIGINT, signal.SIGINT, 130, id="interrupted twice"),
        pytest.param(signal.SIGTERM, signal.SIGTERM, 143, id="terminated twice"),
        pytest.param(signal.SIGTERM, signal.SIGINT, 130, id="one after the other"),
    ],
)
def test_a_second_signal_ends_it_at_once(follow, first, second, code):
    process = follow("say('begun')\nwait_for(lambda: stop.asked)\nsay('asked')\nwait_for(lambda: False)")
    assert "begun\n" == process.stdout.readline()
    process.send_signal(first)
    assert "asked\n" == process.stdout.readline()
    process.send_signal(second)
    assert (code, "", "") == ended(process)


def test_a_reader_that_goes_away_ends_it_quietly_even_when_nothing_is_written(follow):
    process = follow("say('begun')\nwait_for(lambda: stop.asked)\nprint('ended', file=sys.stderr)\nreturn 0")
    process.stdout.readline()
    process.stdout.close()
    assert ("ended\n", 0) == (process.stderr.read(), process.wait(LIMIT_S))


def test_a_reader_that_goes_away_ends_it_quietly_while_it_writes(follow):
    process = follow("for number in range(10**9): say(number)")
    process.stdout.readline()
    process.stdout.close()
    assert ("", 0) == (process.stderr.read(), process.wait(LIMIT_S))


def test_a_stdout_that_nobody_can_stop_to_read_goes_on(follow, tmp_path):
    with (tmp_path / "told").open("w") as file:
        process = follow("time.sleep(0.3)\nsay(stop.asked)\nreturn 0", stdout=file)
        assert 0 == process.wait(LIMIT_S)
    assert "False\n" == (tmp_path / "told").read_text()


@pytest.fixture
def played(tmp_path, monkeypatch):
    """Run the command in this process, with a function in place of `run_follow`; what it tells goes to told.txt."""
    monkeypatch.chdir(tmp_path)

    def run(play, *arguments):
        module = types.ModuleType("logscan.assemble_live")
        module.run_follow = play
        monkeypatch.setitem(sys.modules, "logscan.assemble_live", module)
        return follow_command.main([*arguments, "--output", "told.txt"], standalone_mode=False, obj=Invocation())

    return run


@pytest.mark.parametrize("code", ExitCode)
def test_what_the_follow_comes_to_is_the_exit_code(played, code):
    assert code == played(lambda *_, **__: code)


def test_what_is_told_is_appended_to_a_file_of_its_owner(played):
    for word in ("one", "two"):
        played(lambda _, out, word=word, **__: out.write(word + "\n"))
    path = Path("told.txt")
    assert ("one\ntwo\n", 0o600) == (path.read_text(), stat.S_IMODE(path.stat().st_mode))


def test_a_file_that_cannot_be_written_is_wrong_usage(played):
    Path("told.txt").mkdir()
    with pytest.raises(UsageError) as caught:
        played(lambda *_, **__: 0)
    assert "can't write told.txt: is a directory" == caught.value.message


def test_flags_environment_and_file_reach_the_follow(played, monkeypatch):
    Path("logscan.yaml").write_text("tail: 3\nservice: web\nformat: json\n")
    monkeypatch.setenv("LOGSCAN_STATE", "my.db")
    hosts = ["--host", "tcp://a:1", "--host", "tcp://b:1"]
    settings = played(lambda settings, **_: settings, "api-*", "--format", "ndjson", "--since", "now", *hosts)
    assert (("api-*",), ("web",), FollowFormat.NDJSON, Since.NOW, ("tcp://a:1", "tcp://b:1"), Path("my.db")) == (
        settings.names,
        settings.service,
        settings.format,
        settings.since,
        settings.hosts,
        settings.state,
    )


@pytest.mark.parametrize("flag", ["--tail=1", "--file=a", "--as=a", "--direct=always"])
def test_flags_of_a_scan_alone_are_refused(played, flag):
    with pytest.raises(click.NoSuchOption):
        played(lambda *_, **__: 0, flag)


def test_doubts_about_rules_are_told_unless_it_is_quiet(played, capsys):
    def doubt(_, warn, **__):
        return warn and warn("odd", "mend it")

    played(doubt)
    assert "warning: odd\nhelp: mend it\n" == capsys.readouterr().err
    played(doubt, "-q")
    assert "" == capsys.readouterr().err


def test_signals_mean_what_they_meant_before_when_it_is_over(played):
    before = signal.getsignal(signal.SIGINT)
    during = played(lambda *_, **__: signal.getsignal(signal.SIGINT))
    assert (True, before) == (during is not before, signal.getsignal(signal.SIGINT))


def test_on_a_terminal_a_signal_says_how_to_end_it_at_once(tmp_path):
    master, slave = os.openpty()
    code = STAND_IN.replace("{body}", "\n".join("    " + line for line in UNTIL_STOPPED.splitlines()))
    with subprocess.Popen(
        [sys.executable, "-c", code, "follow"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=slave,
        text=True,
    ) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert 0 == process.wait(LIMIT_S)
    os.close(slave)
    assert b"once more ends it at once" in os.read(master, 1000)
    os.close(master)
