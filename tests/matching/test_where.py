"""Which containers, and which of their lines, a rule looks at."""

import pytest

from logscan.batch import COMPOSE_PROJECT, COMPOSE_SERVICE, Container, Identity, Stream
from logscan.matching.levels import Level
from logscan.matching.where import OPEN, gate, knows, rule_gate
from tests.matching.making import rule

INFLUX = Container(
    key="1",
    name="homeiq-db",
    image="registry:5000/library/influxdb:2.7.12",
    labels={COMPOSE_PROJECT: "homeiq", COMPOSE_SERVICE: "influxdb", "env": "prod", "empty": ""},
)
FILE = Container(key="x.log", name="x", identity=Identity.UNKNOWN)


def looks(where, container):
    return gate(rule({"contains": "a"}, where=where).where, container) is not None


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        pytest.param({}, True, id="no where"),
        pytest.param({"image": "*/influxdb*"}, True, id="image behind a registry, with its tag"),
        pytest.param({"image": "*/influxdb"}, True, id="image without its tag"),
        pytest.param({"image": "*/influxdb:2.7*"}, True, id="image with a tag of the glob"),
        pytest.param({"image": "influxdb*"}, False, id="image without its registry"),
        pytest.param({"image": "*/InfluxDB*"}, False, id="case matters"),
        pytest.param({"service": "influx*"}, True, id="compose service"),
        pytest.param({"service": "homeiq-*"}, True, id="container name"),
        pytest.param({"service": ["x", "y", "influxdb"]}, True, id="any of a list"),
        pytest.param({"image": "postgres*", "service": "influxdb"}, True, id="image and service are alternatives"),
        pytest.param({"image": "postgres*", "service": "pg"}, False, id="neither image nor service"),
        pytest.param({"project": "home*"}, True, id="project"),
        pytest.param({"service": "influxdb", "project": "other"}, False, id="project narrows"),
        pytest.param({"label": "env"}, True, id="a label that is there"),
        pytest.param({"label": "env=prod"}, True, id="a label of this value"),
        pytest.param({"label": "env=test"}, False, id="a label of another value"),
        pytest.param({"label": ["nope", "empty="]}, True, id="any of the labels"),
        pytest.param({"label": "nope"}, False, id="a label that is missing"),
        pytest.param({"not": {"service": "influxdb"}}, False, id="not"),
        pytest.param({"not": {"service": "influxdb", "project": "other"}}, True, id="not needs all its parts"),
        pytest.param({"not": {}}, True, id="an empty not excludes nothing"),
    ],
)
def test_looks_at_a_container(where, expected):
    assert expected == looks(where, INFLUX)


@pytest.mark.parametrize(
    "where",
    [
        pytest.param({"service": "influxdb"}, id="service"),
        pytest.param({"project": "homeiq", "label": "env"}, id="project and label"),
        pytest.param({"not": {"service": "*"}}, id="not"),
    ],
)
def test_every_rule_looks_at_an_unknown_container(where):
    assert looks(where, FILE)


@pytest.mark.parametrize(
    ("where", "stream", "level", "expected"),
    [
        pytest.param({"stream": "stderr"}, Stream.STDERR, None, True, id="its stream"),
        pytest.param({"stream": "stderr"}, Stream.STDOUT, None, False, id="the other stream"),
        pytest.param({"stream": "stderr"}, Stream.UNKNOWN, None, True, id="an unknown stream shuts no line out"),
        pytest.param({"level": ["error", "fatal"]}, Stream.STDOUT, Level.FATAL, True, id="one of its levels"),
        pytest.param({"level": "error"}, Stream.STDOUT, Level.INFO, False, id="another level"),
        pytest.param({"level": "error"}, Stream.STDOUT, None, False, id="no level"),
        pytest.param({"not": {"level": "info"}}, Stream.STDOUT, Level.INFO, False, id="an excluded level"),
        pytest.param({"not": {"level": "info"}}, Stream.STDOUT, None, True, id="no level is not excluded"),
        pytest.param({"not": {"stream": "stdout"}}, Stream.UNKNOWN, None, True, id="an unknown stream is not excluded"),
        pytest.param(
            {"not": {"service": "x", "level": "info"}}, Stream.STDOUT, Level.INFO, True, id="excluded elsewhere only"
        ),
        pytest.param(
            {"not": {"service": "influxdb", "level": "info"}}, Stream.STDOUT, Level.INFO, False, id="excluded here"
        ),
    ],
)
def test_admits_a_line(where, stream, level, expected):
    line_gate = gate(rule({"contains": "a"}, where=where).where, INFLUX)

    assert expected == line_gate.admits(lambda: stream, lambda: level)


def test_level_narrows_the_lines_of_an_unknown_container_too():
    line_gate = gate(rule({"contains": "a"}, where={"level": "error"}).where, FILE)

    assert not line_gate.admits(lambda: Stream.UNKNOWN, lambda: None)
    assert line_gate.admits(lambda: Stream.UNKNOWN, lambda: Level.ERROR)


def test_without_narrowing_the_gate_is_open():
    assert OPEN is gate(rule({"contains": "a"}, where={"service": "influxdb"}).where, INFLUX)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        pytest.param({"service": "x"}, True, id="by its name"),
        pytest.param({"image": "x"}, False, id="not by its name as an image"),
        pytest.param({"level": "error"}, False, id="a where that names nobody"),
        pytest.param({"service": ["*"], "image": "**"}, False, id="a where that names everybody"),
        pytest.param(None, False, id="no where"),
    ],
)
def test_knows_a_container(where, expected):
    assert expected == knows([rule({"contains": "a"}, where=where)], FILE)


@pytest.mark.parametrize(
    ("where", "container", "expected"),
    [
        pytest.param({"image": "*influxdb*"}, INFLUX, True, id="the one that it is for"),
        pytest.param({"image": "*influxdb*"}, FILE, False, id="one that nobody knows"),
        pytest.param({"level": "error", "not": {"image": "*influxdb*"}}, FILE, True, id="one for everybody else"),
        pytest.param(None, FILE, True, id="one for everybody"),
    ],
)
def test_a_catch_all_for_some_passes_over_what_nobody_knows(where, container, expected):
    catch_all = rule({"contains": "a"}, catch_all=True, **({"where": where} if where else {}))

    assert expected == (rule_gate(catch_all, container) is not None)
