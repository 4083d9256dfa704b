"""An engine that is not there, refuses, or breaks off: what could not be read is told, never passed over."""

import socket

import pytest

from tests.engine.scanning import COMPLETE, INCOMPLETE, NUMBERED, numbers, once, scan, source_of
from tests.rig.cli import run_logscan
from tests.rig.faults import Answer, Cut, HangUp
from tests.rig.oracle import Script

FRAME = b"\x01\0\0\0"
NOTHING_CUT = Cut(1 << 30)


@pytest.fixture(scope="module")
def first(lasting):
    return lasting.play(Script().lines(3, b"number %d"), name="first")


@pytest.fixture(scope="module")
def second(lasting):
    return lasting.play(Script().lines(3, b"number 1%d"), name="second")


def scan_both(proxy):
    return scan(proxy, "first", "second", *NUMBERED)


def the_error(report):
    (error,) = report["errors"]
    return error["kind"], error["source"], error["message"]


def test_an_engine_that_is_not_there_is_an_error_in_a_report(tmp_path):
    address = f"unix://{tmp_path}/docker.sock"

    done = run_logscan("scan", "--format", "json", docker_host=address)

    report = done.json
    kind, _, message = the_error(report)
    assert (INCOMPLETE, "engine") == (done.exit_code, kind)
    assert f"no Docker engine answers at {address} (DOCKER_HOST): no such file or directory" == message
    assert ([], []) == (report["findings"], report["sources"])
    assert "Traceback" not in done.stderr


def test_a_socket_that_nobody_answers_on_is_an_error_too(tmp_path):
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        dead.bind(str(path))

    done = run_logscan("scan", "--format", "text", docker_host=f"unix://{path}")

    assert INCOMPLETE == done.exit_code
    assert "connection refused" in " ".join(done.stdout.split())
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Answer(403, "the list is closed"), id="refused"),
        pytest.param(Answer(500, "the list is closed"), id="broken"),
    ],
)
def test_a_list_that_the_engine_does_not_give_is_an_error_with_its_words(proxy, first, fault):
    proxy.inject(r"/containers/json$", fault)

    done = scan(proxy)

    kind, _, message = the_error(done.json)
    assert (INCOMPLETE, "engine", []) == (done.exit_code, kind, done.json["sources"])
    assert "list containers" in message
    assert "the list is closed" in message


@pytest.mark.parametrize(
    "fault",
    [pytest.param(Cut(20), id="cut in the middle"), pytest.param(HangUp(), id="no answer at all")],
)
def test_half_a_list_of_containers_is_no_list(proxy, first, fault):
    proxy.inject(r"/containers/json$", fault)

    done = scan(proxy)

    kind, _, _ = the_error(done.json)
    assert (INCOMPLETE, "engine", []) == (done.exit_code, kind, done.json["sources"])
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("endpoint", [pytest.param(each, id=each) for each in ("info", "_ping")])
def test_a_proxy_that_keeps_an_endpoint_of_comfort_closed_takes_nothing_away(proxy, first, second, endpoint):
    proxy.inject(rf"/{endpoint}$", Answer(403, "closed"))

    done = scan_both(proxy)

    assert (COMPLETE, once([1, 2, 3, 11, 12, 13])) == (done.exit_code, numbers(done.json))
    assert [] == done.json["errors"]


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Answer(403, "this log is closed"), id="forbidden"),
        pytest.param(Answer(404, "this log is closed"), id="gone"),
        pytest.param(Answer(409, "this log is closed"), id="being removed"),
        pytest.param(Answer(501, "this log is closed"), id="a driver that can't be read"),
    ],
)
def test_a_log_that_is_refused_is_unreadable_with_the_engines_words(proxy, first, second, fault):
    proxy.inject(f"{first.id}/logs", fault)

    done = scan_both(proxy)

    report = done.json
    assert (INCOMPLETE, once([11, 12, 13])) == (done.exit_code, numbers(report))
    source = source_of(report, first)
    assert ("unreadable", 0) == (source["status"], source["lines"])
    assert "this log is closed" in source["reason"]
    assert ("source", "first", source["reason"]) == the_error(report)
    assert "complete" == source_of(report, second)["status"]


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Answer(404, "No such container"), id="gone since it was listed"),
        pytest.param(Answer(403, "closed"), id="forbidden"),
        pytest.param(HangUp(), id="no answer"),
        pytest.param(Cut(100), id="half an answer"),
    ],
)
def test_a_container_that_cannot_be_inspected_is_an_error_and_the_others_are_read(proxy, first, second, fault):
    proxy.inject(f"{first.id}/json", fault)

    done = scan_both(proxy)

    assert (INCOMPLETE, once([11, 12, 13])) == (done.exit_code, numbers(done.json))
    kind, source, _ = the_error(done.json)
    assert ("source", "first") == (kind, source)


