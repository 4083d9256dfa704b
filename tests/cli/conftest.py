"""The command line as its callers have it: a process with arguments, streams and an exit code."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"

FAKE_COMMAND = """
import os, signal, sys, time, types
import click
from logscan import errors
from logscan.cli import main
from logscan.cli.options import GENERAL, with_options

@click.command()
@with_options(GENERAL)
def fake(**_given):
{body}

module = types.ModuleType("logscan.cli.fake")
module.fake = fake
sys.modules["logscan.cli.fake"] = module
main.COMMANDS["fake"] = "A command of the tests."
sys.exit(main.main())
"""


def fake_code(body):
    """Give a program that is `logscan` with one command more, `fake`, which does what `body` says."""
    return FAKE_COMMAND.replace("{body}", "\n".join("    " + line for line in body.splitlines()))


def environment(**more):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LOGSCAN_", "DOCKER_"))}
    return {**kept, "COLUMNS": "80", **more}


def _process(command, cwd, env):
    return subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env=environment(**(env or {})),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.fixture
def logscan(tmp_path):
    """Run `logscan` with arguments in an empty folder; what is there can be written before."""
    return lambda *arguments, env=None: _process(["-m", "logscan", *map(str, arguments)], tmp_path, env)


@pytest.fixture
def fake_command(tmp_path):
    """Run `logscan fake`, a command that does what the lines of `body` say."""

    return lambda body, *arguments, env=None: _process(["-c", fake_code(body), "fake", *arguments], tmp_path, env)


@pytest.fixture
def golden():
    """Compare a text with the golden file of that name; LOGSCAN_REWRITE_GOLDEN=1 writes it anew."""

    def check(name, text):
        path = GOLDEN / name
        if os.environ.get("LOGSCAN_REWRITE_GOLDEN"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.read_text(encoding="utf-8") == text

    return check
