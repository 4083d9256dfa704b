"""Loading: which files are read, what a rule knows of its file, ids over all files, faults of the model."""

import os
import typing
from pathlib import Path

import pytest
from pydantic import BaseModel

from logscan.errors import RuleError, UsageError
from logscan.finding import Severity
from logscan.ruleset import faults, model
from logscan.ruleset.loader import builtin_rules, load_rules

INFLUXDB = """\
schema: logscan/v1
technology: InfluxDB 2.x
where: {image: ["influxdb*", "*/influxdb*"], service: "*influxdb*"}
rules:
  - id: influxdb-dispatcher-panic-example
    title: InfluxDB query engine panicked
    severity: high
    match:
      any:
        - contains: 'msg="Dispatcher panic"'
        - all:
            - {field: lvl, in: [info, 3, 2.5, true]}
            - {regex: 'panic: \\w+', case: sensitive}
    extract: 'error="panic: (?P<reason>[^"]+)"'
    group_by: reason
    window: {type: event_count, count: 3, within: 1h30m}
    escalate:
      - {severity: critical, when: {count: 3, within: 24h}}
    why: A query died with an internal error.
    references: [https://github.com/influxdata/influxdb/issues/26906]
    tests:
      match: ['lvl=info msg="Dispatcher panic" error="panic: runtime error: …"']
      ignore: ['lvl=info msg=Listening', on, 1:30]
  - id: own-where
    title: Speaks for itself
    severity: info
    where: {project: shop, not: {stream: stdout}}
    match: {equals: ready}
    tests: {match: [ready], ignore: ['no']}
"""


def rule_text(rule_id, extra=""):
    return f"""\
schema: logscan/v1
technology: Example
rules:
  - id: {rule_id}
    title: Example
    severity: low
    match: {{contains: panic}}
    tests: {{match: [panic], ignore: [fine]}}
{extra}"""


def write(folder, **files):
    for stem, text in files.items():
        (folder / f"{stem}.yaml").write_text(text, encoding="utf-8")
    return folder


def test_a_rule_is_read_as_it_is_written(tmp_path):
    rule, _ = load_rules([write(tmp_path, influxdb=INFLUXDB)], builtin=False)
    assert ("influxdb.yaml", str(tmp_path / "influxdb.yaml"), 5, "InfluxDB 2.x") == (
        rule.file,
        rule.path,
        rule.line,
        rule.technology,
    )
    assert Severity.HIGH == rule.model.severity
    assert 5400 * 10**9 == rule.model.window.within
    assert ("reason",) == rule.model.group_by
    assert (Severity.CRITICAL, 86400 * 10**9) == (rule.model.escalate[0].severity, rule.model.escalate[0].when.within)
    assert ("lvl=info msg=Listening", "on", "1:30") == rule.model.tests.ignore[0:3]


def test_matchers_are_chosen_by_their_key(tmp_path):
    rule, _ = load_rules([write(tmp_path, influxdb=INFLUXDB)], builtin=False)
    contains, both = rule.model.match.any
    field, regex = both.all
    assert [model.Group, model.Contains, model.Group, model.FieldTest, model.Regex] == [
        type(matcher) for matcher in (rule.model.match, contains, both, field, regex)
    ]
    assert [(str, "info"), (int, 3), (float, 2.5), (bool, True)] == [(type(value), value) for value in field.in_]


def test_the_where_of_the_file_serves_rules_without_one(tmp_path):
    first, second = load_rules([write(tmp_path, influxdb=INFLUXDB)], builtin=False)
    assert (("influxdb*", "*/influxdb*"), ("*influxdb*",)) == (first.where.image, first.where.service)
    assert (None, ("shop",), ("stdout",)) == (second.where.image, second.where.project, second.where.not_.stream)


def test_a_folder_gives_its_rule_files_sorted_and_no_others(tmp_path):
    write(tmp_path, b=rule_text("second"), a=rule_text("first"))
    (tmp_path / "c.yml").write_text(rule_text("third"))
    (tmp_path / "notes.txt").write_text("[")
    (tmp_path / ".hidden.yaml").write_text("[")
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "deeper").mkdir()
    write(tmp_path / "deeper", d=rule_text("fourth"))
    assert ["first", "second", "third"] == [rule.id for rule in load_rules([tmp_path], builtin=False)]


