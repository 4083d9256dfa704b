"""What Docker itself tells of containers: ends that nobody wanted are found, those that somebody did are not.

The engine remembers what earlier tests did, also to containers that are gone, so each test has names of its own.
"""

import time

import pytest

from tests.engine.scanning import COMPLETE, INCOMPLETE, epoch, scan, source_of
from tests.rig.emitter import IMAGE
from tests.rig.faults import Answer, Cut

PATIENT = ("sh", "-c", "trap 'exit 143' TERM; while :; do sleep 0.05; done")
DEAF = ("sh", "-c", "while :; do sleep 0.05; done")
BROKEN = ("sh", "-c", "echo \"ModuleNotFoundError: No module named 'database'\" >&2; exit 1")
SECOND_NS = 1_000_000_000
EVENT_RULES = ("--only", "container-*")


def labels(project):
    """Those of a service of a compose project."""
    return {"com.docker.compose.project": project, "com.docker.compose.service": "web"}


@pytest.fixture
def run(engine, emitter):
    """Start a container of the emitter's image, by the command that it runs."""

    def start(*command, name, wait=False, **options):
        container = engine.run(IMAGE, *command, name=name, wait=wait, **options)
        if not wait:
            time.sleep(0.2)  # the shell sets its trap
        return container

    return start


def stop(container):
    container.stop()


def kill(container):
    container.kill()


def remove(container):
    container.remove()


def restart(container):
    container.engine.client.restart(container.id, timeout=1)


def recreate(container):
    """As compose does: the new one is there under another name before the old one goes."""
    client = container.engine.client
    made = client.create_container(IMAGE, list(DEAF), name=f"new-{container.name}", labels=labels("planned"))
    container.stop()
    client.remove_container(container.id)
    client.rename(made["Id"], container.name)
    client.start(made["Id"])


def found(report):
    """Rule, container and fields of each finding."""
    return [(one["rule"]["id"], one["container"]["name"], one["fields"]) for one in report["findings"]]


def hide_events(proxy):
    """Answer as a socket proxy does that keeps the address closed."""
    proxy.inject("/events$", Answer(403, "forbidden"))


def test_ends_that_somebody_asked_for_are_no_findings(proxy, run):
    stop(run(*PATIENT, name="stopped", labels=labels("planned")))
    for act in (stop, kill, remove, restart, recreate):
        act(run(*DEAF, name=act.__name__, labels=labels("planned")))

    done = scan(proxy, "--project", "planned")

    assert (COMPLETE, []) == (done.exit_code, found(done.json))


def test_a_program_that_fails_is_a_finding_with_its_exit_code(proxy, run):
    container = run("sh", "-c", "exit 3", name="failing", wait=True)

    done = scan(proxy, "failing")

    (finding,) = done.json["findings"]
    assert COMPLETE == done.exit_code
    assert [("container-died", "failing", {"exit_code": "3"})] == found(done.json)
    assert "A container ended by itself with exit code 3" == finding["title"]
    assert ("medium", 1, container.id) == (finding["severity"], finding["count"], finding["container"]["id"])
    assert '"exit_code":3' in finding["samples"][0]["line"]


def test_a_program_that_is_done_is_no_finding(proxy, run):
    run("sh", "-c", "exit 0", name="finished", wait=True)

    assert [] == scan(proxy, "finished").json["findings"]


def test_two_starts_that_fail_are_a_restart_loop_with_its_exit_code_beside_the_reason(proxy, run):
    run(*BROKEN, name="twice", restart="on-failure:1", wait=True)

    report = scan(proxy, "twice").json

    counts = {one["rule"]["id"]: (one["count"], one["fields"]) for one in report["findings"]}
    assert {
        "container-restart-loop": (2, {"exit_code": "1"}),
        "container-died": (2, {"exit_code": "1"}),
        "python-import-error": (2, {"module": "database"}),
    } == counts


def test_events_are_no_lines_of_a_log(proxy, run):
    container = run(*BROKEN, name="four-times", restart="on-failure:3", wait=True)

    source = source_of(scan(proxy, "four-times").json, container)

    assert (4, "complete", None) == (source["lines"], source["status"], source["reason"])


def test_a_container_that_was_removed_is_known_by_its_events(proxy, run):
    run("sh", "-c", "exit 4", name="gone", labels=labels("gone"), wait=True).remove()

    report = scan(proxy, "--project", "gone").json

    assert [("container-died", "gone", {"exit_code": "4"})] == found(report)
    assert {"project": "gone", "name": "web"} == report["findings"][0]["service"]
    assert [] == report["sources"]


def test_a_container_that_was_removed_and_not_asked_for_is_left_alone(proxy, run):
    run("sh", "-c", "exit 4", name="other", wait=True).remove()
    run("sh", "-c", "exit 0", name="kept", wait=True)

    assert [] == scan(proxy, "kept").json["findings"]


def test_only_ends_in_the_wanted_time_are_found(proxy, run):
    run("sh", "-c", "exit 3", name="early", wait=True)
    since_ns = time.time_ns() + SECOND_NS // 10
    time.sleep(0.2)
    run("sh", "-c", "exit 4", name="late", wait=True)

    report = scan(proxy, "early", "late", "--since", epoch(since_ns)).json

    assert [("container-died", "late", {"exit_code": "4"})] == found(report)


