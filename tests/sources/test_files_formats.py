"""What a file was found to be, and how Docker's stamps and compose's prefixes are read."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logscan.batch import MAX_LINE_BYTES, Container, Identity, Service
from logscan.sources.docker_stamps import PIECE_BYTES, join_pieces
from logscan.sources.files import FileSource
from logscan.sources.formats import Format, detect

FIXTURES = Path(__file__).parents[2] / "fixtures" / "files"
STAMP = b"2025-12-03T06:05:46.389703123Z "
STAMP_NS = int(datetime(2025, 12, 3, 6, 5, 46, tzinfo=UTC).timestamp()) * 10**9 + 389_703_123


def source_of(origin, **options):
    return FileSource(origin, **{"knows": lambda _: False, **options})


def lines_of(batches):
    lines = []
    for batch in batches:
        offset = 0
        while offset < len(batch.text):
            lines.append(batch.line_at(offset))
            offset = batch.span_at(offset)[1] + 1
    return lines


def read(data: bytes):
    return lines_of(source_of(io.BytesIO(data)).batches())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("homeassistant.log", Format.PLAIN, id="plain"),
        pytest.param("homeiq-websocket.log", Format.DOCKER_TIMESTAMPS, id="docker logs -t"),
        pytest.param("compose.log", Format.COMPOSE, id="compose in colour"),
        pytest.param("compose-timestamps.log", Format.COMPOSE, id="compose -t"),
        pytest.param("json-file.log", Format.JSON_FILE, id="json-file"),
    ],
)
def test_format_of_a_file(name, expected):
    assert expected == detect((FIXTURES / name).read_bytes())


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        pytest.param(b"", Format.PLAIN, id="nothing"),
        pytest.param(b"\n\n", Format.PLAIN, id="empty lines"),
        pytest.param(b"2025-10-14T09:04:11.269411Z lvl=info\n" * 3, Format.PLAIN, id="a program's own six digits"),
        pytest.param(b"2023-05-09T10:32:43Z E! [agent] x\n" * 3, Format.PLAIN, id="Telegraf"),
        pytest.param(b"INFO     | app.main:run:12 - x\n" * 3, Format.PLAIN, id="Loguru's columns"),
        pytest.param(b" 12  | x\n34  | y\n", Format.PLAIN, id="a table of numbers"),
        pytest.param(b'{"log":"x","level":"info"}\n' * 3, Format.PLAIN, id="a program's own JSON"),
        pytest.param(b"banner\n" + (STAMP + b"x\n") * 3, Format.DOCKER_TIMESTAMPS, id="a banner before the stamps"),
        pytest.param((STAMP + b"x\n") * 2 + STAMP[:12], Format.DOCKER_TIMESTAMPS, id="last line cut"),
        pytest.param(STAMP + b"x", Format.DOCKER_TIMESTAMPS, id="one line without newline"),
        pytest.param(b"\0\0\0\n" + b'{"stream":"stdout","time":"x"}\n' * 2, Format.JSON_FILE, id="json-file, damaged"),
        pytest.param(b"\x1b[33mweb_1  |\x1b[0m x\n", Format.COMPOSE, id="compose v1 in colour"),
    ],
)
def test_format_of_a_sample(sample, expected):
    assert expected == detect(sample)


def test_docker_stamp_is_the_time_and_not_the_text():
    lines = lines_of(source_of(FIXTURES / "homeiq-websocket.log").batches())
    assert [
        ("INFO:     Started server process [1]", STAMP_NS),
        ("WARNING:src.discovery:Discovery cache is stale", STAMP_NS + 10_296_877),
        ("", STAMP_NS + 10_296_877),
        (
            "2025-12-03 06:05:47,000 - websocket - ERROR - connection rejected (403 Forbidden)",
            STAMP_NS + 610_296_878,
        ),
    ] == [(line.text, line.time_ns) for line in lines]


@pytest.mark.parametrize(
    ("line", "text", "time_ns"),
    [
        pytest.param(b"2025-12-03T08:05:46.389703123+02:00 x", "x", STAMP_NS, id="offset"),
        pytest.param(b"2025-12-03T02:35:46.389703123-03:30 x", "x", STAMP_NS, id="negative offset"),
        pytest.param(b"no stamp", "no stamp", STAMP_NS, id="none: that of the line before"),
        pytest.param(b"2025-13-03T06:05:46.389703123Z x", "2025-13-03T06:05:46.389703123Z x", STAMP_NS, id="month 13"),
        pytest.param(b"2025-12-03T06:05:46Z x", "2025-12-03T06:05:46Z x", STAMP_NS - 389_703_123, id="not Docker's"),
    ],
)
def test_one_odd_line_among_stamped_ones(line, text, time_ns):
    lines = read(STAMP + b"a\n" + STAMP + b"b\n" + line + b"\n")
    assert (text, time_ns) == (lines[2].text, lines[2].time_ns)


def in_pieces(content: bytes) -> bytes:
    """Write a line as `docker logs -t` does."""
    pieces = [content[start : start + PIECE_BYTES] for start in range(0, len(content), PIECE_BYTES)]
    return STAMP + STAMP.join(pieces or [b""]) + b"\n"


@pytest.mark.parametrize(
    "size",
    [
        pytest.param(PIECE_BYTES - 1, id="one piece"),
        pytest.param(PIECE_BYTES, id="exactly one piece"),
        pytest.param(PIECE_BYTES + 1, id="one byte more"),
        pytest.param(5 * PIECE_BYTES + 7, id="six pieces"),
    ],
)
def test_stamp_stays_out_of_a_joined_line(size):
    content = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    data = STAMP + b"before\n" + in_pieces(content) + STAMP + b"after\n"
    source = source_of(io.BytesIO(data))
    (batch,) = source.batches()
    assert ["before", content.decode(), "after"] == [line.text for line in lines_of([batch])]
    assert content in batch.text


def test_stamps_go_from_the_tail_of_a_capped_line():
    content = b"x" * (2 * MAX_LINE_BYTES) + b"the end"
    (line,) = read(in_pieces(content))
    assert line.text.startswith("xxx")
    assert line.text.endswith("xthe end")
    assert STAMP.decode() not in line.text
    assert STAMP_NS == line.time_ns


def test_other_stamps_in_a_long_line_are_its_own():
    text = STAMP + b"x" * PIECE_BYTES + STAMP.replace(b"46.", b"47.") + b"y\n"
    assert text == join_pieces(text)


@given(st.lists(st.sampled_from([0, 5, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES]), max_size=4))
def test_pieces_are_joined_wherever_the_long_lines_stand(sizes):
    contents = [b"c" * size for size in sizes]
    text = b"".join(map(in_pieces, contents))
    assert [STAMP + content for content in contents] == join_pieces(text).split(b"\n")[:-1]


def test_compose_output_is_a_source_per_prefix():
    path = FIXTURES / "compose.log"
    source = source_of(path)
    texts = {batch.container.name: [line.text for line in lines_of([batch])] for batch in source.batches()}
    assert {
        "compose": ["Attaching to homeiq-dashboard, influxdb-1"],
        "homeiq-dashboard": [
            '172.18.0.1 - - [03/Dec/2025:06:05:46 +0000] "GET /api HTTP/1.1" 401 172',
            '172.18.0.1 - - [03/Dec/2025:06:05:47 +0000] "GET / | x HTTP/1.1" 200 5',
            "influxdb-1 exited with code 2",
        ],
        "influxdb-1": [
            'ts=2025-12-03T06:05:46.100000Z lvl=info msg="Dispatcher panic" log_id=0z',
            "    goroutine 1 [running]:",
        ],
    } == texts
    assert [
        (str(path), None, 1),
        (f"{path}:homeiq-dashboard", 1764741946000000000, 3),
        (f"{path}:influxdb-1", 1764741946100000000, 2),
    ] == [(coverage.container.key, coverage.first_seen_ns, coverage.lines) for coverage in source.coverage]


@pytest.mark.parametrize(
    ("prefix", "service"),
    [
        pytest.param(b"influxdb-1", "influxdb", id="replica"),
        pytest.param(b"tig-stack-influxdb-12", "tig-stack-influxdb", id="project and replica"),
        pytest.param(b"traefik_1", "traefik", id="compose v1"),
        pytest.param(b"homeiq-influxdb", "homeiq-influxdb", id="container_name"),
        pytest.param(b"a", "a", id="one letter"),
    ],
)
def test_service_is_the_prefix_without_the_replica(prefix, service):
    (line,) = read(prefix + b"  | x\n")
    assert (prefix.decode(), Service(None, service)) == (line.container.name, line.container.service)


def test_compose_stamps_are_times_and_leave_a_programs_own_time_in_the_line():
    lines = lines_of(source_of(FIXTURES / "compose-timestamps.log").batches())
    assert ("ts=2025-12-03T06:05:46.100000Z lvl=info msg=Listening", STAMP_NS) == (lines[0].text, lines[0].time_ns)
    (line,) = read(b"influxdb-1  | 2025-12-03T06:05:46.100000Z lvl=info\n")
    assert "2025-12-03T06:05:46.100000Z lvl=info" == line.text


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param({}, Identity.UNKNOWN, id="no rule knows it"),
        pytest.param({"name": "stack"}, Identity.UNKNOWN, id="a name for the file names no container in it"),
        pytest.param({"knows": lambda c: c.service.name == "influxdb"}, Identity.KNOWN, id="a rule knows the service"),
    ],
)
def test_identity_of_a_prefix(options, expected):
    source = source_of(io.BytesIO(b"influxdb-1  | x\n"), **options)
    (line,) = lines_of(source.batches())
    assert expected == line.container.identity


def test_container_of_a_prefix_is_one_object_over_all_batches():
    data = b"".join(b"web-%d  | %01000d\n" % (number % 2, number) for number in range(4000))
    source = source_of(io.BytesIO(data))
    batches = list(source.batches())
    assert len(batches) > 4
    assert {coverage.container for coverage in source.coverage} == {batch.container for batch in batches}
    assert [2000, 2000] == [coverage.lines for coverage in source.coverage]
    assert all(isinstance(batch.container, Container) for batch in batches)


def test_capped_line_is_counted_for_the_container_that_wrote_it():
    source = source_of(io.BytesIO(b"web-1  | ok\ndb-1   | " + b"x" * (2 * MAX_LINE_BYTES) + b"\n"))
    assert 2 == sum(batch.lines for batch in source.batches())
    assert {"web-1": 0, "db-1": 1} == {entry.container.name: entry.truncated for entry in source.coverage}
