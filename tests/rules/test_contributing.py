"""The rule in CONTRIBUTING.md is one that logscan loads and that passes its own tests."""

import re
from pathlib import Path

from logscan.matching.matcher import Matcher
from logscan.ruleset.loader import load_rules

GUIDE = Path(__file__).parents[2] / "CONTRIBUTING.md"


def test_the_example_rule_passes_its_own_tests(tmp_path):
    (example,) = re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    (tmp_path / "redis.yaml").write_text(example)
    (rule,) = load_rules([tmp_path], builtin=False)
    tests = rule.model.tests
    judged = {line: Matcher([rule]).matches(rule, line) for line in (*tests.match, *tests.ignore)}
    assert dict.fromkeys(tests.match, True) | dict.fromkeys(tests.ignore, False) == judged
