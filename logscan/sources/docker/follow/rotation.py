"""Rotation: whether an engine rotates a container's log under the one who reads it.

A stream that follows such a log can't be trusted: engines repeat records at a rotation, and skip some.
"""

from __future__ import annotations

from logscan.sources.docker.engine import ContainerInfo, Engine


def rotates(info: ContainerInfo, engine: Engine) -> bool:
    """Tell whether it may: json-file does where `max-size` says so, every other driver by itself."""
    return info.forgetful or engine.is_podman
