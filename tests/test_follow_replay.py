"""A follow that is killed and begun again finds what one scan of the same lines finds, evidence included.

Every case folder and the recorded day of HomeIQ go through the real loop, store and detector; only the reading
is played: lines in the order of their times, with the marks that an engine's logs would have.
"""

from __future__ import annotations

import io
import itertools
import json
import platform
import random
from functools import partial
from itertools import chain
from pathlib import Path

import pytest

from logscan.announce import Announcer
from logscan.assemble import run_scan
from logscan.batch import Input
from logscan.checkpoint import Mark, Place, RecordKey
from logscan.counting import Counting
from logscan.detection.detector import Detector
from logscan.finding import Severity
from logscan.follow import Follow, Part, Stop
from logscan.framing.time_range import TimeRange
from logscan.keeper import Keeper
from logscan.matching.matcher import Matcher
from logscan.matching.where import knows
from logscan.ruleset.loader import load_rules
from logscan.settings import Config, resolve
from logscan.sources.files import FileSource
from logscan.sources.live import CaughtUp, Ended, EventLines, EventsTold, Idle, Lines, Start, Watched
from logscan.store.reader import Reader
from logscan.store.store import Store
from tests.test_cases import CASES, LATENESS_NS, pieces, rule_files, whole

ROOT = Path(__file__).parents[1]
HOMEIQ = ROOT / "fixtures" / "homeiq"
SAMPLES = 3
COMMITS = (1, 2, 5, 20)
"""After so many of them a life ends; the first one always after one."""


class Killed(Exception):
    """The process ends without notice."""


class Played:
    """A source that tells recorded lines, from wherever the store says, and then that it has ended."""

    def __init__(self, host, lines):
        self.host = host
        self._lines = lines

    def start(self, start, inbox):
        read = {key: point.mark.records for key, point in start.logs.items()}
        looked_at = {key: point.mark.records + point.replayed for key, point in start.logs.items()}
        numbers = dict.fromkeys((line.container.key for line in self._lines), 0)
        last_ns, events_ns = {}, start.events_from_ns or 0
        told_ns = 0
        for line in self._lines:
            key = line.container.key
            if line.input is Input.EVENT:
                if line.last_ns > told_ns:
                    inbox.put(EventsTold(self.host, max(line.last_ns, events_ns)))
                if line.last_ns >= events_ns:
                    inbox.put(EventLines(line))
                told_ns = line.last_ns
                continue
            number = numbers[key]
            numbers[key] += 1
            if number < read.get(key, 0):
                continue
            if key not in last_ns and key not in start.logs:
                inbox.put(Watched(line.container, line.first_ns))
            last_ns[key] = line.last_ns
            inbox.put(Lines(line, mark(number), mark(number + 1), replayed=number < looked_at.get(key, 0)))
        inbox.put(EventsTold(self.host, told_ns + 1))
        ends = {line.container.key: line for line in self._lines}
        for line in ends.values():
            inbox.put(CaughtUp(line.container, line.last_ns))
        for line in ends.values():
            inbox.put(Idle(line.container))
        inbox.put(Ended(self.host))

    def stop(self):
        pass

    def close(self, timeout_s):
        pass


class Mortal(Store):
    """A store whose process ends right after some of its commits."""

    lives = 0

    def commit(self, commit):
        super().commit(commit)
        self.lives -= 1
        if not self.lives:
            raise Killed


class Only:
    """One host, reached at once."""

    def __init__(self, part):
        self._parts = [part]

    @property
    def expected(self):
        return len(self._parts)

    def take(self):
        taken, self._parts = self._parts, []
        return taken

    def stop(self):
        pass


def mark(records):
    return Mark(Place((RecordKey(records, records, 1),)), records=records)


def part_of(source, rules, matcher, keeper):
    """The host of `source`, which goes on from what the store knows of it."""
    host, store = source.host, keeper.store
    loaded = store.load(host)
    detector = Detector(rules, samples=SAMPLES, lateness_ns=LATENESS_NS, recall=partial(keeper.recall, host))
    detector.restore(loaded.rows)
    counting = Counting(
        host, matcher, detector, digest_key=store.digest_key, checkpoints=loaded.checkpoints, wanted=TimeRange()
    )
    announcer = Announcer(host, asked=[rule.id for rule in rules], min_severity=Severity.INFO)
    start = Start(store.digest_key, logs=loaded.checkpoints, events_from_ns=loaded.events_told_ns)
    return Part(source, counting, announcer, start)


def follow_once(path, host, rules, lines, commits):
    """Follow until the end, or until so many commits were made; tell which it was."""
    now_ns = lines[-1].last_ns
    with Mortal.open(path, now_ns=now_ns) as store:
        store.lives = commits
        matcher = Matcher(rules)
        keeper = Keeper(store, monotonic=lambda: 0.0, notice=print)
        part = part_of(Played(host, lines), rules, matcher, keeper)
        moments = itertools.count(0.0, min(0.2, 100 / len(lines)))
        follow = Follow(
            Only(part), matcher, keeper, None, stop=Stop(), clock=lambda: now_ns, monotonic=lambda: next(moments)
        )
        try:
            follow.run()
        except Killed:
            return False
        return True


def followed(path, host, rules, lines, *, seed, lives=30):
    """The findings of a follow that ended after one commit, a few, or many, so many times."""
    rng, deaths = random.Random(seed), 0
    while not follow_once(path, host, rules, lines, rng.choice(COMMITS) if 0 < deaths < lives else int(not deaths)):
        deaths += 1
    assert deaths, "no commit was the last one, so nothing was tried"
    return kept(path)


def kept(path):
    """The findings in a store, as a report would have them."""
    with Reader.open(path, now_ns=0) as reader:
        return ordered([stored.document for stored in reader.findings()])


def ordered(findings):
    """Findings by their names, and without how they stand, of which a scan doesn't know."""
    return sorted((found | {"state": None} for found in findings), key=lambda found: found["fingerprint"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_follow_with_kills_finds_what_one_without_finds(tmp_path, case):
    rules = load_rules([Path(file) for file in rule_files(case)], builtin=False)
    lines = list(pieces(whole(case, rules)))
    host = lines[0].container.host
    assert follow_once(tmp_path / "whole.db", host, rules, lines, 0)

    expected = kept(tmp_path / "whole.db")
    assert len(json.loads((case / "expected.json").read_text())) == len(expected)

    assert expected == followed(tmp_path / "cut.db", host, rules, lines, seed=len(lines))


def test_a_day_of_homeiq_is_found_alike_by_follow_and_scan(tmp_path):
    given = {"file": [str(HOMEIQ)], "format": "json"}
    out = io.StringIO()
    run_scan(resolve(given, Config(), now_ns=0), out=out, progress=None)
    rules = load_rules([])
    host = platform.node()
    sources = [FileSource(path, knows=partial(knows, rules), host=host) for path in sorted(HOMEIQ.glob("*.log"))]
    lines = list(pieces(chain.from_iterable(source.batches() for source in sources)))

    found = followed(tmp_path / "state.db", host, rules, lines, seed=1, lives=12)

    assert ordered(json.loads(out.getvalue())["findings"]) == found
