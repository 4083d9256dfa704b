"""Containers that live as long as the module that looks at them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.rig.emitter import Emitter
from tests.rig.engine import Engine


@pytest.fixture(scope="module")
def lasting(engine: Engine, emitter: Emitter) -> Iterator[Emitter]:
    """The emitter, for fixtures of a module: what it starts is gone when the module's last test is."""
    before = engine.containers()
    yield emitter
    engine.remove([each for each in engine.containers() if each not in before])
