"""A title's fields are filled in from redacted text, and from nothing else."""

import pytest

from logscan.detection.detector import Detector
from logscan.detection.title import MAX_VALUE_CHARS, filled
from tests.detection.making import box, hit, rule


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        pytest.param("Login of ${user} failed", "Login of eve failed", id="a field"),
        pytest.param("${user} ${nobody}", "eve <missing>", id="a field that is not there"),
        pytest.param("$user costs $5 {user} $${x", "$user costs $5 {user} $${x", id="no other syntax"),
        pytest.param("${user.__class__} ${0} ${a b}", "<missing> ${0} ${a b}", id="names are keys, never attributes"),
        pytest.param("${evil}", "${user} %s {0}", id="what is filled in is not read again"),
        pytest.param("${error.kind}", "oom", id="a nested name"),
        pytest.param("${lines}", "a b", id="a title is one line"),
        pytest.param("${long}", "x" * (MAX_VALUE_CHARS - 1) + "…", id="a long value is cut"),
    ],
)
def test_filled(title, expected):
    fields = {"user": "eve", "evil": "${user} %s {0}", "error.kind": "oom", "lines": "a\nb", "long": "x" * 999}
    assert expected == filled(title, fields)


def test_the_newest_hit_speaks_and_the_template_stays():
    r, b = rule(title="${user} on ${container} with ${password}"), box("web")
    detector = Detector([r], samples=1)
    for at, user in [(1, "new"), (0, "old")]:
        fields = {"user": user, "password": "hunter2hunter2"}
        detector.observe(hit(r, at, "boom password=hunter2hunter2", container=b, fields=fields))
    (finding,) = detector.findings()
    assert ("new on web with [redacted]", r.model.title) == (finding.title, finding.rule_title)


def test_of_two_containers_at_one_moment_the_same_speaks_whichever_was_read_first():
    r, labels = rule(title="${container}"), {"com.docker.compose.service": "web"}
    one, two = box("one", labels=labels), box("two", labels=labels)
    titles = set()
    for order in ((one, two), (two, one)):
        detector = Detector([r], samples=1)
        for container in order:
            detector.observe(hit(r, 0, container=container))
        titles |= {finding.title for finding in detector.findings()}
    assert 1 == len(titles)
