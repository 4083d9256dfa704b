"""The README, and the page on rules, are true: examples are run, rules pass, links lead somewhere.

A comment above each block of code says what holds it to account:

    run         played in a shell, in a folder with `fixtures` and the pages' own files; compared exactly
    docker      played on a real engine if it shows output, and compared but for addresses and times
    shell       for people to type
    file PATH   a rule file, written there before anything is played; it passes its own tests
    settings    read as logscan.yaml

Each `logscan` in them, and in the text, must be one that the command line takes. `LOGSCAN_REWRITE_GOLDEN=1`
writes what `run` and `docker` blocks show anew.
"""

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from pathlib import Path

import click
import pytest
from markdown_it import MarkdownIt

from logscan.cli.config_file import read_config
from logscan.cli.main import cli
from logscan.cli.options import settings_of
from logscan.errors import ExitCode
from logscan.finding import Severity
from logscan.matching.matcher import Matcher
from logscan.ruleset.loader import load_rules
from logscan.ruleset.model import RuleFile, RuleModel
from logscan.ruleset.selftest import run_tests
from logscan.settings import resolve
from tests.rig.cli import environment
from tests.rig.oracle import Script

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
RULES_FORMAT = ROOT / "docs" / "rules-format.md"
PAGES = [README, RULES_FORMAT]
MARKERS = ("run", "docker", "shell", "file", "settings")
PROMPT = "$ "
CONNECTORS = {"|", "||", "&&", ";", "&"}
NOW_NS = 1_764_741_600_000_000_000
OF_THE_MACHINE = re.compile(
    r"^  (?:address|name|version|file)  .*$|^  [-*] .*$|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?: \S [-\d: ]+)? UTC",
    re.MULTILINE,
)
"""What differs from engine to engine, and from minute to minute."""


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block; `marker` and its `argument` are from the comment above it, `fence` is its backticks."""

    marker: str
    argument: str
    fence: str
    text: str

    @property
    def commands(self):
        return [line.removeprefix(PROMPT) for line in self.text.splitlines() if line.startswith(PROMPT)]

    @property
    def shows_output(self):
        return len(self.commands) < len(self.text.splitlines())

    @property
    def source(self):
        """How it is written in the page."""
        return f"{self.fence}console\n{self.text}{self.fence}\n"


def tokens(page):
    return MarkdownIt().parse(page.read_text(encoding="utf-8"))


def blocks_of(page):
    found = []
    for before, token in pairwise(tokens(page)):
        if token.type == "fence":
            comment = re.fullmatch(r"<!-- (\w+) ?(.*) -->\n", before.content)
            found.append(Block(*(comment.groups() if comment else ("", "")), token.markup, token.content))
    return found


BLOCKS = blocks_of(README)
OWN_FILES = {block.argument: block.text for page in PAGES for block in blocks_of(page) if block.marker == "file"}


def marked(marker):
    return [block for block in BLOCKS if block.marker == marker]


def named(blocks):
    return pytest.mark.parametrize("block", blocks, ids=[block.commands[0] for block in blocks])


def invocations(line):
    """Give the arguments of each `logscan` in a line of shell, without what the shell itself takes."""
    words = shlex.shlex(line, posix=True, punctuation_chars=True)
    words.whitespace_split = True
    for connects, group in groupby(words, CONNECTORS.__contains__):
        command = [] if connects else list(group)
        while command and re.match(r"[A-Z_]+=", command[0]):
            del command[0]
        if command[:1] == ["logscan"]:
            redirection = next((place for place, word in enumerate(command) if word[0] in "<>"), None)
            yield command[1:redirection]


def parse(arguments):
    """Parse the flags of the command that `arguments` begin with, as the command line does, and give its context."""
    command, rest = cli, list(arguments)
    while isinstance(command, click.Group):
        name = rest.pop(0)
        command = command.get_command(click.Context(command), name)
        assert command is not None, f"there is no command {name}"
    return command.make_context(command.name, rest)


def play(block, run):
    """Give the block as it would look if its commands were typed now, behind a fence that holds it."""
    played = [(PROMPT + command, *run(command).splitlines()) for command in block.commands]
    text = "".join(line + "\n" for lines in played for line in lines)
    inside = re.findall(r"^ {0,3}(`{3,})", text, re.MULTILINE)
    return replace(block, text=text, fence="`" * max([3, *(len(fence) + 1 for fence in inside)]))


@pytest.fixture
def workshop(tmp_path):
    """A folder with all that the README's commands name, and a `logscan` to type there."""
    (tmp_path / "fixtures").symlink_to(ROOT / "fixtures")
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "logscan"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m logscan "$@"\n')
    program.chmod(0o755)
    for path, text in OWN_FILES.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def shell(workshop):
    """Run a line of shell in the workshop, and give what a terminal of 80 columns would show of it."""

    def run(line, docker_host=None):
        path = f"{workshop / 'bin'}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            ["bash", "-c", line],
            cwd=workshop,
            env=environment(docker_host, {"PATH": path, "COLUMNS": "80"}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=30,
            check=False,
        ).stdout.decode()

    return run


