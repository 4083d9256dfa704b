"""The subset of YAML: what plain words mean, where nodes stand, what is refused and how fast."""

import math
import re
import time

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from logscan.errors import RuleError
from logscan.ruleset import yaml_reader
from logscan.ruleset.node import MAX_BYTES
from logscan.ruleset.yaml_reader import MAX_FAULTS, read_yaml


def read(text):
    return read_yaml("a.yaml", text.encode())


def faults_of(text):
    with pytest.raises(RuleError) as caught:
        read(text)
    return [(fault.line, fault.message) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        *[pytest.param(word, word, id=word) for word in ("no", "on", "yes", "off", "y", "tRUE", "1:30", "1_000")],
        *[pytest.param(word, word, id=word) for word in ("2025-10-14", "0b1", "=", "v1", "1.2.3", "24h", "-x", "a#b")],
        *[pytest.param(word, True, id=word) for word in ("true", "True", "TRUE")],
        *[pytest.param(word, False, id=word) for word in ("false", "False", "FALSE")],
        *[pytest.param(word, None, id=word or "nothing") for word in ("null", "Null", "NULL", "~", "")],
        pytest.param("0o17", 15, id="octal"),
        pytest.param("0x1f", 31, id="hexadecimal"),
        pytest.param("017", 17, id="a zero in front is decimal"),
        pytest.param("-12", -12, id="negative"),
        pytest.param("1e3", 1000.0, id="exponent"),
        pytest.param(".5", 0.5, id="point in front"),
        pytest.param("-.inf", -math.inf, id="infinity"),
        pytest.param("'12'", "12", id="single quotes make text"),
        pytest.param('"true"', "true", id="double quotes make text"),
        pytest.param('"\\e[0m"', "\x1b[0m", id="escape in double quotes"),
        pytest.param(r"'\d+'", r"\d+", id="pattern in single quotes"),
        pytest.param("|-\n  a: b\n  12", "a: b\n12", id="block text"),
        pytest.param("9" * 5000, "9" * 5000, id="digits that Python won't convert"),
    ],
)
def test_what_a_scalar_means(written, expected):
    actual = read(f"key: {written}\n").plain()["key"]
    assert (type(expected), expected) == (type(actual), actual)


def test_keys_are_text_whatever_they_look_like():
    assert ["true", "1", "null"] == list(read("true: 1\n1: 2\nnull: 3\n").plain())


def test_a_node_stands_at_its_key_or_where_it_begins():
    root = read("a:\n  - x\n  -\n    b: 1\n    c: >-\n      folded\n")
    first, second = root.value["a"].value
    assert [1, 2, 4, 4, 5] == [
        root.value["a"].line,
        first.line,
        second.line,
        second.value["b"].line,
        second.value["c"].line,
    ]


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "with byte order mark"])
def test_files_of_other_editors_read_the_same(newline, mark):
    root = read(mark + newline.join(["a: 1", "b: é😀", ""]))
    assert ({"a": 1, "b": "é😀"}, 2) == (root.plain(), root.value["b"].line)


