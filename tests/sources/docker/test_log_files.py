"""The files of one log are opened as those of one moment, and read as far as they went then."""

import gzip
import json
import os
import threading
from contextlib import suppress

import pytest

from logscan.batch import Container
from logscan.framing.stamp import format_fixed
from logscan.sources.docker.engine import ContainerInfo
from logscan.sources.docker.log_files import READ_BYTES, Emptied, LogFiles
from logscan.sources.docker.record_search import NEAR_BYTES

FIRST_NS = 1_764_633_600_000_000_000
SECOND_NS = 1_000_000_000


def record(number, text="x"):
    stamp = format_fixed(FIRST_NS + number * SECOND_NS).decode()
    return json.dumps({"log": f"{number} {text}\n", "stream": "stdout", "time": stamp}).encode() + b"\n"


def records(*numbers):
    return b"".join(map(record, numbers))


LARGE = records(*range(40_000))


def info(max_file="3", *, running=False):
    options = {"max-size": "1m", "max-file": max_file}
    return ContainerInfo(Container("k", "web"), running, tty=False, driver="json-file", log_options=options)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "web-json.log"


def lay(path, **files):
    """Write the newest file, and rotated ones by `_1`, `_2_gz` and so on."""
    for name, data in files.items():
        ending = name.replace("newest", "").replace("_", ".")
        (path.parent / f"{path.name}{ending}").write_bytes(gzip.compress(data) if "gz" in name else data)


def read(path, asked):
    with LogFiles(path, asked) as files:
        data = b"".join(data for data, _ in files.blocks())
        assert [] == files.faults
        return data


@pytest.mark.parametrize(
    ("files", "found"),
    [
        pytest.param({"newest": records(3)}, records(3), id="one file"),
        pytest.param({"newest": b"", "_1": records(2)}, records(2), id="the newest is empty"),
        pytest.param({"newest": records(3), "_1": records(2), "_2": records(1)}, records(1, 2, 3), id="rotated"),
        pytest.param({"newest": records(3), "_1_gz": records(2), "_2_gz": records(1)}, records(1, 2, 3), id="packed"),
        pytest.param({"newest": records(3), "_2": records(1)}, records(1, 3), id="in the middle of a rotation"),
        pytest.param({"newest": records(3), "_1": records(2), "_1_gz": b""}, records(2, 3), id="being packed"),
        pytest.param({"newest": records(3), "_3": records(1)}, records(3), id="one that the engine doesn't read"),
    ],
)
def test_files_are_read_from_the_oldest_on(path, files, found):
    lay(path, **files)
    assert found == read(path, info())


def test_a_file_that_is_moved_on_while_it_is_opened_is_read_once(path):
    """The shift of a rotation, stopped half-way: the same file under two numbers."""
    lay(path, newest=records(3), _1=records(2))
    os.link(f"{path}.1", f"{path}.2")
    assert records(2, 3) == read(path, info())


def test_a_file_that_is_packed_and_moved_on_while_it_is_opened_is_read_once(path):
    lay(path, newest=records(3), _1=records(2), _2_gz=records(2))
    assert records(2, 3) == read(path, info())


class Rotating(threading.Thread):
    """Does what the engine does with a log of three files, as fast as it can: move, begin anew, pack, remove."""

    def __init__(self, path, *, packs):
        super().__init__()
        self.path, self.packs, self.is_over = path, packs, False
        path.touch()

    def numbered(self, number):
        return self.path.with_name(f"{self.path.name}.{number}")

    def run(self):
        number = 0
        while not self.is_over:
            with self.path.open("ab") as log:
                log.write(records(*range(number, number + 20)))
            number += 20
            ending = ".gz" if self.packs else ""
            if (oldest := self.numbered(f"1{ending}")).exists():
                oldest.rename(self.numbered(f"2{ending}"))
            self.path.rename(self.numbered(1))
            self.path.touch()
            if self.packs:
                packed = gzip.compress(self.numbered(1).read_bytes())
                with self.numbered("1.gz").open("wb", buffering=0) as file:
                    file.write(packed[:50])
                    file.write(packed[50:])
                self.numbered(1).unlink()


@pytest.mark.parametrize("packs", [pytest.param(False, id="plain"), pytest.param(True, id="packed")])
def test_no_file_is_missed_or_met_twice_while_they_are_moved(path, packs):
    rotating = Rotating(path, packs=packs)
    rotating.start()
    reads = 0
    try:
        for _ in range(600):
            with suppress(OSError):  # each time that it was opened, the newest was away
                found = numbers(read(path, info(running=True)))
                assert list(range(found[0], found[0] + len(found)) if found else []) == found
                reads += 1
    finally:
        rotating.is_over = True
        rotating.join()
    assert reads > 100


def numbers(data):
    return [int(json.loads(line)["log"].split()[0]) for line in data.splitlines()]


