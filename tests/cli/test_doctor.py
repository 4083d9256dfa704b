"""What `logscan doctor` says of an engine."""

import re

import pytest

from tests.rig.emitter import IMAGE
from tests.rig.proxy import Answer

ALL_OPEN = """\
Requests
  GET /_ping                 ok
  GET /version               ok
  GET /events                ok
  GET /containers/json       ok
  GET /containers/{id}/json  ok
  GET /containers/{id}/logs  ok
  GET /info                  ok
"""


def sections(stdout):
    """Split what was printed into its sections, by heading."""
    parts = re.split(r"^(?=\S)", stdout, flags=re.MULTILINE)
    lines = [part.splitlines() for part in parts if part]
    return {heading: [line.removeprefix("  ") for line in rest] for heading, *rest in lines}


@pytest.fixture
def talk(emitter):
    """Start a container that says one line."""
    return lambda driver="json-file", **options: emitter.engine.run(
        IMAGE, "/bin/sh", "-c", "echo hello", name="web", log_driver=driver, log_opts=options
    )


def test_an_engine_that_answers_to_all(logscan, proxy, talk):
    talk()
    ended = logscan("doctor", "--host", proxy.url)
    assert (0, "", True) == (ended.returncode, ended.stderr, ALL_OPEN in ended.stdout)


@pytest.mark.parametrize(
    ("arguments", "variable", "origin"),
    [
        pytest.param(True, None, "--host", id="a flag"),
        pytest.param(False, "LOGSCAN_HOST", "LOGSCAN_HOST", id="logscan's variable"),
        pytest.param(False, "DOCKER_HOST", "DOCKER_HOST", id="Docker's variable"),
    ],
)
def test_it_tells_who_named_the_engine(logscan, proxy, arguments, variable, origin):
    env = {variable: proxy.url} if variable else {}
    ended = logscan("doctor", *(["--host", proxy.url] if arguments else []), env=env)
    assert f"address  {proxy.url} ({origin})" == sections(ended.stdout)["Engine"][0]


def test_the_settings_file_may_name_the_engine(logscan, proxy, tmp_path):
    (tmp_path / "logscan.yaml").write_text(f"host: {proxy.url}\n")
    assert f"address  {proxy.url} (logscan.yaml)" == sections(logscan("doctor").stdout)["Engine"][0]


def test_it_tells_name_and_versions(logscan, proxy, engine):
    version = engine.client.version()
    about = sections(logscan("doctor", "--host", proxy.url).stdout)["Engine"]
    assert [
        f"name     {engine.client.info()['Name']}",
        f"version  {version['Version']}, API {version['ApiVersion']}",
    ] == about[1:]


def test_without_containers_their_requests_are_not_tried(logscan, proxy):
    found = sections(logscan("doctor", "--host", proxy.url).stdout)
    expected = [
        "GET /containers/{id}/json  not tried, since there is no container",
        "GET /containers/{id}/logs  not tried, since there is no container",
    ]
    assert (expected, ["none"]) == (found["Requests"][4:6], found["Containers"])


@pytest.mark.parametrize(
    ("path", "code", "line"),
    [
        pytest.param(
            "/_ping$", 3, "GET /_ping                 refused with 403; PING=1 opens it on a socket proxy", id="ping"
        ),
        pytest.param(
            "/events$",
            0,
            "GET /events                refused with 403; EVENTS=1 opens it on a socket proxy; a scan can do without",
            id="events",
        ),
        pytest.param(
            "/containers/json$",
            3,
            "GET /containers/json       refused with 403; CONTAINERS=1 opens it on a socket proxy",
            id="containers",
        ),
        pytest.param(
            "/info$",
            0,
            "GET /info                  refused with 403; INFO=1 opens it on a socket proxy; a scan can do without",
            id="info",
        ),
    ],
)
def test_what_is_refused_is_told_with_the_setting_that_opens_it(logscan, proxy, path, code, line):
    proxy.inject(path, Answer(403, "Forbidden"))
    ended = logscan("doctor", "--host", proxy.url)
    assert (code, True) == (ended.returncode, line in sections(ended.stdout)["Requests"])


def test_a_proxy_that_refuses_the_version_is_told_apart_from_no_engine(logscan, proxy):
    proxy.inject("/version$", Answer(403, "Forbidden"))
    ended = logscan("doctor", "--host", proxy.url)
    expected = "help: a socket proxy needs CONTAINERS=1, EVENTS=1, PING=1, VERSION=1 and POST=0"
    assert (3, expected) == (ended.returncode, ended.stderr.splitlines()[-1])


def test_no_engine_is_3(logscan, tmp_path):
    ended = logscan("doctor", "--host", f"unix://{tmp_path}/docker.sock")
    assert (3, "", f"error: no Docker engine answers at unix://{tmp_path}/docker.sock") == (
        ended.returncode,
        ended.stdout,
        ended.stderr.split(" (")[0],
    )


def test_no_address_is_wrong_usage(logscan):
    assert 2 == logscan("doctor", "--host", "nonsense").returncode


@pytest.mark.parametrize(
    ("log", "lines"),
    [
        pytest.param(("json-file", {}), ["web (stopped): json-file", "  can be read"], id="json-file without rotation"),
        pytest.param(
            ("json-file", {"max-size": "10m", "max-file": "3"}),
            [
                "web (stopped): json-file max-size=10m max-file=3",
                "  can be read",
                "  but only the newest lines are kept: 3 x 10m",
            ],
            id="rotation",
        ),
        pytest.param(
            ("json-file", {"mode": "non-blocking"}),
            [
                "web (stopped): json-file mode=non-blocking",
                "  can be read",
                "  but mode=non-blocking: the engine may drop lines before anyone can read them",
            ],
            id="non-blocking",
        ),
        pytest.param(
            ("json-file", {"tag": "secret"}),
            ["web (stopped): json-file", "  can be read"],
            id="options that don't bear on reading are not shown",
        ),
    ],
)
def test_a_container_with_its_log_driver_and_limits(logscan, proxy, talk, log, lines):
    driver, options = log
    talk(driver, **options)
    assert lines == sections(logscan("doctor", "--host", proxy.url).stdout)["Containers"]


def test_the_local_driver_is_compressed_and_rotated_by_default(logscan, proxy, talk):
    talk("local")
    found = sections(logscan("doctor", "--host", proxy.url).stdout)["Containers"]
    assert ["web (stopped): local", "  can be read", "  but only the newest lines are kept: 5 x 20m"] == found[:3]


def test_a_driver_that_keeps_nothing_cannot_be_read_and_is_no_fault_of_the_engine(logscan, proxy, talk):
    talk("none")
    ended = logscan("doctor", "--host", proxy.url)
    found = sections(ended.stdout)["Containers"]
    assert (0, "web (stopped): none", True) == (ended.returncode, found[0], found[1].startswith("  can't be read: "))


def test_a_log_that_breaks_is_told_beside_the_others(logscan, proxy, talk):
    talk()
    proxy.inject("/logs$", Answer(500, "disk \x1b[31mon fire"))
    found = sections(logscan("doctor", "--host", proxy.url).stdout)["Containers"]
    assert "  can't be read: the engine refused to read the log: disk \\x1b[31mon fire" == found[1]
