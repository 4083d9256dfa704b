"""The proxy in front of a fake engine (which shows what got through), and in front of the real one."""

import json
import re
import socket
import socketserver
import threading
import time
from contextlib import contextmanager, suppress
from random import Random

import pytest
from docker import APIClient
from docker.errors import APIError, NotFound

from tests.rig.faults import FOR_EVER, Answer, Chaos, Corrupt, Cut, Delay, HangUp, Stall, Trickle
from tests.rig.oracle import Burst, Mix, Script, Stream
from tests.rig.proxy import Proxy, Request

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 10\r\n\r\n"
REPLY = HEAD + b"0123456789"
LAST_CHUNK = b"0\r\n\r\n"


class FakeEngine(socketserver.ThreadingUnixStreamServer):
    """Answers each request head with `REPLY`, keeps the connection, and remembers what it was sent."""

    daemon_threads = False

    def __init__(self, path):
        super().__init__(str(path), FakeSession)
        self.received = b""


class FakeSession(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(65536):
            self.server.received += data
            self.request.sendall(REPLY * data.count(b"\r\n\r\n"))


@pytest.fixture
def fake_engine(tmp_path):
    with FakeEngine(tmp_path / "e") as engine:
        thread = threading.Thread(target=engine.serve_forever, args=(0.01,))
        thread.start()
        yield engine
        engine.shutdown()
        thread.join()


@pytest.fixture
def before_fake(fake_engine, tmp_path):
    """A proxy before the fake engine; it may have violations, so it isn't the fixture of the other tests."""
    with Proxy(tmp_path / "p", tmp_path / "e") as proxy:
        yield proxy


@contextmanager
def connected(proxy):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(10)
        client.connect(proxy.url.removeprefix("unix://"))
        yield client


def get(target, method="GET"):
    return f"{method} {target} HTTP/1.1\r\nHost: docker\r\n\r\n".encode()


def read_until(client, end):
    """Read until `end` has come, or the connection is closed."""
    data = b""
    while not data.endswith(end) and (more := client.recv(65536)):
        data += more
    return data


def read_all(client):
    data = b""
    while more := client.recv(65536):
        data += more
    return data


@pytest.mark.parametrize(
    "target",
    [
        "/_ping",
        "/version",
        "/v1.41/version",
        "/v1.41/info",
        "/v1.41/events?since=1&filters=%7B%7D",
        "/v1.41/containers/json?all=1",
        "/v1.41/containers/0123456789ab/json",
        "/containers/homeiq-influxdb/json",
        "/v1.151/containers/a_b.c-d/logs?follow=1&stdout=1",
    ],
    ids=str,
)
def test_the_permitted_reads_pass_as_they_are(before_fake, fake_engine, target):
    with connected(before_fake) as client:
        client.sendall(get(target))
        assert REPLY == read_until(client, b"9")

    assert get(target) == fake_engine.received
    assert [] == before_fake.violations


@pytest.mark.parametrize(
    "request_head",
    [
        pytest.param(get("/v1.41/containers/create", "POST"), id="create"),
        pytest.param(get("/v1.41/containers/x", "DELETE"), id="delete"),
        pytest.param(get("/v1.41/containers/x/logs", "POST"), id="a read's path with another method"),
        pytest.param(get("/_ping", "HEAD"), id="HEAD"),
        pytest.param(get("/_ping", "get"), id="a method in small letters"),
        pytest.param(get("/v1.41/containers/x/attach/ws"), id="attach"),
        pytest.param(get("/v1.41/images/json"), id="images"),
        pytest.param(get("/v1.41/containers/x/exec"), id="exec"),
        pytest.param(get("/v1.41/containers/x/archive?path=/etc/shadow"), id="a file of a container"),
        pytest.param(get("/v1.41/containers/x/logs/"), id="slash at the end"),
        pytest.param(get("//containers/json"), id="double slash in front"),
        pytest.param(get("/v1.41/containers//json"), id="double slash inside"),
        pytest.param(get("/v1.41/containers/../json"), id="dot dot as an ID"),
        pytest.param(get("/v1.41/containers/x/../../images/json"), id="dot dot in the path"),
        pytest.param(get("/v1.41/containers/%2e%2e/json"), id="encoded dots"),
        pytest.param(get("/v1.41/containers/x%2fjson"), id="an encoded slash"),
        pytest.param(get("/v1.41/containers/x/json%00/logs"), id="an encoded NUL"),
        pytest.param(get("/v1.41/v1.41/containers/json"), id="the version twice"),
        pytest.param(get("/v1/version"), id="a version of another form"),
        pytest.param(get("http://docker/v1.41/version"), id="a whole URL"),
        pytest.param(get("/ _ping"), id="a space in the path"),
        pytest.param(b"hello\r\n\r\n", id="no HTTP"),
        pytest.param(b"GET /_ping HTTP/1.1\r\nContent-Length: 4\r\n\r\nPOST", id="a body"),
        pytest.param(b"GET /_ping HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", id="a chunked body"),
        pytest.param(
            b"GET /_ping HTTP/1.1\r\nA: b\n\nPOST /images/create HTTP/1.1\r\n\r\n",
            id="a second request behind a bare newline",
        ),
    ],
)
def test_anything_else_is_refused_recorded_and_never_reaches_the_engine(before_fake, fake_engine, request_head):
    with connected(before_fake) as client:
        client.sendall(request_head)
        reply = read_all(client)

    assert reply.startswith(b"HTTP/1.1 403 ")
    assert b"" == fake_engine.received
    assert before_fake.requests == before_fake.violations
    assert 1 == len(before_fake.violations)


def test_a_refused_request_ends_its_connection_and_no_other(before_fake, fake_engine):
    with connected(before_fake) as good, connected(before_fake) as bad:
        bad.sendall(get("/images/json") + get("/_ping"))
        read_all(bad)
        good.sendall(get("/version"))
        assert REPLY == read_until(good, b"9")

    assert get("/version") == fake_engine.received


def test_violations_fail_the_test_and_say_what_was_asked(before_fake):
    before_fake.fail_on_violations()

    with connected(before_fake) as client:
        client.sendall(get("/images/json?all=1"))
        read_all(client)

    with pytest.raises(pytest.fail.Exception, match=r"may: GET /images/json"):
        before_fake.fail_on_violations()


def test_many_requests_go_over_one_connection(before_fake, fake_engine):
    targets = [f"/containers/c{number}/json?size={number}" for number in range(50)]

    with connected(before_fake) as client:
        for target in targets:
            client.sendall(get(target))
            assert REPLY == read_until(client, b"9")

    assert [Request("GET", *target.split("?")) for target in targets] == before_fake.requests
    assert {"size": "49"} == before_fake.requests[-1].parameters


def test_a_request_may_come_byte_by_byte(before_fake, fake_engine):
    with connected(before_fake) as client:
        for byte in get("/_ping"):
            client.sendall(bytes([byte]))
        assert REPLY == read_until(client, b"9")


def test_an_engine_that_is_down_shows_as_a_connection_without_reply(tmp_path):
    with Proxy(tmp_path / "p", tmp_path / "nobody") as proxy, connected(proxy) as client:
        assert b"" == client.recv(1)


@pytest.mark.parametrize("status", [403, 404, 501])
def test_an_answer_is_given_in_the_engines_stead(before_fake, fake_engine, status):
    before_fake.inject(r"/logs$", Answer(status, "no such thing"))

    with connected(before_fake) as client:
        client.sendall(get("/containers/x/logs?follow=1"))
        head, _, body = read_all(client).partition(b"\r\n\r\n")

    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert {"message": "no such thing"} == json.loads(body)
    assert b"" == fake_engine.received
    assert [] == before_fake.violations


@pytest.mark.parametrize("after", range(11))
def test_a_cut_lets_the_head_and_so_many_bytes_of_the_body_through(before_fake, after):
    before_fake.inject(r"/logs$", Cut(after))

    with connected(before_fake) as client:
        client.sendall(get("/containers/x/logs"))
        assert REPLY[: len(HEAD) + after] == read_all(client)


def test_a_cut_beyond_the_end_leaves_the_next_reply_alone(before_fake):
    before_fake.inject(r"/logs$", Cut(15))

    with connected(before_fake) as client:
        for target in ("/containers/x/logs", "/version", "/version"):
            client.sendall(get(target))
            assert REPLY == read_until(client, b"9")


def test_a_hang_up_closes_without_a_byte(before_fake, fake_engine):
    before_fake.inject(r"/_ping$", HangUp())

    with connected(before_fake) as client:
        client.sendall(get("/_ping"))
        assert b"" == read_all(client)
    assert b"" == fake_engine.received


def test_a_fault_strikes_as_often_as_told_and_only_where_its_pattern_fits(before_fake):
    before_fake.inject(r"/logs$", HangUp(), times=2)

    replies = []
    for target in ("/version", "/containers/x/logs", "/containers/x/logs", "/containers/x/logs"):
        with connected(before_fake) as client:
            client.sendall(get(target))
            replies.append(read_until(client, b"9"))

    assert [REPLY, b"", b"", REPLY] == replies


def test_healing_forgets_all_faults(before_fake):
    before_fake.inject("", HangUp())
    before_fake.heal()

    with connected(before_fake) as client:
        client.sendall(get("/_ping"))
        assert REPLY == read_until(client, b"9")


def test_a_fault_may_be_for_one_kind_of_query(before_fake):
    before_fake.inject(r"/logs\?.*follow=1", HangUp())

    replies = []
    for target in ("/containers/x/logs?follow=0", "/containers/x/logs?follow=1"):
        with connected(before_fake) as client:
            client.sendall(get(target))
            replies.append(read_until(client, b"9"))

    assert [REPLY, b""] == replies


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Delay(0.3), id="delay"),
        pytest.param(Stall(0, 0.3), id="stall before the body"),
        pytest.param(Stall(5, 0.3), id="stall inside"),
        pytest.param(Trickle(10, 0.03), id="trickle"),
        pytest.param(Trickle(3, 0.1), id="trickle of a part"),
    ],
)
def test_what_comes_late_comes_whole(before_fake, fault):
    before_fake.inject(r"/logs$", fault)

    with connected(before_fake) as client:
        started = time.monotonic()
        client.sendall(get("/containers/x/logs"))
        assert REPLY == read_until(client, b"9")
        assert time.monotonic() - started > 0.25

        client.sendall(get("/version"))
        assert REPLY == read_until(client, b"9")


