"""What is told of a rule and a line: each part of the rule, how it ended, and why the rule did not fire."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logscan.batch import COMPOSE_PROJECT, COMPOSE_SERVICE, Container, Identity, Stream
from logscan.matching.explain import Outcome, Step, explain
from logscan.matching.matcher import Matcher
from logscan.ruleset.model import Where
from tests.matching.making import ANYONE, combining, marked, rule
from tests.matching.writing import lines, matchers

DB = Container(
    key="1", name="shop-db-1", image="postgres:16", labels={COMPOSE_PROJECT: "shop", COMPOSE_SERVICE: "db", "env": "prod"}
)  # fmt: skip
FILE = Container(key="x.log", name="x", identity=Identity.UNKNOWN)


def explained(match, line, *, container=DB, stream=Stream.STDERR, **more):
    return explain(rule(match, **more), line, container, stream)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        pytest.param(
            {"image": "redis*"},
            Step("image: redis*", Outcome.FAILED, "the image is postgres:16"),
            id="image",
        ),
        pytest.param(
            {"image": ["a", "b"], "service": "db"},
            Step("image: a, b or service: db", Outcome.HELD, "the image is postgres:16, the service is db, the container shop-db-1"),
            id="image and service are alternatives",
        ),
        pytest.param({"project": "x"}, Step("project: x", Outcome.FAILED, "the project is shop"), id="project"),
        pytest.param({"stream": "stdout"}, Step("stream: stdout", Outcome.FAILED, "the stream is stderr"), id="stream"),
        pytest.param({"level": "error"}, Step("level: error", Outcome.HELD, "the level is error"), id="level"),
        pytest.param(
            {"not": {"service": "db", "level": "error"}},
            Step("not: service: db, level: error", Outcome.FAILED, "the service is db, the container shop-db-1, the level is error"),
            id="not",
        ),
    ],
)  # fmt: skip
def test_each_part_of_where_is_told_with_what_it_was_compared_with(where, expected):
    explanation = explained({"contains": "disk"}, "ERROR disk", where=where)

    assert (expected,) == explanation.container
    assert (expected.outcome is Outcome.HELD) == explanation.fired


def test_labels_are_told_with_their_values():
    (step,) = explained({"contains": "disk"}, "disk", where={"label": "env=test"}).container

    assert Outcome.FAILED is step.outcome
    assert "env=prod" in step.detail


def test_a_container_of_unknown_identity_is_not_compared_by_name():
    (name, level) = explained(
        {"contains": "disk"}, "disk", container=FILE, where={"image": "redis", "level": "error"}
    ).container

    assert [Outcome.SKIPPED, Outcome.FAILED] == [name.outcome, level.outcome]
    assert "the line announces no level" == level.detail


def test_what_an_override_adds_is_told_as_such():
    narrowed = replace(rule({"contains": "disk"}), narrowed=Where(service=("web",)))
    explanation = explain(narrowed, "disk", DB, Stream.STDOUT)

    assert ["service: web (override)"] == [step.what for step in explanation.container]
    assert not explanation.fired


JSON = '{"level": "warn", "status": 200, "msg": "disk full", "ctx": {"user": "bob"}}'


@pytest.mark.parametrize(
    ("match", "line", "expected"),
    [
        pytest.param({"contains": "disk"}, "a disk", Step("contains: disk", Outcome.HELD, "in the line"), id="contains"),
        pytest.param(
            {"equals": "disk full"}, JSON, Step("equals: disk full", Outcome.HELD, "in the message"), id="in the message"
        ),
        pytest.param(
            {"regex": "Disk", "case": "sensitive"}, "disk", Step("regex: Disk, case: sensitive", Outcome.FAILED), id="regex"
        ),
        pytest.param(
            {"field": "status", "gte": 500},
            JSON,
            Step("field: status, gte: 500", Outcome.FAILED, "status is 200"),
            id="the value of a field",
        ),
        pytest.param(
            {"field": "ctx.user", "in": ["amy", "bob"]},
            JSON,
            Step("field: ctx.user, in: [amy, bob]", Outcome.HELD, "ctx.user is bob"),
            id="a nested field",
        ),
        pytest.param(
            {"field": "code", "exists": True},
            JSON,
            Step("field: code, exists: true", Outcome.FAILED, "the line has no field code"),
            id="a field that is missing",
        ),
        pytest.param(
            {"field": "ctx", "equals": None},
            JSON,
            Step("field: ctx, equals: null", Outcome.FAILED, "ctx is an object or a list"),
            id="a field that is no value",
        ),
        pytest.param(
            {"field": "status", "gte": 500},
            "status 502",
            Step("field: status, gte: 500", Outcome.NOT_EVALUABLE, "the line has no fields: it is neither JSON nor key=value"),
            id="a field test on a line without fields",
        ),
        pytest.param(
            {"regex": "needle (a|aa|aaa|aaaa)+$"},
            "needle " + "a" * 4000 + "!",
            Step("regex: needle (a|aa|aaa|aaaa)+$", Outcome.FAILED, "took longer than 0.25 s; a scan would set the rule aside"),
            id="a pattern that takes too long",
        ),
    ],
)  # fmt: skip
def test_each_leaf_is_told_with_what_it_saw(match, line, expected):
    assert expected == explained(match, line).match


HELD, FAILED, OPEN = {"contains": "a"}, {"contains": "z"}, {"field": "f", "exists": True}


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        pytest.param({"any": [FAILED, HELD]}, Outcome.HELD, id="any, one holds"),
        pytest.param({"any": [FAILED, OPEN]}, Outcome.FAILED, id="any, one can't be decided"),
        pytest.param({"any": [OPEN]}, Outcome.NOT_EVALUABLE, id="any, none can be decided"),
        pytest.param({"all": [HELD, OPEN]}, Outcome.NOT_EVALUABLE, id="all, only one can't be decided"),
        pytest.param({"all": [FAILED, OPEN]}, Outcome.FAILED, id="all, one fails anyway"),
        pytest.param({"none": [OPEN, FAILED]}, Outcome.HELD, id="none, what can't be decided does not hold"),
        pytest.param({"none": [HELD]}, Outcome.FAILED, id="none, one holds"),
        pytest.param({"any": [HELD], "none": [HELD]}, Outcome.FAILED, id="all kinds must hold"),
    ],
)
def test_groups_combine_their_parts(match, expected):
    assert expected == explained(match, "a").match.outcome


def test_every_part_of_a_group_is_asked_and_counted():
    step = explained({"any": [FAILED, HELD, HELD], "none": [FAILED]}, "a").match

    assert ("all", "2 of 2 held") == (step.what, step.detail)
    assert [("any", "2 of 3 held"), ("none", "0 of 1 held")] == [(part.what, part.detail) for part in step.parts]


def test_literals_are_told_and_whether_the_search_would_have_stopped_at_the_line():
    match = {"any": [{"contains": "disk full"}, {"contains": "no space"}]}

    assert ("disk full", "no space") == explained(match, "x").literals
    assert [False, True, True] == [
        explained(match, line).passed_prefilter for line in ("disk", "Disk Full", '{"msg": "disk\\u0020full"}')
    ]
    assert explained({"regex": r"\d\d"}, "x").passed_prefilter


def test_the_fields_of_a_hit_are_told_and_none_of_another_line():
    more = {"extract": "user (?P<user>.+)", "group_by": ["status"]}

    assert {"user": "bob", "status": "5"} == explained({"contains": "user"}, "status=5 user bob", **more).fields
    assert {} == explained({"contains": "user", "case": "sensitive"}, "USER bob", **more).fields


@pytest.mark.parametrize(
    ("match", "more", "expected"),
    [
        pytest.param({"contains": "a"}, {}, "every part held, so the line is a hit", id="a hit"),
        pytest.param(
            {"contains": "a"},
            {"where": {"service": "web"}},
            "the rule does not look there: `service: web` failed (the service is db, the container shop-db-1)",
            id="where",
        ),
        pytest.param(
            {"all": [HELD, {"any": [FAILED]}]}, {}, "the pattern does not match: `contains: z` failed", id="the leaf that failed"
        ),
        pytest.param(
            {"none": [HELD]}, {}, "the pattern does not match: `none` failed (1 of 1 held)", id="a part of none that held"
        ),
        pytest.param(
            {"all": [HELD, OPEN]},
            {},
            "`field: f, exists: true` can't be decided: the line has no fields: it is neither JSON nor key=value",
            id="a test that can't be decided",
        ),
    ],
)  # fmt: skip
def test_the_reason_names_what_decided(match, more, expected):
    assert expected == explained(match, "a", **more).reason


def test_a_rule_that_combines_others_looks_at_no_lines():
    explanation = explain(combining("a", "b"), "a", DB, Stream.STDOUT)

    assert (Outcome.SKIPPED, False) == (explanation.match.outcome, explanation.fired)
    assert "the rule looks at hits of other rules, not at lines" == explanation.reason


@settings(max_examples=60, deadline=None)
@given(
    matchers, lines(), st.sampled_from([None, {"stream": "stdout"}, {"level": "error"}, {"not": {"service": "anyone"}}])
)
def test_an_explanation_fires_where_a_scan_finds_a_hit(match, raw, where):
    one = rule(match, where=where)
    hits = list(Matcher([one]).scan(marked(b"E 1 " + raw)))
    explanation = explain(one, raw.removesuffix(b"\r").decode("utf-8", "replace"), ANYONE, Stream.STDERR)

    assert bool(hits) == explanation.fired
    assert explanation.passed_prefilter or not hits
