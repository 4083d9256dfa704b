"""Faults: what a proxy may do to one request and its reply, and chaos, which draws them from a seed.

Owns the kinds of faults and what each does to the bytes of a reply. Does not own connections (proxy), nor
what logscan should make of a fault (the tests).

Positions are bytes of the reply's body as they are on the wire, HTTP chunks included.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

HEAD_END = b"\r\n\r\n"
FOR_EVER = float("inf")


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer in the engine's stead, as it words its errors."""

    status: int
    message: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """Close without a byte."""


@dataclass(frozen=True, slots=True)
class Delay:
    """Keep the whole reply, its head included, for so long."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Cut:
    """Close after `after` bytes of the body."""

    after: int


@dataclass(frozen=True, slots=True)
class Stall:
    """Deliver nothing for `seconds` after `after` bytes of the body; `FOR_EVER` makes it a black hole."""

    after: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Trickle:
    """Deliver the first `size` bytes of the body one by one, with `seconds` between them."""

    size: int
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Corrupt:
    """Turn one bit of the body's byte at `at`."""

    at: int


ReplyFault = Delay | Cut | Stall | Trickle | Corrupt
Fault = Answer | HangUp | ReplyFault


class Passage:
    """One reply on its way to the client, and what its fault does to it.

    `rest` waits so many seconds, or until the connection is over, and tells whether it goes on.
    """

    def __init__(self, fault: ReplyFault, send: Callable[[bytes], None], rest: Callable[[float], bool]) -> None:
        self._fault = fault
        self._send = send
        self._rest = rest
        self._head = b""
        self._in_body = False
        self._passed = 0

    def take(self, data: bytes) -> bool:
        """Pass on what the engine said. False: the connection is to be closed."""
        if self._in_body:
            return self._take_body(data)
        self._head += data
        end = self._head.find(HEAD_END) + len(HEAD_END)
        if end < len(HEAD_END):
            return True
        if isinstance(self._fault, Delay) and not self._rest(self._fault.seconds):
            return False
        self._in_body = True
        self._send(self._head[:end])
        return self._take_body(self._head[end:])

    def _take_body(self, data: bytes) -> bool:
        begin, self._passed = self._passed, self._passed + len(data)
        match self._fault:
            case Cut(after):
                self._send(data[: max(0, after - begin)])
                return self._passed < after
            case Stall(after, seconds) if begin <= after < self._passed:
                self._send(data[: after - begin])
                if not self._rest(seconds):
                    return False
                data = data[after - begin :]
            case Trickle(size, seconds) if begin < size:
                for byte in data[: size - begin]:
                    self._send(bytes([byte]))
                    if seconds and not self._rest(seconds):
                        return False
                data = data[max(0, size - begin) :]
            case Corrupt(at) if begin <= at < self._passed:
                turned = bytearray(data)
                turned[at - begin] ^= 1
                data = bytes(turned)
        self._send(data)
        return True


@dataclass(frozen=True, slots=True)
class Chaos:
    """Faults at random, the same for the same seed and the same order of requests.

    `share` of the replies get a fault, those of `spared` paths none; every `cut_every_s` seconds, about, a
    connection is cut wherever it is. No fault changes bytes or refuses for good: what happens here may delay
    logscan, and may never cost it a line.
    """

    seed: int
    share: float = 0.2
    cut_every_s: float = 0.5
    longest_rest_s: float = 2.0
    black_holes: bool = False
    spared: re.Pattern[str] | None = None

    def fault(self, random: Random, path: str) -> Fault | None:
        """Draw what happens to the next request."""
        if (self.spared is not None and self.spared.search(path)) or random.random() >= self.share:
            return None
        after = int(10 ** random.uniform(0, 5.5))
        drawn: list[Fault] = [
            HangUp(),
            Delay(random.uniform(0, self.longest_rest_s)),
            Cut(after),
            Cut(after),
            Stall(after, random.uniform(0, self.longest_rest_s)),
            Trickle(min(after, 3000)),
        ]
        if self.black_holes:
            drawn.append(Stall(after, FOR_EVER))
        return random.choice(drawn)
