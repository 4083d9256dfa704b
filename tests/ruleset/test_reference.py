"""The page of all shipped rules says what the rules say, and foreign text in it is only text.

`LOGSCAN_REWRITE_GOLDEN=1` writes the page anew, as `make docs` does.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from logscan.ruleset.loader import load_rules
from logscan.ruleset.model import Rule, RuleModel, Where
from logscan.ruleset.reference import MAX_EXAMPLE, reference

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"
EVERY_KEY = Path(__file__).with_name("every-key.yaml")
SHIPPED = load_rules([])


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


def facts(rule):
    return [line.removeprefix("- ") for line in reference([rule]).splitlines() if re.match("- [A-Z].*: ", line)]


def test_the_page_is_what_the_rules_say():
    if os.environ.get("LOGSCAN_REWRITE_GOLDEN"):
        PAGE.write_text(reference(SHIPPED), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == reference(SHIPPED)


def test_the_module_prints_the_page():
    printed = subprocess.run(
        [sys.executable, "-m", "logscan.ruleset.reference"], capture_output=True, check=True, timeout=30
    )
    assert reference(SHIPPED) == printed.stdout.decode()


@pytest.mark.parametrize("shipped", [pytest.param(rule, id=rule.id) for rule in SHIPPED])
def test_every_rule_has_a_section_and_an_entry_that_leads_there(shipped):
    page = reference(SHIPPED).splitlines()
    entries = [line for line in page if line.startswith(f"  - [{shipped.id}](#{shipped.id}): ")]
    assert (1, 1) == (page.count(f"### {shipped.id}"), len(entries))


def test_technologies_are_sorted_and_stand_once():
    rules = [rule(technology=name, id=f"rule-{number}") for number, name in enumerate(["Web", "database 2.x", "Web"])]
    page = reference(rules)
    assert ["## database 2.x", "## Web"] == re.findall("^## .*$", page, re.MULTILINE)
    assert "- [database 2.x](#database-2x)\n  - [rule-1](#rule-1)" in page


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param(
            {"escalate": [{"severity": "high", "when": {"count": 5, "within": "1h"}}]},
            "Severity: low, high at 5 hits within 1h",
            id="escalation",
        ),
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
    fires = [line for line in reference(load_rules([EVERY_KEY], builtin=False)).splitlines() if "Fires: " in line]
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
    assert "```text\n    0s  order failed\n```" in reference(combining)


def test_a_long_example_is_cut():
    line = "order lost " + "x" * 1000
    page = reference([rule(tests={"match": [line], "ignore": ["order done"]})])
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
    html = MarkdownIt("gfm-like", {"linkify": False}).render(reference([rule(title=text[:100], why=text, advice=text)]))
    assert [] == re.findall('<(?:script|em|img|s|b)>|<h1>(?!The rules)|evil.example"', html)
    assert " ".join(text.split()) in re.sub("<[^>]+>", "", html).replace("&lt;", "<").replace("&gt;", ">").replace(
        "&quot;", '"'
    ).replace("&amp;", "&")


def test_what_stands_between_backticks_stays_code():
    assert "**What to do.** Run `docker ps_a *` and \\*look\\*." in reference(
        [rule(advice="Run `docker ps_a *` and *look*.")]
    )


def test_a_line_that_holds_a_fence_stays_inside_its_own():
    page = reference([rule(tests={"match": ["order lost ```` # x"], "ignore": ["order done"]})])
    assert "`````text\norder lost ```` # x\n`````" in page


def test_a_reference_that_is_no_address_is_text():
    assert "- see \\*the wiki\\*" in reference([rule(references=["see *the wiki*"])])
