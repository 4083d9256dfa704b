"""Rules that name other rules: what is read from any file counts, in whatever order."""

import pytest

from logscan.errors import RuleError
from logscan.ruleset.loader import load_rules, load_ruleset

RATIO = """\
schema: logscan/v1
technology: Shop
rules:
  - id: shop-too-many-lost
    title: Too many orders are lost
    severity: high
    window: {type: ratio, of: shop-order-lost, to: shop-order, above: 0.05, within: 1h, min: 20}
    scenarios: [{lines: [{at: 0s, line: order lost}], findings: 0}]
"""


def plain(*ids, title="An order"):
    rules = "".join(
        f"  - id: {rule_id}\n    title: {title}\n    severity: low\n    match: {{contains: order}}\n"
        "    tests: {match: [order], ignore: [till]}\n"
        for rule_id in ids
    )
    return f"schema: logscan/v1\ntechnology: Shop\nrules:\n{rules}"


def test_rules_of_later_files_may_be_named(tmp_path):
    (tmp_path / "a.yaml").write_text(RATIO)
    (tmp_path / "b.yaml").write_text(plain("shop-order", "shop-order-lost"))
    assert 3 == len(load_rules([tmp_path], builtin=False))


def test_a_rule_with_faults_of_its_own_is_there_all_the_same(tmp_path):
    (tmp_path / "a.yaml").write_text(RATIO)
    (tmp_path / "b.yaml").write_text(plain("shop-order", "shop-order-lost", title="3"))
    with pytest.raises(RuleError) as caught:
        load_rules([tmp_path], builtin=False)
    assert {"`title` should be text, not the number 3"} == {fault.message for fault in caught.value.faults}


def test_an_id_that_is_known_elsewhere_may_be_named(tmp_path):
    (tmp_path / "a.yaml").write_text(RATIO)
    (rule,) = load_ruleset([tmp_path], builtin=False, elsewhere={"shop-order", "shop-order-lost"}).rules
    assert rule.model.combines


def test_the_window_of_an_override_names_rules_too(tmp_path):
    changed = RATIO + (
        "overrides:\n  - id: shop-too-many-lost\n    reason: few orders\n"
        "    window: {type: ratio, of: shop-order-lots, to: shop-order, above: 0.5, within: 1h, min: 5}\n"
    )
    (tmp_path / "a.yaml").write_text(changed)
    (tmp_path / "b.yaml").write_text(plain("shop-order", "shop-order-lost"))
    with pytest.raises(RuleError) as caught:
        load_rules([tmp_path], builtin=False)
    assert [(12, "`of` names `shop-order-lots`, and no rule has this id", "did you mean `shop-order-lost`?")] == [
        (fault.line, fault.message, fault.help) for fault in caught.value.faults
    ]