def test_a_delay_keeps_the_head_and_a_stall_lets_it_through(before_fake):
    for fault, first in ((Delay(FOR_EVER), b""), (Stall(4, FOR_EVER), REPLY[: len(HEAD) + 4])):
        before_fake.heal()
        before_fake.inject(r"/logs$", fault)
        with connected(before_fake) as client:
            client.sendall(get("/containers/x/logs"))
            client.settimeout(0.5)
            seen = b""
            with suppress(TimeoutError):
                while data := client.recv(65536):
                    seen += data
            assert first == seen


@pytest.mark.parametrize("at", range(10))
def test_corruption_turns_one_bit_of_the_body(before_fake, at):
    before_fake.inject(r"/logs$", Corrupt(at))

    with connected(before_fake) as client:
        client.sendall(get("/containers/x/logs"))
        reply = b""
        while len(reply) < len(REPLY):
            reply += client.recv(65536)

    (turned,) = (place for place, byte in enumerate(REPLY) if byte != reply[place])
    assert (len(HEAD) + at, REPLY[turned] ^ 1) == (turned, reply[turned])


def test_an_idle_connection_is_cut_and_a_busy_one_is_not(before_fake):
    before_fake.idle_seconds = 1.0

    with connected(before_fake) as busy, connected(before_fake) as idle:
        ended = time.monotonic() + 3
        while time.monotonic() < ended:
            busy.sendall(get("/_ping"))
            assert REPLY == read_until(busy, b"9")
            time.sleep(0.05)
        assert b"" == idle.recv(1)


