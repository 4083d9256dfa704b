"""A day of follow and one scan over the same day give the same findings."""

from contextlib import suppress
from pathlib import Path

import pytest

from fixtures import generate_homeiq as homeiq
from tests.rig.conservation import report, same_findings
from tests.rig.oracle import Script

HOMEIQ = Path(homeiq.__file__).parent / "homeiq"
PIECES = 12


def replay(fixture, pause_s):
    """A real log in some pieces, between which the day goes on."""
    lines = fixture.read_bytes().splitlines(keepends=True)
    script = Script()
    size = len(lines) // PIECES + 1
    for begin in range(0, len(lines), size):
        script.out(b"".join(lines[begin : begin + size])).pause(pause_s)
    return script


def image_of(name):
    return "influxdb:2.7.12" if "influxdb" in name else "emitter:latest"


@pytest.mark.parametrize("kills", [pytest.param(0, id="undisturbed"), pytest.param(3, id="killed thrice")])
def test_a_day_of_follow_gives_the_findings_of_one_scan(emitter, follower, kills):
    """HomeIQ's own logs, with the shipped rules; also when logscan is killed in between."""
    fixtures = sorted(HOMEIQ.glob("*.log"))
    follow = follower(*(fixture.stem for fixture in fixtures), rules=None).start("--since", "24h")
    containers = [
        emitter.play(
            replay(fixture, 3.0 if kills else 0.5), name=fixture.stem, image=image_of(fixture.stem), wait=False
        )
        for fixture in fixtures
    ]
    for _ in range(kills):
        seen = total(follow)
        follow.until(lambda seen=seen: total(follow) > seen, every=0.1)
        follow.kill()
        follow.start("--since", "24h")  # as who keeps it running does: it may not have met all of them yet
    for container in containers:
        container.wait()

    scanned = follow.scan("--since", "24h")["findings"]
    assert len(scanned) >= 10
    with suppress(AssertionError):  # what differs is told below
        follow.until(lambda: not same_findings(follow.findings(), scanned), every=1)
    assert 0 == follow.stop()
    told = same_findings(follow.findings(), scanned)
    assert not told, report(told)


def total(follow):
    return sum(each["count"] for each in follow.findings())
