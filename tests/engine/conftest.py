"""Containers that live as long as the module that looks at them, and the engine as logscan sees it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from logscan.sources.docker.engine import Engine as ConnectedEngine
from tests.rig.emitter import Emitter
from tests.rig.engine import Engine
from tests.rig.proxy import Proxy


@pytest.fixture(scope="module")
def lasting(engine: Engine, emitter: Emitter) -> Iterator[Emitter]:
    """The emitter, for fixtures of a module: what it starts is gone when the module's last test is."""
    before = engine.containers()
    yield emitter
    engine.remove([each for each in engine.containers() if each not in before])


@pytest.fixture
def connected(proxy: Proxy) -> Iterator[ConnectedEngine]:
    """The engine as logscan sees it."""
    engine = ConnectedEngine.connect(proxy.url)
    yield engine
    engine.close()
