"""Hostile lines and labels through every form of report: nothing steers a terminal, and no secret gets out."""

import os
import pty
import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from tests.engine.scanning import BY_THE_API, COMPLETE
from tests.rig.cli import environment, run_logscan
from tests.rig.oracle import Script

RULES = ("--rules", str(Path(__file__).with_name("hostile.yaml")), "--no-builtin", "--context", "2")
PASSWORD = "hunter2-tr0ub4dor"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZG1pbiIsImV4cCI6MTc2NDc0MTYwMH0.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg"
PIECE = 16_384

HOSTILE = [
    "title \x1b]0;owned\x07 clipboard \x1b]52;c;cm0gLXJm\x07 link \x1b]8;;http://evil/\x1b\\here\x1b]8;;\x1b\\",
    "screen \x1b[2J\x1b[H\x1b[31mred\x1b[0m \x9b31m c1 \x84\x85 bell \x07 back\x08space del\x7f",
    "bidi \u202egnp.exe\u202c isolate \u2066x\u2069 mark \u200f zero\u200bwidth \ufeff",
    "markup [/bold] [red]no[/red] [link=http://evil/]x[/link] :smile:",
    "markdown ``` ```` <img src=x onerror=alert(1)> @everyone #1 [a](http://evil/) | <script>",
    "forged \u2028 2025-12-03T06:05:46Z INFO all is well \u2029 \x0b \x0c \x1c \r overwritten",
    f"login password={PASSWORD} token {JWT}",
    f'{{"password": "{PASSWORD}", "authorization": "Bearer {JWT}"}}',
    f"url postgres://admin:{PASSWORD}@db:5432/homeiq",
]
LABELS = {
    "com.docker.compose.project": "pro\x1b]0;owned\x07ject\u202e",
    "com.docker.compose.service": "ser[/bold]vice\x1b[2J`|<b>",
}


@pytest.fixture(scope="module")
def hostile(lasting):
    """Hostile lines and labels, a secret across the engine's cut, and 5 MB without a newline."""
    lines = "".join(f"hostile {line}\n" for line in HOSTILE)
    cut = "x" * (PIECE - 40) + f" hostile password={PASSWORD} {JWT}\n"
    around = f"a line before, Authorization: Bearer {JWT}\nhostile neighbours\na line behind, password: {PASSWORD}\n"
    endless = f"hostile and endless password={PASSWORD} " + "x" * 5_000_000
    script = Script().out((lines + cut + around + endless).encode())
    return lasting.play(script, name="hostile", labels=LABELS)


@pytest.fixture(scope="module")
def expected_count():
    return len(HOSTILE) + 3


def scan_hostile(proxy, form, *args):
    return run_logscan("scan", "hostile", "--format", form, *RULES, *args, docker_host=proxy.url, env=BY_THE_API)


def scan_on_a_terminal(proxy, *args):
    """Run a scan whose stdout is a terminal; give what it showed there, and what it said on stderr."""
    terminal, end = pty.openpty()
    command = [sys.executable, "-m", "logscan", "scan", "hostile", *RULES, *args]
    env = environment(proxy.url, BY_THE_API | {"TERM": "xterm-256color", "COLUMNS": "100"})
    with subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=end, stderr=subprocess.PIPE) as process:
        os.close(end)
        shown = b"".join(iter(lambda: read_terminal(terminal), b""))
        os.close(terminal)
        said = process.stderr.read()
    assert COMPLETE == process.returncode
    return shown.decode(), said.decode()


def read_terminal(terminal):
    try:
        return os.read(terminal, 65_536)
    except OSError:  # how Linux says that the other end was closed
        return b""


def steering(text):
    """The characters in a text that a terminal obeys, or that show it in another order or not at all."""
    return {each for each in text if each not in "\n\t" and unicodedata.category(each) in ("Cc", "Cf", "Zl", "Zp")}


def assert_no_secret(text):
    assert PASSWORD not in text
    assert JWT not in text
    for part in JWT.split("."):
        assert part not in text


@pytest.mark.parametrize("form", [pytest.param(form, id=form) for form in ("text", "markdown", "json", "ndjson")])
def test_a_report_in_a_pipe_holds_nothing_that_steers_a_terminal_and_no_secret(proxy, hostile, form):
    done = scan_hostile(proxy, form, "--verbose")

    assert COMPLETE == done.exit_code
    assert "hostile" in done.stdout
    assert set() == steering(done.stdout)
    assert set() == steering(done.stderr)
    assert_no_secret(done.stdout + done.stderr)


def test_a_terminal_is_sent_colours_and_no_other_escape(proxy, hostile, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)

    shown, said = scan_on_a_terminal(proxy, "--samples", "20", "--verbose")

    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown).replace("\r\n", "\n")
    assert "\x1b[" in shown
    assert set() == steering(plain)
    assert set() == steering(said)
    assert "[/bold]" in plain
    assert_no_secret(re.sub(r"\s", "", plain) + said)


def test_a_terminal_that_wants_no_colour_is_sent_no_escape_at_all(proxy, hostile, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")

    shown, said = scan_on_a_terminal(proxy)

    assert "A hostile line" in shown
    assert "\x1b" not in shown + said


@pytest.mark.parametrize("form", [pytest.param(form, id=form) for form in ("json", "ndjson")])
def test_json_is_pure_ascii_and_counts_every_hostile_line(proxy, hostile, expected_count, form):
    done = scan_hostile(proxy, form)

    assert done.stdout.isascii()
    findings = done.json["findings"] if form == "json" else done.ndjson[:-1]
    assert expected_count == sum(found["count"] for found in findings)


def test_json_keeps_what_the_line_held_but_its_secrets(proxy, hostile):
    report = scan_hostile(proxy, "json", "--samples", "20").json
    samples = [sample["line"] for found in report["findings"] for sample in found["samples"]]

    for kept in ("markup [/bold] [red]no[/red]", "bidi \u202egnp.exe\u202c", "forged \u2028 2025"):
        assert any(kept in sample for sample in samples)
    assert any("postgres://admin:" in sample and "@db:5432/homeiq" in sample for sample in samples)


def test_markdown_shows_hostile_lines_in_fences_that_they_cannot_leave(proxy, hostile):
    """A reader of CommonMark finds no image, no raw HTML and no link that a line brought along."""
    done = scan_hostile(proxy, "markdown", "--samples", "20")

    tokens = MarkdownIt("commonmark").parse(done.stdout)
    inline = [child for token in tokens for child in token.children or ()]
    assert set() == {token.type for token in [*tokens, *inline]} & {"html_block", "html_inline", "image", "link_open"}
    fenced = "".join(token.content for token in tokens if token.type == "fence")
    assert "markdown ``` ````" in fenced


def test_a_finding_of_a_hostile_service_keeps_its_labels_as_data(proxy, hostile):
    found = scan_hostile(proxy, "json").json["findings"][0]

    assert {
        "project": LABELS["com.docker.compose.project"],
        "name": LABELS["com.docker.compose.service"],
    } == found["service"]


def test_a_name_that_is_not_there_is_shown_harmlessly(proxy, engine):
    done = run_logscan("scan", "no\x1b[2Jsuch\u202e[/bold]", "--format", "text", docker_host=proxy.url)

    assert set() == steering(done.stdout + done.stderr)
    assert "[/bold]" in done.stdout
