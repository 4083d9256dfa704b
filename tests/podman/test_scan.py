"""What a scan of Podman's Docker-compatible service brings, and what docs/podman.md says that it can't."""

from __future__ import annotations

import time

import pytest

from tests.engine.scanning import COMPLETE, INCOMPLETE, NUMBERED, numbers, once
from tests.rig.cli import Completed, run_logscan


@pytest.fixture
def scan(proxy):
    def ask(*args: str) -> Completed:
        return run_logscan("scan", "--format", "json", *NUMBERED, *args, docker_host=proxy.url)

    return ask


def shell(podman, name, script, **options):
    return podman.run(name, "/bin/sh", "-c", script, **options)


def counting(count, text=""):
    return f'awk \'BEGIN {{ for (n = 1; n <= {count}; n++) print "number", n, "{text}" }}\''


def source(report, name):
    (found,) = (each for each in report["sources"] if each["container"]["name"] == name)
    return found


def test_every_line_of_both_streams_is_found_once(podman, scan):
    shell(podman, "web", "for n in 1 3 5; do echo number $n; echo number $((n + 1)) >&2; done")
    ended = scan()
    assert (COMPLETE, once(range(1, 7)), 6) == (
        ended.exit_code,
        numbers(ended.json),
        source(ended.json, "web")["lines"],
    )


def test_many_lines_are_found_once(podman, scan):
    shell(podman, "web", counting(2000))
    report = scan("--tail", "2000").json, scan().json
    assert [2000, 2000] == [source(each, "web")["lines"] for each in report]


def test_who_wrote_it_is_known(podman, scan):
    ident = shell(podman, "web", "echo number 1", options=("--label", "com.docker.compose.service=front"))
    (found,) = scan().json["findings"]
    assert (ident, "web", "localhost/emitter:latest", "front") == (
        found["container"]["id"],
        found["container"]["name"],
        found["container"]["image"],
        found["service"]["name"],
    )


def test_times_have_whole_seconds(podman, scan):
    """Podman 4.3 cuts them off, on its side."""
    shell(podman, "web", "echo number 1")
    (found,) = scan().json["findings"]
    assert found["first_seen"].endswith(".000000000Z")


def test_a_line_of_the_second_in_which_the_range_begins_is_not_missed(podman, scan):
    """Its own time is told as up to a second earlier than it is, so the range begins with its second."""
    shell(podman, "web", "echo number 1")
    written_s = time.time()
    assert once([1]) == numbers(scan("--since", f"{int(written_s) - 1}.999999999").json)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("printf 'number 1\nnumber 2'", id="a last line without its end"),
        pytest.param("echo 'number 1'; head -c 20000 /dev/zero | tr '\\0' a; echo; echo number 2", id="a long line"),
        pytest.param("echo 'number 1'; echo 'at 12:00Z number 2'", id="a text with a Z where a time of Docker ends"),
    ],
)
def test_what_lies_beside_pieces_is_found(podman, scan, text):
    """A read from the end would glue these lines together: it is no witness against the read of the whole."""
    shell(podman, "web", text)
    ended = scan()
    assert (COMPLETE, once([1, 2])) == (ended.exit_code, numbers(ended.json))


def test_a_terminal_is_read(podman, scan):
    shell(podman, "web", "echo number 1; echo number 2", options=("--tty",))
    assert once([1, 2]) == numbers(scan().json)


def test_a_container_without_log_is_told_as_unreadable(podman, scan):
    shell(podman, "web", "echo number 1", options=("--log-driver", "none"))
    ended = scan()
    assert (INCOMPLETE, "unreadable") == (ended.exit_code, source(ended.json, "web")["status"])


def test_a_rotating_log_hides_that_it_rotates(podman, scan):
    """What was overwritten is gone, and nothing that Podman tells says so: the first line of it is all there is to see."""
    shell(podman, "web", counting(500, "of a text that fills the file soon"), options=("--log-opt", "max-size=4k"))
    found = sorted(numbers(scan().json))
    assert (True, 500) == (1 < found[0], found[-1])


def test_doctor_names_podman_and_what_it_may_be_asked(podman, proxy):
    shell(podman, "web", "echo number 1")
    ended = run_logscan("doctor", docker_host=proxy.url)
    assert (0, True, 7) == (ended.exit_code, "docs/podman.md" in ended.stdout, ended.stdout.count(" ok\n"))
