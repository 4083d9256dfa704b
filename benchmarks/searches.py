"""Searches: what logscan, grep and ripgrep are to find in the corpus, so that all find the same.

Owns five patterns that find exactly the hits of the corpus (one of them finds nothing, as most
searches do), and their form as rules and as a file of patterns. More searches are filled up with
made-up ones that match nothing. Does not own the corpus, nor the made-up rules.

The five hold in Python, in POSIX extended syntax and in Rust's. Case counts in none of them for
logscan, and in all of them for the peers, which are faster that way.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from benchmarks.rules_pack import Rule, make_rules
from logscan.matching.literals import rule_literals
from logscan.ruleset.loader import load_rules

ID_PREFIX = "searched-"


@dataclass(frozen=True, slots=True)
class Search:
    """A pattern, a line that it finds, and a `text` that finds the same lines of the corpus."""

    name: str
    pattern: str
    line: str
    text: str

    def as_rule(self, *, plain: bool = False) -> Rule:
        """The search as a rule of high severity, for any container; a `plain` one looks for the text."""
        return {
            "id": ID_PREFIX + self.name,
            "title": f"A line of the kind {self.name}",
            "severity": "high",
            "match": {"contains": self.text} if plain else {"regex": self.pattern},
            "why": "It is what the corpus hides.",
            "advice": "Nothing is to be done.",
            "tests": {"match": [self.line], "ignore": ["INFO: everything is in its place"]},
        }


SEARCHES = (
    Search(
        "stale",
        r"Discovery cache is stale \([0-9.]+ minutes",
        "Discovery cache is stale (41.2 minutes old).",
        "Discovery cache is stale",
    ),
    Search(
        "unauthorized",
        "msg=Unauthorized .*error=",
        'lvl=info msg=Unauthorized error="token required"',
        "msg=Unauthorized",
    ),
    Search(
        "import",
        "ModuleNotFoundError: No module named",
        "ModuleNotFoundError: No module named 'plugin_7'",
        "No module named",
    ),
    Search(
        "refused",
        r'POST /login HTTP/1\.1" 401 ',
        '203.0.113.9 - - "POST /login HTTP/1.1" 401 94',
        'POST /login HTTP/1.1" 401 ',
    ),
    Search(
        "panic",
        'msg="Dispatcher panic"',
        'lvl=info msg="Dispatcher panic" error="panic: index out of range"',
        "Dispatcher panic",
    ),
)


def write_rules(path: Path, count: int, *, plain: bool = False) -> None:
    """Write the five searches, maybe as plain texts, and made-up rules, `count` in all."""
    rules = [search.as_rule(plain=plain) for search in SEARCHES] + make_rules(count - len(SEARCHES))
    pack = {"schema": "logscan/v1", "technology": "Benchmark", "rules": rules}
    path.write_text(json.dumps(pack, indent=2) + "\n", encoding="utf-8")


def write_window_rules(path: Path) -> None:
    """Write rules of which each has to hold, group or sort every line of `write_logins`."""
    extract = r"for (?P<user>\w+) from (?P<client>[0-9.]+)"
    kinds: Sequence[Rule] = (
        {"id": "grouped", "extract": extract, "group_by": ["user"]},
        {"id": "burst", "window": {"type": "event_count", "count": 1_000_000, "within": "1m"}},
        {
            "id": "spray",
            "extract": extract,
            "group_by": ["client"],
            "window": {"type": "value_count", "field": "user", "count": 100, "within": "10m"},
        },
    )
    common = {
        "title": "Logins fail",
        "severity": "low",
        "match": {"contains": "login failed"},
        "why": "It is what the log is full of.",
        "advice": "Nothing is to be done.",
        "tests": {"match": ["login failed for user1 from 10.0.0.1"], "ignore": ["all is well"]},
    }
    pack = {"schema": "logscan/v1", "technology": "Benchmark", "rules": [{**common, **kind} for kind in kinds]}
    path.write_text(json.dumps(pack, indent=2) + "\n", encoding="utf-8")


def write_logins(path: Path, lines: int) -> None:
    """Write failed logins of 5,000 users from 5,000 addresses, fifty a second, not quite in order."""
    random = Random(9)
    begin = datetime(2025, 12, 2, tzinfo=UTC)
    with path.open("w", encoding="ascii") as out:
        for number in range(lines):
            moment = begin + timedelta(milliseconds=20 * number - random.randrange(300))
            stamp, client = moment.isoformat(timespec="milliseconds"), divmod(random.randrange(5000), 250)
            user = random.randrange(5000)
            out.write(f"{stamp} WARN login failed for user{user} from 10.0.{client[0]}.{client[1]}\n")


def write_patterns(path: Path, rules: Path) -> None:
    """Write what grep and ripgrep take: the five patterns, and the literals of the other rules in `rules`."""
    patterns = [search.pattern for search in SEARCHES]
    for rule in load_rules([rules], builtin=False):
        if not rule.id.startswith(ID_PREFIX):
            patterns += sorted(rule_literals(rule.model) or ())
    path.write_text("".join(f"{pattern}\n" for pattern in patterns), encoding="utf-8")
