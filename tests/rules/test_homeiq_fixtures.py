"""The logs of the HomeIQ story: reproducible, and labelled as the rules see them."""

import json
from collections import Counter
from pathlib import Path

import pytest

from fixtures import generate_homeiq as homeiq
from tests.rules.shipped import matching

FOLDER = Path(homeiq.__file__).parent / "homeiq"


def test_the_generator_gives_the_checked_in_files_byte_for_byte(tmp_path):
    homeiq.generate(tmp_path)
    assert contents(FOLDER) == contents(tmp_path)


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("log", [pytest.param(log, id=log.container) for log in homeiq.LOGS])
def test_rules_match_the_labelled_lines_and_no_others(log):
    for entry in homeiq.entries(log):
        assert ([entry.rule] if entry.rule else []) == matching(entry.text), entry.text


def test_the_story_has_the_counts_that_its_people_met():
    expected = json.loads((FOLDER / "EXPECTED.json").read_text())
    counts = Counter({(found["file"], found["rule"]): found["count"] for found in expected["findings"]})
    assert {
        ("homeiq-influxdb.log", "influxdb-dispatcher-panic"): 1,
        ("homeiq-influxdb.log", "influxdb-unauthorized"): 3,
        ("homeiq-websocket.log", "homeiq-discovery-cache-stale"): 1000,
        ("ai-automation-service.log", "homeiq-yaml-plural-keys"): 2,
        ("ai-automation-service.log", "python-import-error"): 4,
        ("ai-automation-service.log", "unauthorized-access"): 1,
        ("homeiq-device-intelligence.log", "python-import-error"): 1,
        ("homeiq-admin.log", "unauthorized-access"): 7,
        ("homeiq-dashboard.log", "unauthorized-access"): 27,
        ("homeiq-ha-test.log", "unauthorized-access"): 2,
    } == counts


def test_the_flood_holds_ten_json_lines_among_990_bare_ones():
    (log,) = (log for log in homeiq.LOGS if log.container == "homeiq-websocket")
    flood = [entry.text for entry in homeiq.entries(log) if entry.rule]
    assert {True: 10, False: 990} == Counter(text.startswith("{") for text in flood)


def test_two_hundred_ordinary_lines_follow_the_panic():
    """A look at the last hundred lines of the container would miss it."""
    lines = (FOLDER / "homeiq-influxdb.log").read_text().splitlines()
    (place,) = (number for number, line in enumerate(lines) if "Dispatcher panic" in line)
    assert len(lines) - place > 200


def test_every_expected_line_count_is_that_of_its_file():
    files = json.loads((FOLDER / "EXPECTED.json").read_text())["files"]
    counted = {path.name: path.read_bytes().count(b"\n") for path in FOLDER.glob("*.log")}
    assert counted == {entry["file"]: entry["lines"] for entry in files}
