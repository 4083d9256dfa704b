import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from docker.errors import APIError

from tests.rig import sweep
from tests.rig.emitter import Emitter
from tests.rig.engine import REQUIREMENT, Engine
from tests.rig.oracle import Burst, Script, Stream

OWNER = """
from tests.rig.emitter import Emitter
from tests.rig.engine import Engine

with Engine() as engine:
    Emitter(engine)
    engine.run("emitter", "sleep", "600", wait=False)
    print(engine.root, flush=True)
    input()
"""


def test_a_container_has_the_name_labels_and_driver_it_was_given(emitter):
    container = emitter.play(
        Script(),
        name="homeiq-influxdb",
        labels={"com.docker.compose.service": "influxdb"},
        log_driver="local",
        log_opts={"max-size": "1m"},
        env={"MODE": "test"},
        restart="on-failure:3",
    )

    inspected = container.inspect()
    assert "homeiq-influxdb" == container.name
    assert {"com.docker.compose.service": "influxdb"} == inspected["Config"]["Labels"]
    assert {"Type": "local", "Config": {"max-size": "1m"}} == inspected["HostConfig"]["LogConfig"]
    assert {"Name": "on-failure", "MaximumRetryCount": 3} == inspected["HostConfig"]["RestartPolicy"]
    assert "none" == inspected["HostConfig"]["NetworkMode"]
    assert "MODE=test" in inspected["Config"]["Env"]


def test_a_json_file_lies_where_logs_path_says(emitter):
    script = Script().lines(3, b"line %d").err(b"tail")

    container = emitter.play(script, log_driver="json-file")

    records = [json.loads(line) for line in container.logs_path().read_text().splitlines()]
    for stream in Stream:
        written = "".join(record["log"] for record in records if record["stream"] == stream)
        assert script.bytes_of(stream).decode() == written


def test_the_local_driver_has_its_file_where_logs_path_says(emitter):
    container = emitter.play(Script().lines(1, b"line %d"), log_driver="local")

    assert b"line 1" in container.logs_path().read_bytes()


def test_the_driver_none_has_no_log_to_read(engine, emitter):
    container = emitter.play(Script().out(b"lost\n"), log_driver="none")

    with pytest.raises(APIError, match="configured logging driver does not support reading"):
        engine.client.logs(container.id)
    with pytest.raises(KeyError):
        container.logs_path()


def test_a_terminal_merges_both_streams_in_order(engine, emitter):
    script = Script().out(b"one\n").err(b"two\n").out(b"three\n").err(b"tail")

    container = emitter.play(script, tty=True)

    assert script.tty_bytes() == engine.client.logs(container.id)


def test_wait_outlasts_the_restarts_of_a_failing_container(engine, emitter):
    container = engine.run(emitter.image, "sh", "-c", "printf 'no newline'; exit 3", restart="on-failure:2")

    assert 3 == container.wait()
    assert 2 == container.inspect()["RestartCount"]
    assert b"no newline" * 3 == engine.client.logs(container.id)


def test_a_container_is_stopped_started_killed_and_removed(engine, emitter):
    container = engine.run(emitter.image, "sh", "-c", "echo up; exec sleep 600", wait=False)

    container.stop()
    container.start()
    container.kill()

    assert 128 + signal.SIGKILL == container.wait()
    assert b"up\nup\n" == engine.client.logs(container.id)
    container.remove()
    assert container.id not in engine.containers()


def test_a_restarted_engine_still_has_its_logs(engine, emitter):
    burst = Burst(100)
    container = emitter.burst(burst)

    engine.restart()

    assert burst.expected(Stream.STDOUT) == engine.client.logs(container.id).splitlines()


def test_an_engine_with_live_restore_loses_no_container_when_it_is_killed():
    with Engine(live_restore=True) as engine:
        emitter = Emitter(engine)
        container = emitter.burst(Burst(1000, rate=10), wait=False)
        engine.restart(signal.SIGKILL)
        assert container.inspect()["State"]["Running"]

    assert_gone(engine.root, container)


@pytest.mark.parametrize(
    "restart",
    [pytest.param("no", id="with a container"), pytest.param("always", id="with a container that always restarts")],
)
def test_nothing_is_left_of_an_engine_that_was_closed(restart):
    with Engine() as engine:
        Emitter(engine)
        container = engine.run("emitter", "sleep", "600", restart=restart, wait=False)
        assert container.inspect()["State"]["Pid"] in sweep.contained(engine.root)
        assert [] != sweep.mounts(engine.root)

    assert_gone(engine.root, container)


def test_nothing_is_left_of_an_engine_whose_owner_was_killed():
    owner = subprocess.Popen([sys.executable, "-c", OWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with owner:
        root = Path(owner.stdout.readline().strip())
        assert set() != sweep.processes(root)
        owner.kill()

    assert sweep.until(lambda: not root.exists())
    assert_gone(root)


def test_without_dockerd_the_tests_fail_and_say_what_to_install(tmp_path):
    """They never skip: a run that proved nothing must not look like one that passed."""
    this = "tests/rig_tests/test_engine.py::test_a_terminal_merges_both_streams_in_order"
    run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", this]

    done = subprocess.run(run, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)

    assert REQUIREMENT in done.stdout
    assert "1 error" in done.stdout.splitlines()[-1]
    assert pytest.ExitCode.TESTS_FAILED == done.returncode


def assert_gone(root, *containers):
    assert not root.exists()
    assert set() == sweep.daemons(root)
    assert [] == sweep.mounts(root)
    for container in containers:
        assert [] == list(Path("/sys/fs/cgroup").glob(f"**/*{container.id}*"))
