"""Events of several lines: which lines go on with a hit, and which hits fall away."""

import pytest

from logscan.batch import Batch, Container, Input
from logscan.matching.matcher import Matcher
from tests.matching.making import ANYONE, batch, marked, rule


def events(rules, *batches):
    """Give rule and lines of each hit, in the order in which they come."""
    matcher = Matcher(rules)
    hits = [hit for one in batches for hit in matcher.scan(one)] + list(matcher.close())
    return [(hit.rule.id, [hit.line.text, *hit.continued]) for hit in hits]


def joining(match="boom", then="^ ", **more):
    return rule({"contains": match}, multiline={"continue": then}, **{"id": "joined", **more})


BOOM = joining()


def test_following_lines_that_continue_matches_belong_to_the_hit_and_the_first_other_line_ends_it():
    assert [("joined", ["boom", " a", " b"])] == events([BOOM], batch("x", "boom", " a", " b", "y", " c"))


def test_an_event_that_is_open_where_the_log_ends_is_closed():
    assert [("joined", ["boom", " a"])] == events([BOOM], batch("boom", " a"))


def test_a_hit_comes_when_its_event_ends_and_tells_where_it_began():
    matcher = Matcher([BOOM])

    assert [] == list(matcher.scan(batch("x", "boom", " a")))
    assert [-8] == [hit.offset for hit in matcher.scan(batch(" b", "y"))]


def test_an_event_that_expired_keeps_no_hit_of_a_later_batch_from_being_one():
    matcher = Matcher([BOOM])
    hits = [*matcher.scan(marked("O 1 boom", "O 1  a")), *matcher.expire(ANYONE, 100 * 10**9)]
    hits += [*matcher.scan(marked("O 101 boom", "O 101  b", "O 101 x", "O 101 boom", "O 101 y")), *matcher.close()]

    assert [[" a"], [" b"], []] == [[*hit.continued] for hit in hits]


def test_lines_of_the_other_stream_neither_belong_to_an_event_nor_end_it():
    lines = marked("E 1 boom", "O 1  not mine", "E 1  a", "O 1 hello", "E 1  b", "E 1 end", "E 1  c")

    assert [("joined", ["boom", " a", " b"])] == events([BOOM], lines)


def test_each_stream_has_its_own_event_of_a_rule():
    lines = marked("E 1 boom", "O 1 boom", "E 1  a", "O 1  b", "O 1 x", "E 1  c")

    assert [("joined", ["boom", " b"]), ("joined", ["boom", " a", " c"])] == events([BOOM], lines)


def test_unknown_streams_are_one_stream():
    assert [("joined", ["boom", " a"])] == events([BOOM], marked("? 1 boom", "? 1  a", "? 1 b", "? 1  c"))


def test_containers_do_not_lend_each_other_lines():
    one, two = Container("1", "one"), Container("2", "two")

    assert [("joined", ["boom", " b"])] == events(
        [BOOM], batch("boom", container=one), batch(" a", container=two), batch(" b", container=one)
    )


def test_lines_of_a_container_and_events_of_the_engine_do_not_mix():
    engine = Batch(ANYONE, b" {}\n", 1, input=Input.EVENT)

    assert [("joined", ["boom", " a"])] == events([BOOM], batch("boom"), engine, batch(" a"))


def test_a_line_inside_an_event_is_no_new_hit_of_its_rule_but_one_of_other_rules():
    other = rule({"contains": "boom"}, id="other")

    assert [("other", ["boom"]), ("other", [" boom"]), ("joined", ["boom", " boom"])] == events(
        [BOOM, other], batch("boom", " boom")
    )


def test_a_line_that_matches_and_does_not_continue_ends_an_event_and_begins_another():
    assert [("joined", ["boom", " a"]), ("joined", ["boom", " b"])] == events([BOOM], batch("boom", " a", "boom", " b"))


def test_a_rule_that_does_not_look_at_a_stream_does_not_begin_an_event_there():
    narrow = joining(where={"stream": "stderr"})

    assert [("joined", ["boom", " a"])] == events([narrow], marked("O 1 boom", "E 1 boom", "O 1  b", "E 1  a"))


# --- bounds ------------------------------------------------------------------------------------


def test_an_event_takes_five_hundred_lines():
    ((_, lines),) = events([BOOM], batch("boom", *[" a"] * 600))

    assert 501 == len(lines)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param(" " * 1024, 64, id="exactly 64 KiB"),
        pytest.param(" " * 1025, 63, id="a byte more in each line"),
        pytest.param(" " * 1022 + "é", 64, id="counted as UTF-8"),
        pytest.param(" " * 1023 + "é", 63, id="counted as UTF-8, a byte more"),
    ],
)
def test_an_event_takes_64_kib(line, expected):
    ((_, lines),) = events([BOOM], batch("boom", *[line] * 100))

    assert expected == len(lines) - 1


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(["E 6  b"], [" a", " b"], id="five seconds are in time"),
        pytest.param(["E 6.000000001  b"], [" a"], id="a nanosecond later is too late"),
        pytest.param(["O 7 x", "E 3  b"], [" a"], id="the other stream shows that time has passed"),
        pytest.param(["E -  b", "E 6  c"], [" a", " b", " c"], id="a line without time does not age it"),
    ],
)
def test_an_event_takes_five_seconds_of_line_time(lines, expected):
    assert [("joined", ["boom", *expected])] == events([BOOM], marked("E 1 boom", "E 2  a", *lines))


def test_events_without_times_have_no_age():
    assert [("joined", ["boom", " a", " b"])] == events([BOOM], marked("E - boom", "E 1  a", "E 99  b"))


# --- fields ------------------------------------------------------------------------------------