@pytest.mark.parametrize("loader", [yaml.CSafeLoader, yaml.SafeLoader], ids=["C", "Python"])
@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        pytest.param("a: *influxdb*", 1, "unquoted text begins with *, which YAML reads as an alias", id="glob"),
        pytest.param("é: 😀\nb: [*]", 2, "unquoted text begins with *, which YAML reads as an alias", id="star"),
        pytest.param("a: 1\nb: *a", 2, "unquoted text begins with *, which YAML reads as an alias", id="alias"),
        pytest.param("a: &x 1", 1, "anchors are not part of the format", id="anchor"),
        pytest.param("a: & b", 1, "unquoted text begins with &, which YAML reads as an anchor", id="ampersand"),
        pytest.param("a: !!python/object:os.system x", 1, "tags are not part of the format", id="tag"),
        pytest.param("a: ! x", 1, "tags are not part of the format", id="non-specific tag"),
        pytest.param("<<: {a: 1}", 1, "merge keys are not part of the format", id="merge key"),
        pytest.param("a:\n  b: 1\n  b: 2", 3, "the key `b` is there twice", id="duplicate key"),
        pytest.param("a: 1\n'a': 2", 2, "the key `a` is there twice", id="duplicate key, quoted"),
        pytest.param("? [a]\n: 1", 1, "a key is a word, not a list or a mapping", id="list as key"),
        pytest.param("a: b: c", 1, "a colon stands where no key can be", id="colon"),
        pytest.param("a: @b", 1, "unquoted text can't begin with @", id="reserved character"),
        pytest.param("a:\n\t- b", 2, "a tab where YAML wants spaces", id="tab"),
        pytest.param("a: 'b\nc: d", 1, "quoted text is not closed", id="open quote"),
        pytest.param('a: "\\d"', 1, "YAML knows no such escape in double quotes", id="escape"),
        pytest.param("a: [b] c", 1, "something follows the end of a value", id="rest"),
        pytest.param("a: 1\n---\nb: 2", 2, "a second document begins here", id="second document"),
        pytest.param("a: b\x1bc", 1, "the file holds the control character U+001B", id="control character"),
        pytest.param("# nothing", 1, "the file is empty", id="nothing"),
    ],
)
def test_what_is_refused_by_both_parsers(monkeypatch, loader, text, line, message):
    monkeypatch.setattr(yaml_reader, "_LOADER", loader)
    assert [(line, message)] == faults_of(text)


def test_a_glob_is_shown_as_it_should_be_quoted():
    with pytest.raises(RuleError, match=r'quote it: "\*influxdb\*"'):
        read("where: {image: [*influxdb*, b]}")


def test_faults_that_leave_the_structure_whole_are_told_together():
    assert [1, 2, 3] == [line for line, _ in faults_of("a: &x 1\nb: !t 2\na: *x\n")[:3]]


def test_a_file_with_one_fault_over_and_over_stops_being_told():
    assert MAX_FAULTS == len(faults_of("- &a b\n" * 1000))


BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 30))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[" * 10**6, id="lists, a million deep"),
        pytest.param("[\n" * (10**6 // 2), id="lists over lines"),
        pytest.param("{a: " * (10**6 // 4), id="mappings"),
        pytest.param("{" * 10**6, id="mappings as keys"),
        pytest.param("- " * (10**6 // 2), id="block lists"),
        pytest.param("? " * (10**6 // 2), id="block keys"),
        pytest.param("&a " * (10**6 // 3), id="anchors in a row"),
        pytest.param(BOMB, id="bomb of aliases"),
        pytest.param("a: 1\n" * (10**6 // 5), id="one key over and over"),
    ],
)
def test_bombs_are_refused_before_they_cost_anything(text):
    start = time.process_time()
    assert faults_of(text)
    assert time.process_time() - start < 0.1


def test_too_many_values_are_refused():
    assert [(1, "the file has more than 100000 keys and values")] == faults_of("[" + "a," * 200_000 + "]")


def test_a_file_larger_than_a_mebibyte_is_refused():
    assert [(1, "the file is larger than 1 MiB")] == faults_of("a: " + "b" * MAX_BYTES)


def faults_or_none(data):
    try:
        read_yaml("a.yaml", data).plain()
    except RuleError as error:
        return error.faults
    return None


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("ab:- \n[]{},'\"#&*!|>%@?~<1\t\\e"), max_size=30) | st.text(max_size=20))
def test_any_text_is_read_or_refused_with_a_line(text):
    lines = len(re.split("\r\n|[\r\n\x85\u2028\u2029]", text))
    faults = faults_or_none(text.encode("utf-8", "surrogatepass"))
    assert faults is None or ({fault.line for fault in faults} <= set(range(1, lines + 2)) and faults)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(data):
    assert faults_or_none(data) != []
