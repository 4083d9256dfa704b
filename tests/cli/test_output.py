"""Where results and complaints go."""

import os
import stat
from pathlib import Path

import pytest

from logscan.cli.output import complain, result_stream
from logscan.errors import UsageError


def write(path, text="result\n"):
    with result_stream(path) as out:
        out.write(text)


def fail_while_writing(path, error):
    with result_stream(path) as out:
        out.write("new")
        raise error


def test_without_a_file_the_result_goes_to_stdout(capsys):
    write(None)
    assert "result\n" == capsys.readouterr().out


def test_a_file_holds_the_result_for_its_owner_alone(tmp_path):
    path = tmp_path / "found.txt"
    write(path, "é\n")
    assert ("é\n", 0o600) == (path.read_text(encoding="utf-8"), stat.S_IMODE(path.stat().st_mode))


def test_the_file_appears_when_all_is_written(tmp_path):
    path = tmp_path / "found.txt"
    path.write_text("old")
    with result_stream(path) as out:
        out.write("new")
        out.flush()
        before = path.read_text()
    assert ("old", "new") == (before, path.read_text())


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit], ids=lambda error: error.__name__)
def test_a_scan_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "found.txt"
    path.write_text("old")
    with pytest.raises(error):
        fail_while_writing(path, error)
    assert ([path], "old") == (list(tmp_path.iterdir()), path.read_text())


def test_a_symbolic_link_is_replaced_and_not_followed(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("precious")
    link.symlink_to(target)
    write(link)
    assert ("precious", False, "result\n") == (target.read_text(), link.is_symlink(), link.read_text())


def test_a_pipe_is_written_to_as_it_is(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    write(fifo)
    assert (b"result\n", True) == (os.read(reader, 100), stat.S_ISFIFO(fifo.stat().st_mode))
    os.close(reader)


def test_devices_stay_devices():
    write(Path("/dev/null"))
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param("gone/found.txt", "no such file or directory", id="no such folder"),
        pytest.param(".", "it is a folder", id="a folder"),
    ],
)
def test_a_place_that_cannot_be_written_is_wrong_usage(tmp_path, name, reason):
    with pytest.raises(UsageError) as caught:
        write(tmp_path / name)
    assert f"can't write {tmp_path / name}: {reason}" == caught.value.message


def test_complaints_go_to_stderr_line_by_line(capsys):
    complain("one\ntwo", "three")
    assert ("", "error: one\n  two\nhelp: three\n") == capsys.readouterr()
