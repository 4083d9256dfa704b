"""Probe: try each request that logscan makes to an engine, and tell which ones it may make.

Owns the list of these requests, and what opens each of them on a socket proxy. Does not own what the
answers say: they are closed unread. For `doctor` alone; a scan finds out by scanning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import requests
from docker.errors import DockerException

from logscan.sources.docker.engine import REFUSALS, Engine


@dataclass(frozen=True, slots=True)
class Request:
    """A GET request. `setting` opens it on a Tecnativa socket proxy.

    `without`: what it means to do without it, in words; empty where logscan can't.
    """

    path: str
    setting: str
    params: Mapping[str, str] = field(default_factory=dict)
    without: str = ""

    @property
    def optional(self) -> bool:
        return bool(self.without)

    @property
    def of_container(self) -> bool:
        return "{0}" in self.path


REQUESTS = (
    Request("/_ping", "PING=1"),
    Request("/version", "VERSION=1"),
    Request(
        "/events",
        "EVENTS=1",
        {"since": "0", "until": "1"},
        without="without it rules see fewer events, and follow lists the containers again and again",
    ),
    Request("/containers/json", "CONTAINERS=1"),
    Request("/containers/{0}/json", "CONTAINERS=1"),
    Request("/containers/{0}/logs", "CONTAINERS=1", {"stdout": "1", "tail": "1"}),
    Request("/info", "INFO=1", without="without it findings name the host by its address"),
)


PROXY_ENVIRONMENT = {"POST": "0"} | dict(request.setting.split("=") for request in REQUESTS)
"""All that a Tecnativa socket proxy has to be told. Its default lets /events, /_ping and /version through
already; they are written down so that nobody has to know."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a request: the HTTP status, or the reason why there is none."""

    request: Request
    status: int | None
    reason: str = ""

    @property
    def refused(self) -> bool:
        """Whether someone on the way forbids it; that a log can't be read is the container's matter."""
        return self.status in REFUSALS

    @property
    def answered(self) -> bool:
        return self.status is not None and not self.refused


def probe(engine: Engine, container_id: str | None) -> Iterator[Outcome]:
    """Make every request once; those of a container only where there is one."""
    for request in REQUESTS:
        if request.of_container and container_id is None:
            yield Outcome(request, None, "not tried, since there is no container")
        else:
            yield _try(engine, request, container_id or "")


def _try(engine: Engine, request: Request, container_id: str) -> Outcome:
    client = engine._client
    url = client._url(request.path, container_id) if request.of_container else client._url(request.path)
    try:
        with client._get(url, params=request.params, stream=True) as response:
            return Outcome(request, response.status_code, response.reason or "")
    except (DockerException, requests.RequestException, OSError) as error:
        return Outcome(request, None, f"no answer: {error}")
