"""Podman: a private service that speaks Docker's language, with nothing shared with a Podman of this machine.

Owns starting and ending the service, and running containers on it by Podman's own command. Does not own
what containers print. All it has lies below one folder, and it ends by itself when nobody has asked it
anything for two minutes: so a killed run of the tests leaves nothing that runs for ever.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Self

from tests.rig.emitter import rootfs

REQUIREMENT = "These tests start a private Podman service: install podman and busybox-static and run pytest as root."
START_SECONDS = 60
IDLE_SECONDS = 120
IMAGE = "emitter:latest"

CONFIG = """\
[containers]
# Podman's own are higher than what some machines may give.
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
log_driver = "k8s-file"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
"""


def requirement_missing() -> bool:
    return os.geteuid() != 0 or not shutil.which("podman") or not shutil.which("busybox")


class Podman:
    """A private Podman service; a context manager that has it running inside and gone afterwards."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="pod-", dir="/tmp"))
        self.socket = self.root / "podman.sock"
        self.url = f"unix://{self.socket}"
        self._service: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self._up()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the containers, end the service and remove all that it left."""
        self.podman("rm", "--all", "--force", "--time", "0", check=False)
        if self._service is not None:
            self._service.terminate()
            self._service.wait()
        shutil.rmtree(self.root, ignore_errors=True)

    def podman(self, *command: str, check: bool = True) -> str:
        """Run Podman's command on the service's own storage; give what it printed."""
        done = subprocess.run(self._command(*command), env=self._environment(), capture_output=True, check=False)
        assert not check or done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def run(self, name: str, *command: str, options: tuple[str, ...] = (), wait: bool = True) -> str:
        """Start a container without network, and unless `wait` is false, stay until it has ended; give its ID."""
        ident = self.podman("run", "--detach", "--name", name, "--network", "none", *options, IMAGE, *command).strip()
        if wait:
            self.podman("wait", name)
        return ident

    def remove_all(self) -> None:
        self.podman("rm", "--all", "--force", "--time", "0")

    def inspect(self, name: str) -> Any:
        return json.loads(self.podman("inspect", name))[0]

    def _up(self) -> None:
        (self.root / "containers.conf").write_text(CONFIG)
        (self.root / "rootfs.tar").write_bytes(rootfs())
        self.podman("import", str(self.root / "rootfs.tar"), IMAGE)
        with (self.root / "log").open("ab") as log:
            self._service = subprocess.Popen(
                self._command("system", "service", f"--time={IDLE_SECONDS}", self.url),
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # so that Ctrl-C reaches pytest first
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._listens():
            assert time.monotonic() < deadline, (self.root / "log").read_text()[-2000:]
            time.sleep(0.05)

    def _command(self, *command: str) -> list[str]:
        folders = (f"--{name}={self.root}/{name}" for name in ("root", "runroot", "tmpdir"))
        return ["podman", *folders, "--storage-driver=vfs", *command]

    def _environment(self) -> dict[str, str]:
        return os.environ | {"CONTAINERS_CONF": str(self.root / "containers.conf")}

    def _listens(self) -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            return probe.connect_ex(str(self.socket)) == 0
