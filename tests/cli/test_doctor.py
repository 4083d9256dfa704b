"""What `logscan doctor` says of an engine."""

import re

import pytest

from logscan.store.store import Store
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

PROXY = [
    "environment:",
    '  POST: "0"',
    '  PING: "1"',
    '  VERSION: "1"',
    '  EVENTS: "1"',
    '  CONTAINERS: "1"',
    '  INFO: "1"',
]


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
            "GET /events                refused with 403; EVENTS=1 opens it on a socket proxy; without it rules see fewer"
            " events, and follow lists the containers again and again",
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
            "GET /info                  refused with 403; INFO=1 opens it on a socket proxy; without it findings name the"
            " host by its address",
            id="info",
        ),
    ],
)
def test_what_is_refused_is_told_with_the_settings_that_open_it(logscan, proxy, path, code, line):
    """Beside the one request stands the whole setting, so that one round of changes is enough."""
    proxy.inject(path, Answer(403, "Forbidden"))
    ended = logscan("doctor", "--host", proxy.url)
    found = sections(ended.stdout)
    assert (code, True, PROXY) == (ended.returncode, line in found["Requests"], found["Socket proxy"])


def test_a_proxy_that_refuses_the_version_is_told_apart_from_no_engine(logscan, proxy):
    proxy.inject("/version$", Answer(403, "Forbidden"))
    ended = logscan("doctor", "--host", proxy.url)
    found = sections(ended.stdout)
    assert (3, "help: give the socket proxy these settings", PROXY) == (
        ended.returncode,
        found["Engine"][-1],
        found["Socket proxy"],
    )


def test_what_is_open_needs_no_settings(logscan, proxy):
    assert "Socket proxy" not in sections(logscan("doctor", "--host", proxy.url).stdout)


def test_no_engine_is_3(logscan, tmp_path):
    ended = logscan("doctor", "--host", f"unix://{tmp_path}/docker.sock")
    found = sections(ended.stdout)["Engine"]
    assert (3, f"no Docker engine answers at unix://{tmp_path}/docker.sock", "help: ") == (
        ended.returncode,
        found[1].split(" (")[0],
        found[2][:6],
    )


def test_each_engine_is_examined(logscan, proxy, talk, tmp_path):
    """One that is silent doesn't keep the next from being looked at, and counts in the exit code."""
    talk()
    ended = logscan("doctor", "--host", f"unix://{tmp_path}/docker.sock", "--host", proxy.url)
    assert (3, 2, True) == (ended.returncode, ended.stdout.count("Engine\n"), ALL_OPEN in ended.stdout)


def test_it_tells_where_it_looked_for_the_engine(logscan, proxy, tmp_path):
    """The whole order is shown, with what lies at each place and the one that is taken."""
    env = {"DOCKER_HOST": proxy.url, "DOCKER_CONFIG": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    found = sections(logscan("doctor", env=env).stdout)["Addresses"]
    assert [
        "- the address asked for: none",
        f"* DOCKER_HOST: {proxy.url} (taken)",
        "- the Docker context: the default one, which names no address",
        f"- the rootless socket: no {tmp_path}/docker.sock",
        "- the default socket: unix:///var/run/docker.sock",
    ] == found[:5]


def test_an_address_that_was_asked_for_is_all_there_is_to_tell(logscan, proxy):
    assert [f"* --host: {proxy.url} (taken)"] == sections(logscan("doctor", "--host", proxy.url).stdout)["Addresses"][
        :1
    ]


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


def test_a_state_that_is_not_there_yet_is_no_fault(logscan, proxy, tmp_path):
    path = tmp_path / "deep" / "logscan.db"
    ended = logscan("doctor", "--host", proxy.url, "--state", path)
    assert (0, [f"file  {path}", "none yet: the first `logscan follow` makes it"]) == (
        ended.returncode,
        sections(ended.stdout)["State"],
    )


def test_who_keeps_the_state_is_named(logscan, proxy, tmp_path):
    with Store.open(tmp_path / "logscan.db", now_ns=1_790_000_000_000_000_000):
        ended = logscan("doctor", "--host", proxy.url, "--state", tmp_path / "logscan.db")
    assert (0, True) == (ended.returncode, "in use by logscan follow (process " in sections(ended.stdout)["State"][1])


def test_a_file_that_is_no_state_is_3(logscan, proxy, tmp_path):
    (tmp_path / "list.txt").write_text("milk")
    ended = logscan("doctor", "--host", proxy.url, "--state", tmp_path / "list.txt")
    assert (3, "can't be used: ") == (ended.returncode, sections(ended.stdout)["State"][1][:15])
