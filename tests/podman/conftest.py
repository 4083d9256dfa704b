"""Podman for the tests of this folder, and the proxy in front of it: the same reads as of a Docker engine."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from tests.podman.service import REQUIREMENT, Podman, requirement_missing
from tests.rig.proxy import Proxy

_sockets = itertools.count(1)


@pytest.fixture(scope="package")
def running() -> Iterator[Podman]:
    """The private service of this run, started for the first test that asks for it."""
    if requirement_missing():
        pytest.fail(REQUIREMENT, pytrace=False)
    with Podman() as service:
        yield service


@pytest.fixture
def podman(running: Podman) -> Iterator[Podman]:
    """The service, without any container before and after."""
    yield running
    running.remove_all()


@pytest.fixture
def proxy(running: Podman) -> Iterator[Proxy]:
    """The only way for logscan to the service; the test fails when logscan asks for more than it may."""
    with Proxy(running.root / f"proxy{next(_sockets)}.sock", running.socket) as listening:
        yield listening
    listening.fail_on_violations()