def body_on_the_wire(container):
    """What the engine sends of a log, chunk by chunk, as a client without any library gets it."""
    query = "stdout=1&stderr=1&timestamps=1"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(str(container.engine.socket))
        head = f"GET /containers/{container.id}/logs?{query} HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    return answer.partition(b"\r\n\r\n")[2]


# A line counts when its chunk has come whole; the engine makes a chunk of each record.
PLACES = {
    "before the first byte": (lambda body: 0, []),
    "inside the length of a chunk": (lambda body: 1, []),
    "inside the header of the first frame": (lambda body: body.index(FRAME) + 4, []),
    "inside a time": (lambda body: body.index(FRAME) + 20, []),
    "inside a line": (lambda body: body.index(b"number 1") + 4, []),
    "in front of a line's end": (lambda body: body.index(b"number 1") + 8, []),
    "behind the first line, in front of its chunk's end": (lambda body: body.index(b"number 1\n") + 9, []),
    "behind the first chunk": (lambda body: body.index(b"number 1\n") + 11, [1]),
    "inside the header of the second frame": (lambda body: body.index(FRAME, body.index(b"number 1")) + 5, [1]),
    "before the last chunk": (lambda body: body.index(b"\r\n0\r\n\r\n") + 2, [1, 2, 3]),
    "inside the last chunk": (lambda body: len(body) - 2, [1, 2, 3]),
}


@pytest.mark.parametrize(("place", "whole"), [pytest.param(*each, id=name) for name, each in PLACES.items()])
def test_a_log_that_breaks_off_is_never_taken_for_whole(proxy, first, second, place, whole):
    proxy.inject(f"{first.id}/logs", Cut(place(body_on_the_wire(first))))

    done = scan_both(proxy)

    report = done.json
    assert (INCOMPLETE, once([*whole, 11, 12, 13])) == (done.exit_code, numbers(report))
    source = source_of(report, first)
    assert ("partial" if whole else "unreadable", len(whole)) == (source["status"], source["lines"])
    assert source["reason"]
    assert ("source", "first", source["reason"]) == the_error(report)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Cut(0), id="cut"),
        pytest.param(HangUp(), id="no answer"),
        pytest.param(Answer(500, "no"), id="refused"),
    ],
)
def test_a_log_whose_end_cannot_be_checked_is_not_called_complete(proxy, first, second, fault):
    """All of it comes, and the comparison with its end does not."""
    proxy.inject(f"{first.id}/logs", NOTHING_CUT, times=1)
    proxy.inject(f"{first.id}/logs", fault)

    done = scan_both(proxy)

    source = source_of(done.json, first)
    assert (INCOMPLETE, once([1, 2, 3, 11, 12, 13])) == (done.exit_code, numbers(done.json))
    assert ("partial", 3) == (source["status"], source["lines"])
    assert source["reason"]


def test_a_long_log_that_breaks_off_has_counted_each_line_that_came(proxy, emitter):
    container = emitter.play(Script().lines(5_000, b"number %d"))
    proxy.inject(f"{container.id}/logs", Cut(150_000))

    done = scan(proxy, container.name, *NUMBERED)

    found = numbers(done.json)
    source = source_of(done.json, container)
    assert (INCOMPLETE, "partial") == (done.exit_code, source["status"])
    assert 1_000 < source["lines"] < 5_000
    assert once(range(1, source["lines"] + 1)) == found


def test_a_log_of_a_terminal_that_breaks_off_is_partial(proxy, emitter):
    container = emitter.play(Script().lines(1_000, b"number %d"), tty=True)
    proxy.inject(f"{container.id}/logs", Cut(20_000))

    done = scan(proxy, container.name, *NUMBERED)

    found = numbers(done.json)
    assert (INCOMPLETE, "partial") == (done.exit_code, source_of(done.json, container)["status"])
    assert 0 < found.total() < 1_000
    assert once(range(1, found.total() + 1)) == found


def test_an_engine_that_ends_between_two_containers_leaves_a_report_of_what_it_gave(proxy, first, second):
    proxy.inject(f"{second.id}/logs", HangUp())

    done = scan_both(proxy)

    assert (INCOMPLETE, once([1, 2, 3])) == (done.exit_code, numbers(done.json))
    assert ("complete", "unreadable") == tuple(source_of(done.json, each)["status"] for each in (first, second))
