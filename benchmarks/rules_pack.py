"""Write a pack of made-up rules, to measure what their number costs.

    python -m benchmarks.rules_pack PATH COUNT [--seed 1]

The rules are shaped like real ones: a phrase, one of two phrases, a phrase with numbers in it, a
field together with a phrase. Each is distinct, passes its own tests, and matches no line of the
corpus: what is measured is the search, not the hits.
"""

from __future__ import annotations

import argparse
import json
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

Rule = dict[str, Any]

PARTS = (
    "replication slot", "write-ahead buffer", "leader election", "shard mover", "device twin", "zigbee mesh",
    "token broker", "image puller", "backup agent", "metric relay", "job planner", "index merger",
)  # fmt: skip
TROUBLES = (
    "fell behind", "lost its quorum", "ran out of handles", "was fenced off", "gave up waiting", "is corrupt",
    "overflowed", "vanished", "refuses to start", "skipped a beat", "went backwards", "deadlocked",
)  # fmt: skip
SUBJECTS = ("primary", "standby", "gateway", "collector", "worker")
IGNORED = ("INFO: everything is in its place", '{"level": "INFO", "message": "all parts are running"}')


def make_rules(count: int, *, seed: int = 1) -> list[Rule]:
    """Give `count` distinct rules, at most 720; the same ones for the same seed."""
    phrases = [f"{subject} {part} {trouble}" for subject, part, trouble in product(SUBJECTS, PARTS, TROUBLES)]
    if count > len(phrases):
        raise ValueError(f"there are {len(phrases)} rules to be had, not {count}")
    random = Random(seed)
    random.shuffle(phrases)
    makers = (_contains, _either, _numbers, _field)
    return [makers[number % len(makers)](number, phrase) for number, phrase in enumerate(phrases[:count])]


def _rule(number: int, phrase: str, match: Rule, line: str) -> Rule:
    return {
        "id": f"synthetic-{number:03d}",
        "title": f"The {phrase}",
        "severity": ("info", "low", "medium", "high", "critical")[number % 5],
        "match": match,
        "why": "It exists to be searched for.",
        "advice": "Nothing is to be done.",
        "tests": {"match": [line], "ignore": list(IGNORED)},
    }


def _contains(number: int, phrase: str) -> Rule:
    return _rule(number, phrase, {"contains": phrase}, f"ERROR: {phrase} at 12:00")


def _either(number: int, phrase: str) -> Rule:
    match = {"any": [{"contains": f"{phrase} again"}, {"contains": f"{phrase} for good"}]}
    return _rule(number, phrase, match, f"WARNING: {phrase} for good")


def _numbers(number: int, phrase: str) -> Rule:
    match = {"regex": rf"{phrase} after (?P<seconds>\d+(?:\.\d+)?) ?s\b"}
    return _rule(number, phrase, match, f"{phrase} after 12.5 s")


def _field(number: int, phrase: str) -> Rule:
    match = {"all": [{"field": "level", "in": ["error", "fatal"]}, {"regex": rf"{phrase}(?: \(attempt \d+\))?"}]}
    return _rule(number, phrase, match, json.dumps({"level": "error", "message": f"{phrase} (attempt 3)"}))


def write_pack(path: Path, count: int, *, seed: int = 1) -> None:
    """Write `count` rules to `path`. JSON is YAML too, and needs no quoting of ours."""
    pack = {"schema": "logscan/v1", "technology": "Synthetic", "rules": make_rules(count, seed=seed)}
    path.write_text(json.dumps(pack, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a pack of made-up rules.")
    parser.add_argument("path", type=Path)
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    write_pack(asked.path, asked.count, seed=asked.seed)


if __name__ == "__main__":
    main()
