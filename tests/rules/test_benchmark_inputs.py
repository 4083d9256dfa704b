"""What the benchmarks are fed: corpora of known size and hits, and packs of valid rules."""

import io
from random import Random

import pytest

from benchmarks import corpus
from benchmarks.rules_pack import make_rules, write_pack
from logscan.matching.literals import rule_literals
from logscan.matching.matcher import Matcher
from logscan.matching.prefilter import Prefilter
from logscan.ruleset.loader import load_rules
from tests.rules.shipped import SHIPPED, matching


@pytest.fixture(scope="module")
def block():
    return corpus.make_block(Random(5), density=0.01)


MOST_MET = 0.001


@pytest.fixture(scope="module")
def ordinary():
    return corpus.make_block(Random(7), density=0).text.lower()


@pytest.fixture(scope="module")
def met(ordinary):
    """The literals of shipped rules that stand in ordinary lines, and some of which only the beginning does."""
    literals = sorted({literal for rule in SHIPPED for literal in rule_literals(rule.model) or ()})
    return {literals[number] for number, _ in Prefilter.of(literals).candidates(ordinary)}


def write(block, **measure):
    out = io.BytesIO()
    return corpus.write_corpus(out, block, **measure), out.getvalue()


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(0, id="none"),
        pytest.param(7, id="part of a block"),
        pytest.param(corpus.BLOCK_LINES, id="one block"),
        pytest.param(2 * corpus.BLOCK_LINES + 1, id="two blocks and a line"),
    ],
)
def test_a_corpus_has_exactly_the_lines_that_were_asked_for(block, lines):
    told, text = write(block, lines=lines)
    assert (lines, lines, len(text)) == (told.lines, text.count(b"\n"), told.bytes)


@pytest.mark.parametrize("size", [pytest.param(0, id="nothing"), pytest.param(10_000_000, id="more than a block")])
def test_a_corpus_fills_its_size_with_whole_lines(block, size):
    told, text = write(block, size=size)
    assert (text.count(b"\n"), len(text)) == (told.lines, told.bytes)
    assert size - 1000 <= len(text) <= size
    assert text[-1:] in {b"\n", b""}


def test_the_hits_of_a_corpus_are_those_that_the_rules_find(block):
    told, text = write(block, lines=1500)
    assert told.hits == sum(bool(matching(line)) for line in text.decode().splitlines())


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.id) for rule in SHIPPED])
def test_fewer_than_one_ordinary_line_in_a_thousand_holds_a_literal_of_a_shipped_rule(rule, ordinary, met):
    """Such a line costs a decoding and a judgement, whether the rule matches or not."""
    present = [literal.encode() for literal in rule_literals(rule.model) or () if literal in met]
    lines = ordinary.splitlines() if present else []
    assert sum(any(literal in line for literal in present) for line in lines) < MOST_MET * ordinary.count(b"\n")


def test_blocks_differ_by_their_day(block):
    days = {block.on_day(number)[:10_000] for number in range(3)}
    assert [3, True] == [len(days), b"2025-12-04T" in block.on_day(2)]


def test_the_same_seed_gives_the_same_block(block):
    assert block == corpus.make_block(Random(5), density=0.01)


def test_a_corpus_in_docker_form_holds_the_same_hits():
    block = corpus.make_block(Random(5), density=0.01, form=corpus.Form.JSON_FILE)
    told, text = write(block, lines=1500)
    assert told.hits == sum(bool(matching(line)) for line in text.decode().splitlines())


def test_a_pack_of_500_rules_loads_and_every_rule_has_a_literal(tmp_path):
    write_pack(tmp_path / "pack.yaml", 500)
    rules = load_rules([tmp_path / "pack.yaml"], builtin=False)
    assert [500, 500] == [len(rules), sum(rule_literals(rule.model) is not None for rule in rules)]


def test_the_rules_of_a_pack_pass_their_own_tests(tmp_path):
    write_pack(tmp_path / "pack.yaml", 50)
    rules = load_rules([tmp_path / "pack.yaml"], builtin=False)
    matcher = Matcher(rules)
    judged = [
        (
            matcher.matches(rule, rule.model.tests.match[0]),
            any(matcher.matches(rule, x) for x in rule.model.tests.ignore),
        )
        for rule in rules
    ]
    assert [(True, False)] * 50 == judged


def test_a_pack_cannot_be_larger_than_its_vocabulary():
    with pytest.raises(ValueError, match="720"):
        make_rules(721)
