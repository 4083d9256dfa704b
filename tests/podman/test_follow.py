"""Following Podman's Docker-compatible service: what docs/podman.md says that it brings."""

from __future__ import annotations

import time

import pytest

from tests.rig.cli import run_logscan

BURSTS, LINES = 16, 300
RULES = """\
schema: logscan/v1
technology: The containers of this test
rules:
  - id: numbered
    title: A numbered line
    severity: info
    match: {regex: '\\bnumber [0-9]+\\b'}
    group_by: container
    why: So that lines can be counted.
    advice: Count them.
    tests:
      match: [number 7]
      ignore: [number seven]
"""
BURST = f"""awk 'BEGIN {{ for (n = 1; n <= {LINES}; n++) print "number", n, "{"x" * 80}" }}'"""


@pytest.fixture
def counts(proxy, tmp_path):
    """Follow for so many seconds, with all that was written before; give the number of lines by container."""
    (tmp_path / "rules.yaml").write_text(RULES)
    state = ("--state", str(tmp_path / "logscan.db"))

    def follow(seconds):
        rules = ("--rules", str(tmp_path / "rules.yaml"), "--no-builtin")
        until = f"{time.time() + seconds:.0f}"
        ended = run_logscan(
            "follow", "--since", "24h", "--until", until, *rules, *state, docker_host=proxy.url, timeout=180
        )
        assert ended.exit_code == 0, ended.stderr
        found = run_logscan("findings", "list", "--format", "json", *state).json["findings"]
        return {each["container"]["name"]: each["count"] for each in found}

    return follow


def test_lines_that_are_kept_in_pieces_are_counted_once(podman, counts):
    """A burst is kept in pieces wherever it fills conmon's buffer, and a read from the end joins them in another way."""
    podman.run("busy", "/bin/sh", "-c", f"for n in $(seq {BURSTS}); do {BURST}; sleep 0.4; done; sleep 60", wait=False)
    assert {"busy": BURSTS * LINES} == counts(20)


def test_quiet_containers_keep_no_other_from_being_read(podman, counts):
    """Podman holds the head of an answer back until the first line comes."""
    for number in range(6):
        podman.run(f"quiet-{number}", "/bin/sleep", "60", wait=False)
    podman.run("web", "/bin/sh", "-c", "sleep 5; echo number 1; sleep 1; printf 'number 2'")
    assert {"web": 2} == counts(8)


def test_what_is_there_after_a_restart_is_counted_once(podman, counts):
    podman.run("web", "/bin/sh", "-c", "echo number 1; sleep 1; echo number 2")
    counts(2)
    podman.podman("start", "--attach", "web")
    assert {"web": 4} == counts(2)
