"""Lines of all lengths, on both streams, with and without a terminal: none is lost, torn, glued or doubled."""

import pytest

from tests.engine.scanning import COMPLETE, NUMBERED, engine_records, numbers, once, scan, size, source_of
from tests.rig.oracle import Burst, Mix, Script, Stream
from tests.rig.sweep import until

DRIVERS = [pytest.param(driver, id=driver) for driver in ("json-file", "local")]
PIECE = 16_384
"""The engine cuts lines into pieces of this many bytes."""


def numbered_line(number, *, at, length=None):
    """A line whose number begins at the byte `at`, filled up to `length`; it ends with its number by default."""
    text = b"x" * (at - 1) + b" number %d" % number
    return text if length is None else text + b" " + b"y" * (length - len(text) - 1)


def ending_at(number, length):
    return numbered_line(number, at=length - len(b"number %d" % number))


def lines_about_the_cut():
    """Lines that end about the cut, and lines whose number lies across it, once for each of its bytes."""
    ends = [ending_at(10 + place, length) for place, length in enumerate((PIECE - 1, PIECE, PIECE + 1, 2 * PIECE))]
    across = [numbered_line(30 + back, at=PIECE - back, length=PIECE + 400) for back in range(len("number 30"))]
    return [*ends, *across, b"number 20"]


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("stream", [pytest.param(stream, id=stream) for stream in Stream])
def test_a_number_across_the_engines_cut_is_found(proxy, emitter, driver, stream):
    lines = lines_about_the_cut()
    written = b"".join(line + b"\n" for line in lines)
    container = emitter.play(
        Script().out(written) if stream is Stream.STDOUT else Script().err(written), log_driver=driver
    )

    done = scan(proxy, container.name, *NUMBERED)

    assert COMPLETE == done.exit_code
    assert once([10, 11, 12, 13, *range(30, 39), 20]) == numbers(done.json)
    source = source_of(done.json, container)
    assert ("complete", len(lines), size(lines)) == (source["status"], source["lines"], source["bytes"])
    assert {str(stream)} == {sample["stream"] for found in done.json["findings"] for sample in found["samples"]}


@pytest.mark.parametrize("driver", DRIVERS)
def test_long_lines_of_both_streams_at_once_are_not_mixed_up(proxy, emitter, driver):
    burst = Burst(40, size=40_000, mix=Mix.BOTH)
    container = emitter.burst(burst, log_driver=driver)

    done = scan(proxy, container.name, "--rules", str(rule_for_bursts(container)), "--no-builtin")

    assert COMPLETE == done.exit_code
    assert once(range(1, 41)) == numbers(done.json)
    assert 40 == source_of(done.json, container)["lines"]
    assert 40 * 40_001 == source_of(done.json, container)["bytes"]


def rule_for_bursts(container):
    path = container.engine.root / "bursts.yaml"
    path.write_text(BURSTS)
    return path


BURSTS = """
schema: logscan/v1
technology: The emitter of the tests
rules:
  - id: whole-burst-line
    title: A line of a burst, whole
    severity: info
    match: {regex: '^S=(?:stdout|stderr) N=(?P<number>[0-9]+) x+$'}
    group_by: number
    tests: {match: [S=stdout N=7 xx], ignore: [S=stdout N=7 xxS=stderr N=8 xx]}
"""


def test_the_end_of_a_line_of_100_kib_is_searched_and_shown(proxy, emitter):
    container = emitter.play(Script().out(ending_at(7, 100 << 10) + b"\nnumber 8\n"))

    report = scan(proxy, container.name, *NUMBERED).json

    assert once([7, 8]) == numbers(report)
    (sample,) = next(found["samples"] for found in report["findings"] if found["fields"] == {"number": "7"})
    assert (True, "xxx number 7") == (sample["truncated"], sample["line"][-12:])
    assert len(sample["line"]) <= 4096
    assert (2, 0) == (source_of(report, container)["lines"], source_of(report, container)["truncated"])


def test_of_a_line_of_5_mb_head_and_tail_are_searched_and_the_loss_is_told(proxy, emitter):
    """And a line that is capped does not make the scan incomplete."""
    line = b"number 1 " + b"x" * 2_500_000 + b" number 2 " + b"x" * 2_500_000 + b" number 3"
    container = emitter.play(Script().out(line))

    done = scan(proxy, container.name, *NUMBERED)

    assert COMPLETE == done.exit_code
    source = source_of(done.json, container)
    assert ("complete", 1, 1) == (source["status"], source["lines"], source["truncated"])
    assert once([1]) == numbers(done.json)


