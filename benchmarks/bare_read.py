"""Read a container's log from the engine's socket, and do nothing with it: the floor for any reader.

    python -I -S benchmarks/bare_read.py SOCKET CONTAINER

Asks what logscan asks, timestamps included, and prints how many bytes came. Whatever takes longer
than this does so by itself; what this takes is the engine's. Exits with 1 when the engine refuses.
"""

from __future__ import annotations

import socket
import sys

READ_BYTES = 1 << 20
REQUEST = "GET /containers/{}/logs?stdout=1&stderr=1&timestamps=1 HTTP/1.1\r\nHost: engine\r\nConnection: close\r\n\r\n"


def read_all(address: str, container: str) -> int:
    """Read until the engine closes. Gives the bytes on the wire, the reply's head and the chunks' included."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as engine:
        engine.connect(address)
        engine.sendall(REQUEST.format(container).encode("ascii"))
        first = engine.recv(READ_BYTES)
        if not first.startswith(b"HTTP/1.1 200 "):
            sys.exit(first.decode("utf-8", "replace"))
        total = len(first)
        buffer = bytearray(READ_BYTES)
        while size := engine.recv_into(buffer):
            total += size
    return total


if __name__ == "__main__":
    print(read_all(*sys.argv[1:]))
