"""The shipped rules over real lines, collected from public issues and from the stack's own documents."""

import json
from functools import cache
from pathlib import Path

import pytest

from logscan.batch import Batch, Container
from logscan.finding import Severity
from tests.rules.shipped import MATCHER

FIXTURES = Path(__file__).parents[2] / "fixtures"
RECORDS = [
    json.loads(line) for path in sorted(FIXTURES.glob("real-lines*.jsonl")) for line in path.read_text().splitlines()
]
"""Each with its image, its source, whether it tells of a fault, and of which."""

MOST_REMARKED = 0.1
"""Of ordinary lines this share may be findings of severity info."""


def cases(*, anomaly):
    return [
        pytest.param(record, id=f"{number} {record['label']}")
        for number, record in enumerate(RECORDS, 1)
        if record["anomaly"] is anomaly
    ]


@cache
def container_of(image):
    return Container(key="x", name="x", image=image)


@cache
def said_of(image, text):
    """How severe the rules call what stands in a log of this image, of one line or several."""
    batch = Batch(container_of(image), text.encode(), text.count("\n"))
    hits = [*MATCHER.scan(batch), *MATCHER.close()]
    return [hit.rule.model.severity for hit in hits if not hit.aside]


def severities(record):
    return said_of(record["image"], record["line"].rstrip("\n") + "\n")


@pytest.mark.parametrize("record", cases(anomaly=True))
def test_a_rule_finds_the_fault(record):
    assert severities(record)


@pytest.mark.parametrize("record", cases(anomaly=False))
def test_no_rule_above_info_matches_an_ordinary_line(record):
    assert [] == [severity for severity in severities(record) if severity > Severity.INFO]


def test_few_ordinary_lines_are_even_remarked_upon():
    ordinary = [record for record in RECORDS if not record["anomaly"]]
    assert sum(bool(severities(record)) for record in ordinary) <= MOST_REMARKED * len(ordinary)
