"""File identity: which container a file stands for, as far as its name and the flags tell."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from logscan.batch import COMPOSE_SERVICE, Container, Identity

STDIN = "-"

_ENDING = re.compile(r"\.(?:log|gz|zst|\d+)$")
_REPLICA = re.compile(r"[-_]\d+$")


def stem(path: Path) -> str:
    """Give a file's name without `.log`, `.1`, `.gz`, `.zst`, as often as they stand there: `web` of `web.log.2.gz`."""
    name = path.name
    while (shorter := _ENDING.sub("", name)) not in ("", name):
        name = shorter
    return name


@dataclass(frozen=True, slots=True)
class FileIdentity:
    """What a person said about a file: `name` by `--as`, `image_name` by `--image-name`.

    `knows` tells whether a rule's `where` selects a container. One that nobody named and no rule
    knows is of unknown identity: silence would otherwise look like health.
    """

    knows: Callable[[Container], bool]
    name: str | None = None
    image_name: str | None = None
    host: str = ""

    def of_file(self, path: Path | None) -> Container:
        """Give the container of a file, or of standard input when `path` is None."""
        name = self.name or ("stdin" if path is None else stem(path))
        return self._judged(self._container(STDIN if path is None else str(path), name), named=self.name is not None)

    def of_prefix(self, own: Container, prefix: str) -> Container:
        """Give the container that compose output names `prefix`; its service is that without the replica's number."""
        labels = {COMPOSE_SERVICE: _REPLICA.sub("", prefix) or prefix}
        return self._judged(replace(self._container(f"{own.key}:{prefix}", prefix), labels=labels), named=False)

    def _container(self, key: str, name: str) -> Container:
        return Container(key, name, image=self.image_name or "", host=self.host)

    def _judged(self, container: Container, *, named: bool) -> Container:
        known = named or self.image_name is not None or self.knows(container)
        return container if known else replace(container, identity=Identity.UNKNOWN)
