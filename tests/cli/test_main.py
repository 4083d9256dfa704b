"""How a command ends: its exit code, and what it says on stderr."""

import subprocess
import sys
from pathlib import Path

import pytest

from logscan import __version__
from tests.cli.conftest import environment, fake_code


@pytest.mark.parametrize(
    ("body", "code", "stderr"),
    [
        pytest.param("pass", 0, "", id="a command that ends is done"),
        pytest.param("return errors.ExitCode.FINDINGS", 1, "", id="findings"),
        pytest.param("return errors.ExitCode.INCOMPLETE", 3, "", id="incomplete"),
        pytest.param(
            "raise errors.UsageError('that is wrong', help='do this')",
            2,
            "error: that is wrong\nhelp: do this\n",
            id="usage",
        ),
        pytest.param(
            "raise errors.EngineUnreachable('nobody answers', help='start it')",
            3,
            "error: nobody answers\nhelp: start it\n",
            id="engine unreachable",
        ),
        pytest.param("raise errors.ContainerNotFound('no web')", 3, "error: no web\n", id="container not found"),
        pytest.param("raise errors.StreamTruncated('cut')", 3, "error: cut\n", id="truncated stream"),
        pytest.param("raise errors.DaemonError('disk full')", 3, "error: disk full\n", id="fault of the daemon"),
        pytest.param(
            "raise errors.RuleError([errors.Fault('b.yaml', 2, 'no title'), errors.Fault('a.yaml', 9, 'odd', 'mend it')])",
            2,
            "error: a.yaml:9: odd\nhelp: mend it\nerror: b.yaml:2: no title\n",
            id="all faults of rules",
        ),
        pytest.param("raise click.ClickException('click says 1')", 2, "error: click says 1\n", id="click's own error"),
        pytest.param(
            "raise click.FileError('x', 'gone')", 2, "error: Could not open file 'x': gone\n", id="click's file"
        ),
        pytest.param("raise KeyboardInterrupt", 130, "", id="interrupt"),
        pytest.param("raise click.Abort", 130, "", id="abort"),
        pytest.param("os.kill(os.getpid(), signal.SIGINT); time.sleep(9)", 130, "", id="SIGINT"),
        pytest.param("os.kill(os.getpid(), signal.SIGTERM); time.sleep(9)", 143, "", id="SIGTERM"),
        pytest.param(
            "sys.exit(1)",
            2,
            "error: internal error: SystemExit: 1\nhelp: please report it with what -v says\n",
            id="an exit by 1 does not mean findings",
        ),
        pytest.param(
            "1 / 0",
            2,
            "error: internal error: ZeroDivisionError: division by zero\nhelp: please report it with what -v says\n",
            id="a bug",
        ),
        pytest.param(
            "raise EOFError('cut short')",
            2,
            "error: internal error: EOFError: cut short\nhelp: please report it with what -v says\n",
            id="the end of some file is no interrupt",
        ),
        pytest.param(
            "import errno; raise BrokenPipeError(errno.EPIPE, 'socket')",
            2,
            "error: internal error: BrokenPipeError: [Errno 32] socket\nhelp: please report it with what -v says\n",
            id="a broken connection is no closed stdout",
        ),
        pytest.param(
            r"raise errors.UsageError('\x1b[31mred\u202e')",
            2,
            "error: \\x1b[31mred\\u202e\n",
            id="foreign text is shown",
        ),
    ],
)
def test_end(fake_command, body, code, stderr):
    ended = fake_command(body)
    assert (code, "", stderr) == (ended.returncode, ended.stdout, ended.stderr)


@pytest.mark.parametrize(
    ("arguments", "env"),
    [pytest.param(["-v"], {}, id="by flag"), pytest.param([], {"LOGSCAN_DEBUG": "1"}, id="by environment")],
)
def test_traceback_is_shown_when_asked_for(fake_command, arguments, env):
    ended = fake_command("1 / 0", *arguments, env=env)
    assert (2, True) == (ended.returncode, "Traceback (most recent call last)" in ended.stderr)


