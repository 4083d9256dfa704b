"""The walk from a batch to its hits."""

from dataclasses import replace

import pytest

from logscan.batch import COMPOSE_SERVICE, Batch, Container, Input, LineIndex, Stream
from logscan.matching.matcher import Matcher
from logscan.matching.quarantine import SLOW_ONCE
from logscan.ruleset.model import Where
from tests.matching.making import ANYONE, Ticking, batch, combining, rule

DISK = rule({"contains": "disk full"}, id="disk")
DIGITS = rule({"regex": r"\d\d"}, id="digits")
HOPELESS = rule({"regex": r"needle (a|aa|aaa|aaaa)+$"}, id="hopeless")


class Alternating(LineIndex):
    """Lines come from both streams in turn, each behind a mark that is no part of it."""

    def __init__(self):
        self.asked = []

    def content(self, text, start, end):
        return start + 2

    def locate(self, text, start, end):
        self.asked.append(start)
        return start, Stream.STDERR if text[start : start + 1] == b"E" else Stream.STDOUT


def found(matcher, *lines, **more):
    return [(hit.rule.id, hit.line.text) for hit in matcher.scan(batch(*lines, **more))]


def test_hits_come_by_line_and_then_in_the_order_of_the_rules():
    matcher = Matcher([DIGITS, DISK, rule({"contains": "disk"}, id="d")])

    assert [
        ("disk", "disk full"), ("d", "disk full"), ("digits", "12"), ("digits", "disk full 34"), ("disk", "disk full 34"), ("d", "disk full 34"),
    ] == found(matcher, "disk full", "12", "", "x", "disk full 34")  # fmt: skip


def test_a_rule_hits_a_line_once_however_often_it_matches():
    assert [("disk", "disk full disk full")] == found(Matcher([DISK]), "disk full disk full")


def test_a_hit_tells_where_its_line_begins_in_the_batch_and_where_the_match_lies_in_it():
    (hit,) = Matcher([DISK]).scan(batch("first", "my disk full"))

    assert (6, 3, 12) == (hit.offset, hit.start, hit.end)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param('{"msg": "d\\u0069sk full"}', id="a letter escaped"),
        pytest.param('{"msg": "disk\\u0020full"}', id="a space escaped"),
        pytest.param('{"msg": "di\\u001B[31msk full"}', id="a colour inside a word"),
        pytest.param('{"msg": "di\x1b[31msk full"}', id="a bare colour inside a word"),
        pytest.param('{"msg": "\\u26a0 DISK FULL"}', id="beside an emoji"),
    ],
)
def test_finds_a_message_whose_letters_are_hidden(line):
    assert [("disk", line)] == found(Matcher([DISK]), line)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param('{"ctx": {"why": "d\\u0069sk full"}}', id="JSON"),
        pytest.param('{"c\\u0074x": {"why": "disk full"}}', id="JSON, in a key"),
        pytest.param('ctx.why="d\\x1b[1misk full"', id="logfmt"),
    ],
)
def test_finds_a_field_whose_letters_are_hidden(line):
    assert [("tested", line)] == found(Matcher([rule({"field": "ctx.why", "equals": "disk full"})]), line)


def test_asks_only_the_rules_that_look_at_the_container():
    database = Container(key="1", name="a", labels={COMPOSE_SERVICE: "db"})
    matcher = Matcher(
        [
            rule({"contains": "disk"}, where={"service": "db"}, id="db"),
            rule({"contains": "disk"}, where={"service": "web"}, id="web"),
        ]
    )

    assert [("db", "disk")] == found(matcher, "disk", container=database)


def test_stream_and_level_narrow_the_lines_and_what_the_index_cuts_off_is_not_searched():
    matcher = Matcher(
        [rule({"contains": "disk"}, where={"stream": "stderr", "level": "error"}), rule({"contains": "E "}, id="mark")]
    )

    assert [("tested", "ERROR disk")] == found(
        matcher, "E ERROR disk", "O ERROR disk", "E INFO disk", index=Alternating()
    )


