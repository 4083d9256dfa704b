"""The JSON Schema of rule files, so that editors complete and check them while one types.

Owns what the models can't say by themselves: that a severity is one of five words, a duration is
text, a list of one may be written without the list, and which keys a rule needs beside its window.
Does not own the keys (model); a new key appears here by itself. A key that isn't wanted is left out,
so no key offers null.
"""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from logscan.duration import UNITS_NS
from logscan.finding import Severity
from logscan.ruleset.model import (
    CHANGES,
    COMBINING,
    WINDOW_TYPES,
    RuleFile,
    read_duration,
    read_offset,
    read_one_or_many,
    read_severity,
)

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DURATION = {"type": "string", "pattern": f"^([0-9]+({'|'.join(UNITS_NS)}))+$", "examples": ["30s", "5m", "24h", "7d"]}
_SEVERITY = {"type": "string", "enum": [str(severity) for severity in Severity]}

_COMBINES = {
    "required": ["window"],
    "properties": {
        "window": {
            "required": ["type"],
            "properties": {"type": {"enum": [name for name, kind in WINDOW_TYPES.items() if kind in COMBINING]}},
        }
    },
}
_NEEDS = {
    "RuleFile": {
        "anyOf": [
            {"required": ["rules", "technology"], "properties": {"rules": {"minItems": 1}}},
            {"required": ["overrides"], "properties": {"overrides": {"minItems": 1}, "rules": {"maxItems": 0}}},
        ]
    },
    "RuleModel": {
        "if": _COMBINES,
        "then": {
            "required": ["scenarios"],
            "properties": {"match": False, "tests": False, "scenarios": {"minItems": 1}},
        },
        "else": {"required": ["match", "tests"]},
    },
    "Override": {"anyOf": [{"required": [key]} for key in CHANGES]},
    "Group": {"minProperties": 1},
}
"""What a model asks for beyond its keys, each by its own checks."""


def rule_file_schema() -> dict[str, Any]:
    """Give the JSON Schema (2020-12) of a rule file."""
    schema = RuleFile.model_json_schema(by_alias=True, schema_generator=_RuleFileSchema)
    for part in (schema, *schema["$defs"].values()):
        for key, value in part.get("properties", {}).items():
            value.setdefault("title", key.replace("_", " ").capitalize())
            for unwanted in ("gt", "ge", "discriminator"):  # of nanoseconds; of OpenAPI, where `oneOf` says it here
                value.pop(unwanted, None)
        part.update(_NEEDS.get(part["title"], {}))
    return {"$schema": _DIALECT, **schema}


class _RuleFileSchema(GenerateJsonSchema):
    """Describes what is written in the file, where pydantic would describe what it becomes."""

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        reader = schema["function"]["function"]
        if reader in (read_duration, read_offset):
            return dict(_DURATION)
        if reader is read_severity:
            return dict(_SEVERITY)
        inner = super().function_before_schema(schema)
        return {"anyOf": [inner["items"], inner]} if reader is read_one_or_many else inner

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])
