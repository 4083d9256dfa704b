"""Proxy: stands between logscan and the engine, lets reads through and remembers everything.

Owns the list of what logscan may ask, the record of what it did ask, and when faults strike. Does not
own what a fault does to a reply (faults), nor any knowledge of log streams: replies pass as the bytes
they are, when they come.

Each client has a connection of its own to the engine. One thread reads requests and forwards them;
another copies replies until the engine closes. So no reply needs to be understood to know where it
ends, which matters: a log stream ends with its last chunk, and the engine leaves the connection open.
"""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Self
from urllib.parse import parse_qsl

import pytest

from tests.rig.faults import FOR_EVER, HEAD_END, Answer, Chaos, Fault, HangUp, Passage, ReplyFault

ALLOWED = re.compile(
    r"(?:/v1\.[0-9]{1,3})?/(?:_ping|version|info|events|containers/json|containers/[A-Za-z0-9][A-Za-z0-9_.-]*/(?:json|logs))"
)
"""All that logscan may GET. An ID starts with a letter or digit, and nothing may be encoded, so that
neither `..` nor `//` nor `%2e` can make the engine see another path than this one."""

BACKLOG = 1024
MAX_HEAD_BYTES = 64 << 10
READ_BYTES = 256 << 10


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asked. `query` as it stood, behind the `?`."""

    method: str
    path: str
    query: str = ""

    @property
    def target(self) -> str:
        return f"{self.path}?{self.query}"

    @property
    def parameters(self) -> dict[str, str]:
        return dict(parse_qsl(self.query, keep_blank_values=True))


@dataclass(slots=True)
class Rule:
    """A fault for the requests in whose path and query `pattern` is found, for the next `times` requests."""

    pattern: re.Pattern[str]
    fault: Fault
    times: float


class Proxy:
    """A listening proxy; a context manager. `url` is for logscan, `requests` and `violations` for tests."""

    def __init__(self, listen: Path, engine: Path) -> None:
        self.url = f"unix://{listen}"
        self.requests: list[Request] = []
        self.violations: list[Request] = []
        self.idle_seconds: float | None = None
        """Connections made from now on are cut when nothing has passed for so long, as load balancers do."""
        self._listen = listen
        self._engine = engine
        self._rules: list[Rule] = []
        self._chaos: Mayhem | None = None
        self._away = False
        self._lock = threading.Lock()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._serving: list[tuple[threading.Thread, socket.socket]] = []

    def __enter__(self) -> Self:
        self._listener.bind(str(self._listen))
        self._listener.listen(BACKLOG)
        self._accepting.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Close all connections, and return when no thread of the proxy is left."""
        self.calm()
        hang_up(self._listener)
        self._accepting.join()
        for thread, client in self._serving:
            hang_up(client)
            thread.join()
        self._listener.close()
        self._listen.unlink()

    def inject(self, pattern: str, fault: Fault, *, times: float = float("inf")) -> None:
        """Answer the next `times` allowed requests whose path, or `path?query`, holds `pattern` with `fault`."""
        with self._lock:
            self._rules.append(Rule(re.compile(pattern), fault, times))

    def heal(self) -> None:
        """Forget all faults; what they have done to replies under way remains."""
        with self._lock:
            self._rules.clear()

    def cut_all(self) -> None:
        """Cut every connection that there is."""
        for client in self._clients():
            hang_up(client)

    @contextmanager
    def away(self) -> Iterator[None]:
        """Be gone inside: cut everything, and hang up on whoever comes."""
        self._away = True
        try:
            self.cut_all()
            yield
        finally:
            self._away = False

    def chaos(self, chaos: Chaos) -> None:
        """Begin to strike at random."""
        self.calm()
        self._chaos = Mayhem(chaos, self._clients)

    def calm(self) -> None:
        """End the chaos, and with it what it has left stalled."""
        if self._chaos is not None:
            self._chaos.end()
            self._chaos = None
            self.cut_all()

    def asked(self, pattern: str) -> int:
        """Tell how often something was asked for whose `path?query` holds `pattern`."""
        return sum(re.search(pattern, request.target) is not None for request in list(self.requests))

    def fail_on_violations(self) -> None:
        """Fail the test when logscan asked for anything but the permitted reads."""
        if self.violations:
            asked = ", ".join(f"{request.method} {request.path}" for request in self.violations)
            pytest.fail(f"logscan asked the engine for more than it may: {asked}", pytrace=False)

    def _clients(self) -> list[socket.socket]:
        with self._lock:
            self._serving = [each for each in self._serving if each[0].is_alive()]
            return [client for _, client in self._serving]

    def _accept(self) -> None:
        with suppress(OSError):  # the listener was shut down
            while True:
                client, _ = self._listener.accept()
                if self._away:
                    client.close()
                    continue
                thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
                thread.start()
                self._clients()  # forgets those that are over
                with self._lock:
                    self._serving.append((thread, client))

    def _serve(self, client: socket.socket) -> None:
        """Serve one client until one side closes, or until something was refused.

        An engine that is down shows as a connection that closes without a reply.
        """
        with client, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as engine, suppress(OSError):
            engine.connect(str(self._engine))
            replies = Replies(engine, client, self.idle_seconds)
            copier = threading.Thread(target=replies.copy, daemon=True)
            copier.start()
            try:
                for head in heads(client):
                    if not self._forward(head, client, engine, replies):
                        break
            finally:
                replies.over()
                hang_up(engine)
                copier.join()

    def _forward(self, head: bytes, client: socket.socket, engine: socket.socket, replies: Replies) -> bool:
        """Pass one request on, or answer it here. False ends the connection."""
        request = parse(head)
        self.requests.append(request)
        if not may_pass(request, head):
            self.violations.append(request)
            client.sendall(error_reply(403, "the proxy lets reads through only"))
            return False
        fault = self._fault(request)
        match fault:
            case Answer(status, message):
                client.sendall(error_reply(status, message))
                return False
            case HangUp():
                return False
        replies.expect(fault)
        engine.sendall(head)
        return True

    def _fault(self, request: Request) -> Fault | None:
        with self._lock:
            for rule in self._rules:
                if rule.times > 0 and (rule.pattern.search(request.path) or rule.pattern.search(request.target)):
                    rule.times -= 1
                    return rule.fault
        chaos = self._chaos
        return chaos.fault(request.path) if chaos is not None else None