def test_looks_up_only_the_lines_that_hold_a_literal():
    index = Alternating()

    found(Matcher([DISK]), "E a", "E disk full", "E b", index=index)

    assert [4] == index.asked


def test_names_the_rules_of_the_slow_lane():
    assert (DIGITS,) == Matcher([DISK, DIGITS]).slow_lane


def test_without_rules_nothing_is_found():
    assert [] == found(Matcher([]), "disk full")


def test_a_rule_that_takes_too_long_for_one_line_is_set_aside_and_the_scan_goes_on():
    matcher = Matcher([HOPELESS, DISK])
    line = "needle " + "a" * 4000 + "!"

    assert [("disk", "disk full"), ("disk", "needle disk full")] == found(
        matcher, line, "disk full", "needle disk full", "needle aaa"
    )
    assert [(HOPELESS, "one search took longer than 0.25 s")] == [(one.rule, one.reason) for one in matcher.quarantined]


def test_a_rule_that_is_slow_again_and_again_is_set_aside():
    slow = rule({"regex": "needle"}, id="slow")
    matcher = Matcher([slow], clock=Ticking(2.0), wall=Ticking(2.0))

    assert [("slow", "needle")] * (SLOW_ONCE + 3) == found(matcher, *["needle"] * 10)
    assert [(slow, "its searches took longer than 5 s in all")] == [
        (one.rule, one.reason) for one in matcher.quarantined
    ]


def test_a_rule_that_is_quick_is_never_set_aside():
    matcher = Matcher([rule({"regex": "needle"})], clock=Ticking(0.0005), wall=Ticking(0.0005))

    assert 20_000 == len(found(matcher, *["needle"] * 20_000))
    assert () == matcher.quarantined


def test_matches_judges_the_pattern_alone_without_where():
    narrow = rule({"contains": "disk"}, where={"service": "db", "level": "error"})

    assert [True, False] == [Matcher([]).matches(narrow, text) for text in ("INFO disk", "INFO tape")]


def test_containers_that_are_asked_the_same_share_where_it_is_met():
    own = rule({"contains": "disk"}, id="own", where={"service": "db"})
    matcher = Matcher([rule({"contains": "boom"}, id="all"), own])
    web, api, db = (Container(key=name, name=name) for name in ("web", "api", "db"))
    lines = ("boom", "disk")

    found = {box.name: [hit.rule.id for hit in matcher.scan(batch(*lines, container=box))] for box in (web, api, db)}
    assert {"web": ["all"], "api": ["all"], "db": ["all", "own"]} == found
    assert 2 == len(matcher._reaches)
    matcher._audiences.clear()
    assert 0 == len(matcher._reaches)


# --- related -----------------------------------------------------------------------------------

UNAUTHORIZED = rule(
    {"contains": "authorization not found"},
    id="unauthorized",
    where={"service": "influxdb"},
    related={"match": {"regex": r"\b401 (?P<what>\w+)"}, "within": "2s"},
)
WRITER = Container(key="w", name="writer")


def test_related_lines_of_any_container_come_aside_without_fields():
    (hit,) = Matcher([UNAUTHORIZED]).scan(batch("x", "got 401 Unauthorized", container=WRITER))

    assert (UNAUTHORIZED, "got 401 Unauthorized", {}, 4, 20, 2, True) == (
        hit.rule, hit.line.text, dict(hit.fields), hit.start, hit.end, hit.offset, hit.aside,
    )  # fmt: skip


def test_a_line_may_be_a_hit_and_related_at_once_and_related_lines_are_not_counted_as_hits():
    database = Container(key="i", name="influxdb")
    hits = Matcher([UNAUTHORIZED]).scan(batch("authorization not found: 401 x", "401 y", container=database))

    assert [(0, False), (0, True), (31, True)] == [(hit.offset, hit.aside) for hit in hits]


def test_a_related_line_inside_an_event_of_its_rule_still_comes():
    joined = rule(
        {"contains": "boom"}, multiline={"continue": "^ "}, related={"match": {"contains": "401 no"}, "within": "2s"}
    )
    matcher = Matcher([joined])

    assert [True, False] == [hit.aside for hit in [*matcher.scan(batch("boom", " 401 no")), *matcher.close()]]