def test_all_connections_are_cut_at_once_and_new_ones_are_welcome(before_fake):
    with connected(before_fake) as first, connected(before_fake) as second:
        for client in (first, second):
            client.sendall(get("/_ping"))
            read_until(client, b"9")
        before_fake.cut_all()
        assert (b"", b"") == (first.recv(1), second.recv(1))

    with connected(before_fake) as client:
        client.sendall(get("/_ping"))
        assert REPLY == read_until(client, b"9")


def test_while_it_is_away_nobody_is_served(before_fake, fake_engine):
    with before_fake.away(), connected(before_fake) as client:
        with suppress(BrokenPipeError):
            client.sendall(get("/_ping"))
        assert not ended_with_a_reply(client)
    assert b"" == fake_engine.received

    with connected(before_fake) as client:
        client.sendall(get("/_ping"))
        assert REPLY == read_until(client, b"9")


def ended_with_a_reply(client):
    try:
        return client.recv(1) != b""
    except ConnectionResetError:
        return False


def test_chaos_is_drawn_from_its_seed():
    def drawn(seed):
        random = Random(seed)
        return [Chaos(seed).fault(random, "/containers/x/logs") for _ in range(200)]

    assert drawn(7) == drawn(7)
    assert drawn(7) != drawn(8)
    assert 10 < sum(fault is not None for fault in drawn(7)) < 90


