"""The file: made for its owner alone, recognised, checked, migrated; damage is moved aside, what is foreign never."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from logscan.store.database import kind_of, open_sound
from logscan.store.errors import StateUnusable
from logscan.store.schema import MIGRATIONS
from tests.store.making import HOST, NOW, checkpoint, commit, finding, opened

PAGE = 4096


@pytest.fixture
def path(tmp_path):
    return tmp_path / "logscan.db"


def filled(path: Path) -> Path:
    """Make a state of many pages."""
    with opened(path) as store:
        store.commit(
            commit(
                checkpoints={f"c{number}": checkpoint(number) for number in range(100)},
                findings=[finding(f"v1:{number}", bulk=3000) for number in range(60)],
            )
        )
    return path


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_files_and_new_folders_are_the_owners_alone(tmp_path):
    """Whatever the umask; a folder that was there stays as it is."""
    tmp_path.chmod(0o755)
    path = tmp_path / "state" / "logscan" / "logscan.db"
    before = os.umask(0)
    try:
        with opened(path) as store:
            store.commit(commit(checkpoints={"c": checkpoint()}))
            expected = ["logscan.db", "logscan.db-shm", "logscan.db-wal", "logscan.db.lock"]
            assert expected == sorted(file.name for file in path.parent.iterdir())
            assert [0o600] * 4 == [mode(file) for file in path.parent.iterdir()]
    finally:
        os.umask(before)
    assert [0o700, 0o700, 0o755] == [mode(folder) for folder in (path.parent, path.parent.parent, tmp_path)]


def test_file_that_others_could_read_is_made_private(path):
    filled(path).chmod(0o644)
    opened(path).close()
    assert 0o600 == mode(path)


def test_symbolic_link_is_followed_and_the_lock_lies_beside_the_file(tmp_path):
    real, link = tmp_path / "real" / "logscan.db", tmp_path / "link.db"
    filled(real)
    link.symlink_to(real)
    with opened(link) as store:
        assert 100 == len(store.load(HOST).checkpoints)
    assert ["link.db", "real"] == sorted(file.name for file in tmp_path.iterdir())


def foreign_database(path):
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE finding (id)")


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda path: path.write_text("dear diary\n" * 1000), id="a text"),
        pytest.param(lambda path: path.write_bytes(b"\0"), id="a byte"),
        pytest.param(foreign_database, id="a database of another program"),
    ],
)
def test_what_was_never_ours_is_refused_and_left_alone(path, make):
    make(path)
    before = path.read_bytes()
    with pytest.raises(StateUnusable, match="is not a state of logscan, and it is left alone") as caught:
        opened(path)
    assert 3 == caught.value.exit_code
    assert before == path.read_bytes()
    assert [path] == list(path.parent.iterdir())


def test_database_of_another_program_is_refused_where_ours_lay_before(path):
    filled(path).unlink()
    foreign_database(path)
    with pytest.raises(StateUnusable, match="left alone"):
        opened(path)
    assert path.exists()


@pytest.mark.parametrize(
    ("make", "what"),
    [pytest.param(Path.mkdir, "a folder", id="folder"), pytest.param(os.mkfifo, "no ordinary file", id="pipe")],
)
def test_what_is_no_file_is_refused(path, make, what):
    make(path)
    with pytest.raises(StateUnusable, match=f"can't be used: it is {what}"):
        opened(path)


def test_folder_that_can_not_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(
        StateUnusable, match=r"the state in .*/file/logscan\.db can't be used: not a directory"
    ) as caught:
        opened(tmp_path / "file" / "logscan.db")
    assert "--state" in caught.value.help


def test_empty_file_and_leftovers_of_a_lost_database_are_no_obstacle(path):
    filled(path).write_bytes(b"")
    for suffix in ("-wal", "-shm", "-journal", ".new"):
        path.with_name(path.name + suffix).write_bytes(b"leftover")
    with opened(path) as store:
        assert {} == store.load(HOST).checkpoints
        assert store.recovered_from is None


def test_damaged_file_is_moved_aside_and_begun_anew(path):
    filled(path).write_bytes(b"garbage" * 1000)
    with opened(path) as store:
        assert path.with_name("logscan.db.damaged-20251124T160000Z") == store.recovered_from
        assert {} == store.load(HOST).checkpoints
    assert b"garbage" * 1000 == store.recovered_from.read_bytes()
    path.write_bytes(b"again")
    with opened(path) as store:
        assert path.with_name("logscan.db.damaged-20251124T160000Z-2") == store.recovered_from


def test_any_damaged_page_is_survived(path, tmp_path):
    """Garbage over each page in turn: the state is sound for what it is asked, or begun anew; it always works."""
    whole = filled(path).read_bytes()
    noise = random.Random(7).randbytes(PAGE)
    recovered = 0
    for at in range(0, len(whole), PAGE * 5):
        place = tmp_path / f"at-{at}" / "logscan.db"
        place.parent.mkdir()
        shutil.copy(path.with_name("logscan.db.lock"), place.with_name("logscan.db.lock"))
        place.write_bytes(whole[:at] + noise + whole[at + PAGE :])
        with opened(place) as store:
            recovered += store.recovered_from is not None
            store.load(HOST)
            store.commit(commit(checkpoints={"c": checkpoint(5)}, findings=[finding()]))
            assert checkpoint(5) == store.load(HOST).checkpoints["c"]
    assert recovered > 3


def test_checkpoint_that_can_not_be_read_is_damage(path):
    """The pages are sound, and still nobody knows where to begin with this log."""
    with closing(sqlite3.connect(filled(path))) as connection, connection:
        connection.execute("UPDATE checkpoint SET checkpoint = x'c1' WHERE container = 'c7'")
    with opened(path) as store:
        assert store.recovered_from is not None


def test_index_that_lacks_a_row_is_damage(path):
    """Each page is sound by itself; but the first commit that needs the row would fail, at every start again."""
    with closing(sqlite3.connect(filled(path), isolation_level=None)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        index = connection.execute("SELECT * FROM sqlite_master WHERE name = 'finding_open'").fetchone()
        connection.execute("DELETE FROM sqlite_master WHERE name = 'finding_open'")
        connection.execute("PRAGMA writable_schema = RESET")
        connection.execute("UPDATE finding SET due_ns = 7 WHERE fingerprint = 'v1:3'")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("INSERT INTO sqlite_master VALUES (?, ?, ?, ?, ?)", index)
    with opened(path) as store:
        assert store.recovered_from is not None


def test_text_with_flipped_bits_stops_no_start(path):
    with closing(sqlite3.connect(filled(path))) as connection, connection:
        connection.execute("UPDATE checkpoint SET container = CAST(x'ff41' AS TEXT) WHERE container = 'c7'")
    with opened(path) as store:
        assert "\ufffdA" in store.load(HOST).checkpoints


def test_table_that_is_missing_is_damage(path):
    with closing(sqlite3.connect(filled(path))) as connection, connection:
        connection.execute("DROP TABLE checkpoint")
    with opened(path) as store:
        assert store.recovered_from is not None


def test_cut_journal_loses_whole_commits_at_its_end(path, tmp_path):
    """A copy of a live state whose journal is cut anywhere: each commit is there as a whole, or not at all."""
    with opened(path) as store:
        for number in range(1, 21):
            store.commit(
                commit(checkpoints={"c": checkpoint(number)}, findings=[finding(count=number, bulk=number * 100)])
            )
        copied = [(suffix, path.with_name(path.name + suffix).read_bytes()) for suffix in ("", "-wal")]
    (_, database), (_, journal) = copied
    seen = set()
    for cut in range(0, len(journal) + 1, len(journal) // 40):
        place = tmp_path / f"cut-{cut}.db"
        place.write_bytes(database)
        place.with_name(place.name + "-wal").write_bytes(journal[:cut])
        with opened(place) as store:
            assert store.recovered_from is None
            known = store.load(HOST).checkpoints
            number = known["c"].mark.records if known else 0
            assert (b"tally %d" % number if number else None) == store.recall(HOST, "v1:aa")
            seen.add(number)
    assert len(seen) > 5


def test_flipped_byte_in_the_journal_loses_whole_commits(path, tmp_path):
    with opened(path) as store:
        for number in range(1, 11):
            store.commit(commit(checkpoints={"c": checkpoint(number)}, findings=[finding(count=number)]))
        database, journal = path.read_bytes(), bytearray(path.with_name("logscan.db-wal").read_bytes())
    journal[len(journal) // 2] ^= 0xFF
    place = tmp_path / "copy.db"
    place.write_bytes(database)
    place.with_name("copy.db-wal").write_bytes(journal)
    with opened(place) as store:
        number = store.load(HOST).checkpoints["c"].mark.records
        assert 1 <= number < 10
        assert b"tally %d" % number == store.recall(HOST, "v1:aa")


def version_of(path):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA user_version").fetchone()[0]


def test_migration_goes_forward_after_a_backup(path):
    """Each step once; the backup is the state as it was, for its owner alone."""
    filled(path)
    newer = [
        *MIGRATIONS,
        "ALTER TABLE gap ADD COLUMN note TEXT",
        "CREATE TABLE extra (id); INSERT INTO extra VALUES (7)",
    ]
    connection, recovered_from = open_sound(path, now_ns=NOW, was_ours=True, migrations=newer)
    with closing(connection):
        assert recovered_from is None
        assert [7] == [row[0] for row in connection.execute("SELECT id FROM extra")]
        assert 100 == connection.execute("SELECT count(*) FROM checkpoint").fetchone()[0]
    backup = path.with_name(f"logscan.db.backup-v{len(MIGRATIONS)}")
    assert (len(newer), len(MIGRATIONS)) == (version_of(path), version_of(backup))
    assert 0o600 == mode(backup)
    with opened(backup) as store:
        assert 100 == len(store.load(HOST).checkpoints)
    open_sound(path, now_ns=NOW, was_ours=True, migrations=newer)[0].close()


def test_migration_that_fails_leaves_the_version_before_it(path):
    filled(path)
    newer = [*MIGRATIONS, "CREATE TABLE extra (id); CREATE TABLE finding (id)"]
    with pytest.raises(sqlite3.OperationalError, match="already exists"):
        open_sound(path, now_ns=NOW, was_ours=True, migrations=newer)
    with opened(path) as store:
        assert store.recovered_from is None
        assert 100 == len(store.load(HOST).checkpoints)


def test_state_of_a_newer_logscan_is_refused(path):
    with closing(sqlite3.connect(filled(path))) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StateUnusable, match=r"written by a newer logscan \(version 99, this one knows \d+\)") as caught:
        opened(path)
    assert "name another file with --state" in caught.value.help
    assert 99 == version_of(path)


def test_file_says_what_it_is(path):
    assert "NOTHING" == kind_of(path).name
    assert "OURS" == kind_of(filled(path)).name
