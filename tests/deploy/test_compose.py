"""The compose file and the Dockerfile hold what deploy/README.md promises of them."""

import re
from pathlib import Path

import pytest
import yaml

from logscan.sources.docker.probe import PROXY_ENVIRONMENT

DEPLOY = Path(__file__).parents[2] / "deploy"
HARDENED = {"read_only": True, "cap_drop": ["ALL"], "security_opt": ["no-new-privileges:true"]}
UID = "65532:65532"


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


@pytest.fixture(scope="module")
def dockerfile():
    """The instructions of the stage that is shipped, each in one line."""
    text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
    last = text[text.rindex("\nFROM ") :]
    return dict(line.split(maxsplit=1) for line in last.splitlines() if re.match(r"[A-Z]+ ", line))


@pytest.mark.parametrize("service", ["logscan", "socket-proxy"])
def test_neither_container_can_gain_rights_or_write_to_its_root(compose, service):
    found = compose["services"][service]
    assert HARDENED == {key: found[key] for key in HARDENED}


@pytest.mark.parametrize("service", ["logscan", "socket-proxy"])
def test_neither_container_is_reached_from_outside(compose, service):
    found = compose["services"][service]
    assert (["engine"], False, True) == (found["networks"], "ports" in found, compose["networks"]["engine"]["internal"])


def test_the_proxy_lets_through_what_doctor_says_and_no_more(compose):
    assert PROXY_ENVIRONMENT == compose["services"]["socket-proxy"]["environment"]


def test_the_proxy_alone_has_the_socket(compose):
    mounted = {
        name: [volume for volume in service["volumes"] if "docker.sock" in volume]
        for name, service in compose["services"].items()
    }
    assert {"logscan": [], "socket-proxy": ["/var/run/docker.sock:/var/run/docker.sock:ro"]} == mounted


def test_logscan_asks_the_proxy(compose):
    assert "tcp://socket-proxy:2375" == compose["services"]["logscan"]["environment"]["DOCKER_HOST"]


def test_logscan_follows_as_a_user_without_rights_and_keeps_its_state(compose, dockerfile):
    """What the compose file says of user and state is what the image was made for."""
    found = compose["services"]["logscan"]
    assert (["follow"], UID, ["state:/state"], UID, "/state", True) == (
        found["command"],
        found["user"],
        found["volumes"],
        dockerfile["USER"],
        dockerfile["VOLUME"],
        found["environment"]["LOGSCAN_STATE"].startswith("/state/"),
    )


def test_it_may_write_to_tmp_and_has_the_time_to_end_in_order(compose):
    found = compose["services"]["logscan"]
    assert (["/tmp"], "15s", "SIGTERM") == (found["tmpfs"], found["stop_grace_period"], "SIGTERM")


def test_the_image_is_built_of_files_that_are_there(compose):
    """What the build is given is what it copies, and each of these files exists."""
    copied = set(re.findall(r"^COPY (?!--from)(.+) \S+$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE))
    files = {name for line in copied for name in line.split()}
    given = {line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if line[:1] == "!"}
    built = DEPLOY / compose["services"]["logscan"]["build"]["context"]
    assert (given, []) == (files, [name for name in files if not (built / name).exists()])
