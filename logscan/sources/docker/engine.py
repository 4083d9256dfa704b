"""Engine: the few calls that logscan makes to a Docker engine, all of them GET.

Owns the SDK client, the mapping of its exceptions and the shape of what inspect tells. Does not own
where the engine is (endpoint), which containers to read (select) or what a log holds (framing).
`_ping`, `version`, `containers/json`, `containers/{id}/json`, `containers/{id}/logs` and, if they are
allowed, `info` and `events`: nothing else is ever asked, so a read-only socket proxy is enough.

A call may come from any thread. Each has a deadline, which runs until the headers of the answer are there.
"""

from __future__ import annotations

import errno
import math
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote

import requests
from docker import APIClient
from docker.errors import APIError, DockerException, TLSParameterError

from logscan.batch import Container
from logscan.errors import EngineUnreachable, SourceError
from logscan.redact import redact
from logscan.sources.docker.endpoint import Endpoint, resolve
from logscan.sources.docker.events import EngineEvent
from logscan.sources.docker.log_response import LogResponse, date_ns
from logscan.sources.docker.state import NO_STATE, ContainerState

T = TypeVar("T")

HEADER_TIMEOUT_S = 120
"""How long the engine may take to answer. A `since` makes it decode the log from its start, which
takes seconds per hundred megabytes."""

CALL_TIMEOUT_S = 30
"""How long what should be quick may take while an engine is followed: to list, to inspect."""

DAMAGED_HELP = "look at the disk of the engine's data root; recreating the container starts a new log"

SKEW_NOTICED_NS = 2_000_000_000
"""HTTP dates have whole seconds, and the answer takes its time: less is no skew."""

REFUSALS = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.METHOD_NOT_ALLOWED)
"""How those answer who stand before an engine and keep an address closed."""

COMPRESSED_SINCE_FIXED = (23, 0)
"""From this release on, `since` no longer skips newer files behind a compressed one."""

PODMAN = "Podman Engine"
"""How Podman's service that speaks Docker's language names itself among the components of its version."""


EVENT_FILTERS = (
    '{"type":["container"],"event":["create","start","die","stop","kill","restart","pause","unpause","oom","rename",'
    '"destroy","health_status"]}'
)
"""Left out is what wakes us for nothing: each health check is three events of kind `exec`. Podman has names of its
own for some events, and is not asked for these."""


class Refused(SourceError):
    """The engine, or who stands before it, answered with an error: `status`, as HTTP has it."""

    def __init__(self, message: str, *, status: int, help: str | None = None) -> None:  # noqa: A002 - as its base has it
        super().__init__(message, help=help)
        self.status = status


class NoAnswer(SourceError):
    """No answer came. `timed_out`: someone is there, and silent; else the connection failed or broke."""

    def __init__(self, message: str, *, timed_out: bool = False) -> None:
        super().__init__(message)
        self.timed_out = timed_out


@dataclass(frozen=True, slots=True)
class ContainerInfo:
    """What inspect tells about one container, as far as reading its log needs it."""

    container: Container
    running: bool
    tty: bool
    driver: str
    log_options: Mapping[str, str] = field(default_factory=dict)
    log_path: str = ""
    state: ContainerState = NO_STATE

    @property
    def lossy(self) -> bool:
        """Whether the engine itself may drop lines before anyone can read them."""
        return self.log_options.get("mode") == "non-blocking"

    @property
    def forgetful(self) -> bool:
        """Whether the driver throws the oldest lines away when there are many; `local` does so unasked."""
        return self.driver != "json-file" or "max-size" in self.log_options

    @property
    def max_files(self) -> int:
        """How many files the json-file driver keeps: one, unless told otherwise."""
        return int(self.log_options.get("max-file", 1))

    @property
    def compressed(self) -> bool:
        """Whether rotated files are compressed; the `local` driver does so unless told otherwise."""
        return self.log_options.get("compress", "true" if self.driver != "json-file" else "false") == "true"


@dataclass(frozen=True, slots=True)
class LogQuery:
    """What to ask of a container's log. Times are nanoseconds since the epoch, inclusive.

    `follow`: what is written later is sent as well, until somebody hangs up.
    """

    since_ns: int | None = None
    tail: int | None = None
    follow: bool = False

    def params(self) -> dict[str, str]:
        """Build the query: integers all the way, since a float would lose the last digits."""
        query = {"stdout": "1", "stderr": "1", "timestamps": "1", "follow": "1" if self.follow else "0"}
        query["tail"] = "all" if self.tail is None else str(self.tail)
        if self.since_ns is not None and self.since_ns > 0:
            query["since"] = _seconds(self.since_ns)
        return query


