"""Views of a line, and the fields it brings along."""

import pytest

from logscan.matching.fields import MISSING
from logscan.matching.views import LineView, fold


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param('{"msg": "b", "message": "a"}', "a", id="message before msg"),
        pytest.param('{"message": 5, "msg": "b"}', "b", id="the first that is a string"),
        pytest.param('{"log": "a\\n"}', "a\n", id="log"),
        pytest.param('{"@m": "a"}', "a", id="serilog"),
        pytest.param('{"msg": "\\u001b[31mred\\u001b[0m"}', "red", id="colours stripped"),
        pytest.param('{"msg": "a", "n": NaN}', "a", id="NaN"),
        pytest.param('{"msg": "tab\there"}', "tab\there", id="a bare control character"),
        pytest.param('{"msg": "\\ud800"}', "\N{REPLACEMENT CHARACTER}", id="a lone surrogate"),
        pytest.param('{"msg": "a", "n": ' + "9" * 5000 + "}", "a", id="an endless integer"),
        pytest.param('{"msg": "a", "msg": "b"}', "b", id="of a repeated key the last"),
        pytest.param('{"msg":' * 5000 + "1" + "}" * 5000, None, id="endless depth"),
        pytest.param('{"message":"a "quoted" word"}', None, id="only looks like JSON"),
        pytest.param('{"msg": "a"} trailing', None, id="something behind it"),
        pytest.param('["msg", "a"]', None, id="a list"),
        pytest.param("message=a", None, id="logfmt"),
        pytest.param("", None, id="an empty line"),
    ],
)
def test_message_of(line, expected):
    assert expected == LineView(line).message


@pytest.mark.parametrize(
    ("line", "name", "expected"),
    [
        pytest.param('{"a": {"b": "x"}}', "a.b", "x", id="nested"),
        pytest.param('{"a.b": "x", "a": {"b": "y"}}', "a.b", "x", id="a dotted key before a nested one"),
        pytest.param('{"a": 1.50}', "a", "1.50", id="a number keeps its digits"),
        pytest.param('{"a": 12345678901234567890123}', "a", "12345678901234567890123", id="a large number"),
        pytest.param('{"a": true}', "a", "true", id="a truth value"),
        pytest.param('{"a": null}', "a", "null", id="null"),
        pytest.param('{"a": [1]}', "a", None, id="a list has no text"),
        pytest.param("a=1 a=2", "a", "1", id="of a repeated logfmt key the first"),
        pytest.param('x=1 a="b \\"c\\" \\u0064\\n"', "a", 'b "c" d\n', id="a quoted value unescaped"),
        pytest.param('msg="a=1 b=2" b=3', "b", "3", id="a key inside a quoted value is none"),
        pytest.param("2025-01-04T16:09:37Z ERR stopped code=7", "code", "7", id="behind plain words"),
        pytest.param("a= b=1", "a", "", id="an empty value"),
        pytest.param('a="unclosed b=1', "a", '"unclosed', id="an unclosed quote"),
        pytest.param("plain words", "a", None, id="no keys at all"),
    ],
)
def test_field_text_of(line, name, expected):
    assert expected == LineView(line).field_text(name)


def test_a_missing_key_differs_from_null():
    view = LineView('{"a": null}')

    assert [None, True] == [view.field("a"), view.field("b") is MISSING]


def test_folding_lowers_ascii_letters_alone():
    assert "abc Éİ\u212a" == fold("ABC Éİ\u212a")
