"""Evidence is the first, the last and some between, the same in any order of arrival."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from logscan.batch import Stream
from logscan.detection.sampler import MAX_SAMPLE_CHARS, Exhibit, Sampler, checksum
from tests.detection.making import box, hit, rule

R, BOX = rule(), box()


def exhibit(number, text=None, **more):
    return Exhibit(hit(R, number, text or f"boom {number}", container=BOX).line, 0, 0, **more)


def add_all(sampler, exhibits, give):
    lines = [one.line for one in exhibits]
    columns = zip(*((one.time_ns, one.stream, checksum(one.time_ns, one.text)) for one in lines), strict=True)
    sampler.add_all(*columns, give)


def chosen(size, exhibits):
    sampler = Sampler(size)
    for one in exhibits:
        sampler.add(one)
    return [sample.line for sample in sampler.samples()]


@given(st.permutations(range(40)), st.integers(1, 6))
def test_the_choice_does_not_depend_on_the_order_of_arrival(order, size):
    in_order = chosen(size, map(exhibit, range(40)))
    assert in_order == chosen(size, map(exhibit, order))
    assert size == len(in_order)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["boom", "bang", "crash"])), min_size=1),
    st.integers(1, 6),
    st.lists(st.integers(0, 8)),
)
def test_hits_that_come_together_give_the_same_choice(said, size, sizes):
    exhibits = [exhibit(number, text) for number, text in said]
    sampler, rest = Sampler(size), exhibits
    for together in (*sizes, len(exhibits)):
        piece, rest = rest[: together + 1], rest[together + 1 :]
        if piece:
            add_all(sampler, piece, piece.__getitem__)
    assert chosen(size, exhibits) == [sample.line for sample in sampler.samples()]


def test_of_many_hits_that_come_together_few_are_asked_for():
    exhibits, asked = [exhibit(number) for number in range(5000)], []

    def give(number):
        asked.append(number)
        return exhibits[number]

    sampler = Sampler(3)
    for begin in range(0, 5000, 1000):
        add_all(sampler, exhibits[begin : begin + 1000], lambda number, b=begin: give(b + number))
    assert len(asked) < 50


def test_first_and_last_are_among_them_in_the_order_of_time():
    lines = chosen(4, map(exhibit, (5, 1, 9, 3, 7)))
    assert ("boom 1", "boom 9", 4) == (lines[0], lines[-1], len(lines))


def test_the_ones_between_are_spread_over_all_hits():
    numbers = [int(line.split()[1]) for line in chosen(12, map(exhibit, range(10_000)))]
    assert max(b - a for a, b in itertools.pairwise(numbers)) < 5000


def test_one_hit_is_one_sample():
    assert ["boom 1"] == chosen(3, [exhibit(1)])


def test_lines_without_a_time_keep_the_order_in_which_they_stand():
    lines = [Exhibit(hit(R, None, text, container=BOX).line, 0, 0) for text in ("z", "a", "m")]
    assert ["z", "a", "m"] == chosen(3, lines)


def test_a_long_line_is_cut_around_the_match():
    text = "x" * 50_000 + "MATCH" + "y" * 50_000
    (sample,) = [Exhibit(hit(R, 0, text, container=BOX).line, 50_000, 50_005).sample()]
    assert (MAX_SAMPLE_CHARS, True) == (len(sample.line), sample.truncated)
    assert "xMATCHy" in sample.line


def test_a_secret_is_gone_before_the_line_is_cut():
    text = "x" * 5000 + " password=hunter2hunter2 " + "y" * 5000
    sample = Exhibit(hit(R, 0, text, container=BOX).line, 5015, 5020).sample()
    assert "hunter2" not in sample.line
    assert "password=" in sample.line


def test_a_key_that_runs_over_the_lines_around_is_redacted():
    sample = exhibit(
        1,
        text="MIIEowIBAAKCAQEA1234567890",
        before=("-----BEGIN RSA PRIVATE KEY-----",),
        after=("abcdefghijklmnop", "-----END RSA PRIVATE KEY-----"),
    ).sample()
    assert "MIIEow" not in repr(sample)
    assert "abcdefghij" not in repr(sample)


def test_lines_that_differ_in_their_stream_alone_are_chosen_in_any_order_of_arrival():
    twins = [
        Exhibit(hit(R, number, "boom", container=BOX, stream=stream).line, 0, 0)
        for number in range(4)
        for stream in (Stream.STDOUT, Stream.STDERR)
    ]
    choices = set()
    for order in (twins, twins[::-1]):
        sampler = Sampler(3)
        for one in order:
            sampler.add(one)
        choices.add(tuple((sample.time_ns, sample.stream) for sample in sampler.samples()))
    assert 1 == len(choices)


def test_the_lines_that_belong_to_an_event_are_shown_with_it_and_no_second_time_behind_it():
    after = ("  File x", "of another stream", "ValueError: no", "behind")
    sample = exhibit(1, "Traceback:", before=("first",), after=after, continued=("  File x", "ValueError: no")).sample()
    assert "Traceback:\n  File x\nValueError: no" == sample.line
    assert (("first",), ("of another stream", "behind")) == (sample.before, sample.after)


def test_a_key_that_runs_over_the_lines_of_an_event_is_redacted_before_it_is_cut():
    key = ["-----BEGIN RSA PRIVATE KEY-----", *["MIIEowIBAAKCAQEA1234567890" * 3] * 99, "-----END RSA PRIVATE KEY-----"]
    sample = exhibit(1, "boom", continued=tuple(key)).sample()
    assert "MIIEow" not in sample.line
    assert len(sample.line) <= MAX_SAMPLE_CHARS


def test_an_event_of_many_lines_is_cut_around_the_match():
    line = hit(R, 1, "Traceback: boom", container=BOX).line
    sample = Exhibit(line, 11, 15, continued=("x" * 1000,) * 9).sample()
    assert (MAX_SAMPLE_CHARS, True, "boom") == (
        len(sample.line),
        sample.truncated,
        sample.line[sample.start : sample.end],
    )
