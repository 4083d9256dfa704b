"""Rules, containers and batches for the tests of matching."""

from logscan.batch import Batch, Container
from logscan.ruleset.model import Rule, RuleFile

ANYONE = Container(key="anyone", name="anyone")


def rule(match, *, where=None, **more):
    """Make one rule around `match`, the way a rule file would write it."""
    document = {
        "schema": "logscan/v1",
        "technology": "tests",
        "rules": [
            {
                "id": more.pop("id", "tested"),
                "title": "Tested",
                "severity": "low",
                "match": match,
                "tests": {"match": ["a"], "ignore": ["b"]},
                **({"where": where} if where else {}),
                **more,
            }
        ],
    }
    model = RuleFile.model_validate(document, strict=False).rules[0]
    return Rule(model=model, where=model.where, file="t.yaml", path="t.yaml", line=1, technology="tests")


def batch(*lines, container=ANYONE, index=None):
    """Make one batch of lines, given as text or bytes."""
    raw = [line.encode() if isinstance(line, str) else line for line in lines]
    return Batch(container, b"".join(line + b"\n" for line in raw), len(raw), index)
