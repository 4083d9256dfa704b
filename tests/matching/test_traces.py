"""Stack traces of ten languages and servers: each counts once, whatever comes in between and wherever it is cut."""

import itertools
from pathlib import Path

import pytest

from logscan.framing.frames import FrameDecoder
from logscan.framing.time_range import TimeRange
from logscan.matching.matcher import Matcher
from logscan.ruleset.loader import load_rules
from tests.framing.wire import START_NS, STDERR, STDOUT, frame
from tests.matching.making import ANYONE, batch

TRACES = Path(__file__).parents[2] / "fixtures" / "traces"
RULES = load_rules([TRACES / "rules.yaml"], builtin=False)
MILLISECOND = 1_000_000

LAST = {
    "python": "shop.errors.StoreError: prices is not there",
    "python-group": "ConnectionRefusedError: [Errno 111] Connect call failed ('172.18.0.4', 1883)",
    "java": "java.net.ConnectException: Connection refused",
    "go": "request 7f21: runtime error: invalid memory address or nil pointer dereference",
    "node": "Error: connect ECONNREFUSED 172.18.0.3:5432",
    "dotnet": "System.Net.Sockets.SocketException (111): Connection refused",
    "ruby": 'Connection refused - connect(2) for "db" port 5432 (Errno::ECONNREFUSED)',
    "rust": 'called `Result::unwrap()` on an `Err` value: Os { code: 2, kind: NotFound, message: "No such file or directory" }',
    "php": "RuntimeException: the shop could not start",
    "postgres": 'insert or update on table "orders" violates foreign key constraint "orders_user_fkey"',
    "rabbitmq": "{{badmatch,{error,enoent}}",
}
"""The last exception of each trace."""

OTHER_STREAM = [
    "GET /health 200",
    "",
    "\tat com.example.Other.run(Other.java:7)",
    "    at other (/other.js:1:1)",
    "Caused by: x",
]
"""What the program prints at the same time elsewhere; some of it looks as if it went on with a trace."""

each_trace = pytest.mark.parametrize("name", LAST)


def trace(name):
    return (TRACES / f"{name}.log").read_text().splitlines()


def first_line(name):
    """Where the event begins: Node prints the source before the error."""
    return 4 if name == "node" else 0


def hits(*batches):
    matcher = Matcher(RULES)
    found = [hit for one in batches for hit in matcher.scan(one)]
    return [*found, *matcher.close()]


def facts(found):
    return [(hit.rule.id, hit.line.text, hit.continued, dict(hit.fields)) for hit in found]


def expected(name, times=1):
    lines = trace(name)[first_line(name) :]
    return [(f"trace-{name.partition('-')[0]}", lines[0], tuple(lines[1:]), {"error": LAST[name]})] * times


def interleaved(name):
    """Give frames: a trace on standard error between ordinary lines, others on standard output all the while."""
    noise = itertools.cycle(OTHER_STREAM)
    said = ["listening on :8080", *trace(name), "bye"]
    pairs = [(stream, text) for line in said for stream, text in ((STDERR, line), (STDOUT, next(noise)))]
    return [frame(stream, f"{text}\n".encode(), START_NS + n * MILLISECOND) for n, (stream, text) in enumerate(pairs)]


@each_trace
def test_a_trace_counts_once_and_carries_its_last_exception(name):
    assert expected(name) == facts(hits(batch("listening", *trace(name), "bye")))


@each_trace
def test_a_trace_is_whole_at_the_end_of_a_log(name):
    assert expected(name) == facts(hits(batch(*trace(name))))


@each_trace
def test_a_trace_cut_between_any_two_lines_is_one(name):
    lines = [*trace(name), "bye"]

    for cut in range(1, len(lines)):
        assert expected(name) == facts(hits(batch(*lines[:cut]), batch(*lines[cut:]))), lines[cut]
    assert expected(name) == facts(hits(*(batch(line) for line in lines)))


@each_trace
@pytest.mark.parametrize("size", [1, 7, 64, 1000, 1 << 20])
def test_a_trace_among_lines_of_the_other_stream_is_one_in_chunks_of_any_size(name, size):
    raw, decoder = b"".join(interleaved(name)), FrameDecoder(ANYONE, TimeRange())
    batches = [one for at in range(0, len(raw), size) for one in decoder.feed(raw[at : at + size])]

    assert expected(name) == facts(hits(*batches))


@each_trace
def test_two_traces_with_a_line_between_them_are_two(name):
    assert expected(name, times=2) == facts(hits(batch(*trace(name), "starting", *trace(name), "bye")))


@pytest.mark.parametrize("name", [name for name in LAST if name != "ruby"])
def test_two_traces_right_behind_each_other_are_two(name):
    """Ruby's can't be told from one with its cause."""
    lines = trace(name)[first_line(name) :]
    assert expected(name, times=2) == facts(hits(batch(*lines, *lines)))


def test_every_trace_has_a_file_and_every_rule_a_trace():
    assert sorted(LAST) == sorted(path.stem for path in TRACES.glob("*.log"))
    assert {rule.id for rule in RULES} == {f"trace-{name.partition('-')[0]}" for name in LAST}