def test_files_come_in_the_order_of_the_paths_and_once(tmp_path):
    write(tmp_path, a=rule_text("first"), b=rule_text("second"))
    rules = load_rules([tmp_path / "b.yaml", tmp_path, tmp_path / ".." / tmp_path.name], builtin=False)
    assert ["second", "first"] == [rule.id for rule in rules]


def test_the_shipped_rules_come_first(tmp_path):
    shipped = load_rules([])
    both = load_rules([write(tmp_path, own=rule_text("my-own-rule"))])
    assert [*(rule.id for rule in shipped), "my-own-rule"] == [rule.id for rule in both]
    assert {str(builtin_rules())} == {str(Path(rule.path).parent) for rule in shipped}


def test_the_folder_of_shipped_rules_may_be_given_again():
    assert len(load_rules([])) == len(load_rules([builtin_rules()]))


def test_an_id_is_unique_over_all_files_even_beside_other_faults(tmp_path):
    write(tmp_path, a=rule_text("same", "    bad: 1\n"), b=rule_text("same"))
    with pytest.raises(RuleError) as caught:
        load_rules([tmp_path], builtin=False)
    assert [
        ("a.yaml", 9, "unknown key `bad`"),
        ("b.yaml", 4, f"the id `same` is taken by a rule, {tmp_path / 'a.yaml'}:4"),
    ] == [(Path(fault.path).name, fault.line, fault.message) for fault in caught.value.faults]


def test_the_id_of_a_shipped_rule_is_taken(tmp_path):
    taken = load_rules([])[0]
    write(tmp_path, own=rule_text(taken.id))
    with pytest.raises(RuleError, match=f"(?s)`{taken.id}` is taken by a shipped rule, .*--skip") as caught:
        load_rules([tmp_path])
    assert [4] == [fault.line for fault in caught.value.faults]
    assert [taken.id] == [rule.id for rule in load_rules([tmp_path], builtin=False)]


@pytest.mark.parametrize(
    ("make", "told"),
    [
        pytest.param(lambda folder: folder / "none.yaml", "there is no rule file or folder", id="missing"),
        pytest.param(lambda folder: folder, "holds no rule file", id="empty folder"),
    ],
)
def test_a_path_that_gives_no_rules_is_a_usage_error(tmp_path, make, told):
    with pytest.raises(UsageError, match=told) as caught:
        load_rules([make(tmp_path)], builtin=False)
    assert caught.value.help


def test_a_link_to_nowhere_is_a_fault(tmp_path):
    (tmp_path / "a.yaml").symlink_to(tmp_path / "gone.yaml")
    with pytest.raises(RuleError, match=r"a\.yaml:1: the file can't be read"):
        load_rules([tmp_path], builtin=False)


def test_one_fault_of_one_matcher_is_one_fault(tmp_path):
    deep = rule_text("deep").replace("{contains: panic}", "{all: [{any: [{contains: 1}, {none: [{regex: x}]}]}]}")
    with pytest.raises(RuleError) as caught:
        load_rules([write(tmp_path, deep=deep)], builtin=False)
    assert ["`contains` should be text, not the number 1"] == [fault.message for fault in caught.value.faults]


def test_an_item_of_a_list_is_told_by_its_number(tmp_path):
    text = rule_text("items").replace("match: [panic]", "match: [panic, 500]") + "  - nothing\n"
    with pytest.raises(RuleError) as caught:
        load_rules([write(tmp_path, items=text)], builtin=False)
    assert [
        (8, "item 2 of `match` should be text, not the number 500"),
        (9, "item 2 of `rules` should be a mapping, not the text 'nothing'"),
    ] == [(fault.line, fault.message) for fault in caught.value.faults]


def models_below(kind):
    """Give every model that a field of `kind` can hold, at any depth."""
    seen, waiting = set(), [kind]
    while waiting:
        part = waiting.pop()
        if isinstance(part, type) and issubclass(part, BaseModel):
            if part not in seen:
                seen.add(part)
                waiting += [field.annotation for field in part.model_fields.values()]
        else:
            waiting += typing.get_args(part)
    return seen


def test_unknown_keys_find_the_keys_of_every_model():
    """A model that `faults` doesn't know would get the did-you-mean of its parent."""
    assert models_below(model.RuleFile) == {model.RuleFile, *faults._MODELS.values()}
