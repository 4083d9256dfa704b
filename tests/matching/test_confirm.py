"""What a rule says of one line: whether it matches, where, and with which fields."""

import pytest

from logscan.matching.confirm import Judge
from logscan.matching.views import LineView
from tests.matching.making import rule

JSON = '{"level": "ERROR", "status": 502, "message": "say \\"no\\" to: disk full", "ctx": {"user": "bob"}}'


def judged(match, line):
    return Judge.of(rule(match).model).judge(LineView(line))


@pytest.mark.parametrize(
    ("match", "line", "expected"),
    [
        pytest.param({"contains": "PANIC"}, "a panic", True, id="contains ignores case"),
        pytest.param({"contains": "PANIC", "case": "sensitive"}, "a panic", False, id="unless case matters"),
        pytest.param({"contains": "\u212a"}, "k", False, id="letters beyond ASCII are not folded"),
        pytest.param({"contains": 'say "no"'}, JSON, True, id="contains in the message"),
        pytest.param({"contains": '"status": 502'}, JSON, True, id="contains in the raw line"),
        pytest.param({"equals": 'SAY "no" to: disk full'}, JSON, True, id="equals the whole message"),
        pytest.param({"equals": "disk full"}, JSON, False, id="equals is not contains"),
        pytest.param({"regex": "^say .*full$"}, JSON, True, id="anchors hold in the message"),
        pytest.param({"none": [{"contains": 'say "no"'}]}, JSON, False, id="none sees the message"),
        pytest.param({"none": [{"contains": '"level"'}]}, JSON, False, id="none sees the raw line"),
        pytest.param({"any": [{"contains": "x-x"}, {"contains": "disk"}]}, JSON, True, id="any"),
        pytest.param({"all": [{"contains": "x-x"}, {"contains": "disk"}]}, JSON, False, id="all"),
        pytest.param(
            {"any": [{"contains": "disk"}], "all": [{"contains": "full"}], "none": [{"contains": "say"}]},
            JSON,
            False,
            id="all parts of a group must hold",
        ),
        pytest.param({"field": "level", "equals": "error"}, JSON, True, id="field equals ignores case"),
        pytest.param(
            {"field": "level", "equals": "error", "case": "sensitive"}, JSON, False, id="field equals, case matters"
        ),
        pytest.param({"field": "status", "gte": 500, "lte": 599}, JSON, True, id="a number between bounds"),
        pytest.param({"field": "status", "lte": 501.5}, JSON, False, id="a number above"),
        pytest.param({"field": "status", "in": [500, 502]}, JSON, True, id="in"),
        pytest.param({"field": "status", "equals": "502"}, JSON, True, id="a number as text"),
        pytest.param({"field": "status", "regex": r"^5\d\d$"}, JSON, True, id="regex of a number's text"),
        pytest.param({"field": "ctx.user", "equals": "bob"}, JSON, True, id="a nested key"),
        pytest.param({"field": "ctx", "exists": True}, JSON, True, id="an object exists"),
        pytest.param({"field": "ctx", "regex": "bob"}, JSON, False, id="an object has no text"),
        pytest.param({"field": "nope", "exists": False}, JSON, True, id="absent"),
        pytest.param({"field": "nope", "exists": False}, "no keys here", False, id="not evaluable without keys"),
        pytest.param(
            {"none": [{"field": "nope", "exists": True}]}, "no keys here", True, id="not evaluable is not held"
        ),
        pytest.param(
            {"any": [{"field": "what", "equals": "zebra"}]},
            r'{"what": "z\u0065bra"}',
            True,
            id="any sees what is escaped",
        ),
        pytest.param(
            {"none": [{"field": "what", "equals": "zebra"}]}, r'{"what": "z\u0065bra"}', False, id="none sees it too"
        ),
        pytest.param({"field": "status", "gte": 500}, "status=502 x=1", True, id="a logfmt number"),
        pytest.param({"field": "status", "equals": 502}, "status=502.0", True, id="numbers compare as numbers"),
        pytest.param({"field": "status", "gte": 500}, "status=high", False, id="text is no number"),
        pytest.param({"field": "ok", "equals": True}, '{"ok": true}', True, id="a truth value"),
        pytest.param({"field": "ok", "equals": 1}, '{"ok": true}', False, id="a truth value is no number"),
    ],
)
def test_matches(match, line, expected):
    assert expected == (judged(match, line) is not None)


@pytest.mark.parametrize(
    ("match", "line", "expected"),
    [
        pytest.param({"contains": "panic"}, "a panic", (2, 7), id="contains"),
        pytest.param({"regex": "p.n"}, "a panic", (2, 5), id="regex"),
        pytest.param({"contains": 'say "no"'}, JSON, (0, 0), id="in the message only"),
        pytest.param(
            {"all": [{"field": "x", "equals": 1}, {"contains": "panic"}]},
            "x=1 panic",
            (4, 9),
            id="the first part with a place",
        ),
        pytest.param({"none": [{"contains": "b"}]}, "a", (0, 0), id="no place at all"),
    ],
)
def test_says_where(match, line, expected):
    assert expected == judged(match, line)[:2]


@pytest.mark.parametrize(
    ("written", "line", "expected"),
    [
        pytest.param({"match": {"regex": r"to: (?P<what>\w+)"}}, JSON, {"what": "disk"}, id="groups of match"),
        pytest.param(
            {"match": {"regex": r"to: (?P<what>.+)"}}, JSON, {"what": "disk full"}, id="the message goes first"
        ),
        pytest.param(
            {"match": {"contains": "say"}, "extract": r"to: (?P<what>.+)"},
            JSON,
            {"what": "disk full"},
            id="groups of extract",
        ),
        pytest.param(
            {"match": {"contains": "say"}, "extract": r'"status": (?P<n>\d+)'},
            JSON,
            {"n": "502"},
            id="extract from the raw line",
        ),
        pytest.param(
            {"match": {"regex": "(?P<a>disk)"}, "extract": "(?P<a>full)"},
            JSON,
            {"a": "disk"},
            id="match before extract",
        ),
        pytest.param(
            {"match": {"regex": "(?P<level>disk)"}, "group_by": "level"},
            JSON,
            {"level": "disk"},
            id="groups before keys",
        ),
        pytest.param(
            {"match": {"contains": "say"}, "group_by": ["level", "ctx.user", "nope", "container"]},
            JSON,
            {"level": "ERROR", "ctx.user": "bob"},
            id="keys that are grouped by",
        ),
        pytest.param(
            {"match": {"contains": "x"}, "group_by": "who"}, 'x=1 who="a b"', {"who": "a b"}, id="a logfmt key"
        ),
        pytest.param({"match": {"regex": "disk(?P<no>zz)?"}}, JSON, {}, id="a group that took no part"),
        pytest.param(
            {"match": {"any": [{"regex": "(?P<a>say)"}, {"regex": "(?P<b>nope)"}, {"regex": "(?P<c>full)"}]}},
            JSON,
            {"a": "say", "c": "full"},
            id="groups of every leaf that held",
        ),
    ],
)
def test_extracts(written, line, expected):
    judge = Judge.of(rule(**written).model)
    view = LineView(line)

    assert expected == judge.fields(view, judge.judge(view))
