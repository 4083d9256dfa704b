"""One scan of several engines: each is read, and one that is silent stops no other."""

import pytest

from tests.engine.scanning import BY_THE_API, COMPLETE, INCOMPLETE, NUMBERED, numbers, once
from tests.rig.cli import NO_ENGINE, run_logscan
from tests.rig.emitter import Emitter
from tests.rig.engine import Engine
from tests.rig.oracle import Script
from tests.rig.proxy import Proxy


@pytest.fixture(scope="module")
def second(engine):
    """An emitter on a second private engine."""
    with Engine() as running:
        yield Emitter(running)


@pytest.fixture
def second_proxy(second):
    with Proxy(second.engine.root / "proxy.sock", second.engine.socket) as listening:
        yield listening
    listening.fail_on_violations()
    second.engine.remove(second.engine.containers())


def scan(*args):
    return run_logscan("scan", "--format", "json", *NUMBERED, *args, env=BY_THE_API)


def test_the_lines_of_each_engine_are_found(emitter, second, proxy, second_proxy):
    """Containers of one name on two engines are two sources."""
    emitter.play(Script().out(b"number 1\n"), name="web")
    second.play(Script().out(b"number 2\n"), name="web")
    ended = scan("--host", proxy.url, "--host", second_proxy.url, "web")
    found = (ended.exit_code, numbers(ended.json), [source["container"]["name"] for source in ended.json["sources"]])
    assert (COMPLETE, once([1, 2]), ["web", "web"]) == found


def test_an_engine_that_does_not_answer_is_an_error_beside_the_lines_of_the_other(emitter, proxy):
    emitter.play(Script().out(b"number 1\n"), name="web")
    ended = scan("--host", NO_ENGINE, "--host", proxy.url, "web")
    errors = [(error["kind"], error["source"]) for error in ended.json["errors"]]
    assert (INCOMPLETE, once([1]), [("engine", NO_ENGINE)]) == (ended.exit_code, numbers(ended.json), errors)


def test_a_name_need_be_there_on_one_engine_only(emitter, second, proxy, second_proxy):
    second.play(Script().out(b"number 2\n"), name="only-here")
    ended = scan("--host", proxy.url, "--host", second_proxy.url, "only-here", "nowhere")
    assert (once([2]), ["nowhere"]) == (numbers(ended.json), [error["source"] for error in ended.json["errors"]])


def test_one_engine_at_two_addresses_is_wrong_usage_rather_than_read_twice(emitter, proxy):
    emitter.play(Script().out(b"number 1\n"), name="web")
    with Proxy(emitter.engine.root / "twin.sock", emitter.engine.socket) as twin:
        ended = scan("--host", proxy.url, "--host", twin.url)
    assert (2, True) == (ended.exit_code, "are the same engine" in ended.stderr)


def test_one_address_given_twice_is_read_once(emitter, proxy):
    emitter.play(Script().out(b"number 1\n"), name="web")
    assert once([1]) == numbers(scan("--host", proxy.url, "--host", proxy.url).json)