def test_every_block_is_held_to_account():
    assert [] == [block.text for page in PAGES for block in blocks_of(page) if block.marker not in MARKERS]


def compare(block, played):
    if os.environ.get("LOGSCAN_REWRITE_GOLDEN"):
        page = README.read_text(encoding="utf-8")
        assert 1 == page.count(block.source)
        README.write_text(page.replace(block.source, played.source), encoding="utf-8")
    else:
        assert block.source == played.source


@named(marked("run"))
def test_an_example_prints_what_is_shown(shell, block):
    compare(block, play(block, shell))


@pytest.fixture
def stack(emitter):
    """Three containers of a compose project: one as usual, one that may lose lines, one that keeps no log."""

    def start(name, service, **options):
        labels = {"com.docker.compose.project": "homeiq", "com.docker.compose.service": service}
        log = (ROOT / "fixtures" / "homeiq" / f"{name}.log").read_bytes()
        emitter.play(Script().out(log), name=name, labels=labels, **options)

    start("homeiq-influxdb", "influxdb", image="influxdb:2.7.12", log_opts={"max-size": "10m", "max-file": "3"})
    start("homeiq-dashboard", "dashboard", log_opts={"mode": "non-blocking"})
    start("homeiq-admin", "admin", log_driver="none")


@named([block for block in marked("docker") if block.shows_output])
def test_an_example_on_an_engine_prints_what_is_shown(proxy, stack, shell, block):
    played = play(block, lambda line: shell(line, proxy.url))
    told = iter(OF_THE_MACHINE.findall(block.text))
    compare(block, replace(played, text=OF_THE_MACHINE.sub(lambda found: next(told, found[0]), played.text)))


COMMANDS = [command for block in BLOCKS for command in block.commands if "logscan " in command]
SPANS = [
    span.content
    for page in PAGES
    for token in tokens(page)
    for span in token.children or ()
    if span.type == "code_inline" and span.content.startswith("logscan ")
]


@pytest.mark.parametrize("line", [line for line in dict.fromkeys(COMMANDS + SPANS) if "--help" not in line], ids=str)
def test_a_command_is_one_that_logscan_takes(line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for arguments in invocations(line):
        settings_of(parse(arguments))


def test_a_flag_that_is_unknown_would_be_noticed():
    (arguments,) = invocations("docker logs web 2>&1 | LOGSCAN_AS=web logscan scan --fil - > out.txt")
    assert ["scan", "--fil", "-"] == arguments
    with pytest.raises(click.NoSuchOption):
        parse(arguments)


@pytest.mark.parametrize("path", OWN_FILES)
def test_a_rule_passes_its_own_tests(workshop, path):
    rules = load_rules([workshop / path], builtin=False)
    assert [] == run_tests(rules, Matcher(rules).matches)


def test_the_settings_are_ones_that_logscan_takes(tmp_path):
    (block,) = marked("settings")
    file = tmp_path / "logscan.yaml"
    file.write_text(block.text)
    settings = resolve({}, read_config(str(file)), now_ns=NOW_NS)
    assert (("homeiq",), Severity.HIGH) == (settings.project, settings.fail_on)


def test_the_exit_codes_are_those_of_logscan():
    rows = re.findall(r"^\| (\d+(?:, \d+)*) \|", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert [int(code) for code in ExitCode] == [int(code) for row in rows for code in row.split(", ")]


LINKS = [
    (page, span.attrs["href"])
    for page in PAGES
    for token in tokens(page)
    for span in token.children or ()
    if span.type == "link_open" and "://" not in span.attrs["href"]
]


@pytest.mark.parametrize(("page", "link"), LINKS, ids=[f"{page.name} to {link}" for page, link in LINKS])
def test_a_link_leads_to_a_file(page, link):
    assert (page.parent / link).exists()


@pytest.mark.parametrize(("heading", "model"), [("A file", RuleFile), ("A rule", RuleModel)], ids=["file", "rule"])
def test_the_page_on_rules_has_every_key(heading, model):
    section = RULES_FORMAT.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    told = set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))
    assert {field.alias or name for name, field in model.model_fields.items()} == told
