"""The JSON Schema agrees with the loader, and explains every key."""

import re
from pathlib import Path

import pytest

from logscan.errors import RuleError
from logscan.ruleset import model
from logscan.ruleset.loader import builtin_rules, load_rules
from logscan.ruleset.schema import rule_file_schema
from logscan.ruleset.yaml_reader import read_yaml

SCHEMA = rule_file_schema()
BROKEN = Path(__file__).parents[2] / "fixtures" / "broken-rules"
BEYOND_A_SCHEMA = {
    *("combining-rules-that-combine", "continue-pattern", "duplicate-id", "duration-of-nothing", "extract"),
    *("field-without-test", "instead-of-itself", "order-within-nothing", "override-ignore-of-no-lines"),
    *("override-twice", "override-window-that-combines", "ratio-of-itself", "regex", "regex-outside-the-dialect"),
    *("regex-that-is-fuzzy", "spike-of-broken-steps", "unknown-rule-in-instead-of", "unknown-rule-in-order"),
    "unknown-rule-in-ratio",
}
EVERY_KEY = Path(__file__).with_name("every-key.yaml")
DOCUMENT = read_yaml(EVERY_KEY.name, EVERY_KEY.read_bytes()).plain()
SHIPPED = sorted(builtin_rules().glob("*.yaml"))
TYPES = {"string": str, "object": dict, "array": list, "boolean": bool, "integer": int, "number": (int, float)}
KNOWN = {
    *("$schema", "$defs", "$ref", "title", "description", "examples", "type", "enum", "const", "pattern"),
    *("anyOf", "oneOf", "items", "minItems", "minLength", "maxLength", "minimum", "properties", "required"),
    *("additionalProperties", "minProperties", "maxItems", "exclusiveMinimum", "if", "then", "else"),
}


def is_valid(schema, value):
    """Judge `value` by the keywords that our schema uses; fail on any other."""
    if schema is False:
        return False
    assert set() == set(schema) - KNOWN
    if "$ref" in schema and not is_valid(SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")], value):
        return False
    kind = schema.get("type")
    if kind and (not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != "boolean")):
        return False
    return (
        value in schema.get("enum", [value])
        and value == schema.get("const", value)
        and ("anyOf" not in schema or any(is_valid(part, value) for part in schema["anyOf"]))
        and ("oneOf" not in schema or sum(is_valid(part, value) for part in schema["oneOf"]) == 1)
        and (not isinstance(value, str) or is_valid_text(schema, value))
        and (not isinstance(value, list) or is_valid_list(schema, value))
        and (not isinstance(value, dict) or is_valid_mapping(schema, value))
        and ("if" not in schema or is_valid(schema["then" if is_valid(schema["if"], value) else "else"], value))
        and (not isinstance(value, int | float) or is_valid_number(schema, value))
    )


def is_valid_number(schema, number):
    return number >= schema.get("minimum", number) and number > schema.get("exclusiveMinimum", number - 1)


def is_valid_text(schema, text):
    long_enough = schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", len(text))
    return long_enough and bool(re.search(schema.get("pattern", ""), text))


def is_valid_list(schema, items):
    fits = schema.get("minItems", 0) <= len(items) <= schema.get("maxItems", len(items))
    return fits and all(is_valid(schema.get("items", {}), item) for item in items)


def is_valid_mapping(schema, mapping):
    properties = schema.get("properties", {})
    return (
        len(mapping) >= schema.get("minProperties", 0)
        and all(key in mapping for key in schema.get("required", []))
        and (schema.get("additionalProperties", True) or set(mapping) <= set(properties))
        and all(is_valid(properties[key], value) for key, value in mapping.items() if key in properties)
    )


@pytest.mark.parametrize("file", SHIPPED, ids=[file.stem for file in SHIPPED])
def test_shipped_rules_are_valid(file):
    assert is_valid(SCHEMA, read_yaml(file.name, file.read_bytes()).plain())


@pytest.mark.parametrize("name", sorted(SCHEMA["$defs"]))
def test_every_key_is_accepted_by_schema_and_loader(name):
    """The one file that has them all tells of a key that it was not given."""
    assert len(load_rules([EVERY_KEY], builtin=False)) == len(DOCUMENT["rules"]) - 1
    assert is_valid(SCHEMA, DOCUMENT)
    assert set() == set(SCHEMA["$defs"][name]["properties"]) - words_of(DOCUMENT)


def words_of(part):
    """All keys below `part`."""
    if isinstance(part, dict):
        return {*part, *(word for value in part.values() for word in words_of(value))}
    return {word for value in part for word in words_of(value)} if isinstance(part, list) else set()


def broken_documents():
    for file in sorted(BROKEN.glob("*.yaml")):
        try:
            yield pytest.param(read_yaml(file.name, file.read_bytes()).plain(), file.stem, id=file.stem)
        except RuleError:  # no YAML of ours, so the schema has no say
            continue


@pytest.mark.parametrize(("document", "name"), list(broken_documents()))
def test_an_editor_sees_what_the_loader_refuses(document, name):
    """All but what no JSON Schema can say: patterns, ids over files, the sum of a duration."""
    assert (name in BEYOND_A_SCHEMA) == is_valid(SCHEMA, document)


def keys_of(schema):
    for part in (schema, *schema["$defs"].values()):
        for key, value in part.get("properties", {}).items():
            yield pytest.param(value, id=f"{part['title']}.{key}")


@pytest.mark.parametrize("key", list(keys_of(SCHEMA)))
def test_every_key_has_title_and_description(key):
    assert (True, True) == (bool(key.get("title")), bool(key.get("description")))


@pytest.mark.parametrize("part", [pytest.param(part, id=name) for name, part in SCHEMA["$defs"].items()])
def test_every_mapping_is_explained(part):
    assert part.get("description")


@pytest.mark.parametrize("window", [*model.WINDOW_TYPES])
def test_an_editor_knows_every_window(window):
    kinds = {kind["$ref"].rpartition("/")[2] for kind in SCHEMA["$defs"]["RuleModel"]["properties"]["window"]["oneOf"]}
    (kind,) = [kind for kind in kinds if SCHEMA["$defs"][kind]["properties"]["type"]["const"] == window]
    assert {"type"} < set(SCHEMA["$defs"][kind]["required"])


@pytest.mark.parametrize(
    ("part", "alias"),
    [("Where", "not"), ("FieldTest", "in"), ("Absence", "for"), ("Multiline", "continue"), ("ScenarioLine", "as")],
)
def test_keys_that_are_words_of_python_stand_as_they_are_written(part, alias):
    keys = SCHEMA["$defs"][part]["properties"]
    assert (True, False) == (alias in keys, f"{alias}_" in keys)


def test_severities_are_the_five_words():
    severity = SCHEMA["$defs"]["RuleModel"]["properties"]["severity"]
    assert ["info", "low", "medium", "high", "critical"] == severity["enum"]


def test_one_or_many_is_text_or_a_list_of_text():
    image = SCHEMA["$defs"]["Where"]["properties"]["image"]
    assert [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}] == image["anyOf"]


@pytest.mark.parametrize(("text", "expected"), [("30s", True), ("1h30m", True), ("5 min", False), ("30", False)])
def test_durations_have_a_unit(text, expected):
    assert expected == is_valid(SCHEMA["$defs"]["EventCount"]["properties"]["within"], text)
