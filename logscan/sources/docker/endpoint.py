"""Endpoint: which Docker engine to talk to, and why that one.

Owns the order in which an address is looked for, because the SDK's own order has changed between
its releases: the same machine must not scan another engine after an upgrade.

    1. the address that was asked for (--host, LOGSCAN_HOST, logscan.yaml); each of them, where there are several
    2. DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH
    3. the current context of the Docker command (DOCKER_CONTEXT, `docker context use`)
    4. the rootless socket, where the system's own is missing
    5. unix:///var/run/docker.sock

The sockets of Podman are never taken unasked, since it can't promise what Docker does; `doctor` names those it sees.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from docker.tls import TLSConfig

from logscan.errors import UsageError
from logscan.redact import redact

DEFAULT_SOCKET = "/var/run/docker.sock"
SCHEMES = ("unix://", "tcp://", "http://", "https://", "ssh://")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An engine's address, `how` it was found in words, and its TLS material if it needs any."""

    url: str
    how: str
    tls: TLSConfig | None = None

    @property
    def shown(self) -> str:
        """The address as it may be shown: without a password."""
        return redact(self.url)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place where an address may stand. `url` is None where there is none; `note` says what is to be known of it."""

    how: str
    url: str | None
    note: str = ""

    @property
    def shown(self) -> str:
        """The address as it may be shown: without a password."""
        return redact(self.url) if self.url else self.note


def resolve(host: str | None, environ: Mapping[str, str] = os.environ) -> Endpoint:
    """Find the engine's address. Raises UsageError when it is no address or TLS files are missing."""
    if host:
        return Endpoint(_checked(host), "as asked for", _tls(environ) if host.startswith(("tcp", "https")) else None)
    if host := environ.get("DOCKER_HOST"):
        return Endpoint(_checked(host), "DOCKER_HOST", _tls(environ) if host.startswith(("tcp", "https")) else None)
    if endpoint := _from_context(environ):
        return endpoint
    rootless = _rootless_socket(environ)
    if not Path(DEFAULT_SOCKET).exists() and rootless.exists():
        return Endpoint(f"unix://{rootless}", "the rootless socket")
    return Endpoint(f"unix://{DEFAULT_SOCKET}", "the default socket")


def candidates(host: str | None, environ: Mapping[str, str] = os.environ) -> tuple[Candidate, ...]:
    """Give all places where `resolve` looks, in its order: the first with an address is the one it takes.

    Nothing is checked, and nothing raises: what is no address counts as one all the same.
    """
    return (
        Candidate("the address asked for", host or None, "none"),
        Candidate("DOCKER_HOST", environ.get("DOCKER_HOST") or None, "not set"),
        _context_candidate(environ),
        _rootless_candidate(_rootless_socket(environ)),
        Candidate("the default socket", f"unix://{DEFAULT_SOCKET}"),
    )


def podman_sockets(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Give the addresses of the sockets of Podman's service that this machine shows."""
    places = (_runtime_folder(environ) / "podman" / "podman.sock", Path("/run/podman/podman.sock"))
    return [f"unix://{place}" for place in places if _exists(place)]


def _checked(host: str) -> str:
    if host.startswith("/"):
        return f"unix://{host}"
    if not host.startswith(SCHEMES):
        raise UsageError(
            f"{redact(host)!r} is no engine address",
            help="write unix:///path/to/docker.sock, tcp://host:port or ssh://host",
        )
    return host


def _tls(environ: Mapping[str, str]) -> TLSConfig | None:
    if not environ.get("DOCKER_TLS_VERIFY"):
        return None
    folder = Path(environ.get("DOCKER_CERT_PATH") or Path.home() / ".docker")
    return _tls_from(folder, "DOCKER_CERT_PATH")


def _tls_from(folder: Path, told_by: str) -> TLSConfig:
    ca, cert, key = (folder / name for name in ("ca.pem", "cert.pem", "key.pem"))
    for file in (ca, cert, key):
        if not file.is_file():
            raise UsageError(f"TLS needs {file}, which is not there", help=f"check {told_by}")
    # Verification is never left to a default: the SDK reads None as "don't verify".
    return TLSConfig(client_cert=(str(cert), str(key)), ca_cert=str(ca), verify=True)


def _context_candidate(environ: Mapping[str, str]) -> Candidate:
    name = _context_name(environ)
    if name is None:
        return Candidate("the Docker context", None, "the default one, which names no address")
    return Candidate(f"the Docker context {name!r}", _context_url(environ, name), "can't be read")


def _rootless_candidate(rootless: Path) -> Candidate:
    if not _exists(rootless):
        return Candidate("the rootless socket", None, f"no {rootless}")
    if Path(DEFAULT_SOCKET).exists():
        return Candidate("the rootless socket", None, f"{rootless}, which counts only without {DEFAULT_SOCKET}")
    return Candidate("the rootless socket", f"unix://{rootless}")


def _rootless_socket(environ: Mapping[str, str]) -> Path:
    return _runtime_folder(environ) / "docker.sock"


def _runtime_folder(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError:  # the folder of another user
        return False


def _from_context(environ: Mapping[str, str]) -> Endpoint | None:
    name = _context_name(environ)
    if name is None:
        return None
    url = _context_url(environ, name)
    if url is None:
        raise UsageError(
            f"the Docker context {name!r} can't be read", help="name an engine with --host, or run `docker context use`"
        )
    certs = _docker_folder(environ) / "contexts" / "tls" / _context_id(name) / "docker"
    tls = _tls_from(certs, f"the context {name!r}") if certs.is_dir() else None
    return Endpoint(_checked(url), f"the Docker context {name!r}", tls)


def _context_name(environ: Mapping[str, str]) -> str | None:
    """Give the name of the current context; None for the default one, which names no address."""
    name = environ.get("DOCKER_CONTEXT") or _current_context(_docker_folder(environ) / "config.json")
    return None if name == "default" else name or None


def _context_url(environ: Mapping[str, str], name: str) -> str | None:
    meta = _docker_folder(environ) / "contexts" / "meta" / _context_id(name) / "meta.json"
    try:
        return str(json.loads(meta.read_text())["Endpoints"]["docker"]["Host"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _context_id(name: str) -> str:
    return sha256(name.encode()).hexdigest()


def _docker_folder(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("DOCKER_CONFIG") or Path.home() / ".docker")


def _current_context(config: Path) -> str | None:
    try:
        name = json.loads(config.read_text()).get("currentContext")
    except (OSError, ValueError, AttributeError):
        return None
    return name if isinstance(name, str) else None
