"""The walk from a batch to its hits."""

import pytest

from logscan.batch import COMPOSE_SERVICE, Container, Stream
from logscan.matching.matcher import Matcher
from tests.matching.making import batch, rule

DISK = rule({"contains": "disk full"}, id="disk")
DIGITS = rule({"regex": r"\d\d"}, id="digits")
HOPELESS = rule({"regex": r"needle (a|aa|aaa|aaaa)+$"}, id="hopeless")


class Ticking:
    """A clock that moves on by `step` seconds each time it is asked."""

    def __init__(self, step):
        self.now, self.step = 0.0, step

    def __call__(self):
        self.now += self.step
        return self.now


class Alternating:
    """Lines come from both streams in turn, each behind a mark that is no part of it."""

    def __init__(self):
        self.asked = []

    def locate(self, text, start, end):
        self.asked.append(start)
        return start + 2, start, Stream.STDERR if text[start : start + 1] == b"E" else Stream.STDOUT


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
    matcher = Matcher([slow], clock=Ticking(2.0))

    assert [("slow", "needle")] * 3 == found(matcher, *["needle"] * 10)
    assert [(slow, "its searches took longer than 5 s in all")] == [
        (one.rule, one.reason) for one in matcher.quarantined
    ]


def test_a_rule_that_is_quick_is_never_set_aside():
    matcher = Matcher([rule({"regex": "needle"})], clock=Ticking(0.0005))

    assert 20_000 == len(found(matcher, *["needle"] * 20_000))
    assert () == matcher.quarantined


def test_matches_judges_the_pattern_alone_without_where():
    narrow = rule({"contains": "disk"}, where={"service": "db", "level": "error"})

    assert [True, False] == [Matcher([]).matches(narrow, text) for text in ("INFO disk", "INFO tape")]
