"""A draft loads, passes its own tests and is searched for, whatever line it was made from."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logscan.draft import draft_rule
from logscan.errors import UsageError
from logscan.finding import Severity
from logscan.matching.matcher import Matcher
from logscan.ruleset.loader import load_rules
from logscan.ruleset.model import Rule, RuleFile
from logscan.ruleset.selftest import run_tests
from logscan.ruleset.yaml_reader import read_yaml

REAL_LINES = [
    json.loads(record)["line"]
    for record in (Path(__file__).parents[1] / "fixtures" / "real-lines.jsonl").read_text().splitlines()
]


def drafted(line, **more):
    """The rule of a draft, and whether the draft says that it is searched for."""
    draft = draft_rule("some-rule", line, severity=Severity.LOW, **more)
    file = RuleFile.model_validate(read_yaml("draft.yaml", draft.text.encode()).plain())
    return Rule(file.rules[0], file.where, "draft.yaml", "draft.yaml", 1, file.technology), draft.searched


@pytest.mark.parametrize("line", REAL_LINES, ids=range(1, len(REAL_LINES) + 1))
def test_real_lines_give_rules_that_pass_their_tests_and_are_searched_for(line):
    rule, _ = drafted(line)
    matcher = Matcher([rule])
    assert ([], ()) == (run_tests([rule], matcher.matches), matcher.slow_lane)


LINES = st.one_of(
    st.text(min_size=1),
    st.lists(
        st.sampled_from(
            [*"\"'\\{}[]()$ \t\x1b\x85\u2028\ufeff\udc80", "2025-12-03T06:05:46Z", "${x}", "msg=", "17ms", "yes"]
        )
        | st.sampled_from(
            ["word ", "port 8080", "/var/x", "10.0.0.1:80", '{"msg":"', "Server started", "é", "[redacted]"]
        ),
        min_size=1,
    ).map("".join),
    st.dictionaries(st.text(max_size=6), st.text(max_size=30) | st.integers()).map(json.dumps),
)


@settings(max_examples=150, deadline=None)
@given(LINES)
def test_any_line_gives_a_rule_that_passes_its_tests(line):
    try:
        rule, searched = drafted(line)
    except UsageError:
        return
    matcher = Matcher([rule])
    assert ([], not searched) == (run_tests([rule], matcher.matches), bool(matcher.slow_lane))


@pytest.mark.parametrize("line", ["", " \n\t", "\x1b[0m"], ids=["nothing", "white space", "a colour"])
def test_an_empty_line_gives_none(line):
    with pytest.raises(UsageError):
        drafted(line)


def said(line):
    return drafted(line)[0].model.match.model_dump(by_alias=True, exclude_unset=True)


@pytest.mark.parametrize(
    ("line", "match"),
    [
        pytest.param("2025-12-03 disk 7 full", {"regex": r"disk \d+ full"}, id="plain"),
        pytest.param('{"level":"error","message":"disk 7 full"}', {"regex": r"disk \d+ full"}, id="JSON: its message"),
        pytest.param(
            '{"level":"error","err":"the disk is full"}',
            {"field": "err", "equals": "the disk is full"},
            id="JSON without a message: its longest text",
        ),
        pytest.param('ts=1 msg="disk is full"', {"field": "msg", "equals": "disk is full"}, id="logfmt: its message"),
        pytest.param(
            'ts=1 msg="disk 7 is full"', {"field": "msg", "regex": r"disk \d+ is full"}, id="logfmt that varies"
        ),
        pytest.param("'a' 'b' \"cdef\"", {"contains": "'a' 'b' \"cdef\""}, id="without any word"),
        pytest.param("\nfirst one\nsecond", {"regex": "first one"}, id="several lines: the first"),
        pytest.param("\x1b[31mdisk\x1b[0m full", {"regex": "disk full"}, id="colours are left out"),
    ],
)
def test_which_text_is_looked_at(line, match):
    assert match == said(line)


def test_secrets_of_the_line_stay_out_of_the_file():
    draft = draft_rule("r", "login failed: password=hunter22 for bob", severity=Severity.LOW)
    assert "hunter22" not in draft.text


def test_the_line_to_ignore_is_one_that_the_rule_leaves_alone():
    first, other = (
        drafted(line)[0].model.tests.ignore for line in ("disk full", "Server started, listening on port 1")
    )
    assert (True, True) == (first == ("Server started, listening on port 8080",), other != first)


def test_a_service_becomes_the_where_of_the_file():
    rule, _ = drafted("disk full", service="eshop")
    assert (("eshop",), "eshop") == (rule.where.service, rule.technology)


def test_a_draft_loads_from_a_file(tmp_path):
    path = tmp_path / "some-rule.yaml"
    path.write_text(draft_rule("some-rule", "it's 5 o'clock", severity=Severity.HIGH).text, encoding="utf-8")
    (rule,) = load_rules([path], builtin=False)
    assert ("some-rule", Severity.HIGH) == (rule.id, rule.model.severity)
