"""The searches find the hits of the corpus, whoever runs them."""

import json
import re
from random import Random

import pytest

from benchmarks.contest import BenchmarkFailed, counts, finds
from benchmarks.corpus import Corpus, make_block
from benchmarks.searches import ID_PREFIX, SEARCHES, write_patterns, write_rules
from logscan.matching.matcher import Matcher
from logscan.ruleset.loader import load_rules
from logscan.ruleset.selftest import run_tests


@pytest.mark.parametrize("search", [pytest.param(search, id=search.name) for search in SEARCHES])
def test_a_search_finds_its_line(search):
    assert re.search(search.pattern, search.line)
    assert search.text in search.line


@pytest.mark.parametrize(
    "patterns",
    [
        pytest.param([search.pattern for search in SEARCHES], id="patterns"),
        pytest.param([re.escape(search.text) for search in SEARCHES], id="texts"),
    ],
)
def test_the_searches_find_the_hits_of_a_corpus_and_nothing_else(patterns):
    block = make_block(Random(3), density=0.01)
    either = re.compile("|".join(patterns))
    lines = block.text.decode().splitlines()
    assert list(block.hits) == [number for number, line in enumerate(lines) if either.search(line)]


def test_a_pack_has_as_many_rules_as_were_asked_for_and_all_pass_their_tests(tmp_path):
    write_rules(tmp_path / "rules.yaml", 50)
    rules = load_rules([tmp_path / "rules.yaml"], builtin=False)
    assert (50, len(SEARCHES)) == (len(rules), sum(rule.id.startswith(ID_PREFIX) for rule in rules))
    assert [] == run_tests(rules, Matcher(rules).matches)


def test_peers_search_for_the_five_patterns_and_the_literals_of_the_other_rules(tmp_path):
    write_rules(tmp_path / "rules.yaml", 6)
    write_patterns(tmp_path / "patterns.txt", tmp_path / "rules.yaml")
    written = (tmp_path / "patterns.txt").read_text().splitlines()
    assert [search.pattern for search in SEARCHES] == written[: len(SEARCHES)]
    made_up = load_rules([tmp_path / "rules.yaml"], builtin=False)[-1]
    samples = made_up.model.tests.match
    assert all(any(re.search(literal, line) for literal in written[len(SEARCHES) :]) for line in samples)


def report(*, lines, counts_by_rule):
    findings = [{"rule": {"id": rule}, "count": count} for rule, count in counts_by_rule.items()]
    return json.dumps({"summary": {"lines": lines}, "findings": findings}).encode()


def test_a_report_is_right_when_its_lines_and_the_hits_of_the_searches_add_up():
    """Findings of other rules, which see the same lines, don't count."""
    right = report(lines=10, counts_by_rule={"searched-stale": 2, "searched-import": 1, "unauthorized-access": 7})
    finds(Corpus(lines=10, bytes=100, hits=3))(right)


@pytest.mark.parametrize(
    ("lines", "hits"), [pytest.param(9, 3, id="a line is missing"), pytest.param(10, 4, id="a hit too many")]
)
def test_a_report_that_is_wrong_ends_the_benchmark(lines, hits):
    with pytest.raises(BenchmarkFailed, match=r"expected \(10, 3\), got"):
        finds(Corpus(lines=10, bytes=100, hits=3))(report(lines=lines, counts_by_rule={"searched-stale": hits}))


def test_a_wrong_count_ends_the_benchmark():
    with pytest.raises(BenchmarkFailed, match="hits: expected 3, got 2"):
        counts(Corpus(lines=10, bytes=100, hits=3))(b"2\n")
