"""The report for a terminal: fits any width, hides no rule id, and lets nothing foreign steer."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from logscan.finding import Report
from logscan.sinks.text import TextSink

Golden = Callable[[str, str], None]
STYLE = re.compile(r"\x1b\[[0-9;]*m")
WIDTHS = [40, 80, 200]
REPORTS = ["ordinary", "hostile", "empty"]


def as_text(report: Report, width: int = 80, *, color: bool = False, samples: int = 1) -> str:
    out = io.StringIO()
    TextSink(out, width=width, color=color, samples=samples).emit(report)
    return out.getvalue()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", REPORTS)
def test_text_is_the_golden_file(name: str, width: int, request: pytest.FixtureRequest, golden: Golden) -> None:
    golden(f"{name}.{width}.txt", as_text(request.getfixturevalue(name), width))


def test_coloured_text_with_more_samples_is_the_golden_file(ordinary: Report, golden: Golden) -> None:
    golden("ordinary.color.txt", as_text(ordinary, color=True, samples=3))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", REPORTS)
def test_only_the_line_of_a_rule_id_may_be_wider_than_asked(
    name: str, width: int, request: pytest.FixtureRequest
) -> None:
    report = request.getfixturevalue(name)
    ids = {"  " + finding.rule_id for finding in report.findings}
    wide = {line for line in as_text(report, width, samples=3).splitlines() if cell_len(line) > width}
    assert wide <= ids


@pytest.mark.parametrize("width", [1, *WIDTHS])
def test_a_rule_id_stands_whole_on_its_own_line(width: int, ordinary: Report) -> None:
    lines = [line.strip() for line in as_text(ordinary, width).splitlines()]
    assert [1, 1] == [lines.count(finding.rule_id) for finding in ordinary.findings]


@pytest.mark.parametrize("name", REPORTS)
def test_without_colour_there_is_no_control_character(name: str, request: pytest.FixtureRequest) -> None:
    text = as_text(request.getfixturevalue(name)).replace("\n", "")
    assert "" == "".join(re.findall(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u200b\ud800]", text))


@pytest.mark.parametrize("name", REPORTS)
def test_colour_adds_styles_and_nothing_else(name: str, request: pytest.FixtureRequest) -> None:
    report = request.getfixturevalue(name)
    coloured = as_text(report, color=True)
    assert STYLE.search(coloured)
    assert as_text(report) == STYLE.sub("", coloured)


def test_markup_and_emoji_codes_survive_as_text(hostile: Report) -> None:
    report = replace(hostile, findings=(replace(hostile.findings[0], title="[/bold] [red]x[/red] :warning:"),))
    assert "HIGH  [/bold] [red]x[/red] :warning:" == as_text(report).splitlines()[0]


def test_hostile_text_is_shown_not_obeyed(hostile: Report) -> None:
    text = as_text(hostile, 200)
    assert r"\x1b]0;pwned\x07\x1b[2J\x9b31m\u202eevil\u2066 [/bold]" in text
    assert not [line for line in text.splitlines() if line.startswith("## forged")]


def long_line(ordinary: Report, start: int, end: int) -> str:
    finding = ordinary.findings[0]
    sample = replace(
        finding.samples[0], line="head " + "." * 200 + "MATCH" + "." * 200, before=(), start=start, end=end
    )
    return (
        as_text(replace(ordinary, findings=(replace(finding, samples=(sample,)),)), 60)
        .partition("  │ ")[2]
        .split("\n")[0]
    )


def test_a_long_line_is_cut_around_the_match(ordinary: Report) -> None:
    assert "…" + "." * 17 + "MATCH" + "." * 32 + "…" == long_line(ordinary, 205, 210)


def test_a_long_line_keeps_its_head_when_the_match_fits_in_it(ordinary: Report) -> None:
    assert long_line(ordinary, 5, 10).startswith("head ...")


def test_a_long_line_whose_match_lies_elsewhere_keeps_its_head(ordinary: Report) -> None:
    assert long_line(ordinary, 0, 0).startswith("head ...")


def test_as_many_samples_are_shown_as_asked_for(ordinary: Report) -> None:
    assert [0, 1, 2] == [as_text(ordinary, 400, samples=samples).count('"Dispatcher panic"') for samples in (0, 1, 2)]


def test_silence_is_said_with_what_was_read(empty: Report) -> None:
    assert "No findings.\nRead 1 source, 1 line, 7 B\n" == as_text(empty)


def test_a_scan_of_nothing_says_so() -> None:
    assert "No findings.\nNothing was read.\n" == as_text(Report(0, 0, None, None, (), (), ()))


def test_what_could_not_be_read_is_listed_with_its_reason(ordinary: Report) -> None:
    tail = as_text(ordinary, 200).split("findings:")[1].splitlines()[1:]
    assert [
        "Read 2 of 3 sources, 1,234 lines, 44.6 KiB, 2025-10-14 09:04:10 \u2013 10:04:11 UTC",
        "  partial: web: the file was cut while it was read",
        "  gap: web: rotated, lines are missing from 2025-10-14 09:04:11 UTC to 2025-10-14 09:05:11 UTC",
        "  cut: web: 1 line too long to search whole",
        "  untimed: web: 2 hits without a time, left out of windows",
        "  unreadable: homeiq-broker: the log driver keeps no logs",
        "help: Use json-file or local.",
    ] == tail


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=200), width=st.integers(20, 120))
def test_no_text_breaks_the_width_or_the_layout(text: str, width: int, hostile: Report) -> None:
    finding = hostile.findings[0]
    sample = replace(finding.samples[0], line=text, before=(text,), after=())
    report = replace(
        hostile, findings=(replace(finding, title=text, advice=text, samples=(sample,), fields={"f": text}),)
    )
    assert [] == [line for line in as_text(report, width).split("\n") if cell_len(line) > width]


@pytest.mark.parametrize(
    ("samples", "shown"), [pytest.param(1, 3, id="a few at a glance"), pytest.param(7, 7, id="more with more samples")]
)
def test_related_lines_take_one_line_each_and_name_their_container(samples: int, shown: int, ordinary: Report) -> None:
    finding = ordinary.findings[0]
    related = replace(finding.related[0], line="one\n  error: two")
    report = replace(ordinary, findings=(replace(finding, related=(related,) * 10),))
    lines = as_text(report, samples=samples).splitlines()
    assert shown == lines.count("  Meanwhile in web: one\\n  error: two")
