"""The shipped rules over real lines, collected from public issues and from the stack's own documents."""

import json
from pathlib import Path

import pytest

from tests.rules.shipped import matching

RULE_OF_LABEL = {
    "influxdb_dispatcher_panic": "influxdb-dispatcher-panic",
    "influxdb_source_panic": "influxdb-dispatcher-panic",
    "influxdb_unauthorized_token": "influxdb-unauthorized",
    "influxdb_unauthorized_session": "influxdb-unauthorized",
    "homeiq_discovery_cache_stale": "homeiq-discovery-cache-stale",
    "homeiq_yaml_plural_keys": "homeiq-yaml-plural-keys",
    "python_import_error": "python-import-error",
    "asgi_import_failed": "python-import-error",
    "http_401": "unauthorized-access",
    "ws_403": "unauthorized-access",
    "influx_401_client": "unauthorized-access",
    "ha_supervisor_unauthorized": "unauthorized-access",
}
"""Anomalies with other labels have no rule yet."""

RECORDS = [
    json.loads(line) for line in (Path(__file__).parents[2] / "fixtures" / "real-lines.jsonl").read_text().splitlines()
]


def cases(wanted):
    return [
        pytest.param(record, id=f"{number} {record['label']}")
        for number, record in enumerate(RECORDS, 1)
        if wanted(record)
    ]


@pytest.mark.parametrize("record", cases(lambda record: record["label"] in RULE_OF_LABEL))
def test_the_right_rule_finds_the_anomaly(record):
    assert [RULE_OF_LABEL[record["label"]]] == matching(record["line"])


@pytest.mark.parametrize("record", cases(lambda record: record["label"] not in RULE_OF_LABEL))
def test_no_rule_matches_an_ordinary_line_or_another_fault(record):
    assert [] == [rule for line in record["line"].splitlines() for rule in matching(line)]


def test_every_label_with_a_rule_has_lines():
    assert set() == set(RULE_OF_LABEL) - {record["label"] for record in RECORDS if record["anomaly"]}
