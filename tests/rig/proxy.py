"""Proxy: stands between logscan and the engine, lets reads through and remembers everything.

Owns the list of what logscan may ask, the record of what it did ask, and faults on demand. Does not
own any knowledge of log streams: replies pass as the bytes they are, when they come.

Each client has a connection of its own to the engine. One thread reads requests and forwards them;
another copies replies until the engine closes. So no reply needs to be understood to know where it
ends, which matters: a log stream ends with its last chunk, and the engine leaves the connection open.
"""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import parse_qsl

import pytest

ALLOWED = re.compile(
    r"(?:/v1\.[0-9]{1,3})?/(?:_ping|version|info|events|containers/json|containers/[A-Za-z0-9][A-Za-z0-9_.-]*/(?:json|logs))"
)
"""All that logscan may GET. An ID starts with a letter or digit, and nothing may be encoded, so that
neither `..` nor `//` nor `%2e` can make the engine see another path than this one."""

HEAD_END = b"\r\n\r\n"
MAX_HEAD_BYTES = 64 << 10
READ_BYTES = 256 << 10


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asked. `query` as it stood, behind the `?`."""

    method: str
    path: str
    query: str = ""

    @property
    def parameters(self) -> dict[str, str]:
        return dict(parse_qsl(self.query, keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class Answer:
    """A fault: answer in the engine's stead, as it words its errors."""

    status: int
    message: str


@dataclass(frozen=True, slots=True)
class Cut:
    """A fault: close after `after` bytes of the reply's body, counted as they are on the wire."""

    after: int


@dataclass(frozen=True, slots=True)
class HangUp:
    """A fault: close without a byte."""


Fault = Answer | Cut | HangUp


@dataclass(slots=True)
class Rule:
    """A fault for the paths in which `pattern` is found, for the next `times` requests."""

    pattern: re.Pattern[str]
    fault: Fault
    times: float


class Proxy:
    """A listening proxy; a context manager. `url` is for logscan, `requests` and `violations` for tests."""

    def __init__(self, listen: Path, engine: Path) -> None:
        self.url = f"unix://{listen}"
        self.requests: list[Request] = []
        self.violations: list[Request] = []
        self._listen = listen
        self._engine = engine
        self._rules: list[Rule] = []
        self._rules_lock = threading.Lock()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._serving: list[tuple[threading.Thread, socket.socket]] = []

    def __enter__(self) -> Self:
        self._listener.bind(str(self._listen))
        self._listener.listen(64)
        self._accepting.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Close all connections, and return when no thread of the proxy is left."""
        hang_up(self._listener)
        self._accepting.join()
        for thread, client in self._serving:
            hang_up(client)
            thread.join()
        self._listener.close()
        self._listen.unlink()

    def inject(self, pattern: str, fault: Fault, *, times: float = float("inf")) -> None:
        """Answer the next `times` allowed requests whose path holds `pattern` with `fault`."""
        self._rules.append(Rule(re.compile(pattern), fault, times))

    def heal(self) -> None:
        """Forget all faults."""
        self._rules.clear()

    def fail_on_violations(self) -> None:
        """Fail the test when logscan asked for anything but the permitted reads."""
        if self.violations:
            asked = ", ".join(f"{request.method} {request.path}" for request in self.violations)
            pytest.fail(f"logscan asked the engine for more than it may: {asked}", pytrace=False)

    def _accept(self) -> None:
        with suppress(OSError):  # the listener was shut down
            while True:
                client, _ = self._listener.accept()
                thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
                self._serving.append((thread, client))
                thread.start()

    def _serve(self, client: socket.socket) -> None:
        """Serve one client until one side closes, or until something was refused.

        An engine that is down shows as a connection that closes without a reply.
        """
        with client, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as engine, suppress(OSError):
            engine.connect(str(self._engine))
            replies = Replies(engine, client)
            copier = threading.Thread(target=replies.copy, daemon=True)
            copier.start()
            try:
                for head in heads(client):
                    if not self._forward(head, client, engine, replies):
                        break
            finally:
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
        cut = None
        match self._fault(request):
            case Answer(status, message):
                client.sendall(error_reply(status, message))
                return False
            case HangUp():
                return False
            case Cut(after):
                cut = after
        replies.expect(cut)
        engine.sendall(head)
        return True

    def _fault(self, request: Request) -> Fault | None:
        with self._rules_lock:
            for rule in self._rules:
                if rule.times > 0 and rule.pattern.search(request.path):
                    rule.times -= 1
                    return rule.fault
        return None


class Replies:
    """Copies what the engine says to one client, and stops in the middle when told to."""

    def __init__(self, engine: socket.socket, client: socket.socket) -> None:
        self._engine = engine
        self._client = client
        self.expect(None)

    def expect(self, cut: int | None) -> None:
        """A reply comes next, of which the head and `cut` bytes of the body may pass; None: all."""
        self._cut = cut
        self._reply = b""
        self._passed = 0

    def copy(self) -> None:
        """Copy until the engine closes or a reply is cut, then close."""
        with suppress(OSError):
            while (data := self._engine.recv(READ_BYTES)) and self._pass(data):
                pass
        hang_up(self._client)

    def _pass(self, data: bytes) -> bool:
        if self._cut is None:
            self._client.sendall(data)
            return True
        self._reply += data
        body = self._reply.find(HEAD_END) + len(HEAD_END)
        if body < len(HEAD_END):
            return True
        end = body + self._cut
        self._client.sendall(self._reply[self._passed : end])
        self._passed = len(self._reply)
        return self._passed < end


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
