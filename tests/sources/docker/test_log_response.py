"""The body of a logs answer arrives whole, however its bytes were cut on the way."""

import io
import socket
import ssl
import subprocess
import threading

from logscan.sources.docker import log_response
from logscan.sources.docker.log_response import LogResponse


class Body:
    """Stands for the SDK's response: a connection, and what its buffered reader holds of the body already."""

    def __init__(self, connection, *, chunked=True, length=None):
        self.headers = {} if length is None else {"Content-Length": str(length)}
        self.raw = self
        self._fp = self
        self.chunked = chunked
        self.fp = connection.makefile("rb")

    def close(self):
        self.fp.close()


def read(pieces, *, chunked=True, length=None):
    """Read what a peer sends in these pieces, until the framing would stop asking."""
    ours, theirs = socket.socketpair()
    got = b""
    with ours, theirs, LogResponse(Body(ours, chunked=chunked, length=length)) as response:
        blocks = response.blocks(sleep=lambda _: None)
        for number, piece in enumerate(pieces):
            theirs.sendall(piece)
            if number == len(pieces) - 1 or not chunked:
                got += next(blocks)
    return got


def test_a_last_chunk_in_two_reads_ends_the_log(monkeypatch):
    monkeypatch.setattr(log_response, "READ_BYTES", 13)
    assert b"5\r\nhello\r\n0\r\n\r\n" == read([b"5\r\nhello\r\n0\r\n\r\n"])


def test_a_body_with_a_length_is_handed_on_as_it_comes():
    assert b"hello world" == read([b"hello ", b"world"], chunked=False, length=11)


def test_a_tls_engine_that_sends_its_headers_first_is_waited_for(tmp_path):
    cert = tmp_path / "cert.pem"
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-subj",
            "/CN=x",
            "-days",
            "1",
            "-keyout",
            tmp_path / "key.pem",
            "-out",
            cert,
        ],
        check=True,
        capture_output=True,
    )
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    server.load_cert_chain(cert, tmp_path / "key.pem")
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    ours, theirs = socket.socketpair()
    ready = threading.Event()

    def serve():
        with server.wrap_socket(theirs, server_side=True) as peer:
            ready.wait(10)
            peer.sendall(b"2\r\nhi\r\n0\r\n\r\n")

    thread = threading.Thread(target=serve)
    thread.start()
    with client.wrap_socket(ours) as connection, LogResponse(Body(connection)) as response:
        blocks = response.blocks(sleep=lambda _: None)
        threading.Timer(0.2, ready.set).start()
        assert b"2\r\nhi\r\n0\r\n\r\n" == next(blocks)
    thread.join(10)


def test_without_a_socket_the_buffered_reader_is_read():
    class Plain(Body):
        def __init__(self):
            self.headers, self.raw, self._fp, self.chunked = {}, self, self, True
            self.fp = io.BufferedReader(io.BytesIO(b"2\r\nhi\r\n0\r\n\r\n"))

    assert b"2\r\nhi\r\n0\r\n\r\n" == b"".join(LogResponse(Plain()).blocks(sleep=lambda _: None))
