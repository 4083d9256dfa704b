"""logscan inside of a container, as deploy/compose.yaml runs it: no rights, a read-only root, and not its own reader."""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from docker.types import LogConfig

from tests.engine.scanning import NUMBERED, numbers, once
from tests.rig.emitter import IMAGE
from tests.rig.oracle import Script

REPOSITORY = Path(__file__).parents[2]
UID = 65532
INSIDE = "/var/run/docker.sock"
RULES = ("--rules", f"/app/{Path(NUMBERED[1]).relative_to(REPOSITORY)}", "--no-builtin")


@pytest.fixture
def inside(emitter, proxy):
    """Create a container that has this machine's Python and libraries, read-only, and the proxy's socket."""
    socket = Path(proxy.url.removeprefix("unix://"))
    socket.chmod(0o666)
    client = emitter.engine.client

    def create(*command, binds=()):
        made = client.create_container(
            IMAGE,
            [sys.executable, "-m", "logscan", *command],
            name="logscan",
            user=f"{UID}:{UID}",
            working_dir="/tmp",
            environment={"PYTHONPATH": "/app", "PYTHONDONTWRITEBYTECODE": "1", "DOCKER_HOST": f"unix://{INSIDE}"},
            host_config=client.create_host_config(
                network_mode="none",
                log_config=LogConfig(type="json-file", config={}),
                read_only=True,
                cap_drop=["ALL"],
                security_opt=["no-new-privileges"],
                tmpfs={"/tmp": ""},
                binds=[*machine(), f"{socket}:{INSIDE}", *binds],
            ),
        )
        client.start(made["Id"])
        return emitter.engine._handle(made["Id"], "json-file")

    return create


def machine():
    """This machine's Python and libraries, and logscan, as read-only mounts; of nested folders the outer one."""
    wanted = {Path(sys.prefix), Path(sys.base_prefix), Path("/usr/lib"), Path("/lib"), Path("/lib64")}
    outer = [path for path in wanted if path.exists() and not any(parent in wanted for parent in path.parents)]
    return [*(f"{path}:{path}:ro" for path in outer), f"{REPOSITORY}:/app:ro"]


def printed(container):
    """What it wrote to stdout."""
    return container.engine.client.logs(container.id, stdout=True, stderr=False).decode()


def until(happened, container, limit_s=90):
    """Wait until something is so; fail when it never is, or the container has ended before."""
    deadline = time.monotonic() + limit_s
    while not happened():
        waits = container.inspect()["State"]["Running"] and time.monotonic() < deadline
        assert waits, container.engine.client.logs(container.id).decode()
        time.sleep(0.2)


def test_a_scan_reads_all_containers_but_its_own(emitter, inside):
    emitter.play(Script().out(b"number 1\n"), name="web")
    scanned = inside("scan", "--format", "json", *RULES)
    code = scanned.wait()
    report = json.loads(printed(scanned))
    assert (0, once([1]), ["web"]) == (
        code,
        numbers(report),
        [source["container"]["name"] for source in report["sources"]],
    )


def test_follow_tells_the_lines_of_others_once_and_ends_in_order(emitter, inside, tmp_path):
    """What it prints holds the lines that it found, and would be found again if it read its own log."""
    os.chown(tmp_path, UID, UID)
    follower = inside(
        "follow", "--format", "ndjson", "--state", "/state/logscan.db", *RULES, binds=[f"{tmp_path}:/state"]
    )
    until((tmp_path / "logscan.db").exists, follower)
    emitter.play(Script().out(b"number 1\n"), name="web-1")
    until(lambda: "web-1" in printed(follower), follower)
    emitter.play(Script().out(b"number 2\n"), name="web-2")
    until(lambda: "web-2" in printed(follower), follower)
    emitter.engine.client.stop(follower.id, timeout=60)
    opened = Counter(
        event["finding"]["container"]["name"]
        for event in map(json.loads, printed(follower).splitlines())
        if event["type"].startswith("finding.")
    )
    assert (0, {"web-1": 1, "web-2": 1}) == (follower.wait(), opened)
