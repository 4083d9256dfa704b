"""The whole of matching, held to a naive loop over every line and every rule."""

import itertools

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from logscan.batch import Batch
from logscan.matching.hit import Hit, Sighting
from logscan.matching.matcher import Matcher
from tests.matching.making import ANYONE, batch, marked, rule
from tests.matching.naive import holds, joined, unsilenced
from tests.matching.writing import hidden_words, lines, matchers


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    st.lists(matchers, min_size=1, max_size=5),
    st.lists(lines(), min_size=1, max_size=12),
    st.sets(st.integers(1, 11)),
)
def test_a_scan_finds_what_a_naive_loop_finds_in_its_order_however_lines_are_batched(written, raw_lines, cuts):
    rules = [rule(matcher, id=f"rule-{place}") for place, matcher in enumerate(written)]
    matcher = Matcher(rules)

    found = []
    for first, last in zip([0, *sorted(cuts)], [*sorted(cuts), len(raw_lines)], strict=True):
        part = raw_lines[first:last]
        piece = Batch(ANYONE, b"".join(line + b"\n" for line in part), len(part))
        ends = [sum(len(line) + 1 for line in part[:count]) for count in range(len(part))]
        found += [(first + ends.index(hit.offset), hit.rule.id, hit.line.text) for hit in matcher.scan(piece)]

    decoded = [line.removesuffix(b"\r").decode("utf-8", "replace") for line in raw_lines]
    expected = [
        (number, one.id, text)
        for number, text in enumerate(decoded)
        for one, as_written in zip(rules, written, strict=True)
        if holds(as_written, text)
    ]
    assert expected == found
    assert () == matcher.quarantined


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(matchers, min_size=1, max_size=5), st.lists(lines(), min_size=1, max_size=12), st.data())
def test_sightings_are_those_hits_of_rules_that_are_counted(written, raw_lines, data):
    rules = [
        rule(
            matcher,
            id=f"rule-{place}",
            where=data.draw(st.sampled_from([None, {"level": ["error"]}, {"not": {"stream": ["stderr"]}}])),
            catch_all=data.draw(st.booleans()),
        )
        for place, matcher in enumerate(written)
    ]
    counted = frozenset(data.draw(st.sets(st.sampled_from(rules))))
    matcher, piece = Matcher(rules, counted=counted), batch(*raw_lines)

    found = matcher.survey(piece)

    assert counted.issuperset(one.rule for one in found if isinstance(one, Sighting))
    made = [one if isinstance(one, Hit) else matcher.hit(one, piece.line(one.start, one.end)) for one in found]
    assert list(Matcher(rules).scan(piece)) == made


@settings(max_examples=150, deadline=None)
@given(st.data(), st.sampled_from(["error", "time out", "disk-full"]))
def test_no_escape_and_no_colour_hides_a_word_from_any_kind_of_test(data, word):
    hidden = data.draw(hidden_words(word))
    line = f'{{"msg": "a {hidden} b", "why": "{hidden}"}}'
    tests = [
        {"contains": word},
        {"regex": f"{word}(?= b)"},
        {"field": "why", "equals": word},
        {"equals": f"a {word} b"},
    ]
    rules = [rule(written, id=f"rule-{place}") for place, written in enumerate(tests)]

    assert rules == [hit.rule for hit in Matcher(rules).scan(batch("before", line, "after"))]


spoken = st.lists(
    st.tuples(
        st.sampled_from("OE?"),
        st.sampled_from([None, 0, 0, 1, 2, 4]),
        st.sampled_from(["boom", "boom disk", "boom", " at boom", " at disk", " at x", "disk", "x", "", " "]),
    ),
    min_size=1,
    max_size=25,
)
joining = st.tuples(
    st.sampled_from(["boom", "disk", "at "]).map(lambda text: {"contains": text}),
    st.sampled_from([None, "^ ", "^ at", "^$", "boom"]),
    st.sets(st.integers(0, 2)),
    st.booleans(),
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(joining, min_size=1, max_size=3), spoken, st.sets(st.integers(1, 24)))
def test_events_are_those_of_a_naive_loop_and_come_in_one_order_however_lines_are_batched(written, said, cuts):
    seconds = itertools.accumulate(step or 0 for _, step, _ in said)
    lines = [
        (stream, None if step is None else now, text) for (stream, step, text), now in zip(said, seconds, strict=True)
    ]
    # A rule speaks only for those after it: two that silence each other would say nothing.
    speaks_for = {
        place: {other for other in others if other > place} for place, (_, _, others, _) in enumerate(written)
    }
    catch_alls = {place for place, (_, _, _, catch_all) in enumerate(written) if catch_all}
    rules = [
        rule(
            matcher,
            id=f"rule-{place}",
            instead_of=[f"rule-{other}" for other in speaks_for[place] if other < len(written)],
            catch_all=place in catch_alls,
            **({} if then is None else {"multiline": {"continue": then}}),
        )
        for place, (matcher, then, *_) in enumerate(written)
    ]

    def scanned(places):
        matcher, found = Matcher(rules), []
        for first, last in itertools.pairwise([0, *places, len(lines)]):
            part = [f"{stream} {'-' if now is None else now} {text}" for stream, now, text in lines[first:last]]
            found += matcher.scan(marked(*part))
        return [(hit.rule.id, hit.line.text, hit.continued) for hit in [*found, *matcher.close()]]

    naive = [
        (place, event) for place, (matcher, then, *_) in enumerate(written) for event in joined(matcher, then, lines)
    ]
    expected = [
        (f"rule-{place}", lines[first][2], tuple(lines[number][2] for number in rest))
        for place, (first, *rest) in unsilenced(naive, speaks_for, catch_alls)
    ]
    assert sorted(expected) == sorted(scanned([]))
    assert scanned([]) == scanned(sorted(cut for cut in cuts if cut < len(lines)))
