"""Several files are one source: each is read whole and in order, and those that take time at once."""

import gzip
import io
import threading
from collections import defaultdict

import pytest

from logscan.finding import Status
from logscan.matching.prefilter import Prefilter
from logscan.matching.search_ahead import SearchAhead
from logscan.sources.files import FileSource
from logscan.sources.several_files import AT_ONCE, SeveralFiles

LINES = 30_000


def text_of(name, lines=LINES):
    return b"".join(b"%s says %d\n" % (name.encode(), number) for number in range(lines))


def several(*origins):
    return SeveralFiles([FileSource(origin, knows=lambda _: False, name=f"f{n}") for n, origin in enumerate(origins)])


def read(source):
    texts = defaultdict(bytes)
    for batch in source.batches():
        texts[batch.container.name] += batch.text
    return dict(texts)


@pytest.fixture
def files(tmp_path):
    written = {name: tmp_path / name for name in ("a.log.gz", "b.log", "c.log.gz", "d.log.gz", "e.log")}
    for name, path in written.items():
        content = text_of(name)
        path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return written


def test_each_file_is_read_whole_and_in_order(files):
    source = several(*files.values())
    assert {f"f{number}": text_of(name) for number, name in enumerate(files)} == read(source)
    assert [str(path) for path in files.values()] == [one.container.key for one in source.coverage]
    assert [LINES] * 5 == [one.lines for one in source.coverage]


def test_more_files_than_are_read_at_once(tmp_path):
    paths = [tmp_path / f"{number}.log.gz" for number in range(3 * AT_ONCE)]
    for path in paths:
        path.write_bytes(gzip.compress(text_of(path.name, 10)))
    assert {f"f{number}": text_of(path.name, 10) for number, path in enumerate(paths)} == read(several(*paths))


def test_a_large_plain_file_beside_a_compressed_one(tmp_path):
    text = text_of("large", 250_000)
    (tmp_path / "large.log").write_bytes(text)
    (tmp_path / "other.log.gz").write_bytes(gzip.compress(text))
    paths = tmp_path / "large.log", tmp_path / "other.log.gz"
    source = SeveralFiles([FileSource(path, knows=lambda _: False, name=path.name, stretched_from=1) for path in paths])
    texts = defaultdict(bytes)
    with SearchAhead(Prefilter.of(["needle"]), processes=1, start_bytes=0) as ahead:
        for batch, _ in ahead.over(source.batches()):
            texts[batch.container.name] += batch.text
    assert {"large.log": text, "other.log.gz": text} == texts
    assert [250_000] * 2 == [one.lines for one in source.coverage]


def test_the_order_depends_on_nothing_but_the_files(files):
    def order():
        return [(batch.container.name, len(batch.text)) for batch in several(*files.values()).batches()]

    first = order()
    assert {name for name, _ in first[:4]} == {"f0", "f2", "f3", "f1"}
    for _ in range(5):
        assert first == order()


def test_one_that_is_damaged_costs_the_others_nothing(files):
    path = files["c.log.gz"]
    path.write_bytes(path.read_bytes()[:-200])
    source = several(*files.values())
    read(source)
    statuses = [one.status for one in source.coverage]
    assert [Status.COMPLETE, Status.COMPLETE, Status.PARTIAL, Status.COMPLETE, Status.COMPLETE] == statuses
    assert [str(path)] == [error.source for error in source.errors]


class Meeting(io.RawIOBase):
    """Gives a first line, and no second one before somebody reads the second of the others as well."""

    def __init__(self, barrier):
        self._barrier, self._rest = barrier, [b"one\n" * LINES, b"met\n", b""]

    def read(self, _size=-1):
        if len(self._rest) == 2:
            self._barrier.wait(timeout=60)
        return self._rest.pop(0)


def test_those_that_are_waited_for_are_read_at_once(tmp_path):
    barrier = threading.Barrier(3)
    plain = tmp_path / "plain.log"
    plain.write_bytes(b"plain\n")
    source = several(*(Meeting(barrier) for _ in range(3)), plain)
    met = b"one\n" * LINES + b"met\n"
    assert {"f0": met, "f1": met, "f2": met, "f3": b"plain\n"} == read(source)