def test_a_related_line_is_never_silenced():
    special = rule({"contains": "401"}, id="special", instead_of=["unauthorized"])

    hits = Matcher([UNAUTHORIZED, special]).scan(batch("401 no", container=WRITER))
    assert [("special", False), ("unauthorized", True)] == [(hit.rule.id, hit.aside) for hit in hits]


def test_a_related_line_silences_no_catch_all():
    general = rule({"contains": "401"}, id="general", catch_all=True)

    hits = Matcher([UNAUTHORIZED, general]).scan(batch("401 no", container=WRITER))
    assert {("general", False), ("unauthorized", True)} == {(hit.rule.id, hit.aside) for hit in hits}


def test_a_rule_that_combines_others_may_have_related_lines():
    combined = combining("a", "b", related={"match": {"contains": "401 no"}, "within": "2s"})

    assert [(combined, True)] == [(hit.rule, hit.aside) for hit in Matcher([combined]).scan(batch("401 no"))]


def test_a_rule_whose_related_has_no_literal_is_of_the_slow_lane():
    slow = rule({"contains": "disk"}, related={"match": {"regex": r"\d"}, "within": "2s"})

    assert (slow,) == Matcher([slow]).slow_lane


# --- input -------------------------------------------------------------------------------------

DIED = rule(
    {"all": [{"field": "event", "equals": "die"}, {"field": "exit_code", "gte": 1}]},
    input="event",
    id="died",
    group_by=["exit_code"],
)


def told(*lines):
    """A batch of what the engine tells of a container."""
    text = "".join(f"{line}\n" for line in lines).encode()
    return Batch(ANYONE, text, len(lines), input=Input.EVENT)


def test_rules_for_events_look_at_events_alone_and_read_their_fields():
    line = '{"event":"die","exit_code":137,"planned":false}'
    matcher = Matcher([DIED, rule({"contains": "die"}, id="printed")])

    assert [("died", {"exit_code": "137"})] == [(hit.rule.id, hit.fields) for hit in matcher.scan(told(line))]
    assert [("printed", {})] == [(hit.rule.id, hit.fields) for hit in matcher.scan(batch(line))]


def test_events_are_not_related_lines():
    assert [] == list(Matcher([UNAUTHORIZED]).scan(told('{"event":"die","why":"401 no"}')))


# --- narrowed ----------------------------------------------------------------------------------


def test_a_narrowed_rule_looks_where_both_its_own_where_and_the_addition_hold():
    errors = replace(
        rule({"contains": "disk"}, where={"stream": "stderr"}), narrowed=Where(level=("error",), service=("any*",))
    )
    lines = ("E ERROR disk", "O ERROR disk", "E INFO disk")

    assert [("tested", "ERROR disk")] == found(Matcher([errors]), *lines, index=Alternating())
    assert [] == found(Matcher([errors]), *lines, index=Alternating(), container=WRITER)


@pytest.mark.parametrize(
    ("where", "narrowed"),
    [
        pytest.param(None, {"stream": "stderr"}, id="only the addition says something of lines"),
        pytest.param({"stream": "stderr"}, {"service": "any*"}, id="only its own does"),
    ],
)
def test_a_narrowed_rule_may_look_at_some_lines_only(where, narrowed):
    one = replace(rule({"contains": "disk"}, where=where), narrowed=rule({"contains": "x"}, where=narrowed).where)

    assert [("tested", "disk 1")] == found(Matcher([one]), "E disk 1", "O disk 2", index=Alternating())


def test_a_literal_that_is_repeated_on_a_line_is_looked_at_once(monkeypatch):
    looked = []
    monkeypatch.setattr("logscan.matching.audience.stand", lambda companions, line: looked.append(line))
    needy = rule({"regex": "disk full.*no such thing"})
    assert [] == list(Matcher([needy, DISK]).scan(batch(b"disk full" * 500)))
    assert 1 == len(looked)
