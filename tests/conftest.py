"""Fixtures of all tests: the private engine, the emitter on it, and the proxy in front of it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import pytest

from tests.rig.emitter import Emitter
from tests.rig.engine import REQUIREMENT, Engine, requirement_missing
from tests.rig.proxy import Proxy

_sockets = itertools.count(1)

_ENGINES = {"follow", "engine", "deploy", "rig_tests"}
"""The folders of tests that start containers and wait for them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs the engine, so that `-m "not engine"` runs anywhere, and spread what waits for engines."""
    for item in items:
        if "engine" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.engine)
    items[:] = _spread(items)


def _spread(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Put the files that wait for engines evenly among the others: each of several workers begins with its share.

    They wait more than they compute. Left together, they are what all workers do in the end.
    """
    waiting, others = [], []
    for _, group in itertools.groupby(items, key=lambda item: item.path):
        of_file = list(group)
        if _ENGINES.isdisjoint(of_file[0].path.parts):
            others += of_file
        else:
            waiting.append(of_file)
    spread: list[pytest.Item] = []
    for number, of_file in enumerate(waiting):
        first, last = (len(others) * at // len(waiting) for at in (number, number + 1))
        spread += [*of_file, *others[first:last]]
    return spread or others


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """The private engine of this run, started for the first test that asks for it."""
    if requirement_missing():
        pytest.fail(REQUIREMENT, pytrace=False)
    with Engine() as running:
        yield running


@pytest.fixture(scope="session")
def emitter(engine: Engine) -> Emitter:
    """The image whose containers print what the oracle says."""
    return Emitter(engine)


@pytest.fixture
def proxy(engine: Engine) -> Iterator[Proxy]:
    """The only way for logscan to the engine; the test fails when logscan asks for more than it may."""
    with Proxy(engine.root / f"proxy{next(_sockets)}.sock", engine.socket) as listening:
        yield listening
    listening.fail_on_violations()


@pytest.fixture(autouse=True)
def _containers_end_with_their_test(request: pytest.FixtureRequest) -> Iterator[None]:
    """Remove what a test started, and leave what a wider fixture started before it."""
    if "engine" not in request.fixturenames:
        yield
        return
    running = request.getfixturevalue("engine")
    before = running.containers()
    yield
    running.remove([each for each in running.containers() if each not in before])