def test_an_end_in_the_future_is_not_waited_for(proxy, run):
    run("sh", "-c", "exit 3", name="before-the-end", wait=True)

    report = scan(proxy, "before-the-end", "--until", epoch(time.time_ns() + 3600 * SECOND_NS)).json

    assert ["container-died"] == [rule for rule, _, _ in found(report)]


def test_behind_a_proxy_without_events_the_state_tells(proxy, run):
    run(*BROKEN, name="seen-looping", restart="on-failure:3", wait=True)
    run("sh", "-c", "exit 3", name="seen-failing", wait=True)
    run(*PATIENT, name="seen-stopped").stop()
    hide_events(proxy)

    done = scan(proxy, "seen-looping", "seen-failing", "seen-stopped", *EVENT_RULES)

    assert (COMPLETE, []) == (done.exit_code, done.json["errors"])
    assert {
        ("container-restarted-often", "seen-looping", "3"),
        ("container-died", "seen-looping", "1"),
        ("container-died", "seen-failing", "3"),
    } == {(rule, name, *fields.values()) for rule, name, fields in found(done.json)}


def test_behind_a_proxy_without_events_verbose_says_so(proxy, run):
    run("sh", "-c", "exit 0", name="quiet", wait=True)
    hide_events(proxy)

    assert "events.refused" in scan(proxy, "quiet", "-v").stderr


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        pytest.param(Answer(500, "no memory for events"), "no memory for events", id="broken"),
        pytest.param(Cut(40), "did not answer the request to tell its events", id="cut in the middle"),
    ],
)
def test_events_that_fail_on_the_way_are_an_error_of_the_scan(proxy, run, fault, words):
    run("sh", "-c", "exit 3", name="unheard", wait=True)
    proxy.inject("/events$", fault)

    done = scan(proxy, "unheard")

    (error,) = done.json["errors"]
    assert (INCOMPLETE, "events") == (done.exit_code, error["source"])
    assert words in error["message"]
    assert ["container-died"] == [rule for rule, _, _ in found(done.json)]


ONE_SERVICE = """
schema: logscan/v1
technology: Shop
rules:
  - id: shop-ended
    title: The shop ended
    severity: low
    input: event
    where: {service: web, image: none}
    match: {field: exit_code, gte: 1}
    tests: {match: ['{"exit_code":1}'], ignore: ['{"exit_code":0}']}
"""


def test_where_chooses_by_service_among_containers_and_those_that_are_gone(proxy, run, tmp_path):
    (tmp_path / "shop.yaml").write_text(ONE_SERVICE)
    run("sh", "-c", "exit 1", name="chosen-there", labels=labels("where"), wait=True)
    run("sh", "-c", "exit 1", name="chosen-gone", labels=labels("where"), wait=True).remove()
    run("sh", "-c", "exit 1", name="other-there", wait=True)
    run("sh", "-c", "exit 1", name="other-gone", wait=True).remove()

    report = scan(proxy, "*-there", "*-gone", "--no-builtin", "--rules", str(tmp_path)).json

    (finding,) = report["findings"]
    assert {"chosen-there", "chosen-gone"} == {share["name"] for share in finding["containers"]}


def test_without_a_rule_for_them_events_are_not_asked_for(proxy, run):
    run("sh", "-c", "exit 3", name="unasked", wait=True)

    assert [] == scan(proxy, "unasked", "--skip", "container-*").json["findings"]
    assert [] == [request for request in proxy.requests if request.path.endswith("/events")]


def start_limited(engine, name, *command, **options):
    """Start what the rig has no words for: limits and health checks."""
    client = engine.client
    health = options.pop("healthcheck", None)
    host = client.create_host_config(network_mode="none", **options)
    made = client.create_container(IMAGE, list(command), name=name, healthcheck=health, host_config=host)
    client.start(made["Id"])
    return made["Id"]


def test_a_container_that_goes_over_its_memory_is_told_of_as_that(engine, emitter, proxy):
    # The engine may miss it when the whole container ends at once, so the greedy one is a child.
    greedy = "(x=x; while :; do x=$x$x; done); code=$?; sleep 0.5; exit $code"
    container = start_limited(engine, "greedy", "sh", "-c", greedy, mem_limit="8m")
    engine.client.wait(container)
    assert engine.client.inspect_container(container)["State"]["OOMKilled"], "this machine keeps no memory limits"

    # Its shell writes a line about it too, which is a finding of its own.
    expected = [("container-oom-killed", "greedy", {}), ("general-out-of-memory", "greedy", {})]
    assert expected == found(scan(proxy, "greedy").json)

    hide_events(proxy)
    assert expected == found(scan(proxy, "greedy").json)


def test_a_failing_health_check_is_a_finding_with_what_it_printed(engine, emitter, proxy):
    check = {"test": ["CMD-SHELL", "echo no database; exit 1"], "interval": 3 * SECOND_NS, "retries": 1}
    container = start_limited(engine, "sick", "sleep", "60", healthcheck=check)
    while engine.client.inspect_container(container)["State"]["Health"]["Status"] != "unhealthy":
        time.sleep(0.1)

    expected = [("container-unhealthy", "sick", {"health_log": "no database"})]
    assert expected == found(scan(proxy, "sick").json)

    hide_events(proxy)
    assert expected == found(scan(proxy, "sick").json)