class Engine:
    """One Docker engine that answers."""

    def __init__(
        self, client: APIClient, endpoint: Endpoint, version: Mapping[str, Any], host_name: str | None = None
    ) -> None:
        self._client: Any = client  # its request methods are private, and missing from its type hints
        self.endpoint = endpoint
        self.version = str(version.get("Version", ""))
        self.api_version = str(client.api_version)
        self.components = tuple(str(part.get("Name")) for part in version.get("Components") or ())
        self.name = host_name or self._daemon_name() or endpoint.shown
        self.clock_skew_ns = self._clock_skew_ns()

    @classmethod
    def connect(
        cls, host: str | None = None, *, host_name: str | None = None, timeout_s: float = HEADER_TIMEOUT_S
    ) -> Engine:
        """Connect and negotiate the API version. Raises EngineUnreachable, or UsageError for a bad address.

        `timeout_s`: the deadline of every call that isn't given another one.
        """
        endpoint = resolve(host)
        client, version = _client(endpoint, timeout_s)
        return cls(client, endpoint, version, host_name)

    def renewed(self, *, timeout_s: float) -> Engine:
        """Connect anew to the same address, under the same name: an engine that was away may be another version."""
        client, version = _client(self.endpoint, timeout_s)
        return Engine(client, self.endpoint, version, self.name)

    def close(self) -> None:
        self._client.close()

    def ping(self, *, timeout_s: float) -> int | None:
        """Ask whether it is there; give its time as its answer tells it. Raises SourceError when it isn't."""
        return self._call("answer", lambda: date_ns(_checked(self._get("/_ping", timeout_s=timeout_s)).headers))

    def list_containers(self, *, timeout_s: float = HEADER_TIMEOUT_S) -> list[dict[str, Any]]:
        """List every container, running or stopped, as the engine describes them."""
        listing: list[dict[str, Any]] = self._call(
            "list containers",
            lambda: _checked(self._get("/containers/json", {"all": "1"}, timeout_s=timeout_s)).json(),
        )
        return listing

    def inspect(self, container_id: str, *, timeout_s: float = HEADER_TIMEOUT_S) -> ContainerInfo:
        """Inspect one container. Raises SourceError when it is gone or may not be seen."""
        path = f"/containers/{quote(container_id)}/json"
        found = self._call("inspect the container", lambda: _checked(self._get(path, timeout_s=timeout_s)).json())
        return self._info(found)

    def logs(self, container_id: str, query: LogQuery, *, timeout_s: float = HEADER_TIMEOUT_S) -> LogResponse:
        """Send the request for a log; its body is still to be read. Raises SourceError with the engine's reason."""
        path = f"/containers/{quote(container_id)}/logs"
        response = self._call(
            "read the log",
            lambda: _checked(self._get(path, query.params(), timeout_s=timeout_s, stream=True)),
        )
        return LogResponse(response)

    def events(self, since_ns: int, until_ns: int) -> list[EngineEvent] | None:
        """Give the container events that the engine remembers of these times, its last 256 at most.

        None when a proxy keeps them closed. An `until_ns` that is still to come is waited for.
        """
        params = {"since": _seconds(since_ns), "until": _seconds(until_ns), "filters": '{"type":["container"]}'}
        return self._call("tell its events", lambda: self._read_events(params))

    def event_stream(self, since_ns: int, *, timeout_s: float) -> LogResponse | None:
        """Subscribe to the container events from `since_ns` on; the body never ends by itself.

        What the engine still remembers comes first. None when a proxy keeps events closed.
        """
        filters = '{"type":["container"]}' if self.is_podman else EVENT_FILTERS
        params = {"since": _seconds(since_ns), "filters": filters}
        response = self._call("tell its events", lambda: self._get("/events", params, timeout_s=timeout_s, stream=True))
        if response.status_code in REFUSALS:
            response.close()
            return None
        return LogResponse(self._call("tell its events", lambda: _checked(response)))

    def _read_events(self, params: Mapping[str, str]) -> list[EngineEvent] | None:
        with self._client._get(self._client._url("/events"), params=params, stream=True) as response:
            if response.status_code in REFUSALS:
                return None
            _checked(response)
            return [EngineEvent.read(line) for line in response.iter_lines() if line]

    @property
    def over_ssh(self) -> bool:
        """Whether answers come through an ssh command: they have no socket, and can only be waited for."""
        return self.endpoint.url.startswith("ssh://")

    @property
    def is_local(self) -> bool:
        """Whether it answers on a socket of this machine."""
        return self.endpoint.url.startswith("unix://")

    @property
    def is_podman(self) -> bool:
        """Whether it is Podman that answers in Docker's language."""
        return PODMAN in self.components

    def since_is_exact(self, info: ContainerInfo) -> bool:
        """Tell whether this engine's `since` returns everything that it keeps of such a log."""
        numbers = re.match(r"(\d+)\.(\d+)", self.version)
        release = (int(numbers[1]), int(numbers[2])) if numbers else (0, 0)
        return release >= COMPRESSED_SINCE_FIXED or not info.compressed

    def _get(
        self, path: str, params: Mapping[str, str] | None = None, *, timeout_s: float, stream: bool = False
    ) -> requests.Response:
        url = self._client._url(path)
        response: requests.Response = self._client._get(url, params=params, timeout=timeout_s, stream=stream)
        return response

    def _daemon_name(self) -> str | None:
        try:
            return str(self._client.info().get("Name") or "") or None
        except (DockerException, requests.RequestException):
            return None  # a socket proxy may keep `info` closed; the address names the host then

    def _clock_skew_ns(self) -> int:
        """Give how far the engine's clock is ahead of ours; below the second that HTTP dates tell, zero."""
        before_ns = time.time_ns()
        try:
            engine_ns = date_ns(self._client._get(self._client._url("/_ping")).headers)
        except (DockerException, requests.RequestException):
            return 0
        skew_ns = 0 if engine_ns is None else engine_ns - before_ns
        return 0 if abs(skew_ns) < SKEW_NOTICED_NS else skew_ns

    def _info(self, found: Mapping[str, Any]) -> ContainerInfo:
        config, log = found.get("Config") or {}, (found.get("HostConfig") or {}).get("LogConfig") or {}
        container = Container(
            key=found["Id"],
            id=found["Id"],
            name=found.get("Name", "").removeprefix("/"),
            image=config.get("Image") or "",
            image_id=found.get("Image") or "",
            host=self.name,
            labels=config.get("Labels") or {},
        )
        return ContainerInfo(
            container=container,
            running=bool((found.get("State") or {}).get("Running")),
            tty=bool(config.get("Tty")),
            driver=log.get("Type") or "",
            log_options=log.get("Config") or {},
            log_path=found.get("LogPath") or "",
            state=ContainerState.read(found),
        )

    def _call(self, what: str, call: Callable[[], T]) -> T:
        try:
            return call()
        except APIError as error:
            status = error.response.status_code if error.response is not None else 0
            raise Refused(f"the engine refused to {what}: {error.explanation or error}", status=status) from error
        except (DockerException, requests.RequestException, OSError) as error:
            message = f"the engine did not answer the request to {what}: {_cause(error)}"
            raise NoAnswer(message, timed_out=isinstance(error, requests.Timeout)) from error