@pytest.mark.parametrize("files", [pytest.param({"_1": records(2)}, id="the newest"), pytest.param({}, id="all")])
def test_files_that_are_gone_are_an_error(path, files):
    lay(path, **files)
    with pytest.raises(FileNotFoundError):
        read(path, info())


def test_what_is_written_later_is_left_for_later(path):
    lay(path, newest=records(1, 2))
    with LogFiles(path, info(running=True)) as files, path.open("ab") as log:
        log.write(records(3))
        log.flush()
        assert [(records(1, 2), True)] == list(files.blocks())


def test_a_record_that_is_being_written_is_read_to_its_end_or_not_at_all(path):
    """A writer that stops within each record, and a reader that opens the file again and again."""
    halves = [half for number in range(20_000) for half in (record(number)[:30], record(number)[30:])]
    done = threading.Event()

    def write():
        with path.open("ab", buffering=0) as log:
            for half in halves:
                log.write(half)
        done.set()

    path.touch()
    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set():
        assert read(path, info(running=True))[-1:] in {b"", b"\n"}
    writer.join()
    assert b"".join(halves) == read(path, info())


@pytest.mark.parametrize(
    ("running", "found"),
    [
        pytest.param(True, records(1), id="still to be written"),
        pytest.param(False, records(1, 2)[:-10], id="cut"),
    ],
)
def test_a_last_record_without_its_end_is_one_only_if_nobody_writes(path, running, found):
    lay(path, newest=records(1, 2)[:-10])
    assert found == read(path, info(running=running))


def test_the_first_record_that_is_still_to_be_written_is_none(path):
    lay(path, newest=record(1)[:-10])
    assert b"" == read(path, info(running=True))


@pytest.mark.parametrize(
    "later",
    [
        pytest.param(b"", id="emptied"),
        pytest.param(LARGE[: READ_BYTES + 10_000], id="cut, and the beginning is what it was"),
        pytest.param(records(50_000), id="begun again"),
        pytest.param(records(*range(50_000, 100_000)), id="longer than it was"),
    ],
)
def test_what_is_read_of_a_file_that_was_emptied_is_not_handed_on(path, later):
    lay(path, newest=LARGE)
    with LogFiles(path, info()) as files:
        blocks = files.blocks()
        before = next(blocks)
        path.write_bytes(later)
        with pytest.raises(Emptied):
            list(blocks)
    assert (LARGE[:READ_BYTES], False) == before


def test_a_file_that_is_removed_is_read_to_its_end(path):
    """So does the engine with a log of one file when it is full."""
    lay(path, newest=LARGE)
    with LogFiles(path, info("1")) as files:
        path.unlink()
        path.write_bytes(records(50_000))
        assert LARGE == b"".join(data for data, _ in files.blocks())


def test_of_a_packed_file_that_is_cut_the_rest_is_told_and_the_newer_ones_are_read(path):
    lay(path, newest=records(3), _1_gz=LARGE)
    packed = path.parent / f"{path.name}.1.gz"
    packed.write_bytes(packed.read_bytes()[:-1000])
    with LogFiles(path, info()) as files:
        found = b"".join(data for data, _ in files.blocks())
    assert (True, True) == (LARGE.startswith(found[:READ_BYTES]), found.endswith(records(3)))
    (fault,) = files.faults
    assert "can't be read to its end" in fault


ROTATED = {"newest": records(70, 80, 90), "_1": records(40, 50, 60), "_2_gz": records(10, 20, 30)}


@pytest.mark.parametrize(
    ("second", "place"),
    [
        pytest.param(5, (0, 0), id="before all"),
        pytest.param(25, (0, 0), id="in the oldest, which is packed"),
        pytest.param(45, (0, 0), id="behind the first record of a file, which proves nothing"),
        pytest.param(55, (1, 0), id="in a rotated one"),
        pytest.param(95, (2, 0), id="behind all"),
    ],
)
def test_a_time_is_looked_for_in_the_newest_file_that_may_hold_it(path, second, place):
    lay(path, **ROTATED)
    with LogFiles(path, info()) as files:
        assert place == files.since(FIRST_NS + second * SECOND_NS)


def test_a_log_is_gone_through_from_its_end_in_growing_steps(path):
    lay(path, newest=LARGE, _1=records(2), _2_gz=records(1))
    with LogFiles(path, info()) as files:
        places = list(files.from_end())
    *inside, newest, rotated, packed = places
    assert [(2, 0), (1, 0), (0, 0)] == [newest, rotated, packed]
    backs = [len(LARGE) - offset for _, offset in inside]
    assert [NEAR_BYTES, 4 * NEAR_BYTES] == [round(back / NEAR_BYTES) * NEAR_BYTES for back in backs]
    assert all(LARGE[:offset].endswith(b"\n") for _, offset in inside)
