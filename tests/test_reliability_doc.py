"""docs/reliability.md names the tests that hold its promises, and they are there."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "reliability.md").read_text()
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)
PROMISES = re.findall(r"^### (.+?)\n(.*?)(?=^##)", TEXT, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(("file", "name"), NAMED, ids=[name for _, name in NAMED])
def test_a_test_that_is_named_is_there(file, name):
    functions = {
        node.name for node in ast.walk(ast.parse((ROOT / file).read_text())) if isinstance(node, ast.FunctionDef)
    }
    assert name in functions


@pytest.mark.parametrize("promise", PROMISES, ids=[title for title, _ in PROMISES])
def test_every_promise_is_held_by_a_test(promise):
    _, text = promise
    assert re.search(r"^- `tests/", text, re.MULTILINE)


def test_every_test_that_is_listed_has_a_file_and_a_name():
    """A line that is misspelt would otherwise go unchecked."""
    assert len(NAMED) == len(re.findall(r"^- `tests/.*`$", TEXT, re.MULTILINE))
