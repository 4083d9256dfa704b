import pytest

from tests.rig.oracle import Burst, Mix, Script, Stream, split


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        pytest.param(b"", [], id="nothing is no line"),
        pytest.param(b"\n", [b""], id="a newline alone is an empty line"),
        pytest.param(b"a\nb\n", [b"a", b"b"], id="each newline ends a line"),
        pytest.param(b"a\nb", [b"a", b"b"], id="a tail without newline is a line"),
        pytest.param(b"a\r\x0b\x0c\xc2\x85b\n", [b"a\r\x0b\x0c\xc2\x85b"], id="nothing else ends a line"),
    ],
)
def test_lines_are_cut_at_newlines_only(data, lines):
    assert lines == split(data)


def test_a_script_knows_the_lines_of_each_stream():
    script = Script().out(b"one\ntw").err(b"oops\n").out(b"o\n").lines(2, b"n=%d", Stream.STDERR).pause(1)

    assert [b"one", b"two"] == script.expected(Stream.STDOUT)
    assert [b"oops", b"n=1", b"n=2"] == script.expected(Stream.STDERR)
    assert 5 == script.count


def test_a_terminal_shows_both_streams_in_order_with_carriage_returns():
    assert b"one\r\noops\r\ntail" == Script().out(b"one\n").err(b"oops\n").out(b"tail").tty_bytes()


def test_a_script_is_saved_as_one_file_per_step_in_order(tmp_path):
    Script().out(b"\x00a").pause(0.5).err(b"b\n").save(tmp_path)

    saved = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert {"0000.stdout": b"\x00a", "0001.pause": b"0.5", "0002.stderr": b"b\n"} == saved


def test_a_burst_on_both_streams_gives_odd_numbers_to_stdout():
    burst = Burst(3, size=12, mix=Mix.BOTH)

    assert [b"S=stdout N=1 ", b"S=stdout N=3 "] == burst.expected(Stream.STDOUT)
    assert [b"S=stderr N=2 "] == burst.expected(Stream.STDERR)


def test_a_burst_pads_its_lines_to_their_size():
    assert [b"S=stderr N=1 xxxxxxx"] == Burst(1, size=20, mix=Mix.STDERR).expected(Stream.STDERR)
