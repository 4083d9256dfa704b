"""The shipped rules: each passes its own lines, says what to do, and is cheap to search for."""

import re

import pytest

from logscan.batch import Batch, Container, Input
from logscan.finding import Severity
from logscan.matching.literals import rule_literals
from logscan.matching.matcher import Matcher
from logscan.matching.where import knows
from tests.rules.shipped import MATCHER, SHIPPED

LEAST_LITERAL = 5
"""A shorter literal occurs in too many ordinary lines."""

REPLACED = {other for rule in SHIPPED for other in rule.model.instead_of}
"""Rules in whose place others speak, where both match."""

HOUR_NS = 3_600_000_000_000
MINUTE_NS = 60_000_000_000

each_rule = pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.id) for rule in SHIPPED])


@each_rule
def test_rule_matches_its_own_lines(rule):
    assert [] == [line for line in rule.model.tests.match if not MATCHER.matches(rule, line)]


@each_rule
def test_rule_leaves_its_near_misses_alone(rule):
    assert [] == [line for line in rule.model.tests.ignore if MATCHER.matches(rule, line)]


@each_rule
def test_rule_finds_its_own_lines_through_the_prefilter(rule):
    """In a batch, where a line is only looked at when it holds a literal of the rule.

    Catch-alls are asked alone, and so are rules in whose place others speak: what those know is no hit of theirs.
    """
    matcher = Matcher([rule]) if rule.model.catch_all or rule.id in REPLACED else MATCHER
    lines = rule.model.tests.match
    text = "".join(f"{line}\n" for line in lines).encode()
    batch = Batch(container_for(rule), text, len(lines), input=Input(rule.model.input))
    hits = [*matcher.scan(batch), *matcher.leave(batch.container)]
    assert list(lines) == [hit.line.text for hit in hits if hit.rule is rule]


def container_for(rule):
    """A container that the rule's `where` selects."""
    services = rule.where.service if rule.where else None
    name = (services[0].strip("*") if services else "") or "anything"
    return Container(key=name, name=name)


def test_no_rule_knows_a_file_that_is_named_as_no_program_is():
    """Or files of unknown origin would be kept from all rules that name the images that they are for."""
    assert not knows(SHIPPED, Container(key="f", name="f"))


@each_rule
def test_rule_tells_why_it_is_bad_and_what_to_do(rule):
    said = {"why": bool(rule.model.why), "advice": bool(rule.model.advice), "references": bool(rule.model.references)}
    assert {"why": True, "advice": True, "references": True} == said


@each_rule
def test_rule_has_near_misses(rule):
    assert len(rule.model.tests.ignore) >= 3


@each_rule
def test_every_branch_of_the_rule_has_a_literal_of_five_characters(rule):
    literals = rule_literals(rule.model)
    assert [] == [literal for literal in literals or [""] if len(literal) < LEAST_LITERAL]


def test_ids_and_severities_that_scripts_may_depend_on_stay():
    promised = {
        "container-died": (Severity.MEDIUM, []),
        "container-oom-killed": (Severity.HIGH, []),
        "container-restart-loop": (Severity.HIGH, []),
        "container-restarted-often": (Severity.HIGH, []),
        "container-unhealthy": (Severity.MEDIUM, [(Severity.HIGH, 3, HOUR_NS)]),
        "homeiq-discovery-cache-stale": (Severity.MEDIUM, [(Severity.HIGH, 100, 10 * MINUTE_NS)]),
        "homeiq-yaml-plural-keys": (Severity.INFO, [(Severity.LOW, 50, HOUR_NS)]),
        "influxdb-dispatcher-panic": (Severity.HIGH, [(Severity.CRITICAL, 3, 24 * HOUR_NS)]),
        "influxdb-unauthorized": (Severity.LOW, [(Severity.MEDIUM, 10, HOUR_NS), (Severity.HIGH, 100, HOUR_NS)]),
        "python-import-error": (Severity.HIGH, []),
        "unauthorized-access": (Severity.LOW, [(Severity.MEDIUM, 20, 10 * MINUTE_NS)]),
    }
    shipped = {rule.id: (rule.model.severity, steps(rule)) for rule in SHIPPED}
    assert promised == {rule_id: shipped[rule_id] for rule_id in promised}


def steps(rule):
    return [(step.severity, step.when.count, step.when.within) for step in rule.model.escalate]


