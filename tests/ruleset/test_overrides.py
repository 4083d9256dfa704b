"""Overrides: rules are changed without a copy of them, and what changes nothing is told."""

import pytest

from logscan.errors import RuleError
from logscan.finding import Severity
from logscan.matching.matcher import Matcher
from logscan.ruleset.loader import load_rules, load_ruleset

RULES = """\
schema: logscan/v1
technology: Shop
where: {service: "*shop*"}
rules:
  - id: shop-order-lost
    title: An order was lost
    severity: medium
    match: {contains: order lost}
    window: {type: event_count, count: 3, within: 5m}
    escalate: [{severity: high, when: {count: 9, within: 1h}}]
    tests: {match: [order lost], ignore: [order done]}
    scenarios: [{lines: [{at: 0s, line: order lost}], findings: 0}]
  - id: shop-till-open
    title: A till stands open
    severity: low
    match: {contains: till open}
    tests: {match: [till open], ignore: [till shut]}
"""


@pytest.fixture
def load(tmp_path):
    """Load the rules of the shop with overrides in files of their own."""
    (tmp_path / "shop.yaml").write_text(RULES, encoding="utf-8")

    def loaded(*files):
        paths = [tmp_path / "shop.yaml"]
        for number, text in enumerate(files):
            paths.append(tmp_path / f"changes-{number}.yaml")
            paths[-1].write_text(f"schema: logscan/v1\noverrides:\n{text}", encoding="utf-8")
        return load_ruleset(paths, builtin=False)

    return loaded


def change(text, rule_id="shop-order-lost"):
    return f"  - id: {rule_id}\n    reason: our shop is loud\n    {text}\n"


def test_a_disabled_rule_is_gone_and_the_others_keep_their_order(load):
    assert ["shop-till-open"] == [rule.id for rule in load(change("disabled: true")).rules]


@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        pytest.param("severity: critical", "severity", Severity.CRITICAL, id="severity"),
        pytest.param("escalate: []", "escalate", (), id="no escalation"),
    ],
)
def test_a_value_is_replaced_and_nothing_else(load, text, key, expected):
    plain, changed = load().rules[0].model, load(change(text)).rules[0].model
    assert expected == getattr(changed, key)
    assert plain == changed.model_copy(update={key: getattr(plain, key)})


def test_a_window_is_replaced_whole(load):
    window = load(change("window: {type: absence, for: 1h}")).rules[0].model.window
    assert ("absence", 3600 * 10**9) == (window.type, window.for_)


def test_where_narrows_beside_the_rules_own(load):
    rule = load(change("where: {project: live}")).rules[0]
    assert (("*shop*",), ("live",)) == (rule.where.service, rule.narrowed.project)


def test_a_line_to_ignore_is_no_hit_of_the_rule(load):
    rule = load(change("ignore: [{contains: rehearsal}, {regex: 'till-9$'}]")).rules[0]
    lines = ["order lost", "order lost in a rehearsal", "order lost at till-9", "order lost at till-90"]
    assert [True, False, False, True] == [Matcher([rule]).matches(rule, line) for line in lines]


def test_a_line_to_ignore_leaves_the_rule_its_literals(load):
    rule = load(change("ignore: [{contains: rehearsal}]")).rules[0]
    assert () == Matcher([rule]).slow_lane


def test_changes_of_different_keys_add_up_over_files(load):
    rule = load(change("severity: high"), change("escalate: []")).rules[0]
    assert (Severity.HIGH, ()) == (rule.model.severity, rule.model.escalate)


def test_the_same_key_twice_is_a_fault_in_the_second_file(load):
    with pytest.raises(RuleError, match=r"changes-1\.yaml:5: `severity` of `shop-order-lost` is changed twice"):
        load(change("severity: high"), change("severity: high"))


def test_a_changed_rule_keeps_its_place(load):
    plain, changed = load().rules[0], load(change("severity: high")).rules[0]
    assert (plain.path, plain.line, plain.file) == (changed.path, changed.line, changed.file)


@pytest.mark.parametrize(
    ("text", "line", "message", "advice"),
    [
        pytest.param(
            change("disabled: true", "shop-order-losst"),
            3,
            "the override of shop-order-losst is stale: no rule has this id",
            "did you mean `shop-order-lost`?",
            id="misspelt",
        ),
        pytest.param(
            change("severity: low", "xyzzy"),
            3,
            "the override of xyzzy is stale: no rule has this id",
            "take the override out",
            id="gone",
        ),
        pytest.param(
            change("severity: medium"),
            5,
            "the override of shop-order-lost is stale: its `severity` is what the rule says already",
            "take `severity` out of the override",
            id="same severity",
        ),
        pytest.param(
            change("window: {type: event_count, count: 3, within: 300s}"),
            5,
            "the override of shop-order-lost is stale: its `window` is what the rule says already",
            "take `window` out of the override",
            id="same window",
        ),
        pytest.param(
            change("escalate: []", "shop-till-open"),
            5,
            "the override of shop-till-open is stale: its `escalate` is what the rule says already",
            "take `escalate` out of the override",
            id="same escalation",
        ),
        pytest.param(
            change('where: {service: ["*shop*"]}'),
            5,
            "the override of shop-order-lost is stale: its `where` is what the rule says already",
            "take `where` out of the override",
            id="same where",
        ),
    ],
)
def test_what_changes_nothing_is_stale(load, text, line, message, advice):
    (stale,) = load(text).warnings
    assert (line, message, advice) == (stale.line, stale.message, stale.help)


def test_only_the_stale_part_of_an_override_is_told(load):
    loaded = load(change("severity: medium\n    escalate: []"))
    assert (["severity"], ()) == (
        [warning.help.split("`")[1] for warning in loaded.warnings],
        loaded.rules[0].model.escalate,
    )


def test_a_rule_that_is_known_elsewhere_may_be_overridden(tmp_path):
    (tmp_path / "changes.yaml").write_text(f"schema: logscan/v1\noverrides:\n{change('disabled: true')}")
    loaded = load_ruleset([tmp_path], builtin=False, elsewhere={"shop-order-lost"})
    assert ((), ()) == (loaded.rules, loaded.warnings)


def test_a_shipped_rule_is_disabled_by_a_file_that_holds_only_overrides(tmp_path):
    shipped = [rule.id for rule in load_rules([])]
    (tmp_path / "changes.yaml").write_text(f"schema: logscan/v1\noverrides:\n{change('disabled: true', shipped[0])}")
    assert shipped[1:] == [rule.id for rule in load_rules([tmp_path])]


def test_overrides_may_stand_before_the_rules_that_they_change(tmp_path):
    (tmp_path / "a.yaml").write_text(f"schema: logscan/v1\noverrides:\n{change('severity: info')}")
    (tmp_path / "b.yaml").write_text(RULES)
    assert Severity.INFO == load_rules([tmp_path], builtin=False)[0].model.severity
