"""A file or standard input: its identity, its coverage, and what happens when it breaks."""

from __future__ import annotations

import gzip
import io
import os
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from logscan.batch import Container, Identity, Service
from logscan.errors import UsageError
from logscan.finding import Status
from logscan.sources.compressed import zstd_module
from logscan.sources.files import FileSource, expand

FIXTURES = Path(__file__).parents[2] / "fixtures" / "files"
DAY = "2025-12-03 "

zstd = zstd_module()
CHECKED = {zstd.CompressionParameter.checksum_flag: 1}


def ns(text: str, fraction: int = 0) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 10**9 + fraction


def source_of(origin, **options):
    return FileSource(origin, **{"knows": lambda _: False, **options})


def lines_of(source):
    """Read everything and decode every line."""
    lines = []
    for batch in source.batches():
        assert batch.lines == batch.text.count(b"\n")
        offset = 0
        while offset < len(batch.text):
            lines.append(batch.line_at(offset))
            offset = batch.span_at(offset)[1] + 1
    return lines


def stdin_of(data: bytes, **options):
    return source_of(io.BytesIO(data), **options)


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_plain_file_has_the_times_written_in_it():
    source = source_of(FIXTURES / "homeassistant.log")
    stack = ns(DAY + "06:05:46", 389_000_000)
    expected = [ns(DAY + "06:05:40", 101_000_000), *[stack] * 5, ns(DAY + "06:05:47")]
    lines = lines_of(source)
    assert expected == [line.time_ns for line in lines]
    assert "asyncio.exceptions.CancelledError: café ✗" == lines[5].text


def test_coverage_tells_what_was_read():
    path = FIXTURES / "homeassistant.log"
    source = source_of(path)
    lines_of(source)
    (coverage,) = source.coverage
    assert ("plain", Status.COMPLETE, None) == (coverage.format, coverage.status, coverage.reason)
    assert ("file", 7, path.stat().st_size, 0) == (coverage.read, coverage.lines, coverage.bytes, coverage.truncated)
    assert ns(DAY + "06:05:40", 101_000_000) == coverage.first_seen_ns
    assert ns(DAY + "06:05:47") == coverage.last_seen_ns
    assert str(path) == coverage.container.key
    assert coverage.done
    assert [] == source.errors


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"", [], id="empty"),
        pytest.param(b"\n", [""], id="one empty line"),
        pytest.param(b"only one", ["only one"], id="no newline"),
        pytest.param(b"a\r\nb\r\n", ["a", "b"], id="CRLF"),
        pytest.param(b"\x7fELF\x00\xff\n\x00\n", ["\x7fELF\x00\ufffd", "\x00"], id="binary"),
    ],
)
def test_lines_of_small_files(tmp_path, data, expected):
    source = source_of(write(tmp_path / "web.log", data))
    assert expected == [line.text for line in lines_of(source)]
    (coverage,) = source.coverage
    assert (len(expected), Status.COMPLETE) == (coverage.lines, coverage.status)
    assert ("plain", len(data) + (data == b"only one")) == (coverage.format, coverage.bytes)


def test_five_megabytes_without_newline_are_one_capped_line(tmp_path):
    source = source_of(write(tmp_path / "web.log", b"begin" + b"." * 5_000_000 + b"end"))
    (line,) = lines_of(source)
    assert ("begin", "end") == (line.text[:5], line.text[-3:])
    assert (1, 1, Status.COMPLETE) == (
        source.coverage[0].lines,
        source.coverage[0].truncated,
        source.coverage[0].status,
    )


def test_large_file_comes_whole_over_many_reads(tmp_path):
    numbers = [f"2025-12-03 06:05:46 line {number}" for number in range(100_000)]
    source = source_of(write(tmp_path / "web.log", "\n".join(numbers).encode()))
    assert numbers == [line.text for line in lines_of(source)]
    assert 100_000 == source.coverage[0].lines


@pytest.mark.parametrize(("ending", "compress"), [("gz", gzip.compress), ("zst", zstd.compress)])
def test_compressed_file_reads_as_its_content(tmp_path, ending, compress):
    data = (FIXTURES / "homeassistant.log").read_bytes()
    source = source_of(write(tmp_path / f"homeassistant.log.2.{ending}", compress(data[:5000]) + compress(data[5000:])))
    assert data.decode().splitlines() == [line.text for line in lines_of(source)]
    assert ("homeassistant", len(data)) == (source.coverage[0].container.name, source.coverage[0].bytes)