def test_no_rule_walks_every_line():
    assert () == MATCHER.slow_lane


def fields_of(line):
    """The fields of the one hit on `line`, in a container that every rule looks at by its name."""
    container = Container(key="x", name="influxdb-websocket-ai-automation")
    (hit,) = (hit for hit in MATCHER.scan(Batch(container, f"{line}\n".encode(), 1)) if not hit.aside)
    return dict(hit.fields)


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        pytest.param(
            'ts=2022-09-15T17:03:36.026516Z lvl=info msg=Unauthorized log_id=0cxXXy error="authorization not found"',
            {"reason": "authorization not found"},
            id="which of the four refusals of InfluxDB",
        ),
        pytest.param(
            '{"ts":"2022-07-27T16:30:05Z","lvl":"info","msg":"Unauthorized","error":"session not found"}',
            {"reason": "session not found"},
            id="the same in JSON",
        ),
        pytest.param(
            'ts=2025-10-14T09:04:11.269411Z lvl=info msg="Dispatcher panic" error="panic: runtime error: x" stacktrace="y"',
            {"reason": "runtime error: x"},
            id="what panicked",
        ),
        pytest.param(
            '{"message": "\\u26a0\\ufe0f Discovery cache is stale (195.7 minutes old, TTL: 30.0 minutes)."}',
            {"age": "195.7", "ttl": "30.0"},
            id="age and lifetime of the cache",
        ),
        pytest.param(
            "WARNING:ai-automation-service: issues: [\"Found 'actions:' (plural)\"]",
            {"key": "actions"},
            id="the plural key",
        ),
        pytest.param(
            "ModuleNotFoundError: No module named 'src.services.config'",
            {"module": "src.services.config"},
            id="the missing module",
        ),
        pytest.param(
            'INFO:     172.18.0.19:33732 - "POST /clarify HTTP/1.1" 403 Forbidden',
            {"client": "172.18.0.19", "status": "403"},
            id="client and status of uvicorn",
        ),
        pytest.param(
            '203.0.113.9 - bob [02/Dec/2025:15:52:44 +0000] "GET /admin HTTP/1.1" 401 81 "-" "curl"',
            {"client": "203.0.113.9", "user": "bob", "status": "401"},
            id="client, user and status of nginx",
        ),
        pytest.param(
            '::1 - - [02/Dec/2025:15:52:44 +0000] "GET /admin HTTP/1.1" 401 81',
            {"client": "::1", "status": "401"},
            id="a client without a user",
        ),
        pytest.param(
            "INFO: ('172.18.0.1', 45750) - \"WebSocket /ws/logs\" 403",
            {"client": "172.18.0.1", "status": "403"},
            id="client of a WebSocket",
        ),
        pytest.param(
            "2021-09-25 23:00:33 154 [Warning] Access denied for user 'frappe'@'10.42.11.41' (using password: NO)",
            {"client": "10.42.11.41", "user": "frappe"},
            id="client and user of MariaDB",
        ),
        pytest.param(
            '{"logger":"http.log.access","request":{"remote_ip":"172.18.0.1"},"status":401,"size":0}',
            {"client": "172.18.0.1"},
            id="client of Caddy",
        ),
    ],
)
def test_a_hit_carries_what_its_line_tells(line, fields):
    assert fields == fields_of(line)


def test_influxdb_is_looked_at_by_image_or_by_service():
    """However the container is called, and however the image is."""
    (rule,) = (rule for rule in SHIPPED if rule.id == "influxdb-dispatcher-panic")
    line = f"{rule.model.tests.match[0]}\n".encode()
    containers = [
        Container(key="1", name="tsdb", image="influxdb:2.7.12"),
        Container(key="2", name="tsdb", image="docker.io/library/influxdb:2"),
        Container(key="3", name="homeiq-influxdb", image="local/build"),
        Container(key="4", name="redis", image="redis:7"),
    ]
    looked_at = [
        container.key
        for container in containers
        if any(hit.rule is rule for hit in MATCHER.scan(Batch(container, line, 1)))
    ]
    assert ["1", "2", "3"] == looked_at


def test_every_reference_is_a_link():
    links = [link for rule in SHIPPED for link in rule.model.references]
    assert [] == [link for link in links if not re.fullmatch(r"https://[a-z0-9.-]+/\S+", link)]
