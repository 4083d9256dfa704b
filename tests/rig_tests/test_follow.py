"""A follower reads what its processes printed, also where one was killed in the middle of a line."""

import json

from tests.rig.follow import Follower, end_line


def event(number, kind="finding.opened"):
    return json.dumps({"id": f"e{number}", "type": kind}) + "\n"


def test_an_event_that_came_twice_is_one(tmp_path):
    follower = Follower("unix:///nowhere", tmp_path)
    (tmp_path / "out").write_text(event(1) + event(2, "gap") + event(1))

    assert 3 == len(follower.printed)
    assert ["e1", "e2"] == [each["id"] for each in follower.events]
    assert ["e1"] == [each["id"] for each in follower.of_type("finding")]
    assert ["e2"] == [each["id"] for each in follower.of_type("gap")]


def test_half_a_line_of_a_killed_process_is_no_event(tmp_path):
    follower, out = Follower("unix:///nowhere", tmp_path), tmp_path / "out"
    out.write_text(event(1) + event(2)[:10])
    assert ["e1"] == [each["id"] for each in follower.events]

    end_line(out)
    with out.open("a") as file:
        file.write(event(2))
    assert ["e1", "e2"] == [each["id"] for each in follower.events]


def test_nothing_was_printed_before_the_first_start(tmp_path):
    follower = Follower("unix:///nowhere", tmp_path)

    assert ([], "", False) == (follower.events, follower.stderr, follower.running)
