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
_FULL_ID = re.compile(r"[0-9a-f]{64}")
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
            listed.id != own_id
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


def own_container_id(proc: Path = Path("/proc/self"), hostname: Path = Path("/etc/hostname")) -> str | None:
    """Give the full ID of the container that this process runs in, or None outside of one.

    Looked for in the mounts (`/docker/containers/<id>/hostname`) and the control groups. A hostname
    alone is no proof: it is only used to confirm.
    """
    for file in (proc / "mountinfo", proc / "cgroup"):
        try:
            text = file.read_text()
        except OSError:
            continue
        lines = [line for line in text.splitlines() if "/containers/" in line or "docker" in line]
        for line in lines:
            if found := re.search(r"(?:containers/|docker[-/])([0-9a-f]{64})", line):
                return found[1]
    try:
        name = hostname.read_text().strip()
    except OSError:
        return None
    return name if _FULL_ID.fullmatch(name) else None
