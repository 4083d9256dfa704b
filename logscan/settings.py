"""Settings: what a scan is asked for, out of flags, the environment and logscan.yaml.

Owns the keys a person may write, what their words mean (times, zones, severities), their defaults
and which of them exclude each other. Flags and `LOGSCAN_*` come in as one mapping, since the
command line merges them anyway; both outrank the file. Does not own the flags themselves (cli), nor
reading the file (cli.config_file), nor any clock: now is an argument.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo, model_validator

from logscan.duration import UNITS_NS, parse_duration
from logscan.errors import UsageError
from logscan.finding import Severity

DEFAULT_RANGE_NS = UNITS_NS["d"]
"""How far back containers are read when nobody says; files are read whole."""

LATEST_NS = 2**63 - 1
"""The last moment that fits in 64 bits, in 2262."""

EPOCH = datetime.fromtimestamp(0, UTC)
SECOND_NS = UNITS_NS["s"]
_EPOCH_SECONDS = re.compile(r"(\d+)(?:\.(\d{1,9}))?")
_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?([Zz]|[+-]\d\d:\d\d)?")


class Format(StrEnum):
    """How the result is written."""

    TEXT = "text"
    JSON = "json"
    NDJSON = "ndjson"
    MARKDOWN = "markdown"


class Direct(StrEnum):
    """Whether log files are read where the engine keeps them, past its API."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


def parse_moment(text: str, zone: ZoneInfo, now_ns: int) -> int:
    """Give the nanoseconds since the epoch of a time as people write it.

    `24h`: so long before `now_ns`. `2025-12-03`, `2025-12-03T06:05:46.123456789+01:00`: as RFC 3339
    says, in `zone` where no offset is written. A bare number: seconds since the epoch. Raises
    ValueError for anything else.
    """
    if number := _EPOCH_SECONDS.fullmatch(text):
        return int(number[1]) * SECOND_NS + _nanos(number[2])
    if written := _RFC3339.fullmatch(text):
        day, clock, second, fraction, offset = written.groups()
        moment = datetime.fromisoformat(f"{day}T{clock or '00:00'}:{second or '00'}{(offset or '').upper()}")
        since_epoch = (moment if moment.tzinfo else moment.replace(tzinfo=zone)) - EPOCH
        return since_epoch // timedelta(seconds=1) * SECOND_NS + _nanos(fraction)
    try:
        return now_ns - parse_duration(text)
    except ValueError:
        raise ValueError(f"{text!r} is no time") from None


def _nanos(fraction: str | None) -> int:
    return int((fraction or "").ljust(9, "0"))


def _moment(value: Any, info: ValidationInfo) -> Any:
    if not isinstance(value, str):
        return value
    if value == "last":
        raise ValueError("`last` needs the state that follow keeps, which is not available yet")
    time_ns = parse_moment(value, info.data.get("timezone", ZoneInfo("UTC")), (info.context or {})["now_ns"])
    if not 0 <= time_ns <= LATEST_NS:
        raise ValueError(f"{value!r} is not between 1970 and 2262; a bare number is in seconds")
    return time_ns


