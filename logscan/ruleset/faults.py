"""Turn what pydantic found wrong in a rule file into faults: a line, a sentence of ours, a help.

Owns the words, and the way from pydantic's location to the line in the file. Does not own what is
wrong (model), nor the syntax of YAML, whose faults are told where it is read.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from logscan.errors import Fault
from logscan.finding import Severity
from logscan.ruleset import model
from logscan.ruleset.node import Node
from logscan.ruleset.pattern import PatternError

_SHOWN = 60
_SEVERITIES = [str(level) for level in Severity]
_WINDOWS = list(model.WINDOW_TYPES)

_MODELS: Mapping[str, type[BaseModel]] = {
    "rules": model.RuleModel,
    "where": model.Where,
    "not": model.Selector,
    **model.WINDOW_TYPES,
    "escalate": model.Escalation,
    "when": model.Burst,
    "multiline": model.Multiline,
    "related": model.Related,
    "tests": model.Tests,
    "scenarios": model.Scenario,
    "lines": model.ScenarioLine,
    "findings": model.Expected,
    "overrides": model.Override,
    "Contains": model.Contains,
    "Equals": model.Equals,
    "Regex": model.Regex,
    "FieldTest": model.FieldTest,
    "Group": model.Group,
}
"""The model of the mapping under a key. Below a matcher or a window pydantic names its kind, which follows."""

_MATCHERS = frozenset(name for _, name in model.MATCHER_KEYS)
_KINDS = _MATCHERS | {"Group"}
_MATCHER_WORDS = [key for key, _ in model.MATCHER_KEYS] + list(model.Group.model_fields)

_SCALARS = frozenset({"str", "int", "float", "bool"})
"""How pydantic names the branches of a union of scalars, at the end of a location."""

_TYPES = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}


def faults_of(path: str, root: Node, error: ValidationError) -> list[Fault]:
    """Give one fault per thing that is wrong in the file `path`, whose nodes are `root`."""
    return [_fault(path, root, found) for found in _merged(error.errors(include_url=False))]


def _merged(errors: Sequence[Any]) -> list[Any]:
    """Leave out what only follows from another fault, and make one of the many that a union gives for one value."""
    merged: dict[tuple[Any, ...], Any] = {}
    places = [error["loc"] for error in errors]
    for error in errors:
        kind, place = error["type"], error["loc"]
        if kind == "too_short" and any(place == other[: len(place)] != other for other in places):
            continue  # the list is short only because its items were refused
        if kind in _TYPES and place and place[-1] in _SCALARS:
            place = place[:-1]
        first = merged.setdefault(place, {**error, "loc": place, "wanted": []})
        if kind in _TYPES:
            first["wanted"].append(_TYPES[kind])
    return list(merged.values())


def _fault(path: str, root: Node, error: Any) -> Fault:
    line, spot = _place(root, error["loc"])
    message, advice = _words(error, spot)
    return Fault(path, line, message, advice or _description(error["loc"]))


def _place(root: Node, place: tuple[int | str, ...]) -> tuple[int, str]:
    """Walk as far as the file goes; give the line there, and the words for the spot.

    Parts that the file doesn't have are passed over: the kind of a matcher, the 0 of a value that
    stands for a list of one, and a key that is missing.
    """
    node, spot = root, "the file"
    for part in place:
        if isinstance(node.value, dict) and part in node.value:
            node, spot = node.value[str(part)], f"`{part}`"
        elif isinstance(node.value, list) and isinstance(part, int) and part < len(node.value):
            node, spot = node.value[part], f"item {part + 1} of {spot}"
    return node.line, spot


def _words(error: Any, spot: str) -> tuple[str, str | None]:
    kind, place, value, context = error["type"], error["loc"], error["input"], error.get("ctx", {})
    if kind == "missing":
        return f"the key `{place[-1]}` is missing", _description(place)
    if kind == "extra_forbidden":
        return f"unknown key `{_short(str(place[-1]))}`", _help_for_unknown(place)
    if kind in _TYPES:
        wanted = " or ".join(word for word in error["wanted"] if word != "a whole number" or len(error["wanted"]) == 1)
        return f"{spot} should be {wanted}, not {_describe(value)}", _help_for_type(wanted, value, place)
    if kind == "value_error":
        return _of_exception(context["error"], value, place, spot)
    return _of_bound(error, spot)


def _of_bound(error: Any, spot: str) -> tuple[str, str | None]:
    """Word a value of the right type that is too small, too long or of the wrong form."""
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    if kind == "too_short" and value:
        return f"{spot} should have {context['min_length']} items or more, not {len(value)}", None
    if kind in {"too_short", "string_too_short"}:
        return f"{spot} is empty", "give it a value, or leave the key out"
    if kind == "string_too_long":
        return f"{spot} has {len(value)} characters, more than {context['max_length']}", None
    if kind == "string_pattern_mismatch":
        return f"{_describe(value)} is no rule id", "lower-case words joined by hyphens, such as disk-almost-full"
    if kind == "greater_than_equal":
        return f"{spot} should be at least {context['ge']}, not {_describe(value)}", None
    if kind == "greater_than":
        least = f"{context['gt']:g}" if context["gt"] else "nothing"
        return f"{spot} should be more than {least}, not {_describe(value)}", None
    return _of_choice(error, spot)


def _of_choice(error: Any, spot: str) -> tuple[str, str | None]:
    """Word a value that is not among the allowed ones."""
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    refused = f"{spot} can't be {_describe(value)}"
    if kind == "literal_error":
        choices = re.findall(r"'([^']*)'", context["expected"])
        return refused, _help_for_choice(str(value), choices or ["true"])
    if kind == "is_instance_of":
        return refused, _help_for_choice("", _SEVERITIES)
    if kind == "union_tag_invalid":
        return f"`type` can't be {_describe(value['type'])}", _help_for_choice(str(value["type"]), _WINDOWS)
    if kind == "union_tag_not_found":
        return "the key `type` is missing", f"say which kind of window: {_listed(_WINDOWS)}"
    return refused, None


def _of_exception(error: ValueError, value: Any, place: tuple[Any, ...], spot: str) -> tuple[str, str | None]:
    """Word what a check of our own raised; what it says after a semicolon is the help."""
    if isinstance(error, PatternError):
        return f"{spot}: {error}", error.hint
    if place[-1:] == ("severity",):
        return f"{spot} can't be {_describe(value)}", _help_for_choice(value, _SEVERITIES)
    if place[-1:] == ("Group",):
        return f"{spot} is empty", f"give it one of {', '.join(_MATCHER_WORDS)}"
    if place[-1:] == ("FieldTest",):
        return (
            f"the field {_short(value['field'])!r} is not tested",
            "give it one of equals, in, regex, gte, lte, exists",
        )
    message, _, advice = str(error).partition("; ")
    return f"{spot}: {message}" if place else message, advice or None


def _keys_at(place: tuple[Any, ...]) -> dict[str, str | None]:
    """Give the keys that the mapping at `place` may have, each with its description."""
    names = [part for part in place if part in _MODELS and isinstance(part, str)]
    fields = (_MODELS[names[-1]] if names else model.RuleFile).model_fields
    return {field.alias or name: field.description for name, field in fields.items()}


def _description(place: tuple[Any, ...]) -> str:
    """Say what the key is for: the help where there is no better one."""
    if place and place[-1] in _KINDS:
        return "a matcher is a mapping, such as {contains: panic}"
    while place and isinstance(place[-1], int):
        place = place[:-1]
    if not place:
        return "a rule file is a mapping that begins with: schema: logscan/v1"
    return _keys_at(place[:-1]).get(place[-1]) or ""


def _help_for_unknown(place: tuple[Any, ...]) -> str:
    *above, key = place
    keys = list(_keys_at(tuple(above)))
    if above and above[-1] == "Group":
        keys = _MATCHER_WORDS
    if above and above[-1] in _MATCHERS and key in _MATCHER_WORDS:
        return "a matcher makes one test; to combine several, list them under `all` or `any`"
    close = difflib.get_close_matches(key, keys, n=1)
    return f"did you mean `{close[0]}`?" if close else f"the keys here are {', '.join(keys)}"


def _help_for_type(wanted: str, value: Any, place: tuple[Any, ...]) -> str | None:
    if wanted == "a mapping" and place[-1:] and place[-1] in _MODELS and place[-1] not in _KINDS:
        return f"a mapping with {', '.join(_keys_at(place))}"
    if wanted == "a list":
        return "write each item on a line of its own, after a dash"
    if wanted == "text" and isinstance(value, bool | int | float):
        return "quote it, to make it text"
    if "number" in wanted and isinstance(value, str) and any(map(str.isdigit, value)):
        return "write the number without quotes"
    return None


def _help_for_choice(value: str, choices: list[str]) -> str:
    close = difflib.get_close_matches(value.lower(), choices, n=1)
    listed = _listed(choices)
    return f"did you mean {close[0]}? Write {listed}" if close and len(choices) > 1 else f"write {listed}"


def _listed(choices: list[str]) -> str:
    return " or ".join(filter(None, [", ".join(choices[:-1]), choices[-1]]))


def _describe(value: Any) -> str:
    """Name a value as its writer would: `text 'x'` is clearer beside `the number 3`."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {_short(str(value))}"
    if isinstance(value, str):
        return f"the text {_short(value)!r}"
    return "a mapping" if isinstance(value, dict) else "a list"


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
