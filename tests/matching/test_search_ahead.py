"""Search ahead: whoever searches, batches come out in their order, each with what one search here finds."""

import os
import resource
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from logscan.batch import MAX_BATCH_BYTES, Batch
from logscan.framing.lines import LineCutter
from logscan.framing.stretch import Pause, Stretch
from logscan.matching.prefilter import Prefilter
from logscan.matching.search_ahead import SearchAhead, spare_cores
from logscan.matching.search_process import SLOTS
from tests.matching.making import ANYONE, batch

PREFILTER = Prefilter.of(["needle", "thimble"])
WORDS = ["hay", "straw", "needle", "thimble", "needles and thimbles"]


def uncounted(*lines):
    return Batch(ANYONE, "".join(f"{line}\n" for line in lines).encode(), None)


def batches_of(count, seed=1):
    """Batches of all sizes up to the largest, some with nothing in them to be found."""
    random = Random(seed)
    for number in range(count):
        line = " ".join([*random.choices(WORDS[:2], k=120), *random.choices(WORDS, k=number % 3)])
        yield uncounted(*[line] * random.choice([1, 7, 100, MAX_BATCH_BYTES // (len(line) + 1)]))


def begun(ahead, processes):
    """Have processes started, and wait until they search."""
    until = time.monotonic() + 30
    while ahead.processes < processes:
        assert time.monotonic() < until
        list(ahead.over([batch("hay " * 1000)]))
        time.sleep(0.01)
    return ahead


def expected(batches):
    return [(one, PREFILTER.candidates(one.text)) for one in batches]


@pytest.mark.parametrize("processes", [0, 1, 3])
def test_batches_come_in_their_order_each_with_its_candidates(processes):
    batches = list(batches_of(60))
    with SearchAhead(PREFILTER, processes=processes, start_bytes=3000) as ahead:
        first = list(ahead.over(batches[:20]))
        begun(ahead, processes)
        found = [*first, *ahead.over(batches[20:40]), *ahead.over(batches[40:])]
    assert expected(batches) == found
    assert [one.text.count(b"\n") for one in batches] == [one.lines for one, _ in found]


def text_of_stretches(count):
    """Lines of which some are to be found, and three that need care, in the first stretch, in another, and at the end."""
    random = Random(7)
    lines = [f"{number} {' '.join(random.choices(WORDS, k=number % 9))}" for number in range(count * 20_000)]
    lines[count * 9_000] = "\x1b[31mnee\x1b[0mdle"
    for place in (0, count * 10_000, -1):
        lines[place] = "needle " * 60_000
    return "\n".join(lines).encode()


def stretches_of(text, bounds, finish=lambda one: one):
    file = os.memfd_create("log")
    os.write(file, text)
    return file, [Stretch(file, *each, ANYONE, finish, None) for each in pairwise(bounds)]


@pytest.mark.parametrize(("processes", "killed"), [(0, False), (1, False), (1, True), (3, False), (3, True)])
def test_stretches_come_as_batches_in_their_order(processes, killed):
    text = b"first\n" + text_of_stretches(20)
    finished = []

    def finish(one):
        finished.append(one)
        return one

    file, stretches = stretches_of(text, [*range(6, len(text), 200_000), len(text)], finish)
    found = []
    with SearchAhead(PREFILTER, processes=processes, start_bytes=0) as ahead:
        for one in begun(ahead, processes).over([batch("first"), *stretches, Pause(), batch("needle")]):
            found.append(one)
            if killed and len(found) == 20:
                for child in children():
                    os.kill(child, signal.SIGKILL)
    os.close(file)
    batches = [one for one, _ in found]
    assert expected(batches) == found
    assert batches[1:-1] == finished
    cutter = LineCutter(ANYONE)
    whole = [*cutter.feed(text), *cutter.flush()]
    assert b"".join(one.text for one in whole) == b"".join(one.text for one in batches[:-1])
    assert [one.text.count(b"\n") for one in batches] == [one.lines for one in batches]


def test_a_process_closes_the_files_that_it_was_given():
    file, stretches = stretches_of(b"needle\n" * 60_000, range(7, 400_000, 1000))
    with SearchAhead(PREFILTER, processes=1, start_bytes=0) as ahead:
        begun(ahead, 1)
        (child,) = children()
        before = len(list(Path(f"/proc/{child}/fd").iterdir()))
        list(ahead.over(stretches))
        assert before + SLOTS >= len(list(Path(f"/proc/{child}/fd").iterdir()))
    os.close(file)


@pytest.mark.parametrize("limit", [3, 4])
def test_a_process_that_can_open_no_file_leaves_its_stretches_to_this_one(limit):
    text = b"".join(b"line %d needle\n" % number for number in range(60_000))
    file, stretches = stretches_of(text, [7, *range(1000, len(text), 5000), len(text)])
    with SearchAhead(PREFILTER, processes=1, start_bytes=0) as ahead:
        begun(ahead, 1)
        (child,) = children()
        resource.prlimit(child, resource.RLIMIT_NOFILE, (limit, limit))
        found = list(ahead.over(stretches))
    os.close(file)
    assert expected([one for one, _ in found]) == found
    assert text.split(b"\n", 1)[1] == b"".join(one.text for one, _ in found)


def test_nothing_is_asked_for_behind_a_pause_before_all_was_taken():
    taken = []

    def portions():
        yield from [batch("needle")] * 3
        yield Pause()
        assert 3 == len(taken)
        yield batch("needle")

    with SearchAhead(PREFILTER, processes=2, start_bytes=0) as ahead:
        for _, found in begun(ahead, 2).over(portions()):
            taken.append(len(found))
    assert [1] * 4 == taken


def test_what_has_no_room_in_shared_memory_is_searched_here():
    long, dense = batch("hay " * MAX_BATCH_BYTES), batch("needle" * 100_000)
    with SearchAhead(PREFILTER, processes=1, start_bytes=0) as ahead:
        found = list(begun(ahead, 1).over([long, dense, batch("needle")]))
    assert [0, 100_000, 1] == [len(candidates) for _, candidates in found]


def test_few_batches_wait_whatever_comes():
    taken = []
    batches = [batch(f"needle {number}") for number in range(50)]
    with SearchAhead(PREFILTER, processes=2, start_bytes=0) as ahead:
        begun(ahead, 2)
        ahead_by = [len(taken) - at for at, _ in enumerate(ahead.over(one for one in batches if not taken.append(one)))]
    assert (50, True) == (len(ahead_by), max(ahead_by) <= 10)


@pytest.mark.parametrize("signal_", [signal.SIGKILL, signal.SIGTERM])
def test_processes_that_are_gone_cost_nothing_but_time(signal_):
    batches = list(batches_of(60))
    found = []
    with SearchAhead(PREFILTER, processes=2, start_bytes=0) as ahead:
        for number, one in enumerate(begun(ahead, 2).over(batches)):
            found.append(one)
            if number in {10, 30}:
                os.kill(children()[0], signal_)
    assert expected(batches) == found
    assert [] == children()


def test_an_interrupt_is_left_to_the_one_who_asked():
    batches = list(batches_of(20))
    with SearchAhead(PREFILTER, processes=1, start_bytes=0) as ahead:
        found = list(begun(ahead, 1).over(batches[:10]))
        (child,) = children()
        os.kill(child, signal.SIGINT)
        found += ahead.over(batches[10:])
        assert [child] == children()
    assert expected(batches) == found


def test_without_room_for_processes_it_goes_without(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nonexistent")
    with SearchAhead(PREFILTER, processes=2, start_bytes=0) as ahead:
        assert [[(0, 6)]] * 3 == [found for _, found in ahead.over([batch("needle")] * 3)]


OWNER = """
from tests.matching.test_search_ahead import PREFILTER, begun, children
from logscan.matching.search_ahead import SearchAhead
ahead = begun(SearchAhead(PREFILTER, processes=1, start_bytes=0), 1)
print(*children(), flush=True)
input()
"""


def test_no_process_outlives_the_one_that_started_it():
    owner = subprocess.Popen([sys.executable, "-c", OWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    child = int(owner.stdout.readline())
    owner.kill()
    owner.communicate()
    until = time.monotonic() + 30
    while Path(f"/proc/{child}").exists() and "Z" not in Path(f"/proc/{child}/stat").read_text():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_little_input_pays_for_no_process():
    with SearchAhead(PREFILTER, processes=1, start_bytes=10_000) as ahead:
        list(ahead.over([uncounted("hay " * 1000)] * 3))
        few = children()
        begun(ahead, 1)
        assert (0, 1) == (len(few), len(children()))


def test_one_core_is_left_for_this_process(monkeypatch):
    found = []
    for cores in (1, 2, 64):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, cores=cores: set(range(cores)))
        found.append(spare_cores())
    assert [0, 1, 3] == found


def children():
    """The search processes that this one has started and that are still there."""
    started = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return [int(child) for child in started if b"search_process" in Path(f"/proc/{child}/cmdline").read_bytes()]
