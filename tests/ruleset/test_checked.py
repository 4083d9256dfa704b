"""The list of released files: what it holds is not checked again, and what was changed is."""

import pytest

from logscan.errors import RuleError
from logscan.ruleset import model
from logscan.ruleset.checked import LIST, hashes, listed, write
from logscan.ruleset.loader import builtin_rules, load_ruleset

RULES = """\
schema: logscan/v1
technology: T
rules:
  - id: own
    title: Title
    severity: low
    match: {regex: 'boom [0-9]'}
    tests: {match: [boom 1], ignore: [boom]}
"""
BROKEN = RULES.replace("boom [0-9]", "boom [0-9")


def folder_of(path, text):
    (path / "own.yaml").write_text(text)
    return path


def test_the_list_is_that_of_the_shipped_rules():
    assert (builtin_rules() / LIST).read_text() == hashes(builtin_rules()), "make docs"


def test_the_patterns_of_listed_files_are_not_checked_again(tmp_path, monkeypatch):
    write(folder_of(tmp_path, RULES))
    monkeypatch.setattr(model, "check_pattern", lambda _: pytest.fail("checked again"))
    load_ruleset([tmp_path], builtin=False, trusting=listed(tmp_path))


def test_a_listed_file_that_was_changed_is_checked(tmp_path):
    write(folder_of(tmp_path, RULES))
    folder_of(tmp_path, BROKEN)
    with pytest.raises(RuleError, match=r"own\.yaml"):
        load_ruleset([tmp_path], builtin=False, trusting=listed(tmp_path))


def test_a_file_with_faults_is_never_listed(tmp_path):
    with pytest.raises(RuleError):
        write(folder_of(tmp_path, BROKEN))
    assert frozenset() == listed(tmp_path)
