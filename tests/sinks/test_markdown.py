"""Markdown: a CommonMark parser sees our structure, and foreign text only as text."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from logscan.finding import Report
from logscan.safe_text import safe_text
from logscan.sinks.markdown import MarkdownSink, code, escaped, fenced

Golden = Callable[[str, str], None]
PARSER = MarkdownIt("commonmark").enable("table").enable("strikethrough")


def as_markdown(report: Report) -> str:
    out = io.StringIO()
    MarkdownSink(out).emit(report)
    return out.getvalue()


def tokens(text: str) -> list[Token]:
    """Every token, those inside of paragraphs, headings and cells too."""
    return [inner for token in PARSER.parse(text) for inner in (token, *(token.children or ()))]


def shown(inline: Token) -> str:
    """What a reader sees of an inline token; our zero-width spaces aside."""
    return "".join(child.content for child in inline.children or ()).replace("\u200b", "")


def cells(text: str) -> list[str]:
    parsed = PARSER.parse(text)
    return [shown(token) for before, token in pairwise(parsed) if before.type == "td_open"]


@pytest.mark.parametrize("name", ["ordinary", "hostile", "empty"])
def test_markdown_is_the_golden_file(name: str, request: pytest.FixtureRequest, golden: Golden) -> None:
    golden(f"{name}.md", as_markdown(request.getfixturevalue(name)))


@pytest.mark.parametrize(("name", "findings"), [("ordinary", 2), ("hostile", 2), ("empty", 0)])
def test_each_finding_has_one_heading_one_table_and_one_fence(
    name: str, findings: int, request: pytest.FixtureRequest
) -> None:
    kinds = [token.type for token in tokens(as_markdown(request.getfixturevalue(name)))]
    assert findings == kinds.count("fence")
    assert findings == kinds.count("table_open")
    assert findings == kinds.count("hr")
    assert findings + 1 == kinds.count("heading_open")


@pytest.mark.parametrize("name", ["ordinary", "hostile", "empty"])
def test_there_is_no_html_no_image_and_no_code_block(name: str, request: pytest.FixtureRequest) -> None:
    kinds = {token.type for token in tokens(as_markdown(request.getfixturevalue(name)))}
    assert set() == kinds & {"html_block", "html_inline", "image", "code_block", "s_open", "em_open", "softbreak"}


def test_the_only_links_are_references(ordinary: Report, hostile: Report) -> None:
    links = [
        token.attrs["href"]
        for token in tokens(as_markdown(ordinary) + as_markdown(hostile))
        if token.type == "link_open"
    ]
    assert ["https://github.com/influxdata/influxdb/issues/26906", *["https://example.org/a?b=c"] * 2] == links


def test_the_text_of_a_cell_is_the_data(hostile: Report) -> None:
    finding = hostile.findings[0]
    text = safe_text(finding.title).strip()
    rows = cells(as_markdown(replace(hostile, findings=(finding,))))
    table = dict(zip(rows[::2], rows[1::2], strict=True))
    expected = {
        "Severity": "high",
        "Rule": "hostile-rule",
        "Project": text,
        "Service": text,
        "Container": text,
        "Image": text,
        "Host": text,
        "Count": "2",
        "First seen": "1969-12-31 23:59:59 UTC",
        "Last seen": "2262-04-11 23:47:16 UTC",
        f"Field {text}": text,
    }
    assert expected == table


def test_the_fence_holds_the_evidence_line_by_line(ordinary: Report) -> None:
    fence = next(token for token in tokens(as_markdown(ordinary)) if token.type == "fence")
    finding = ordinary.findings[0]
    first, second = finding.samples
    others = [f"Meanwhile in {related.container.name}: {related.line}" for related in finding.related]
    assert "\n".join((*first.before, first.line, *first.after, second.line, *others, "")) == fence.content


@pytest.mark.parametrize(
    ("text", "source"),
    [
        pytest.param("@everyone", "&#64;&#8203;everyone", id="mention"),
        pytest.param("fixes #12", "fixes &#35;&#8203;12", id="issue number"),
        pytest.param("a|b", "a&#124;b", id="pipe"),
        pytest.param("https://x.y", "https&#58;//x.y", id="bare address"),
        pytest.param("www.x.y", "www&#46;x.y", id="bare host"),
        pytest.param("a\nb", "a&#92;nb", id="newline"),
        pytest.param("plain, (text): 1.5%", "plain, (text): 1.5%", id="plain text stays readable"),
    ],
)
def test_what_could_be_syntax_becomes_a_reference(text: str, source: str) -> None:
    assert source == escaped(text)


@pytest.mark.parametrize(
    ("text", "source"),
    [
        pytest.param("influxdb:2.7", "`influxdb:2.7`", id="plain value"),
        pytest.param("@team/x #1", "`@team/x #1`", id="mentions do nothing in code"),
        pytest.param("a|b", "a&#124;b", id="pipe"),
        pytest.param("a`b", "a&#96;b", id="backtick"),
        pytest.param("", "", id="empty"),
    ],
)
def test_a_value_is_code_where_that_is_safe(text: str, source: str) -> None:
    assert source == code(text)


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="`~ \t\n\rab|", max_size=40))
def test_no_text_can_close_its_fence(text: str) -> None:
    kinds = [token.type for token in tokens(fenced([text, text]) + "\n\nend")]
    assert ["fence", "paragraph_open", "inline", "text", "paragraph_close"] == kinds


@settings(max_examples=200, deadline=None)
@given(
    st.text(
        alphabet=st.one_of(st.sampled_from("`*_[]()<>&|~#@!\\:/w.-+=1 \t\n{}$^\"'"), st.characters()),
        min_size=1,
        max_size=30,
    )
)
def test_any_text_in_a_cell_and_a_paragraph_is_read_back_as_itself(text: str) -> None:
    expected = re.sub(r"\u200b", "", safe_text(text).replace("\t", " ").strip())
    table = f"| a | b |\n| --- | --- |\n| x | {escaped(text)} |\n| y | {code(text)} |"
    assert ["x", expected, "y", expected] == [cell.replace("\t", " ") for cell in cells(table)]
    paragraph = next(token for token in PARSER.parse(f"**Label.** {escaped(text)}") if token.type == "inline")
    assert f"Label. {expected}".strip() == shown(paragraph)