def test_the_tail_of_a_capped_line_is_searched(proxy, emitter):
    line = b"x" * 2_500_000 + b" number 2 " + b"x" * 2_500_000 + b" number 3"
    container = emitter.play(Script().err(line + b"\nnumber 4\n"))

    report = scan(proxy, container.name, *NUMBERED).json

    assert once([3, 4]) == numbers(report)
    assert (2, 1) == (source_of(report, container)["lines"], source_of(report, container)["truncated"])


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_last_line_without_newline_is_not_glued_to_the_next_run(proxy, engine, emitter, driver):
    container = engine.run(
        emitter.image, "sh", "-c", "printf 'number 1'; exit 1", log_driver=driver, restart="on-failure:2"
    )

    report = scan(proxy, container.name, *NUMBERED).json

    assert {1: 3} == numbers(report)
    assert 3 == source_of(report, container)["lines"]
    assert ["number 1"] * 3 == [sample["line"] for sample in report["findings"][0]["samples"]]


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_terminals_lines_are_counted_without_their_carriage_returns(proxy, emitter, driver):
    script = Script().lines(40, b"number %d").err(b"number 41\n").out(b"plain\nnumber 42")
    container = emitter.play(script, tty=True, log_driver=driver)

    done = scan(proxy, container.name, *NUMBERED)

    assert COMPLETE == done.exit_code
    assert once(range(1, 43)) == numbers(done.json)
    source = source_of(done.json, container)
    assert ("complete", script.count) == (source["status"], source["lines"])
    samples = [sample for found in done.json["findings"] for sample in found["samples"]]
    assert {f"number {number}" for number in range(1, 43)} == {sample["line"] for sample in samples}
    assert {"unknown"} == {sample["stream"] for sample in samples}


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize(
    "length",
    [
        pytest.param(PIECE - 2, id="a piece with its carriage return and newline"),
        pytest.param(PIECE - 1, id="a newline in the second piece"),
        pytest.param(PIECE, id="one piece"),
        pytest.param(40 << 10, id="40 KiB"),
    ],
)
def test_a_long_line_on_a_terminal_is_one_line(proxy, emitter, driver, length):
    script = Script().out(b"number 1\n" + ending_at(2, length) + b"\nnumber 3\nnumber 4\n")
    container = emitter.play(script, tty=True, log_driver=driver)

    done = scan(proxy, container.name, *NUMBERED)

    assert COMPLETE == done.exit_code
    assert once([1, 2, 3, 4]) == numbers(done.json)
    assert ("complete", 4) == (source_of(done.json, container)["status"], source_of(done.json, container)["lines"])


def test_bytes_that_are_no_text_hide_no_line(proxy, emitter):
    """`local` keeps every byte, invalid UTF-8 and NULs included."""
    script = Script().out(b"\xff\xfe\x00 number 1 \xc3\n\n\n" + bytes(range(11, 256)) + b"number 2\n\x00number 3\n")
    container = emitter.play(script, log_driver="local")

    report = scan(proxy, container.name, *NUMBERED).json

    assert once([1, 2, 3]) == numbers(report)
    assert script.count == source_of(report, container)["lines"]


def test_a_container_is_scanned_while_it_writes_up_to_the_moment_the_scan_began(proxy, emitter):
    """It writes all through the scan, which tells at most 10,000 of them apart, even where it is long in starting."""
    container = emitter.burst(Burst(1_000_000, size=40, rate=500), wait=False)
    assert until(lambda: len(engine_records(container)) > 500)

    done = scan(proxy, container.name, "--rules", str(rule_for_bursts(container)), "--no-builtin")

    end = done.json["range"]["until"]
    numbered = enumerate(engine_records(container), start=1)
    written = [number for number, record in numbered if record.time <= end]
    source = source_of(done.json, container)
    assert (COMPLETE, "complete", len(written)) == (done.exit_code, source["status"], source["lines"])
    assert once(written) == numbers(done.json)
    assert source["last_seen"] <= end < engine_records(container)[-1].time


def test_a_stopped_container_and_a_running_one_are_both_read(proxy, engine, emitter):
    stopped = emitter.play(Script().lines(3, b"number %d"))
    running = engine.run(emitter.image, "sh", "-c", "echo number 4; exec sleep 600", wait=False)
    assert until(lambda: engine_records(running))

    done = scan(proxy, stopped.name, running.name, *NUMBERED)

    assert COMPLETE == done.exit_code
    assert once([1, 2, 3, 4]) == numbers(done.json)
    assert {(stopped.id, "complete", 3), (running.id, "complete", 1)} == {
        (source["container"]["id"], source["status"], source["lines"]) for source in done.json["sources"]
    }
