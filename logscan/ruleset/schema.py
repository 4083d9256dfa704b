"""The JSON Schema of rule files, so that editors complete and check them while one types.

Owns what the models can't say by themselves: that a severity is one of five words, a duration is
text, and a list of one may be written without the list. Does not own the keys (model); a new key
appears here by itself. A key that isn't wanted is left out, so no key offers null.
"""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from logscan.duration import UNITS_NS
from logscan.finding import Severity
from logscan.ruleset.model import RuleFile, read_duration, read_one_or_many, read_severity

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DURATION = {"type": "string", "pattern": f"^([0-9]+({'|'.join(UNITS_NS)}))+$", "examples": ["30s", "5m", "24h", "7d"]}
_SEVERITY = {"type": "string", "enum": [str(severity) for severity in Severity]}


def rule_file_schema() -> dict[str, Any]:
    """Give the JSON Schema (2020-12) of a rule file."""
    schema = RuleFile.model_json_schema(by_alias=True, schema_generator=_RuleFileSchema)
    for part in (schema, *schema["$defs"].values()):
        for key, value in part.get("properties", {}).items():
            value.setdefault("title", key.replace("_", " ").capitalize())
            value.pop("gt", None)  # of the nanoseconds that a duration becomes
    schema["$defs"]["Group"]["minProperties"] = 1
    return {"$schema": _DIALECT, **schema}


class _RuleFileSchema(GenerateJsonSchema):
    """Describes what is written in the file, where pydantic would describe what it becomes."""

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        reader = schema["function"]["function"]
        if reader is read_duration:
            return dict(_DURATION)
        if reader is read_severity:
            return dict(_SEVERITY)
        inner = super().function_before_schema(schema)
        return {"anyOf": [inner["items"], inner]} if reader is read_one_or_many else inner

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])
