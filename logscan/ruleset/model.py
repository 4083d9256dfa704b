"""The rule model: what a rule file may say, as pydantic models.

Owns the keys, their types and the sentence that explains each one to an editor (the JSON Schema is
generated from here). Does not own reading YAML, positions in files or fault messages (loader), nor
what a rule means for a line (matching) and for a count (detection).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Strict,
    Tag,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticKnownError

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


def read_offset(value: Any) -> Any:
    if isinstance(value, str) and value.startswith("-"):
        raise ValueError("nothing comes before the start of a scenario; count from 0s on")
    return read_duration(value)


CHECKED: Mapping[str, bool] = {"checked": True}
"""The context of a validation whose patterns have been checked before: they cost more than all the rest."""


def _pattern(value: Any, info: ValidationInfo) -> Any:
    if isinstance(value, str) and info.context is not CHECKED:
        check_pattern(value)
    return value


Many = Annotated[tuple[T, ...], Strict(strict=False)]
"""A list in YAML, a tuple here: strict mode would refuse the list, so the sequence is lax. Its items stay strict."""

Pattern = Annotated[str, BeforeValidator(_pattern), Field(min_length=1)]
Globs = Annotated[Many[str], Field(min_length=1), BeforeValidator(read_one_or_many)]
DurationNs = Annotated[int, BeforeValidator(read_duration), Field(gt=0)]
OffsetNs = Annotated[int, BeforeValidator(read_offset), Field(ge=0)]
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
    """Text that stands in the line."""

    contains: str = Field(min_length=1, description="Text that the line holds.")
    case: Literal["sensitive"] | None = Field(None, description="`sensitive` tells upper from lower case.")


class Equals(_Model):
    """Text that the line is."""

    equals: str = Field(min_length=1, description="The whole line, or the whole message of a JSON line.")
    case: Literal["sensitive"] | None = Field(None, description="`sensitive` tells upper from lower case.")


class Regex(_Model):
    """A pattern that is found in the line."""

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


WITHIN = "In how long, such as 30s, 5m, 24h, 7d; half-open."
RuleId = Annotated[str, Field(pattern=RULE_ID, max_length=80)]


class EventCount(_Model):
    """Fires when `count` hits lie within `within`, half-open, by the time of the events."""

    type: Literal["event_count"] = Field(description="The kind of window: so many hits.")
    count: int = Field(ge=1, description="How many hits.")
    within: DurationNs = Field(description=WITHIN)


class ValueCount(_Model):
    """Fires when `count` different values of a field lie within `within`."""

    type: Literal["value_count"] = Field(description="The kind of window: so many different values.")
    field: str = Field(min_length=1, description="The field whose values are counted.")
    count: int = Field(ge=2, description="How many different values.")
    within: DurationNs = Field(description=WITHIN)


class TemporalOrdered(_Model):
    """Fires when other rules hit one after the other, for the same service and group."""

    type: Literal["temporal_ordered"] = Field(description="The kind of window: rules that hit in this order.")
    rules: Many[RuleId] = Field(min_length=2, description="The ids of the rules, in the order of their hits.")
    within: DurationNs = Field(description="From the first hit to the last, such as 30s, 5m, 24h; half-open.")


class Absence(_Model):
    """Fires when no line matches for so long, for each container that `where` selects."""

    type: Literal["absence"] = Field(description="The kind of window: a line that should come and does not.")
    for_: DurationNs = Field(alias="for", description="How long it may be silent, such as 35m.")


class Spike(_Model):
    """Fires when a step holds many times what the steps before it held on average."""

    type: Literal["spike"] = Field(description="The kind of window: far more than before.")
    times: float = Field(gt=1, description="How many times the average of the steps before.")
    over: DurationNs = Field(description="The time before that is averaged; silent until it has passed once.")
    within: DurationNs = Field(description="The length of one step; `over` is a multiple of it.")
    min: int = Field(ge=1, description="So many hits a step must hold at least.")

    @model_validator(mode="after")
    def _steps_fit(self) -> Self:
        if self.over % self.within or self.over < self.within:
            raise ValueError("`over` is no multiple of `within`; give it whole steps, such as over: 1h, within: 5m")
        return self


class NewValue(_Model):
    """Fires when a field has a value that it never had before; silent while it learns."""

    type: Literal["new_value"] = Field(description="The kind of window: a value that was never there.")
    field: str = Field(min_length=1, description="The field whose values are remembered.")
    learn: DurationNs = Field(description="How long values are only learned, from the first hit on.")


class Ratio(_Model):
    """Fires when the hits of one rule are too large a share of those of another, per service."""

    type: Literal["ratio"] = Field(description="The kind of window: a share of hits.")
    of: RuleId = Field(description="The id of the rule whose hits are the part.")
    to: RuleId = Field(description="The id of the rule whose hits are the whole.")
    above: float = Field(gt=0, description="The share above which it fires; 0.05 is five per cent.")
    within: DurationNs = Field(description=WITHIN)
    min: int = Field(ge=1, description="So many hits the whole must have at least.")

    @model_validator(mode="after")
    def _tells_two_apart(self) -> Self:
        if self.of == self.to:
            raise ValueError("`of` and `to` are one rule; name the part in `of`, the whole in `to`")
        return self


WINDOW_TYPES: Mapping[str, type[BaseModel]] = {
    "event_count": EventCount,
    "value_count": ValueCount,
    "temporal_ordered": TemporalOrdered,
    "absence": Absence,
    "spike": Spike,
    "new_value": NewValue,
    "ratio": Ratio,
}

Window = Annotated[
    EventCount | ValueCount | TemporalOrdered | Absence | Spike | NewValue | Ratio, Field(discriminator="type")
]

COMBINING = (TemporalOrdered, Ratio)
"""Windows over the hits of other rules: such a rule has no `match` of its own."""


class Burst(_Model):
    """So many hits in such a time."""

    count: int = Field(ge=2, description="How many hits.")
    within: DurationNs = Field(description="In how long, such as 30s, 5m, 24h, 7d.")


class Escalation(_Model):
    """A severity that many hits amount to."""

    severity: SeverityName = Field(description="The severity that it grows to.")
    when: Burst = Field(description="The burst of hits that makes it grow.")


class Multiline(_Model):
    """Lines that belong to the one that matched: a stack trace is one event."""

    continue_: Pattern = Field(alias="continue", description="A line that this pattern matches goes on with the event.")


class Related(_Model):
    """Lines of other containers of the same project, at about the same time, that may tell the cause."""

    match: Matcher = Field(description="Which lines.")
    within: DurationNs = Field(description="How far from a hit, before or after, such as 2s.")


class Tests(_Model):
    """Lines that prove the pattern of a rule; where and window take no part."""

    match: Many[str] = Field(min_length=1, description="Lines that the rule must match.")
    ignore: Many[str] = Field(min_length=1, description="Lines that the rule must leave alone.")


NO_TESTS = Tests.model_construct(match=(), ignore=())
"""Those of a rule that looks at no lines."""


class ScenarioLine(_Model):
    """A line, its time and who prints it."""

    at: OffsetNs = Field(description="When, from the start of the scenario: 0s, 30s, 5m.")
    line: str = Field(description="The line.")
    as_: str | None = Field(None, alias="as", description="The container that prints it.")
    stream: Literal["stdout", "stderr"] = Field("stdout", description="The stream that it is printed on.")


class Expected(_Model):
    """A finding that must come; what is not said is not looked at."""

    severity: SeverityName | None = Field(None, description="The severity of the finding.")
    count: int | None = Field(None, ge=1, description="Its count.")


EACH, HOW_MANY = "each", "how many"
"""The two ways to write what is expected of a scenario."""


class Scenario(_Model):
    """Lines at their times, and the findings of this rule that must come of them."""

    lines: Many[ScenarioLine] = Field(min_length=1, description="What is printed, when.")
    findings: Annotated[
        Annotated[Many[Expected], Tag(EACH)] | Annotated[int, Field(ge=0), Tag(HOW_MANY)],
        Discriminator(lambda value: EACH if isinstance(value, list | tuple) else HOW_MANY),
    ] = Field(description="The findings of this rule: each, or how many; [] or 0 for none.")


class RuleModel(_Model):
    """One rule, as it is written."""

    id: RuleId = Field(description="kebab-case, unique over all files, never reused.")
    title: str = Field(
        min_length=1, max_length=120, description="What is wrong, in one short sentence; ${field} names a field."
    )
    severity: SeverityName = Field(description="How much harm: info, low, medium, high or critical.")
    input: Literal["line", "event"] = Field("line", description="What it looks at: lines, or Docker's own events.")
    where: Where | None = Field(None, description="Who may speak; replaces the file's `where`.")
    window: Window | None = Field(None, description="When hits become a finding; the first hit, without one.")
    match: Matcher | None = Field(
        None,
        validate_default=True,
        description="Which lines: contains, equals, regex, field, or any, all, none of them.",
    )
    extract: Pattern | None = Field(None, description="A pattern whose named groups become fields.")
    multiline: Multiline | None = Field(None, description="The lines after a hit that belong to it.")
    instead_of: Many[RuleId] = Field((), description="Rules that stay silent about the same event.")
    catch_all: bool = Field(False, description="Stay silent about an event of which another rule tells.")
    group_by: Annotated[Many[str], Field(min_length=1), BeforeValidator(read_one_or_many)] | None = Field(
        None, description="One finding per value of these fields; `container` is one."
    )
    count_once_within: DurationNs | None = Field(
        None, description="Drop the twin of a line that a program prints on both streams, this far apart at most."
    )
    escalate: Many[Escalation] = Field((), description="When its severity grows.")
    cooldown: DurationNs | None = Field(None, description="How far apart updates of an open finding are, at least.")
    related: Related | None = Field(None, description="Lines of other containers that may tell the cause.")
    why: str | None = Field(None, description="Why it is bad.")
    advice: str | None = Field(None, description="What to do.")
    references: Many[str] = Field((), description="Links for more.")
    tests: Tests = Field(
        NO_TESTS, validate_default=True, description="Lines that prove the rule: those it must `match` and `ignore`."
    )
    scenarios: Many[Scenario] = Field(
        (), validate_default=True, description="Lines at their times, and the `findings` that must come of them."
    )

    @property
    def combines(self) -> bool:
        """Whether it looks at the hits of other rules and at no lines."""
        return isinstance(self.window, COMBINING)

    @field_validator("match", "tests", "scenarios")
    @classmethod
    def _fits_the_window(cls, value: Any, info: ValidationInfo) -> Any:
        """Judge key by key, so that one which is missing is told beside all else that is wrong.

        `window` stands above these keys in the class, for it decides which of them a rule needs. One
        that was refused decides nothing.
        """
        if "window" not in info.data:
            return value
        window = info.data["window"]
        combines = isinstance(window, COMBINING)
        wanted = combines == (info.field_name == "scenarios")
        missing = value in (None, NO_TESTS, ())
        if wanted and missing:
            raise PydanticKnownError("missing")
        if combines and not wanted and not missing:
            raise ValueError(f"a rule with the window {window.type} looks at no lines; leave the key out")
        return value


CHANGES = ("disabled", "severity", "window", "escalate", "where", "ignore")
"""The keys of an override that change its rule."""


class Override(_Model):
    """A change to a rule that stands elsewhere, so that nobody has to copy it."""

    id: RuleId = Field(description="The rule that is changed.")
    reason: str = Field(min_length=1, description="Why, for whoever reads this next year.")
    disabled: Literal[True] | None = Field(None, description="true leaves the rule out.")
    severity: SeverityName | None = Field(None, description="Another severity.")
    window: Window | None = Field(None, description="Another window.")
    escalate: Many[Escalation] | None = Field(None, description="Other steps of severity; [] for none.")
    where: Where | None = Field(None, description="Narrows the rule: both its own `where` and this must hold.")
    ignore: Many[Matcher] | None = Field(None, min_length=1, description="Lines to leave alone, before any count.")

    @property
    def changes(self) -> tuple[str, ...]:
        """The keys that change something."""
        return tuple(name for name in CHANGES if getattr(self, name) is not None)

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if not self.changes:
            raise ValueError(f"nothing is changed; give it one of {', '.join(CHANGES)}")
        return self


class RuleFile(_Model):
    """One file of rules for one technology, or of changes to rules."""

    schema_: Literal["logscan/v1"] = Field(alias="schema", description="The version of this format: logscan/v1.")
    where: Where | None = Field(None, description="Who may speak, for all rules of the file that don't say.")
    rules: Many[RuleModel] = Field((), description="The rules.")
    overrides: Many[Override] = Field((), description="Changes to rules of other files.")
    technology: str = Field("", validate_default=True, description="What the rules are about; needed with `rules`.")

    @field_validator("technology")
    @classmethod
    def _is_told_of_rules(cls, value: str, info: ValidationInfo) -> str:
        """Rules that were refused are there all the same; `technology` comes last in the class to know of them."""
        if not value and info.data.get("rules", "refused"):
            raise PydanticKnownError("missing")
        return value

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.rules or self.overrides):
            raise ValueError("there is neither a rule nor an override; list rules under `rules`, each after a dash")
        return self


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A rule as the rest of logscan uses it: its model, with the file's `where` filled in.

    `file` is the name that findings show (`influxdb.yaml`), `path` and `line` say where it stands,
    `technology` is the file's; `narrowed` is what an override adds to `where`: both must hold.
    Compared by identity, so it may key a dict cheaply.
    """

    model: RuleModel
    where: Where | None
    file: str
    path: str
    line: int
    technology: str
    narrowed: Where | None = None

    @property
    def id(self) -> str:
        return self.model.id
