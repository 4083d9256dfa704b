"""Searches: what logscan, grep and ripgrep are to find in the corpus, so that all find the same.

Owns five patterns that find exactly the hits of the corpus (one of them finds nothing, as most
searches do), and their form as rules and as a file of patterns. More searches are filled up with
made-up ones that match nothing. Does not own the corpus, nor the made-up rules.

The five hold in Python, in POSIX extended syntax and in Rust's. Case counts in none of them for
logscan, and in all of them for the peers, which are faster that way.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from benchmarks.rules_pack import Rule, make_rules
from logscan.matching.literals import rule_literals
from logscan.ruleset.loader import load_rules

ID_PREFIX = "searched-"


@dataclass(frozen=True, slots=True)
class Search:
    """A pattern, and a line that it finds."""

    name: str
    pattern: str
    line: str

    def as_rule(self) -> Rule:
        """The search as a rule of high severity, for any container."""
        return {
            "id": ID_PREFIX + self.name,
            "title": f"A line of the kind {self.name}",
            "severity": "high",
            "match": {"regex": self.pattern},
            "why": "It is what the corpus hides.",
            "advice": "Nothing is to be done.",
            "tests": {"match": [self.line], "ignore": ["INFO: everything is in its place"]},
        }


SEARCHES = (
    Search("stale", r"Discovery cache is stale \([0-9.]+ minutes", "Discovery cache is stale (41.2 minutes old)."),
    Search("unauthorized", "msg=Unauthorized .*error=", 'lvl=info msg=Unauthorized error="token required"'),
    Search("import", "ModuleNotFoundError: No module named", "ModuleNotFoundError: No module named 'plugin_7'"),
    Search("refused", r'POST /login HTTP/1\.1" 401 ', '203.0.113.9 - - "POST /login HTTP/1.1" 401 94'),
    Search("panic", 'msg="Dispatcher panic"', 'lvl=info msg="Dispatcher panic" error="panic: index out of range"'),
)


def write_rules(path: Path, count: int) -> None:
    """Write the five searches and made-up rules, `count` in all."""
    rules = [search.as_rule() for search in SEARCHES] + make_rules(count - len(SEARCHES))
    pack = {"schema": "logscan/v1", "technology": "Benchmark", "rules": rules}
    path.write_text(json.dumps(pack, indent=2) + "\n", encoding="utf-8")


def write_patterns(path: Path, rules: Path) -> None:
    """Write what grep and ripgrep take: the five patterns, and the literals of the other rules in `rules`."""
    patterns = [search.pattern for search in SEARCHES]
    for rule in load_rules([rules], builtin=False):
        if not rule.id.startswith(ID_PREFIX):
            patterns += sorted(rule_literals(rule.model) or ())
    path.write_text("".join(f"{pattern}\n" for pattern in patterns), encoding="utf-8")
