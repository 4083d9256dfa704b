"""What the tests of follow mode share: seeds that replay, followers that end, and engines that may be restarted."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.rig.emitter import Emitter
from tests.rig.engine import Engine
from tests.rig.follow import Follower
from tests.rig.proxy import Proxy

FollowerOf = Callable[..., Follower]


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """What a test draws its chances from: the same each time, another one for each run of chaos, or RIG_SEED."""
    chaotic = request.node.get_closest_marker("chaos") is not None
    chosen = int(os.environ.get("RIG_SEED") or (time.time_ns() % 1_000_000 if chaotic else 1))
    print(f"replay with RIG_SEED={chosen}")
    return chosen


@pytest.fixture
def follower(proxy: Proxy, tmp_path: Path) -> Iterator[FollowerOf]:
    """Make followers of the private engine, behind the proxy, which end with the test."""
    made: list[Follower] = []

    def make(*args: str, name: str = "follower", url: str = proxy.url, **options: object) -> Follower:
        made.append(Follower(url, tmp_path / name, *args, **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for each in made:
        each.close()


@dataclass(frozen=True, slots=True)
class Stage:
    """An engine of a test's own, which it may restart, kill and freeze; its emitter, and the proxy before it."""

    engine: Engine
    emitter: Emitter
    proxy: Proxy


@pytest.fixture
def stage() -> Iterator[Stage]:
    """An engine that takes its containers down with it."""
    yield from _stage(live_restore=False)


@pytest.fixture
def surviving_stage() -> Iterator[Stage]:
    """An engine whose containers live on while it is restarted."""
    yield from _stage(live_restore=True)


def _stage(*, live_restore: bool) -> Iterator[Stage]:
    with Engine(live_restore=live_restore) as engine:
        with Proxy(engine.root / "proxy.sock", engine.socket) as proxy:
            yield Stage(engine, Emitter(engine), proxy)
        proxy.fail_on_violations()
