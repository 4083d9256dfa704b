"""Selection: which of an engine's containers a scan is about.

A repeated flag is "or", different flags are "and". Works on the engine's listing, so only the
chosen containers are inspected.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from logscan.batch import COMPOSE_PROJECT, COMPOSE_SERVICE, SWARM_SERVICE, SWARM_STACK

_ID = re.compile(r"[0-9a-f]{2,64}")
_SHORT_ID = re.compile(r"[0-9a-f]{12,64}")
_CONTAINER_FOLDER = re.compile(r"/containers/([0-9a-f]{64})/")
_CONTAINER_GROUP = re.compile(r"docker[-/]([0-9a-f]{64})")
_ENGINE_FILES = ("/etc/hostname", "/etc/hosts", "/etc/resolv.conf")
_MOUNT_ROOT, _MOUNT_POINT = 3, 4
_IGNORE_LABEL = "logscan.ignore"


@dataclass(frozen=True, slots=True)
class Listed:
    """One container as the engine lists it."""

    id: str
    names: tuple[str, ...]
    image: str
    labels: Mapping[str, str]

    @classmethod
    def read(cls, entry: Mapping[str, Any]) -> Listed:
        """Take what is needed from an entry of `containers/json`."""
        names = tuple(name.removeprefix("/") for name in entry.get("Names") or () if name.count("/") <= 1)
        return cls(entry["Id"], names, entry.get("Image") or "", entry.get("Labels") or {})

    @property
    def services(self) -> tuple[str, ...]:
        return tuple(self.labels[key] for key in (COMPOSE_SERVICE, SWARM_SERVICE) if key in self.labels)

    @property
    def projects(self) -> tuple[str, ...]:
        return tuple(self.labels[key] for key in (COMPOSE_PROJECT, SWARM_STACK) if key in self.labels)

    @property
    def ignored(self) -> bool:
        """Whether its label `logscan.ignore` asks to be left out."""
        return self.labels.get(_IGNORE_LABEL, "").lower() in ("true", "1", "yes")


@dataclass(frozen=True, slots=True)
class Selection:
    """What was asked for; empty means every container."""

    names: Sequence[str] = ()
    projects: Sequence[str] = ()
    services: Sequence[str] = ()
    labels: Sequence[str] = ()
    images: Sequence[str] = ()
    exclude: Sequence[str] = ()

    def choose(self, listing: Iterable[Listed], own_id: str | None) -> tuple[list[Listed], list[str]]:
        """Give the chosen containers by name, and the names asked for that no container has.

        A name is a container's name, the start of its ID, a glob, or a compose or swarm service, in
        this order: the first kind that finds any counts. Our own container is never chosen.
        """
        present = sorted(listing, key=lambda listed: (listed.names[:1], listed.id))
        unknown: list[str] = []
        named = {listed.id for listed in present}
        if self.names:
            found = {name: _find(name, present) for name in self.names}
            unknown = [name for name, containers in found.items() if not containers]
            named = {listed.id for containers in found.values() for listed in containers}
        chosen = [listed for listed in present if listed.id in named and self._holds(listed, own_id)]
        return chosen, unknown

    def _holds(self, listed: Listed, own_id: str | None) -> bool:
        return (
            not (own_id and listed.id.startswith(own_id))
            and not (listed.ignored and not self.names)
            and _any_glob(self.projects, listed.projects)
            and _any_glob(self.services, listed.services or listed.names)
            and _any_glob(self.images, (listed.image,))
            and (not self.labels or any(_has_label(listed, label) for label in self.labels))
            and not (self.exclude and _any_glob(self.exclude, (*listed.names, *listed.services)))
        )


def _find(name: str, present: Sequence[Listed]) -> list[Listed]:
    kinds = (
        lambda listed: name in listed.names,
        lambda listed: bool(_ID.fullmatch(name)) and listed.id.startswith(name),
        lambda listed: _any_glob((name,), listed.names),
        lambda listed: _any_glob((name,), listed.services),
    )
    for is_meant in kinds:
        if found := [listed for listed in present if is_meant(listed)]:
            return found
    return []


def _any_glob(globs: Sequence[str], values: Iterable[str]) -> bool:
    return not globs or any(fnmatchcase(value, glob) for value in values for glob in globs)


def _has_label(listed: Listed, wanted: str) -> bool:
    key, equals, value = wanted.partition("=")
    return key in listed.labels and (not equals or listed.labels[key] == value)


def own_container_id(root: Path = Path("/")) -> str | None:
    """Give the ID, or its first 12 digits, of the container that this process runs in; None outside of one.

    The engine mounts files of the container's folder over `/etc/hostname` and its like, and the mount
    table names that folder. On a host the table names the folders of all containers, under other
    mount points: those don't count.
    """
    for mount in _lines(root / "proc/self/mountinfo"):
        fields = mount.split()
        if len(fields) <= _MOUNT_POINT or fields[_MOUNT_POINT] not in _ENGINE_FILES:
            continue
        if found := _CONTAINER_FOLDER.search(fields[_MOUNT_ROOT]):
            return found[1]
    for group in _lines(root / "proc/self/cgroup"):
        if found := _CONTAINER_GROUP.search(group):
            return found[1]
    hostname = next(iter(_lines(root / "etc/hostname")), "")
    return hostname if (root / ".dockerenv").exists() and _SHORT_ID.fullmatch(hostname) else None


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text().splitlines()
    except OSError:
        return []