@pytest.mark.parametrize(
    ("arguments", "stderr"),
    [
        pytest.param([], "error: Missing command.\nhelp: run 'logscan --help' to see what it takes\n", id="no command"),
        pytest.param(["scna"], "error: no such command: scna\nhelp: did you mean scan?\n", id="a misspelt command"),
        pytest.param(
            ["xyzzy"],
            "error: no such command: xyzzy\nhelp: run 'logscan --help' to see them all\n",
            id="no command's name",
        ),
        pytest.param(
            ["scan", "--sinse", "1h"],
            "error: No such option '--sinse'.\nhelp: did you mean --since?\n",
            id="a misspelt flag",
        ),
        pytest.param(
            ["scan", "--tail", "x"],
            "error: Invalid value for '--tail': 'x' is not a valid integer.\n"
            "help: run 'logscan scan --help' to see what it takes\n",
            id="no number",
        ),
        pytest.param(
            ["scan", "web", "--file", "x"],
            "error: one scan reads containers or files, not both\nhelp: scan them one after the other\n",
            id="flags that exclude each other",
        ),
        pytest.param(
            ["scan", "--since", "last", "--file", "x"],
            "error: --since last goes on in the logs of containers, not in files\nhelp: leave it out\n",
            id="since last",
        ),
        pytest.param(
            ["scan", "--config", "gone.yaml"],
            "error: can't read gone.yaml: no such file or directory\nhelp: name a settings file with --config\n",
            id="no settings file",
        ),
    ],
)
def test_wrong_usage_is_2_and_says_what_to_do(logscan, arguments, stderr):
    ended = logscan(*arguments)
    assert (2, "", stderr) == (ended.returncode, ended.stdout, ended.stderr)


def test_version_is_printed(logscan):
    ended = logscan("--version")
    assert (0, f"logscan, version {__version__}\n") == (ended.returncode, ended.stdout)


def test_completion_that_fails_is_no_finding(logscan):
    assert 2 == logscan(env={"_LOGSCAN_COMPLETE": "nonsense"}).returncode


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_what_the_variable_prints(logscan, shell):
    by_command, by_variable = logscan("completion", shell), logscan(env={"_LOGSCAN_COMPLETE": f"{shell}_source"})
    assert (0, by_variable.stdout.strip()) == (by_command.returncode, by_command.stdout.strip())


def test_completion_knows_flags(logscan):
    completed = logscan(
        env={"_LOGSCAN_COMPLETE": "bash_complete", "COMP_WORDS": "logscan scan --fail", "COMP_CWORD": "2"}
    )
    assert "plain,--fail-on" == completed.stdout.strip()


@pytest.mark.parametrize(
    ("body", "lines_read"),
    [
        pytest.param("for number in range(200_000): click.echo(number)\nreturn 1", 1, id="while it writes"),
        pytest.param("for number in range(50_000): Console().print(number)\nreturn 1", 1, id="while rich writes"),
        pytest.param("time.sleep(0.5)\nclick.echo('all')\nreturn 1", 0, id="when it ends"),
    ],
)
def test_a_closed_pipe_ends_it_quietly(tmp_path, body, lines_read):
    with subprocess.Popen(
        [sys.executable, "-c", fake_code("from rich.console import Console\n" + body), "fake"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        for _ in range(lines_read):
            process.stdout.readline()
        process.stdout.close()
        assert ("", 0) == (process.stderr.read(), process.wait(20))


def test_a_full_disk_is_said_and_not_a_finding(tmp_path):
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "logscan", "--version"],
            stdout=full,
            stderr=subprocess.PIPE,
            env=environment(),
            text=True,
            timeout=20,
            check=False,
        )
    assert (2, "error: can't write the result: no space left on device\n") == (ended.returncode, ended.stderr)


@pytest.mark.parametrize(
    ("closed", "code"),
    [
        pytest.param("--version >&-", 0, id="stdout"),
        pytest.param("--foo 2>&-", 2, id="stderr"),
        pytest.param("--foo >&- 2>&-", 2, id="both"),
    ],
)
def test_closed_streams_do_not_change_the_code(closed, code):
    ended = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m logscan {closed}"],
        capture_output=True,
        env=environment(),
        timeout=20,
        check=False,
    )
    assert (code, b"", b"") == (ended.returncode, ended.stdout, ended.stderr)


def test_names_that_the_terminal_cannot_show_do_not_end_it(fake_command):
    ended = fake_command(r"print('caf\xe9 \u2713')", env={"PYTHONIOENCODING": "ascii"})
    assert (0, "caf\\xe9 \\u2713\n") == (ended.returncode, ended.stdout)


@pytest.mark.parametrize("arguments", [["--version"], ["--help"]], ids=["version", "help"])
def test_quick_answers_load_nothing_heavy(arguments):
    code = (
        "import sys\n"
        "from logscan.cli.main import main\n"
        "code = main()\n"
        "heavy = {'docker', 'hyperscan', 'pydantic', 'rich', 'structlog', 'yaml', 'msgspec', 'requests'}\n"
        "print(sorted(heavy & set(sys.modules)), code, file=sys.stderr)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
        env=environment(),
    )
    assert "[] 0\n" == ended.stderr


def test_importing_logscan_loads_nothing():
    code = "import sys; before = set(sys.modules); import logscan; print(sorted(set(sys.modules) - before))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=True)
    assert "['logscan']\n" == ended.stdout
