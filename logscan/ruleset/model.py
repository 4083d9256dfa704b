"""The rule model: what a rule file may say, as pydantic models.

Owns the keys, their types and the sentence that explains each one to an editor (the JSON Schema is
generated from here). Does not own reading YAML, positions in files or fault messages (loader), nor
what a rule means for a line (matching) and for a count (detection).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Strict, Tag, model_validator

from logscan.duration import parse_duration
from logscan.finding import Severity
from logscan.ruleset.pattern import check_pattern

SCHEMA_VERSION = "logscan/v1"
RULE_ID = r"^[a-z0-9]+(-[a-z0-9]+)*$"


T = TypeVar("T")


def read_one_or_many(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else (value,)


def read_severity(value: Any) -> Any:
    return Severity.parse(value) if isinstance(value, str) else value


def read_duration(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} has no unit; write a duration like 30s, 5m, 24h or 7d")  # noqa: TRY004 - pydantic reports ValueError alone
    return parse_duration(value)


def _pattern(value: Any) -> Any:
    if isinstance(value, str):
        check_pattern(value)
    return value


Many = Annotated[tuple[T, ...], Strict(strict=False)]
"""A list in YAML, a tuple here: strict mode would refuse the list, so the sequence is lax. Its items stay strict."""

Pattern = Annotated[str, BeforeValidator(_pattern), Field(min_length=1)]
Globs = Annotated[Many[str], Field(min_length=1), BeforeValidator(read_one_or_many)]
DurationNs = Annotated[int, BeforeValidator(read_duration), Field(gt=0)]
SeverityName = Annotated[Severity, BeforeValidator(read_severity)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Selector(_Model):
    """Which containers a rule looks at; see `Where`."""

    image: Globs | None = Field(None, description="Globs on the image name. image and service are alternatives.")
    service: Globs | None = Field(
        None, description="Globs on the compose or swarm service, and on the container's name."
    )
    project: Globs | None = Field(None, description="Globs on the compose project or swarm stack.")
    label: Globs | None = Field(None, description="Labels that must be there, as KEY or KEY=VALUE.")
    stream: (
        Annotated[Many[Literal["stdout", "stderr"]], Field(min_length=1), BeforeValidator(read_one_or_many)] | None
    ) = Field(None, description="Only lines of this stream.")
    level: (
        Annotated[
            Many[Literal["debug", "info", "warning", "error", "fatal"]],
            Field(min_length=1),
            BeforeValidator(read_one_or_many),
        ]
        | None
    ) = Field(None, description="Only lines of this level, normalised.")


class Where(Selector):
    """Who may speak: image or service, narrowed by the rest; `not` excludes."""

    not_: Selector | None = Field(None, alias="not", description="Containers and lines that the rule leaves alone.")


class Contains(_Model):
    contains: str = Field(min_length=1, description="Text that the line holds.")
    case: Literal["sensitive"] | None = Field(None, description="`sensitive` tells upper from lower case.")


class Equals(_Model):
    equals: str = Field(min_length=1, description="The whole line, or the whole message of a JSON line.")
    case: Literal["sensitive"] | None = Field(None, description="`sensitive` tells upper from lower case.")


class Regex(_Model):
    regex: Pattern = Field(description="A regular expression that is found somewhere in the line.")
    case: Literal["sensitive"] | None = Field(None, description="`sensitive` tells upper from lower case.")


class FieldTest(_Model):
    """A test on a key of a JSON or logfmt line; dots reach into objects."""

    field: str = Field(min_length=1, description="The key's name; dots reach into nested objects.")
    equals: str | int | float | bool | None = Field(None, description="The value is this; numbers as numbers.")
    in_: Many[str | int | float | bool] | None = Field(
        None, alias="in", min_length=1, description="The value is one of these."
    )
    regex: Pattern | None = Field(None, description="The value holds this regular expression.")
    gte: int | float | None = Field(None, description="The value is a number, at least this.")
    lte: int | float | None = Field(None, description="The value is a number, at most this.")
    exists: bool | None = Field(None, description="The key is there (true), or is not (false).")
    case: Literal["sensitive"] | None = Field(None, description="`sensitive` tells upper from lower case.")

    @model_validator(mode="after")
    def _tests_something(self) -> Self:
        if not {"equals", "in_", "regex", "gte", "lte", "exists"} & self.model_fields_set:
            raise ValueError("a field test needs one of equals, in, regex, gte, lte, exists")
        return self


class Group(_Model):
    """Matchers combined; all of the parts that are there must hold."""

    any: Many[Matcher] | None = Field(None, min_length=1, description="At least one holds.")
    all: Many[Matcher] | None = Field(None, min_length=1, description="Every one holds.")
    none: Many[Matcher] | None = Field(None, min_length=1, description="Not one holds.")

    @model_validator(mode="after")
    def _can_match(self) -> Self:
        if not (self.any or self.all or self.none):
            raise ValueError("a group needs any, all or none")
        return self


MATCHER_KEYS: tuple[tuple[str, str], ...] = (
    ("field", "FieldTest"),
    ("contains", "Contains"),
    ("equals", "Equals"),
    ("regex", "Regex"),
)
"""Which key makes a mapping which matcher, tested in this order; anything else is a Group."""


def _matcher_kind(value: Any) -> str:
    """Choose the one model that a mapping means, so that a fault in it is told once, not once per model."""
    if isinstance(value, BaseModel):
        return type(value).__name__
    keys = value if isinstance(value, dict) else ()
    return next((kind for key, kind in MATCHER_KEYS if key in keys), "Group")


Matcher = Annotated[
    Annotated[Contains, Tag("Contains")]
    | Annotated[Equals, Tag("Equals")]
    | Annotated[Regex, Tag("Regex")]
    | Annotated[FieldTest, Tag("FieldTest")]
    | Annotated[Group, Tag("Group")],
    Discriminator(_matcher_kind),
]
Group.model_rebuild()


class EventCount(_Model):
    """Fires when `count` hits lie within `within`, half-open, by the time of the events."""

    type: Literal["event_count"] = Field(description="The kind of window.")
    count: int = Field(ge=1, description="How many hits.")
    within: DurationNs = Field(description="In how long, such as 30s, 5m, 24h, 7d.")


class Burst(_Model):
    count: int = Field(ge=2, description="How many hits.")
    within: DurationNs = Field(description="In how long, such as 30s, 5m, 24h, 7d.")


class Escalation(_Model):
    severity: SeverityName = Field(description="The severity that it grows to.")
    when: Burst = Field(description="The burst of hits that makes it grow.")


class Tests(_Model):
    match: Many[str] = Field(min_length=1, description="Lines that the rule must match.")
    ignore: Many[str] = Field(min_length=1, description="Lines that the rule must leave alone.")


class RuleModel(_Model):
    """One rule, as it is written."""

    id: str = Field(pattern=RULE_ID, max_length=80, description="kebab-case, unique over all files, never reused.")
    title: str = Field(min_length=1, max_length=120, description="What is wrong, in one short sentence.")
    severity: SeverityName = Field(description="How much harm: info, low, medium, high or critical.")
    where: Where | None = Field(None, description="Who may speak; replaces the file's `where`.")
    match: Matcher = Field(description="Which lines.")
    extract: Pattern | None = Field(None, description="A pattern whose named groups become fields.")
    group_by: Annotated[Many[str], Field(min_length=1), BeforeValidator(read_one_or_many)] | None = Field(
        None, description="One finding per value of these fields; `container` is one."
    )
    window: EventCount | None = Field(None, description="When hits become a finding; the first hit, without one.")
    escalate: Many[Escalation] = Field((), description="When its severity grows.")
    why: str | None = Field(None, description="Why it is bad.")
    advice: str | None = Field(None, description="What to do.")
    references: Many[str] = Field((), description="Links for more.")
    tests: Tests = Field(description="Lines that prove the rule.")


class RuleFile(_Model):
    """One file of rules for one technology."""

    schema_: Literal["logscan/v1"] = Field(alias="schema", description="The version of this format: logscan/v1.")
    technology: str = Field(min_length=1, description="What the rules are about.")
    where: Where | None = Field(None, description="Who may speak, for all rules of the file that don't say.")
    rules: Many[RuleModel] = Field(min_length=1, description="The rules.")


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A rule as the rest of logscan uses it: its model, with the file's `where` filled in.

    `file` is the name that findings show (`influxdb.yaml`), `path` and `line` say where it stands,
    `technology` is the file's. Compared by identity, so it may key a dict cheaply.
    """

    model: RuleModel
    where: Where | None
    file: str
    path: str
    line: int
    technology: str

    @property
    def id(self) -> str:
        return self.model.id