def _seconds(time_ns: int) -> str:
    """Write a time as the engine takes it: seconds since the epoch, nine digits behind the point."""
    seconds, nanos = divmod(time_ns, 1_000_000_000)
    return f"{seconds}.{nanos:09d}"


def _client(endpoint: Endpoint, timeout_s: float) -> tuple[APIClient, Mapping[str, Any]]:
    try:
        client = APIClient(
            base_url=endpoint.url,
            version="auto",
            timeout=math.ceil(timeout_s),
            tls=endpoint.tls or False,
            use_ssh_client=endpoint.url.startswith("ssh://"),
        )
        return client, client.version()
    except (DockerException, requests.RequestException, OSError, ValueError, TLSParameterError) as error:
        raise _unreachable(endpoint, error) from error


def _checked(response: requests.Response) -> requests.Response:
    """Turn an error status into the engine's own words, and free the connection."""
    if response.status_code < requests.codes.bad_request:
        return response
    try:
        explanation = response.json()["message"]
    except (ValueError, KeyError, TypeError):
        explanation = f"HTTP {response.status_code} {response.reason}"
    finally:
        response.close()
    raise APIError(explanation, response=response, explanation=explanation)


def _unreachable(endpoint: Endpoint, error: BaseException) -> EngineUnreachable:
    cause = _cause(error)
    message = f"no Docker engine answers at {endpoint.shown} ({endpoint.how}): {cause}"
    if cause == "permission denied":
        return EngineUnreachable(message, help="run as a user of the docker group, or as root")
    return EngineUnreachable(message, help="start Docker there, or name another engine with --host or DOCKER_HOST")


def _cause(error: BaseException) -> str:
    """Dig the operating system's reason out of the layers that SDK, requests and urllib3 put around it."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno in errno.errorcode:
            return (seen.strerror or str(seen)).lower()
        inner = next((arg for arg in seen.args if isinstance(arg, BaseException)), None)
        seen = inner or seen.__cause__ or seen.__context__
    return redact(str(error).splitlines()[0])[:300] if str(error) else type(error).__name__