def fields(one, *lines):
    matcher = Matcher([one])
    return [dict(hit.fields) for hit in [*matcher.scan(batch(*lines)), *matcher.close()]]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(["boom err=1", " err=2", " x"], {"what": "2"}, id="the last line that matches"),
        pytest.param(["boom err=1", " x"], {"what": "1"}, id="the first line when no other does"),
        pytest.param(["boom err=1", '{"msg": " err=2"}'], {"what": "2"}, id="the message of a JSON line"),
        pytest.param(["boom err=", " 7"], {"what": "7"}, id="the joined text when no line does"),
        pytest.param(["boom", " x"], {}, id="nothing"),
    ],
)
def test_extract_takes(lines, expected):
    assert [expected] == fields(joining(extract=r"err=\s*(?P<what>\d)", then=r"^( |\{)"), *lines)


def test_groups_of_match_come_before_those_of_extract_and_keys_of_the_first_line_after_them():
    one = rule(
        {"regex": "boom (?P<a>.)"},
        multiline={"continue": "^ "},
        extract="(?P<a>.)(?P<b>.)$",
        group_by=["a", "b", "c"],
    )

    assert [{"a": "1", "b": "z", "c": "3"}] == fields(one, "boom 1 b=2 c=3", " yz")


# --- instead_of --------------------------------------------------------------------------------

GENERAL = joining(match="Error", id="general")


@pytest.mark.parametrize(
    ("more", "lines", "expected"),
    [
        pytest.param({}, ["Error: disk"], [("special", ["Error: disk"])], id="on the same line"),
        pytest.param({}, ["Error", " disk", " x"], [("special", [" disk"])], id="inside the open event of the general one"),
        pytest.param(
            {"multiline": {"continue": "^ "}},
            ["disk", " Error", " x"],
            [("special", ["disk", " Error", " x"])],
            id="around the hit of the general one",
        ),
        pytest.param({}, ["Error", "disk"], [("special", ["disk"]), ("general", ["Error"])], id="not after its event"),
        pytest.param({}, ["Error: disk", " Error"], [("special", ["Error: disk"])], id="nor is the rest of the trace a hit"),
        pytest.param(
            {}, ["Error: disk", "Error"], [("special", ["Error: disk"]), ("general", ["Error"])], id="but the next trace is"
        ),
    ],
)  # fmt: skip
def test_instead_of_silences_the_general_rule(more, lines, expected):
    special = rule({"contains": "disk"}, id="special", instead_of=["general"], **more)

    assert sorted(expected) == sorted(events([GENERAL, special], batch(*lines)))


def test_instead_of_works_on_single_lines_and_from_rule_to_rule():
    rules = [
        rule({"contains": "a"}, id="a"),
        rule({"contains": "ab"}, id="ab", instead_of=["a"]),
        rule({"contains": "abc"}, id="abc", instead_of=["ab"]),
    ]

    assert [("abc", ["abc"]), ("ab", ["ab"]), ("a", ["a"])] == events(rules, batch("abc", "ab", "a"))


def test_instead_of_concerns_the_stream_of_the_event():
    special = rule({"contains": "disk"}, id="special", instead_of=["general"])

    assert [("special", [" disk"]), ("general", ["Error", " x"])] == events(
        [GENERAL, special], marked("E 1 Error", "O 1  disk", "E 1  x")
    )


# --- catch_all ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        pytest.param([{"id": "other"}], ["other"], id="another rule speaks"),
        pytest.param([{"id": "other", "match": "disk"}], ["all"], id="another rule that has no hit"),
        pytest.param([{"id": "second", "catch_all": True}], ["all", "second"], id="two catch-alls both speak"),
        pytest.param(
            [{"id": "second", "catch_all": True, "instead_of": ["all"]}], ["second"], id="unless one names the other"
        ),
        pytest.param(
            [{"id": "other"}, {"id": "second", "catch_all": True, "instead_of": ["all", "other"]}],
            ["second"],
            id="one that names a rule speaks in its place",
        ),
        pytest.param(
            [{"id": "other"}, {"id": "third"}, {"id": "second", "catch_all": True, "instead_of": ["other"]}],
            ["third"],
            id="but not where a third one has a hit",
        ),
    ],
)
def test_a_catch_all_is_silent_where_another_rule_speaks(rules, expected):
    others = [rule({"contains": each.pop("match", "Error")}, **each) for each in rules]

    found = events([rule({"contains": "Error"}, id="all", catch_all=True), *others], batch("Error: no"))

    assert expected == [name for name, _ in found]


def test_a_catch_all_that_joins_lines_is_silent_when_another_rule_hits_inside():
    inside = rule({"contains": "disk"}, id="inside")

    assert [("inside", [" disk"])] == events(
        [joining(match="Error", id="all", catch_all=True), inside], batch("Error", " disk")
    )


# --- look-behinds of continue ------------------------------------------------------------------


def test_a_look_behind_of_continue_sees_the_lines_of_the_event_before():
    chained = joining(match="Trace", then=r"^(?: |$|(?<=\n)Err|caused:|(?<=caused:\n\n)Trace)")

    assert [
        ("joined", ["Trace", " a", "Err", "", "caused:", "", "Trace", "Err"]),
        ("joined", ["Trace", "Err"]),
    ] == events([chained], batch("Trace", " a", "Err", "", "caused:", "", "Trace", "Err", "Trace", "Err"))


def test_a_look_behind_does_not_see_lines_of_the_other_stream():
    chained = joining(match="Trace", then=r"^(?:caused|(?<=caused\n)Trace)")

    assert [("joined", ["Trace", "caused", "Trace"])] == events(
        [chained], marked("E 1 Trace", "E 1 caused", "O 1 x", "E 1 Trace")
    )
