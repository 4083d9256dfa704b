"""The pages of all shipped rules say what the rules say, and foreign text in them is only text.

`LOGSCAN_REWRITE_GOLDEN=1` writes them anew, as `make docs` does.
"""

import os
import re
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest
from markdown_it import MarkdownIt

from logscan.ruleset.loader import load_rules
from logscan.ruleset.model import Rule, RuleModel, Where
from logscan.ruleset.reference import FOLDER, INDEX, MAX_EXAMPLE, reference, write

DOCS = Path(__file__).parents[2] / "docs"
EVERY_KEY = Path(__file__).with_name("every-key.yaml")
SHIPPED = load_rules([])
PAGES = reference(SHIPPED)
MAX_BYTES = 512_000
"""GitHub shows larger files as plain text."""


def rule(where=None, technology="Shop", **changes):
    said = {
        "id": "shop-order-lost",
        "title": "An order was lost",
        "severity": "low",
        "match": {"contains": "order lost"},
        "tests": {"match": ["order lost"], "ignore": ["order done"]},
        **changes,
    }
    return Rule(RuleModel.model_validate(said), where, "shop.yaml", "rules/shop.yaml", 4, technology)


def page_of(rule):
    """Give the page on which a single rule stands."""
    return reference([rule])[FOLDER / "shop.md"]


def facts(rule):
    return [line.removeprefix("- ") for line in page_of(rule).splitlines() if re.match("- [A-Z].*: ", line)]


def written():
    paths = [DOCS / INDEX, *(DOCS / FOLDER).glob("*.md")]
    return {PurePosixPath(path.relative_to(DOCS)): path.read_text(encoding="utf-8") for path in paths}


def test_the_pages_are_what_the_rules_say():
    if os.environ.get("LOGSCAN_REWRITE_GOLDEN"):
        write(DOCS, PAGES)
    assert written() == PAGES


def test_the_module_writes_the_pages_and_removes_old_ones(tmp_path):
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "gone.md").write_text("# Gone")
    subprocess.run([sys.executable, "-m", "logscan.ruleset.reference", tmp_path], check=True, timeout=30)
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.md")} == set(map(str, PAGES))
    assert (tmp_path / INDEX).read_text(encoding="utf-8") == PAGES[INDEX]


def test_pages_are_small_enough_to_be_shown():
    assert max(len(page.encode()) for page in PAGES.values()) < MAX_BYTES


@pytest.mark.parametrize("shipped", [pytest.param(rule, id=rule.id) for rule in SHIPPED])
def test_every_rule_has_a_section_and_an_entry_that_leads_there(shipped):
    page = FOLDER / f"{shipped.file.removesuffix('.yaml')}.md"
    entries = [
        line for line in PAGES[INDEX].splitlines() if line.startswith(f"- [{shipped.id}]({page}#{shipped.id}) (")
    ]
    assert (1, 1) == (PAGES[page].splitlines().count(f"## {shipped.id}"), len(entries))


def test_every_link_inside_the_pages_leads_somewhere():
    anchors = {path: set(re.findall("^## (.*)$", page, re.MULTILINE)) for path, page in PAGES.items() if path != INDEX}
    for path, page in PAGES.items():
        if path != INDEX:
            for home, anchor in re.findall(r"\]\(([a-z-]+\.md)?#([\w-]+)\)", page):
                assert anchor in anchors[FOLDER / home if home else path]


def test_technologies_are_sorted_and_stand_once():
    rules = [rule(technology=name, id=f"rule-{number}") for number, name in enumerate(["Web", "database 2.x", "Web"])]
    index = reference(rules)[INDEX]
    assert ["## database 2.x", "## Web"] == re.findall("^## .*$", index, re.MULTILINE)
    assert "[database 2.x](#database-2x) · [Web](#web)" in index


@pytest.mark.parametrize(
    ("advice", "first"),
    [
        ("Count them. Then look at each.", "Count them. Then look at each."),
        ("Look for the line with the order's number. Then count.", "Look for the line with the order's number."),
        ("A text without an end", "A text without an end"),
    ],
)
def test_the_index_says_what_to_do_first(advice, first):
    assert f"(low): An order was lost. *{first}*" in reference([rule(advice=advice)])[INDEX]