def test_chaos_spares_what_it_is_told_to():
    random, chaos = Random(1), Chaos(1, share=1.0, spared=re.compile("/events"))

    assert chaos.fault(random, "/events") is None
    assert chaos.fault(random, "/containers/x/logs") is not None


def test_chaos_strikes_while_it_is_on_and_leaves_no_trace_behind(before_fake):
    before_fake.chaos(Chaos(1, share=1.0, cut_every_s=0.05, longest_rest_s=0.1))
    struck = 0
    for _ in range(50):
        with connected(before_fake) as client, suppress(ConnectionError):
            client.sendall(get("/containers/x/logs"))
            struck += read_until(client, b"9") != REPLY
    before_fake.calm()

    assert struck > 5
    with connected(before_fake) as client:
        for _ in range(20):
            client.sendall(get("/containers/x/logs"))
            assert REPLY == read_until(client, b"9")


def test_a_log_comes_through_the_proxy_byte_by_byte(engine, emitter, proxy):
    """The reply's body on the wire, chunks and frames included, is the one that the engine gives."""
    every_byte = bytes(range(256))
    script = Script().out(every_byte * 300).err(every_byte[::-1] * 200).out(b"\ntail")
    container = emitter.play(script, log_driver="local")
    ask = get(f"/v1.41/containers/{container.id}/logs?stdout=1&stderr=1&timestamps=1")

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as direct, connected(proxy) as proxied:
        direct.connect(str(engine.socket))
        bodies = []
        for client in (direct, proxied):
            client.sendall(ask)
            bodies.append(read_until(client, LAST_CHUNK).partition(b"\r\n\r\n")[2])

    assert len(bodies[0]) > 500 * 256
    assert bodies[0] == bodies[1]


def test_dockers_client_reads_logs_through_the_proxy(emitter, proxy):
    burst = Burst(20_000, size=100, mix=Mix.BOTH)
    container = emitter.burst(burst, name="homeiq-influxdb")

    client = APIClient(base_url=proxy.url)
    for stream in Stream:
        out, err = stream is Stream.STDOUT, stream is Stream.STDERR
        assert burst.expected(stream) == client.logs("homeiq-influxdb", stdout=out, stderr=err).splitlines()
    assert [container.id] == [each["Id"] for each in client.containers(all=True)]
    client.close()

    paths = {re.sub(r"^/v1\.\d+", "", request.path) for request in proxy.requests}
    assert {
        "/version",
        "/containers/json",
        "/containers/homeiq-influxdb/json",
        "/containers/homeiq-influxdb/logs",
    } == paths


def test_lines_come_through_while_the_container_runs(emitter, proxy):
    container = emitter.play(Script().out(b"first\n").pause(60), wait=False)

    with connected(proxy) as client:
        client.sendall(get(f"/v1.41/containers/{container.id}/logs?stdout=1&follow=1"))
        assert read_until(client, b"first\n\r\n").endswith(b"first\n\r\n")
        assert container.inspect()["State"]["Running"]


def test_an_engines_own_errors_come_through(emitter, proxy):
    client = APIClient(base_url=proxy.url)
    with pytest.raises(NotFound, match="No such container: nobody"):
        client.inspect_container("nobody")
    client.close()


def test_nothing_is_created_through_the_proxy(engine, emitter, proxy):
    before = engine.containers()

    client = APIClient(base_url=proxy.url)
    with pytest.raises(APIError, match="lets reads through only"):
        client.create_container(emitter.image, "true")
    client.close()

    assert before == engine.containers()
    assert ["/containers/create"] == [re.sub(r"^/v1\.\d+", "", each.path) for each in proxy.violations]
    proxy.violations.clear()
