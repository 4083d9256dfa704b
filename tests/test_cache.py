"""What is kept for the next run is never needed, never trusted blindly, and never another's."""

from __future__ import annotations

import stat

import pytest

from logscan.cache import MAX_VARIANTS, Cache, cache_folder
from logscan.errors import RuleError
from logscan.matching import literals
from logscan.matching.index import Index
from logscan.matching.matcher import Matcher
from logscan.ruleset import yaml_reader
from logscan.ruleset.loader import load_ruleset
from tests.matching.making import batch

RULES = """\
schema: logscan/v1
technology: Example
rules:
  - id: example-broken
    title: It is broken
    severity: low
    match: {regex: 'broken (?P<part>\\w+) beyond repair'}
    escalate: [{severity: high, when: {count: 3, within: 5m}}]
    tests: {match: [broken wing beyond repair], ignore: [fine]}
"""


@pytest.fixture
def rules(tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text(RULES)
    return path


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache"


def load(path, folder):
    return load_ruleset([path], builtin=False, cache=folder).rules


def ids(matcher):
    return [(hit.rule.id, dict(hit.fields)) for hit in matcher.scan(batch("fine", "a broken wing beyond repair"))]


def test_rules_from_the_cache_are_those_from_the_file(rules, folder, monkeypatch):
    parsed = load(rules, folder)
    monkeypatch.setattr(yaml_reader, "read_yaml", lambda *_: pytest.fail("it was parsed again"))
    (found,), (first,) = load(rules, folder), parsed
    assert (first.model, first.where, first.path, first.line) == (found.model, found.where, found.path, found.line)


def test_shipped_rules_from_the_cache_are_those_from_the_files(folder):
    parsed, again = load_ruleset([], cache=folder).rules, load_ruleset([], cache=folder).rules
    assert [rule.model for rule in parsed] == [rule.model for rule in again]


def test_a_file_that_changed_is_read_again(rules, folder):
    load(rules, folder)
    rules.write_text(RULES.replace("severity: low", "severity: high"))
    assert "high" == str(load(rules, folder)[0].model.severity)


def test_a_file_with_a_fault_is_never_kept(rules, folder):
    rules.write_text(RULES.replace("beyond repair'}", "beyond (repair'}"))
    for _ in range(2):
        with pytest.raises(RuleError, match="bad regular expression"):
            load(rules, folder)


def test_a_matcher_with_a_cache_finds_the_same(rules, folder, monkeypatch):
    expected = ids(Matcher(load(rules, folder)))
    assert expected == ids(Matcher(load(rules, folder), cache=folder))
    monkeypatch.setattr(literals, "_known", {})
    monkeypatch.setattr(literals, "pattern_candidates", lambda *_: pytest.fail("it was derived again"))
    assert expected == ids(Matcher(load(rules, folder), cache=folder)) == [("example-broken", {"part": "wing"})]


def test_an_index_from_the_cache_is_the_one_that_was_derived(folder):
    matchers = [rule.model.match for rule in load_ruleset([], cache=folder).rules if rule.model.match]
    derived, found = (Index.of(matchers, cache=folder) for _ in range(2))
    assert derived is not found
    assert (derived.slow, list(derived.pointers)) == (found.slow, list(found.pointers))
    assert Index.of(matchers[1:], cache=folder) == Index.of(matchers[1:])


@pytest.mark.parametrize("damage", [b"", b"no cache at all", b"\xff" * 100], ids=["empty", "foreign", "garbage"])
def test_a_damaged_cache_is_made_anew(rules, folder, damage):
    expected = ids(Matcher(load(rules, folder), cache=folder))
    for file in folder.iterdir():
        file.write_bytes(damage)
    assert expected == ids(Matcher(load(rules, folder), cache=folder))


def test_a_database_with_a_flipped_bit_is_compiled_anew(rules, folder):
    expected = ids(Matcher(load(rules, folder), cache=folder))
    (file,) = folder.glob("database-*")
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(bytes(data))
    assert expected == ids(Matcher(load(rules, folder), cache=folder))


def test_files_and_folder_are_the_owners_alone(rules, folder):
    Matcher(load(rules, folder), cache=folder)
    assert 0o700 == stat.S_IMODE(folder.stat().st_mode)
    assert {0o600} == {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}
    assert {"rules", "literals", "index", "database"} == {file.name.partition("-")[0] for file in folder.iterdir()}


def test_a_file_that_others_may_write_is_not_trusted(folder):
    cache = Cache("things", list[int], "1", folder)
    cache.save([1, 2])
    assert [1, 2] == cache.load()
    (file,) = folder.iterdir()
    file.chmod(0o622)
    assert cache.load() is None


def test_another_version_begins_anew_and_removes_the_old_file(folder):
    Cache("things", list[int], "1", folder).save([1])
    newer = Cache("things", list[int], "2", folder)
    assert newer.load() is None
    newer.save([2])
    assert 1 == len(list(folder.iterdir()))


def test_a_folder_that_can_not_be_written_is_done_without(rules, tmp_path):
    (tmp_path / "file").write_text("no folder")
    assert 1 == len(load(rules, tmp_path / "file" / "cache"))


def test_the_folder_is_where_the_user_keeps_caches(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert tmp_path / "logscan" == cache_folder()
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert tmp_path / ".cache" / "logscan" == cache_folder()


def test_the_newest_variants_are_kept_and_no_other_version(folder):
    Cache("things", list[int], "1", folder).save([0])
    for number in range(MAX_VARIANTS + 2):
        Cache("things", list[int], "2", folder, variant=f"v{number}").save([number])
    Cache("others", list[int], "1", folder).save([0])
    found = [Cache("things", list[int], "2", folder, variant=f"v{number}").load() for number in range(MAX_VARIANTS + 2)]
    assert [None, None, *([number] for number in range(2, MAX_VARIANTS + 2))] == found
    assert None is Cache("things", list[int], "1", folder).load()
    assert [0] == Cache("others", list[int], "1", folder).load()