def test_escalation_stands_beside_the_title():
    page = page_of(rule(escalate=[{"severity": "high", "when": {"count": 5, "within": "1h"}}]))
    assert "**An order was lost** (low, high at 5 hits within 1h)" in page


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, "Looks at: the lines of all containers", id="no where"),
        pytest.param({"input": "event"}, "Looks at: what Docker tells of all containers", id="events"),
        pytest.param(
            {"where": Where(image=("shop/*", "till"), service=("shop",), level=("error", "fatal"))},
            "Looks at: the lines of containers whose image is `shop/*` or `till`, or whose service is `shop`, "
            "of the level `error` or `fatal`",
            id="where",
        ),
        pytest.param(
            {"where": Where.model_validate({"project": "live", "not": {"stream": "stdout"}})},
            "Looks at: the lines of containers of the project `live`, but not containers on `stdout`",
            id="where not",
        ),
        pytest.param(
            {"window": {"type": "absence", "for": "35m"}}, "Fires: when no such line comes for 35m", id="absence"
        ),
        pytest.param({"group_by": ["till", "container"]}, "One finding for each: `till` and `container`", id="groups"),
        pytest.param({"instead_of": ["other"]}, "Takes the place of: [other](#other)", id="instead of another"),
    ],
)
def test_a_fact(changes, expected):
    assert expected in facts(rule(**changes))


def test_every_window_is_a_sentence():
    page = reference(load_rules([EVERY_KEY], builtin=False))[FOLDER / "every-key.md"]
    fires = [line for line in page.splitlines() if "Fires: " in line]
    assert [
        "- Fires: at 3 hits within 5m",
        "- Fires: at 2 different values of `till` within 5m",
        "- Fires: when 5m hold 1.5 times as many as the average of the 1h before, and 10 at least",
        "- Fires: when `till` has a value that it never had, after 168h",
        "- Fires: when [every-key](#every-key), then [other-key](#other-key) come within 1h",
        "- Fires: when [every-key](#every-key) makes up more than 5 % of [other-key](#other-key) within 1h, of 20 at least",
    ] == fires


def test_a_rule_without_tests_shows_the_lines_of_its_scenario_in_order():
    combining = [rule for rule in load_rules([EVERY_KEY], builtin=False) if rule.model.combines]
    assert "```text\n    0s  order failed\n```" in reference(combining)[FOLDER / "every-key.md"]


def test_a_long_example_is_cut():
    line = "order lost " + "x" * 1000
    page = page_of(rule(tests={"match": [line], "ignore": ["order done"]}))
    assert f"\n{line[:MAX_EXAMPLE]}…\n" in page


@pytest.mark.parametrize(
    "text",
    [
        "a <script>alert(1)</script> *b* _c_ # d | e",
        "[link](https://evil.example) ![image](x)",
        "one\n\n# two\n- three",
        "`unclosed <b> ~~gone~~ &amp; \\",
    ],
)
def test_text_of_a_rule_means_nothing_but_itself(text):
    pages = reference([rule(title=text[:100], why=text, advice=text)]).values()
    html = MarkdownIt("gfm-like", {"linkify": False}).render("\n\n".join(pages))
    assert [] == re.findall('<(?:script|img|s|b)>|<h1>(?!The rules|Shop)|evil.example"', html)
    assert 1 == html.count("<em>")  # what to do first
    assert " ".join(text.split()) in re.sub("<[^>]+>", "", html).replace("&lt;", "<").replace("&gt;", ">").replace(
        "&quot;", '"'
    ).replace("&amp;", "&")


def test_what_stands_between_backticks_stays_code():
    assert "**What to do.** Run `docker ps_a *` and \\*look\\*." in page_of(
        rule(advice="Run `docker ps_a *` and *look*.")
    )


def test_a_line_that_holds_a_fence_stays_inside_its_own():
    page = page_of(rule(tests={"match": ["order lost ```` # x"], "ignore": ["order done"]}))
    assert "`````text\norder lost ```` # x\n`````" in page


def test_a_reference_that_is_no_address_is_text():
    assert "- see \\*the wiki\\*" in page_of(rule(references=["see *the wiki*"]))