def _zone(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return ZoneInfo(value)
    except (LookupError, ValueError, OSError):  # a folder's name, such as Europe, is an OSError
        raise ValueError(f"{value!r} is no time zone that this machine knows") from None


def _many(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else (value,) if isinstance(value, str) else value


def _path(value: Any) -> Any:
    return Path(value) if isinstance(value, str) else value


def _paths(value: Any) -> Any:
    many = _many(value)
    return tuple(map(_path, many)) if isinstance(many, tuple) else many


def _severity(value: Any) -> Any:
    return Severity.parse(value) if isinstance(value, str) else value


def _severity_or_never(value: Any) -> Any:
    return None if value == "never" else _severity(value)


def _word_of(choices: type[StrEnum]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if isinstance(value, str) and value not in list(choices):
            raise ValueError(f"{value!r} is none of {', '.join(choices)}")
        return choices(value) if isinstance(value, str) else value

    return read


Words = Annotated[tuple[str, ...], BeforeValidator(_many)]
Paths = Annotated[tuple[Path, ...], BeforeValidator(_paths)]
Moment = Annotated[int | None, BeforeValidator(_moment)]

OF_CONTAINERS = ("containers", "project", "service", "label", "image", "exclude")
OF_FILES = ("file", "as", "image_name")


class ScanSettings(BaseModel):
    """Everything that one scan is asked for. Times are nanoseconds since the epoch, inclusive."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True)

    # first, since the times below are read in it
    timezone: Annotated[ZoneInfo, BeforeValidator(_zone)] = Field(
        ZoneInfo("UTC"), description="an IANA name such as Europe/Berlin, for times that are written without a zone"
    )
    names: Words = Field((), description="names, ID prefixes or globs of containers; none means all")
    files: Paths = Field((), description="log files, folders of *.log, or - for standard input")
    since_ns: Moment = Field(None, description="24h, 90m, 2025-12-03, 2025-12-03T06:05:46Z or seconds since the epoch")
    until_ns: Moment = Field(None, description="written like since")
    tail: int | None = Field(None, ge=0, description="a number of last lines, 0 or more")
    project: Words = Field((), description="compose projects or swarm stacks")
    service: Words = Field((), description="compose or swarm services")
    label: Words = Field((), description="labels, as KEY or KEY=VALUE")
    image: Words = Field((), description="globs on image names")
    exclude: Words = Field((), description="names or globs of containers to leave out")
    as_name: str | None = Field(None, description="the name that rules know a file's container by")
    image_name: str | None = Field(None, description="the image that rules know a file's container by")
    rule_paths: Paths = Field((), description="rule files, or folders of them")
    builtin: bool = Field(True, description="true or false; false leaves out logscan's own rules")
    only: Words = Field((), description="globs on the rule ids to use")
    skip: Words = Field((), description="globs on the rule ids to leave out")
    min_severity: Annotated[Severity, BeforeValidator(_severity)] = Field(
        Severity.INFO, description="info, low, medium, high or critical"
    )
    format: Annotated[Format, BeforeValidator(_word_of(Format))] = Field(Format.TEXT, description=", ".join(Format))
    output: Annotated[Path | None, BeforeValidator(_path)] = Field(None, description="a file for the result")
    samples: int = Field(3, ge=1, description="a number of lines of evidence per finding, 1 or more")
    context: int = Field(0, ge=0, description="a number of lines around each line of evidence, 0 or more")
    fail_on: Annotated[Severity | None, BeforeValidator(_severity_or_never)] = Field(
        None, description="info, low, medium, high, critical or never"
    )
    allow_incomplete: bool = Field(False, description="true or false; true lets an incomplete scan exit with 0")
    host: str | None = Field(None, description="the engine's address, such as unix:///var/run/docker.sock")
    host_name: str | None = Field(None, description="the name that findings give to the host")
    direct: Annotated[Direct, BeforeValidator(_word_of(Direct))] = Field(Direct.AUTO, description=", ".join(Direct))
    verbose: bool = Field(False, description="true or false")
    quiet: bool = Field(False, description="true or false")

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if self.files and self.names:
            raise UsageError("one scan reads containers or files, not both", help="scan them one after the other")
        if (self.as_name or self.image_name) and not self.files:
            raise UsageError("--as and --image-name say whose log a file is", help="name the file with --file")
        if self.since_ns is not None and self.until_ns is not None and self.since_ns > self.until_ns:
            raise UsageError("--since is later than --until", help="a time such as 24h counts back from now")
        if self.tail is not None and self.files:
            raise UsageError(
                "--tail asks the engine for the end of a log",
                help="pipe the end in: tail -n 100 FILE | logscan scan --file -",
            )
        if self.tail is not None and self.direct is Direct.ALWAYS:
            raise UsageError("--tail asks the engine, and --direct always reads past it", help="leave one of them out")
        if self.verbose and self.quiet:
            raise UsageError("--verbose and --quiet exclude each other", help="choose one")
        return self


_WRITTEN = {
    "names": "containers",
    "files": "file",
    "as_name": "as",
    "since_ns": "since",
    "until_ns": "until",
    "rule_paths": "rules",
}
KEYS = {_WRITTEN.get(name, name): name for name in ScanSettings.model_fields}
"""What is written in logscan.yaml, and with hyphens behind `--`, and the field that it fills."""


@dataclass(frozen=True, slots=True)
class Config:
    """What logscan.yaml says: `values` by the keys of KEYS, and the `lines` where they stand, from 1."""

    path: str = "logscan.yaml"
    values: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)


def resolve(given: Mapping[str, Any], config: Config, *, now_ns: int) -> ScanSettings:
    """Build the settings out of what was `given` as flags or in the environment, and of the file.

    Both have the keys of KEYS, and only those that were said. Raises UsageError with its help.
    """
    if "file" in given and (stray := [key for key in OF_CONTAINERS[1:] if key in given]):
        raise UsageError(f"--{stray[0]} chooses containers, and --file reads files", help="use one of the two")
    values = _lesser(config.values, given) | dict(given)
    # A bare number is a time too, and YAML has made an integer of it.
    written = {KEYS[key]: str(value) if key in ("since", "until") else value for key, value in values.items()}
    try:
        settings = ScanSettings.model_validate(written, context={"now_ns": now_ns})
    except ValidationError as error:
        raise _fault(error, given, config) from None
    if settings.files or "since" in values:
        return settings
    end_ns = now_ns if settings.until_ns is None else settings.until_ns
    return settings.model_copy(update={"since_ns": end_ns - DEFAULT_RANGE_NS})


def _lesser(config: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what the file says about the kind of source that the flags have decided against."""
    against = OF_CONTAINERS if "file" in given else OF_FILES if "containers" in given else ()
    return {key: value for key, value in config.items() if key not in against}


def _fault(error: ValidationError, given: Mapping[str, Any], config: Config) -> UsageError:
    """Say of the first wrong value where it was written, and what should stand there."""
    first = error.errors(include_url=False)[0]
    name = str(first["loc"][0])
    key = next(key for key, field_name in KEYS.items() if field_name == name)
    place = f"--{key.replace('_', '-')}" if key in given else f"{config.path}:{config.lines.get(key, 1)}: {key}"
    said = str((first.get("ctx") or {}).get("error", first["msg"]))
    wants = ScanSettings.model_fields[name].description
    return UsageError(f"{place}: {said[0].lower()}{said[1:]}", help=f"write {wants}")