@pytest.mark.parametrize(
    ("ending", "damage", "reason"),
    [
        pytest.param("gz", lambda data: data[:-100], "Compressed file ended", id="gzip cut off"),
        pytest.param("gz", lambda data: data[:-8] + b"\0" * 8, "CRC check failed", id="a wrong checksum in gzip"),
        pytest.param(
            "gz", lambda data: data[:9000] + b"\xff" * 9000 + data[18000:], "damaged gzip data", id="gzip overwritten"
        ),
        pytest.param("zst", lambda data: data[:-100], "Compressed file ended", id="zstd cut off"),
        pytest.param(
            "zst", lambda data: data[:-4] + b"\0" * 4, "Restored data doesn't match", id="a wrong one in zstd"
        ),
        pytest.param("zst", lambda data: data[:-9000] + b"\xff" * 9000, "damaged zstd data", id="zstd overwritten"),
    ],
)
def test_damaged_compressed_file_is_partial_and_keeps_what_came_before(tmp_path, ending, damage, reason):
    compress = {"gz": gzip.compress, "zst": partial(zstd.compress, options=CHECKED)}[ending]
    data = b"".join(b"%032x\n" % pow(3, number, 2**127) for number in range(30_000))
    source = source_of(write(tmp_path / f"web.{ending}", damage(compress(data))))
    lines = lines_of(source)
    assert data.decode().splitlines()[:50] == [line.text for line in lines[:50]]
    (coverage,) = source.coverage
    assert Status.PARTIAL == coverage.status
    assert reason in coverage.reason
    (error,) = source.errors
    assert ("source", str(tmp_path / f"web.{ending}")) == (error.kind, error.source)
    assert coverage.reason in error.message


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        pytest.param(lambda path: None, "no such file or directory", id="vanished"),
        pytest.param(lambda path: path.mkdir(), "is a directory", id="became a folder"),
        pytest.param(lambda path: path.symlink_to(path), "too many levels of symbolic links", id="loop of links"),
    ],
)
def test_unreadable_file_is_told_and_not_raised(tmp_path, make, reason):
    path = tmp_path / "web.log"
    make(path)
    source = source_of(path)
    assert [] == lines_of(source)
    (coverage,) = source.coverage
    assert (Status.UNREADABLE, reason, None) == (coverage.status, coverage.reason, coverage.format)
    assert [f"cannot read {path}: {reason}"] == [error.message for error in source.errors]


@pytest.mark.parametrize(
    ("ending", "reason"),
    [
        ("gz", "damaged gzip data (Not a gzipped file (b'pl'))"),
        ("zst", "damaged zstd data (Unable to decompress Zstandard data: Unknown frame descriptor)"),
    ],
)
def test_file_that_was_not_compressed_is_unreadable(tmp_path, ending, reason):
    source = source_of(write(tmp_path / f"web.log.{ending}", b"plain text\n"))
    assert [] == lines_of(source)
    assert (Status.UNREADABLE, reason) == (source.coverage[0].status, source.coverage[0].reason)


class FailingStream(io.RawIOBase):
    """Gives one chunk, then fails as a disk does."""

    def __init__(self, first: bytes):
        self.first = first

    def read(self, size=-1):
        data, self.first = self.first, None
        if data is None:
            raise OSError(5, "Input/output error")
        return data


def test_read_that_fails_midway_keeps_the_open_line_and_is_partial():
    source = source_of(FailingStream(b"one\ntwo, cut"))
    assert ["one", "two, cut"] == [line.text for line in lines_of(source)]
    assert (Status.PARTIAL, "input/output error") == (source.coverage[0].status, source.coverage[0].reason)


class TricklingStream(io.RawIOBase):
    """Gives a byte at a time, as a slow pipe may."""

    def __init__(self, data: bytes):
        self.data = io.BytesIO(data)

    def read(self, size=-1):
        return self.data.read(1)


@pytest.mark.parametrize("name", [pytest.param(path.name, id=path.stem) for path in sorted(FIXTURES.iterdir())])
def test_byte_by_byte_on_standard_input_gives_what_the_file_gives(name):
    path = FIXTURES / name
    mtime_ns = path.stat().st_mtime_ns
    expected = [(line.text, line.time_ns, line.stream) for line in lines_of(source_of(path))]
    actual = lines_of(source_of(TricklingStream(path.read_bytes()), now_ns=mtime_ns))
    assert expected == [(line.text, line.time_ns, line.stream) for line in actual]


