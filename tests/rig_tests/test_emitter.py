"""What the oracle says is what the engine has. `local` keeps every byte; json-file replaces what is no UTF-8."""

import time

import pytest

from tests.rig.oracle import Burst, Mix, Script, Stream, split


def logs(engine, container, stream):
    out, err = stream is Stream.STDOUT, stream is Stream.STDERR
    return engine.client.logs(container.id, stdout=out, stderr=err)


@pytest.mark.parametrize("stream", [pytest.param(each, id=each) for each in Stream])
def test_every_byte_of_a_script_comes_out_of_the_engine(engine, emitter, stream):
    every_byte = bytes(range(256))
    script = (
        Script().out(every_byte).err(b"\xff\x00\xfe\n").out(b"\n" * 3).err(every_byte[::-1] + b"tail").out(b"x" * 9000)
    )

    container = emitter.play(script, log_driver="local")

    assert script.bytes_of(stream) == logs(engine, container, stream)


def test_text_comes_out_of_a_json_file_byte_by_byte(engine, emitter):
    script = Script().out("größer → \u2028 <&> \x1b[31mred\x1b[0m\r\n".encode()).out(b"tail without newline")

    container = emitter.play(script, log_driver="json-file")

    assert script.bytes_of(Stream.STDOUT) == logs(engine, container, Stream.STDOUT)


def test_a_pause_keeps_the_streams_apart_in_time(engine, emitter):
    container = emitter.play(Script().err(b"first\n").pause(0.3).out(b"second\n").pause(0.3).err(b"third\n"))

    assert b"first\nsecond\nthird\n" == engine.client.logs(container.id)


@pytest.mark.parametrize(
    "burst",
    [
        pytest.param(Burst(1000), id="short lines"),
        pytest.param(Burst(1000, size=300, mix=Mix.BOTH), id="both streams in turn"),
        pytest.param(Burst(10, size=20_000, mix=Mix.STDERR), id="lines that the engine splits"),
        pytest.param(Burst(10, mix=Mix.BOTH, ended=False), id="a tail without newline"),
        pytest.param(Burst(0), id="nothing"),
    ],
)
def test_a_burst_is_what_the_oracle_says(engine, emitter, burst):
    container = emitter.burst(burst)

    for stream in Stream:
        expected = b"\n".join(burst.expected(stream))
        assert expected == logs(engine, container, stream).removesuffix(b"\n")


def test_a_burst_without_last_newline_ends_in_its_last_line(engine, emitter):
    container = emitter.burst(Burst(2, ended=False))

    assert b"S=stdout N=1 \nS=stdout N=2 " == logs(engine, container, Stream.STDOUT)


def test_a_rate_spreads_a_burst_over_time(engine, emitter):
    """40 lines at 50 a second rest seven times for a tenth of a second, and each line is written before the rest."""
    burst = Burst(40, mix=Mix.BOTH, rate=50)

    started = time.monotonic()
    container = emitter.burst(burst)

    assert time.monotonic() - started > 0.7
    assert burst.expected(Stream.STDERR) == split(logs(engine, container, Stream.STDERR))
    stamps = [line.split()[0] for line in engine.client.logs(container.id, timestamps=True).splitlines()]
    assert len({stamp[:21] for stamp in stamps}) > 6, "all lines came at once"


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("influxdb:2.7.12", id="with a tag"),
        pytest.param("homeiq-websocket", id="without a tag"),
        pytest.param("ghcr.io:443/homeiq/api:latest", id="with registry, port and tag"),
        pytest.param("registry:5000/homeiq/api", id="with a registry's port and no tag"),
    ],
)
def test_a_script_plays_under_any_image_name(emitter, name):
    container = emitter.play(Script().out(b"hello\n"), image=name)

    assert name == container.inspect()["Config"]["Image"]
