"""Engine: a private dockerd, with nothing shared with an engine that this machine may run.

Owns starting, restarting and stopping the daemon, and starting containers on it. Does not own what
containers print (emitter), nor the way logscan takes to them (proxy): tests steer the engine over
its own socket, logscan only ever sees the proxy's.

Data, state, socket, configuration and log lie below one folder. Its path is short, because a unix
socket's may have 107 bytes and containerd puts its own sockets deep below. There is no bridge and no
firewall rule: containers have no network, and the host's stays as it is.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from docker import APIClient
from docker.errors import DockerException
from docker.types import LogConfig
from requests import RequestException

from tests.rig import sweep
from tests.rig.container import ContainerHandle

START_SECONDS = 60
STOP_SECONDS = 1
"""A shell as process 1 ignores SIGTERM, and each stop would wait ten seconds for it."""

REQUIREMENT = "These tests start a private Docker engine: install docker.io and busybox-static and run pytest as root."


class EngineFailed(Exception):
    """The daemon did not come up; the message ends with the tail of its log."""


def requirement_missing() -> bool:
    """Tell whether this machine lacks what the rig needs, as `REQUIREMENT` words it."""
    busybox = shutil.which("busybox")
    return os.geteuid() != 0 or not shutil.which("dockerd") or not busybox or _needs_libraries(Path(busybox))


def _needs_libraries(program: Path) -> bool:
    """Tell whether a program names a dynamic loader in its head; there is none in the image."""
    with program.open("rb") as file:
        return b"/ld-" in file.read(4096)


class Engine:
    """A private dockerd; a context manager that has it running inside and gone afterwards."""

    def __init__(self, *, live_restore: bool = False) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="rig-", dir="/tmp"))
        self.socket = self.root / "docker.sock"
        self.url = f"unix://{self.socket}"
        self._live_restore = live_restore
        self._client: APIClient | None = None
        self._daemon: subprocess.Popen[bytes] | None = None
        self._sweeper = subprocess.Popen(
            [sys.executable, sweep.__file__, str(self.root)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        try:
            self.up()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def client(self) -> APIClient:
        """Docker's own API client on the engine's socket, for what is not offered here."""
        assert self._client is not None, "the engine is down"
        return self._client

    def up(self) -> None:
        """Start the daemon and wait until it answers. Raises `EngineFailed`."""
        (self.root / "daemon.json").write_text("{}")
        with (self.root / "log").open("ab") as log:
            # A session of its own: Ctrl-C must reach pytest first, which then ends the engine in order.
            self._daemon = subprocess.Popen(
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._listens():
            if self._daemon.poll() is not None or time.monotonic() > deadline:
                raise self._failed("dockerd does not listen")
            time.sleep(0.05)
        try:
            self._client = APIClient(base_url=self.url, timeout=START_SECONDS)
            self._client.ping()
        except (DockerException, RequestException) as error:
            raise self._failed(f"dockerd does not answer: {error}") from error

    def down(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop the daemon and keep its data; with SIGKILL its containers live on."""
        assert self._daemon is not None, "the engine was never up"
        self._disconnect()
        self._daemon.send_signal(how)
        self._daemon.wait(sweep.PATIENCE_SECONDS)
        self._containerd_has_ended()

    def restart(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop the daemon and start it again on the same data."""
        self.down(how)
        self.up()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Have the daemon stand still inside: it is there, and neither answers nor reads what containers print."""
        assert self._daemon is not None, "the engine was never up"
        self._daemon.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._daemon.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """End the engine and remove all that it left on this machine."""
        self._disconnect()
        self._sweeper.communicate()
        if self._daemon is not None:
            self._daemon.wait()

    def run(
        self,
        image: str,
        *command: str,
        name: str | None = None,
        labels: Mapping[str, str] | None = None,
        log_driver: str = "json-file",
        log_opts: Mapping[str, str] | None = None,
        tty: bool = False,
        restart: str = "no",
        env: Mapping[str, str] | None = None,
        mounts: Mapping[Path, str] | None = None,
        wait: bool = True,
    ) -> ContainerHandle:
        """Start a container without network, and unless `wait` is false, stay until it has ended.

        `restart`: as the docker command writes it, such as `on-failure:3`. `mounts`: folders of this
        machine and where the container sees them, read-only.
        """
        policy, _, retries = restart.partition(":")
        made = self.client.create_container(
            image,
            list(command),
            name=name,
            labels=dict(labels or {}),
            tty=tty,
            environment=dict(env or {}),
            stop_timeout=STOP_SECONDS,
            host_config=self.client.create_host_config(
                network_mode="none",
                log_config=LogConfig(type=log_driver, config=dict(log_opts or {})),
                restart_policy={"Name": policy, "MaximumRetryCount": int(retries or 0)},
                binds=[f"{folder}:{inside}:ro" for folder, inside in (mounts or {}).items()],
            ),
        )
        self.client.start(made["Id"])
        container = self._handle(made["Id"], log_driver)
        if wait:
            container.wait()
        return container

    def containers(self) -> list[str]:
        """Give the full IDs of all containers, running or not."""
        return [each["Id"] for each in self.client.containers(all=True)]

    def remove(self, containers: list[str]) -> None:
        """Kill and remove containers."""
        for container in containers:
            self.client.remove_container(container, force=True, v=True)

    def _handle(self, container: str, log_driver: str) -> ContainerHandle:
        name = self.client.inspect_container(container)["Name"].removeprefix("/")
        folder = self.root / "data" / "containers" / container
        return ContainerHandle(container, name, log_driver, folder, self)

    def _command(self) -> list[str]:
        return [
            "dockerd",
            # Its own, for that of the machine's engine may name other hosts and mirrors.
            f"--config-file={self.root}/daemon.json",
            f"--data-root={self.root}/data",
            f"--exec-root={self.root}/exec",
            f"--pidfile={self.root}/pid",
            f"--host={self.url}",
            "--bridge=none",
            "--iptables=false",
            "--ip-forward=false",
            *(["--live-restore"] if self._live_restore else []),
        ]

    def _listens(self) -> bool:
        # Not by the client: it leaves its socket open when nobody listens, and Python warns of that.
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            return probe.connect_ex(str(self.socket)) == 0

    def _failed(self, what: str) -> EngineFailed:
        return EngineFailed(f"{what}\n{(self.root / 'log').read_text()[-2000:]}")

    def _containerd_has_ended(self) -> None:
        """Wait until the kernel has forgotten the containerd that died with its dockerd.

        A dockerd that starts earlier takes the dying one for alive, and waits in vain to reach it.
        """
        with suppress(FileNotFoundError):
            process = Path("/proc") / (self.root / "exec/containerd/containerd.pid").read_text()
            sweep.until(lambda: not process.exists())

    def _disconnect(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = None
