"""HTTP chunks come off in any pieces, and a cut body is an error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logscan.errors import ProtocolError, StreamTruncated
from logscan.framing.chunks import MAX_CHUNK_BYTES, ChunkDecoder, IdentityDecoder
from tests.framing.wire import chunked


def fed(decoder, data, size=1 << 30):
    return b"".join(decoder.feed(data[at : at + size]) for at in range(0, len(data), size))


@given(st.binary(max_size=200), st.lists(st.integers(1, 50), min_size=1), st.integers(1, 60))
def test_any_chunk_sizes_in_any_pieces_give_the_body(body, sizes, piece):
    decoder = ChunkDecoder()
    assert body == fed(decoder, chunked(body, sizes), piece)
    decoder.finish()
    assert decoder.ended


def test_a_body_cut_at_any_byte_is_truncated():
    wire = chunked(b"one\r\ntwo" * 3, [5, 9])
    for cut in range(len(wire)):
        decoder = ChunkDecoder()
        fed(decoder, wire[:cut])
        with pytest.raises(StreamTruncated):
            decoder.finish()


@pytest.mark.parametrize(
    "wire",
    [
        pytest.param(b"zz\r\nab\r\n", id="a size that is no number"),
        pytest.param(b"-2\r\nab\r\n", id="a size with a sign"),
        pytest.param(b"1_0\r\nab\r\n", id="a size with an underscore"),
        pytest.param(b"\r\n\r\n", id="an empty size"),
        pytest.param(b"2\r\nabcd", id="a chunk longer than its size"),
        pytest.param(b"a" * 300, id="a size line without end"),
        pytest.param(b"%x\r\n" % (MAX_CHUNK_BYTES + 1), id="an absurd size"),
    ],
)
def test_what_is_no_chunk_is_a_protocol_error(wire):
    with pytest.raises(ProtocolError):
        ChunkDecoder().feed(wire)


def test_upper_case_sizes_and_extensions_are_read():
    assert b"0123456789" == ChunkDecoder().feed(b"A;name=value\r\n0123456789\r\n0\r\n\r\n")


def test_what_follows_the_last_chunk_is_another_answer():
    decoder = ChunkDecoder()
    assert b"a" == decoder.feed(b"1\r\na\r\n0\r\n\r\nHTTP/1.1 200 OK")
    assert b"" == decoder.feed(b"more")


def test_a_body_with_a_length_ends_there_and_not_before():
    decoder = IdentityDecoder(4)
    assert b"abcd" == decoder.feed(b"abc") + decoder.feed(b"defg")
    assert decoder.ended
    short = IdentityDecoder(4)
    short.feed(b"abc")
    with pytest.raises(StreamTruncated):
        short.finish()


def test_a_body_without_a_length_ends_with_the_connection():
    decoder = IdentityDecoder(None)
    assert b"abc" == decoder.feed(b"abc")
    decoder.finish()