class Mayhem:
    """A chaos that is on: faults for requests as they come, and a thread that cuts connections."""

    def __init__(self, chaos: Chaos, clients: Callable[[], list[socket.socket]]) -> None:
        self._chaos = chaos
        self._clients = clients
        self._random = Random(chaos.seed)
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._cutting = threading.Thread(target=self._cut, daemon=True)
        self._cutting.start()

    def fault(self, path: str) -> Fault | None:
        with self._lock:
            return self._chaos.fault(self._random, path)

    def end(self) -> None:
        self._over.set()
        self._cutting.join()

    def _cut(self) -> None:
        random = Random(self._chaos.seed + 1)
        while not self._over.wait(random.uniform(0, 2 * self._chaos.cut_every_s)):
            if clients := self._clients():
                hang_up(random.choice(clients))


class Replies:
    """Copies what the engine says to one client, with the faults that the replies were given."""

    def __init__(self, engine: socket.socket, client: socket.socket, idle_seconds: float | None) -> None:
        self._engine = engine
        self._client = client
        self._idle_seconds = idle_seconds
        self._over = threading.Event()
        self.expect(None)

    def expect(self, fault: ReplyFault | None) -> None:
        """A reply comes next, which has this fault, or none."""
        self._active = time.monotonic()
        self._passage = None if fault is None else Passage(fault, self._client.sendall, self._rest)

    def over(self) -> None:
        """The connection ends: whatever rests for a fault rests no longer."""
        self._over.set()

    def copy(self) -> None:
        """Copy until the engine closes, a reply is cut or the connection is idle for too long, then close."""
        with suppress(OSError):
            while (data := self._receive()) and self._pass(data):
                pass
        hang_up(self._client)

    def _receive(self) -> bytes:
        """Wait for more of the engine; b"" when it has closed, or nothing has passed for too long."""
        while True:
            if self._idle_seconds is not None:
                left = self._active + self._idle_seconds - time.monotonic()
                if left <= 0:
                    return b""
                self._engine.settimeout(left)
            try:
                data = self._engine.recv(READ_BYTES)
            except TimeoutError:
                continue
            self._active = time.monotonic()
            return data

    def _pass(self, data: bytes) -> bool:
        passage = self._passage
        if passage is not None:
            return passage.take(data)
        self._client.sendall(data)
        return True

    def _rest(self, seconds: float) -> bool:
        return not self._over.wait(None if seconds == FOR_EVER else seconds)


def heads(client: socket.socket) -> Iterator[bytes]:
    """Give the head of each request on a connection, as it came, until the client closes."""
    pending = b""
    while True:
        while HEAD_END not in pending:
            data = client.recv(READ_BYTES)
            if not data or len(pending) > MAX_HEAD_BYTES:
                return
            pending += data
        head, _, pending = pending.partition(HEAD_END)
        yield head + HEAD_END


def parse(head: bytes) -> Request:
    """Read a request line; one that makes no sense is a request for nothing that is allowed."""
    words = head.partition(b"\r\n")[0].decode("latin-1").split(" ")
    method, target = (words[0], words[1]) if len(words) == 3 else ("?", " ".join(words))
    path, _, query = target.partition("?")
    return Request(method, path, query)


def may_pass(request: Request, head: bytes) -> bool:
    """Tell whether this is one of the permitted reads, and nothing else rides on it.

    A second request could hide in a body, or behind a bare newline, which Go takes for a line's end.
    """
    names = {line.partition(b":")[0].strip().lower() for line in head.split(b"\n")[1:]}
    return (
        request.method == "GET"
        and ALLOWED.fullmatch(request.path) is not None
        and names.isdisjoint({b"content-length", b"transfer-encoding"})
        and head.count(b"\n") == head.count(b"\r\n")
    )


def error_reply(status: int, message: str) -> bytes:
    """Word an error as the engine does, and announce that the connection ends."""
    body = json.dumps({"message": message}).encode()
    head = f"HTTP/1.1 {status} Fault\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


def hang_up(connection: socket.socket) -> None:
    """End a connection in both directions; threads that wait on it wake up."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
