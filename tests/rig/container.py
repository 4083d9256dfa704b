"""Container: one container of the private engine, as a test holds it.

Owns what a test does to a container after it was started. Starting is the engine's business,
because names, images and the network are decided there.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docker.errors import APIError

if TYPE_CHECKING:
    from tests.rig.engine import Engine

LOG_FILES = {"json-file": "{id}-json.log", "local": "local-logs/container.log"}
"""Where the drivers that write files write them, below the container's folder."""


@dataclass(frozen=True, slots=True)
class ContainerHandle:
    """A container by its full ID. `folder` is the one that the engine keeps for it on disk.

    It holds the engine, not its client, so that it outlives a restart of the engine.
    """

    id: str
    name: str
    log_driver: str
    folder: Path
    engine: Engine

    def logs_path(self) -> Path:
        """Where its log lies on disk. KeyError for a driver that writes no file."""
        return self.folder / LOG_FILES[self.log_driver].format(id=self.id)

    def inspect(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.engine.client.inspect_container(self.id)
        return answer

    def wait(self, timeout: int = 60) -> int:
        """Wait until it has ended for good, restarts by its policy included; give its exit code.

        `timeout`: seconds that one run of it may take. When this returns, the engine has written the
        last line: it closes the log before it says "exited".
        """
        while True:
            self.engine.client.wait(self.id, timeout=timeout)
            state = self.inspect()["State"]
            if not state["Running"]:
                return int(state["ExitCode"])

    def start(self) -> None:
        self.engine.client.start(self.id)

    def stop(self) -> None:
        """Ask it to end (SIGTERM), and kill it a second later."""
        self.engine.client.stop(self.id)

    def kill(self, signal: str = "SIGKILL") -> None:
        self.engine.client.kill(self.id, signal)

    def end(self) -> None:
        """Kill it if it runs, and wait until the engine has written its last line."""
        with suppress(APIError):  # it isn't running
            self.kill()
        self.wait()

    def remove(self) -> None:
        self.engine.client.remove_container(self.id, force=True, v=True)
