"""Endpoint: which Docker engine to talk to, and why that one.

Owns the order in which an address is looked for, because the SDK's own order has changed between
its releases: the same machine must not scan another engine after an upgrade.

    1. the address that was asked for (--host, LOGSCAN_HOST, logscan.yaml)
    2. DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH
    3. the current context of the Docker command (DOCKER_CONTEXT, `docker context use`)
    4. the rootless socket, where the system's own is missing
    5. unix:///var/run/docker.sock
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


def resolve(host: str | None, environ: Mapping[str, str] = os.environ) -> Endpoint:
    """Find the engine's address. Raises UsageError when it is no address or TLS files are missing."""
    if host:
        return Endpoint(_checked(host), "as asked for", _tls(environ) if host.startswith(("tcp", "https")) else None)
    if host := environ.get("DOCKER_HOST"):
        return Endpoint(_checked(host), "DOCKER_HOST", _tls(environ) if host.startswith(("tcp", "https")) else None)
    if endpoint := _from_context(environ):
        return endpoint
    rootless = Path(environ.get("XDG_RUNTIME_DIR", f"/run/user/{os.getuid()}"), "docker.sock")
    if not Path(DEFAULT_SOCKET).exists() and rootless.exists():
        return Endpoint(f"unix://{rootless}", "the rootless socket")
    return Endpoint(f"unix://{DEFAULT_SOCKET}", "the default socket")


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


def _from_context(environ: Mapping[str, str]) -> Endpoint | None:
    config = Path(environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    name = environ.get("DOCKER_CONTEXT") or _current_context(config / "config.json")
    if not name or name == "default":
        return None
    ident = sha256(name.encode()).hexdigest()
    meta = config / "contexts" / "meta" / ident / "meta.json"
    try:
        url = json.loads(meta.read_text())["Endpoints"]["docker"]["Host"]
    except (OSError, ValueError, KeyError, TypeError):
        raise UsageError(
            f"the Docker context {name!r} can't be read", help="name an engine with --host, or run `docker context use`"
        ) from None
    certs = config / "contexts" / "tls" / ident / "docker"
    tls = _tls_from(certs, f"the context {name!r}") if certs.is_dir() else None
    return Endpoint(_checked(url), f"the Docker context {name!r}", tls)


def _current_context(config: Path) -> str | None:
    try:
        name = json.loads(config.read_text()).get("currentContext")
    except (OSError, ValueError, AttributeError):
        return None
    return name if isinstance(name, str) else None