def test_standard_input_is_a_source_of_its_own():
    source = stdin_of(b"x\n", host="pi")
    lines_of(source)
    (coverage,) = source.coverage
    container = coverage.container
    assert ("-", "stdin", "pi", "stdin") == (container.key, container.name, container.host, coverage.read)


def test_zone_is_that_of_the_caller():
    source = stdin_of(b"2025-07-01 12:00:00 x\n", default_tz=ZoneInfo("Europe/Berlin"))
    assert [ns("2025-07-01 10:00:00")] == [line.time_ns for line in lines_of(source)]


def test_year_comes_from_the_files_mtime(tmp_path):
    path = write(tmp_path / "syslog.log", b"Dec 31 23:59:59 host x\n")
    os.utime(path, ns=(ns("2021-01-02 00:00:00"),) * 2)
    assert [ns("2020-12-31 23:59:59")] == [line.time_ns for line in lines_of(source_of(path))]


def test_year_on_standard_input_comes_from_now():
    source = stdin_of(b"Dec 31 23:59:59 host x\n", now_ns=ns("2021-01-02 00:00:00"))
    assert [ns("2020-12-31 23:59:59")] == [line.time_ns for line in lines_of(source)]


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        pytest.param("homeiq-influxdb.log", "homeiq-influxdb", id="log"),
        pytest.param("web.log.1", "web", id="rotated"),
        pytest.param("web.log.12.gz", "web", id="rotated and compressed"),
        pytest.param("web.log.3.zst", "web", id="compressed by zstd"),
        pytest.param("web.2.log", "web", id="number before the ending"),
        pytest.param("my.app.txt", "my.app.txt", id="other ending"),
        pytest.param("v1.2.log", "v1", id="version"),
        pytest.param(".log", ".log", id="nothing but an ending"),
    ],
)
def test_name_is_the_stem_of_the_file(tmp_path, file, expected):
    compress = {".gz": gzip.compress, ".zst": zstd.compress}.get(Path(file).suffix, bytes)
    source = source_of(write(tmp_path / file, compress(b"x\n")))
    lines_of(source)
    assert expected == source.coverage[0].container.name


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param({}, Identity.UNKNOWN, id="no rule knows it"),
        pytest.param({"knows": lambda container: container.name == "web"}, Identity.KNOWN, id="a rule knows it"),
        pytest.param({"name": "strange"}, Identity.KNOWN, id="named by a person"),
        pytest.param({"image_name": "nginx:1"}, Identity.KNOWN, id="image told by a person"),
    ],
)
def test_identity(tmp_path, options, expected):
    source = source_of(write(tmp_path / "web.log", b"x\n"), **options)
    (line,) = lines_of(source)
    assert expected == line.container.identity
    assert options.get("name", "web") == line.container.name
    assert options.get("image_name", "") == line.container.image
    assert Service(None, line.container.name) == line.container.service


def test_container_is_the_same_object_in_batches_and_coverage(tmp_path):
    source = source_of(write(tmp_path / "web.log", b"x\n"))
    (batch,) = source.batches()
    assert source.coverage[0].container is batch.container
    assert isinstance(batch.container, Container)


def test_folder_gives_its_logs_sorted_and_each_file_once(tmp_path):
    for name in ("b.log", "a.log", "c.txt", "a.log.1"):
        write(tmp_path / name, b"")
    (tmp_path / "folder.log").mkdir()
    a, b, c = tmp_path / "a.log", tmp_path / "b.log", tmp_path / "c.txt"
    assert [b, c, a] == expand([b, c, tmp_path])


def test_standard_input_is_no_path_to_look_for():
    assert [Path("-")] == expand([Path("-")])


def test_folder_keeps_a_dangling_link_so_that_the_scan_can_tell(tmp_path):
    link = tmp_path / "web.log"
    link.symlink_to(tmp_path / "gone")
    assert [link] == expand([tmp_path])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        pytest.param("missing", "does not exist", id="missing path"),
        pytest.param("", "holds no *.log files", id="folder without logs"),
        pytest.param("x" * 300, "file name too long", id="path that can't be"),
    ],
)
def test_wrong_path_is_a_usage_error(tmp_path, name, message):
    with pytest.raises(UsageError, match=message.replace("*", r"\*")) as caught:
        expand([tmp_path / name])
    assert caught.value.help
