"""Settings: what a scan or a follow is asked for, out of flags, the environment and logscan.yaml.

Owns the keys a person may write, what their words mean (times, zones, severities), their defaults
and which of them exclude each other. Flags and `LOGSCAN_*` come in as one mapping, since the
command line merges them anyway; both outrank the file. One file serves all commands: what it says
that means nothing to a command is left aside. Does not own the flags themselves (cli), nor reading
the file (cli.config_file), nor any clock: now is an argument.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo, model_validator

from logscan.duration import UNITS_NS, parse_duration
from logscan.errors import UsageError
from logscan.finding import Severity

A_TIME = "24h, 90m, 2025-12-03, 2025-12-03T06:05:46Z or seconds since the epoch"

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


class FollowFormat(StrEnum):
    """How what is found is told while a follow goes on."""

    TEXT = "text"
    NDJSON = "ndjson"


class Since(StrEnum):
    """From where logs are followed, where no time is named."""

    LAST = "last"
    """From where the last run stopped; a log that none has read, from now on."""
    NOW = "now"
    """From now on, whatever the last run has left unread."""


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
    time_ns = parse_moment(value, info.data.get("timezone", ZoneInfo("UTC")), (info.context or {})["now_ns"])
    if not 0 <= time_ns <= LATEST_NS:
        raise ValueError(f"{value!r} is not between 1970 and 2262; a bare number is in seconds")
    return time_ns


def _since(value: Any, info: ValidationInfo) -> Any:
    return Since(value) if value in list(Since) else _moment(value, info)


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


def default_state() -> Path:
    """Give the file in which state is kept when nobody names one, as the XDG base directories have it."""
    named = Path(os.environ.get("XDG_STATE_HOME", ""))
    home = named if named.is_absolute() else Path("~/.local/state")
    return Path(os.path.expanduser(home / "logscan" / "logscan.db"))  # noqa: PTH111 - Path.expanduser raises without a home


OF_CONTAINERS = ("containers", "project", "service", "label", "image", "exclude")
OF_FILES = ("file", "as", "image_name")


class CommonSettings(BaseModel):
    """What every reading of logs is asked for. Times are nanoseconds since the epoch, inclusive."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True)

    # first, since the times below are read in it
    timezone: Annotated[ZoneInfo, BeforeValidator(_zone)] = Field(
        ZoneInfo("UTC"), description="an IANA name such as Europe/Berlin, for times that are written without a zone"
    )
    names: Words = Field((), description="names, ID prefixes or globs of containers; none means all")
    project: Words = Field((), description="compose projects or swarm stacks")
    service: Words = Field((), description="compose or swarm services")
    label: Words = Field((), description="labels, as KEY or KEY=VALUE")
    image: Words = Field((), description="globs on image names")
    exclude: Words = Field((), description="names or globs of containers to leave out")
    until_ns: Moment = Field(None, description=A_TIME)
    rule_paths: Paths = Field((), description="rule files, or folders of them")
    builtin: bool = Field(True, description="true or false; false leaves out logscan's own rules")
    only: Words = Field((), description="globs on the rule ids to use")
    skip: Words = Field((), description="globs on the rule ids to leave out")
    min_severity: Annotated[Severity, BeforeValidator(_severity)] = Field(
        Severity.INFO, description="info, low, medium, high or critical"
    )
    output: Annotated[Path | None, BeforeValidator(_path)] = Field(None, description="a file for the result")
    samples: int = Field(3, ge=1, description="a number of lines of evidence per finding, 1 or more")
    context: int = Field(0, ge=0, description="a number of lines around each line of evidence, 0 or more")
    fail_on: Annotated[Severity | None, BeforeValidator(_severity_or_never)] = Field(
        None, description="info, low, medium, high, critical or never"
    )
    allow_incomplete: bool = Field(False, description="true or false; true lets an incomplete run exit with 0")
    hosts: Words = Field((), description="the address of an engine, such as unix:///var/run/docker.sock, or several")
    host_name: str | None = Field(None, description="the name that findings give to the host")
    state: Annotated[Path, BeforeValidator(_path)] = Field(
        default_factory=default_state, description="the file in which follow keeps what it knows"
    )
    verbose: bool = Field(False, description="true or false")
    quiet: bool = Field(False, description="true or false")

    @property
    def host(self) -> str | None:
        """The first engine that was named."""
        return self.hosts[0] if self.hosts else None

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.host_name is not None and len(self.hosts) > 1:
            raise UsageError("--host-name is the name of one host", help="leave it out: each engine knows its own name")
        if self.verbose and self.quiet:
            raise UsageError("--verbose and --quiet exclude each other", help="choose one")
        return self

    def _agrees_on_range(self, since_ns: int | None) -> None:
        if since_ns is not None and self.until_ns is not None and since_ns > self.until_ns:
            raise UsageError("--since is later than --until", help="a time such as 24h counts back from now")


class ScanSettings(CommonSettings):
    """Everything that one scan is asked for. `since_last`: what no run on the same state has read yet."""

    files: Paths = Field((), description="log files, folders of *.log, or - for standard input")
    since_ns: Moment = Field(None, description=f"last, {A_TIME}")
    since_last: bool = False
    tail: int | None = Field(None, ge=0, description="a number of last lines, 0 or more")
    as_name: str | None = Field(None, description="the name that rules know a file's container by")
    image_name: str | None = Field(None, description="the image that rules know a file's container by")
    format: Annotated[Format, BeforeValidator(_word_of(Format))] = Field(Format.TEXT, description=", ".join(Format))
    direct: Annotated[Direct, BeforeValidator(_word_of(Direct))] = Field(Direct.AUTO, description=", ".join(Direct))

    @model_validator(mode="after")
    def _agrees_on_a_scan(self) -> Self:
        self._agrees_on_range(self.since_ns)
        if self.files and self.names:
            raise UsageError("one scan reads containers or files, not both", help="scan them one after the other")
        if (self.as_name or self.image_name) and not self.files:
            raise UsageError("--as and --image-name say whose log a file is", help="name the file with --file")
        if self.tail is not None and self.files:
            raise UsageError(
                "--tail asks the engine for the end of a log",
                help="pipe the end in: tail -n 100 FILE | logscan scan --file -",
            )
        if self.since_last:
            self._agrees_on_going_on()
        return self

    def _agrees_on_going_on(self) -> None:
        """Reading on from the last time takes all that came since, and by the engine: only it tells logs apart."""
        if self.files:
            raise UsageError("--since last goes on in the logs of containers, not in files", help="leave it out")
        for flag, said in (
            ("--until", self.until_ns is not None),
            ("--tail", self.tail is not None),
            ("--direct always", self.direct is Direct.ALWAYS),
        ):
            if said:
                raise UsageError(f"--since last reads on to the end, and {flag} does not", help="leave one of them out")


class FollowSettings(CommonSettings):
    """Everything that a follow is asked for. `until_ns`: it ends by itself when this time has passed."""

    since: Annotated[Since | int, BeforeValidator(_since)] = Field(Since.LAST, description=f"last, now, {A_TIME}")
    format: Annotated[FollowFormat, BeforeValidator(_word_of(FollowFormat))] = Field(
        FollowFormat.TEXT, description=", ".join(FollowFormat)
    )

    @model_validator(mode="after")
    def _agrees_on_a_follow(self) -> Self:
        self._agrees_on_range(self.since if not isinstance(self.since, Since) else None)
        return self


_WRITTEN = {
    "names": "containers",
    "files": "file",
    "as_name": "as",
    "since_ns": "since",
    "until_ns": "until",
    "rule_paths": "rules",
    "hosts": "host",
}


def _keys_of(settings: type[CommonSettings]) -> dict[str, str]:
    """Give the field that each key fills; what has no description is derived, and nobody writes it."""
    return {_WRITTEN.get(name, name): name for name, info in settings.model_fields.items() if info.description}


KEYS = tuple(dict.fromkeys([*_keys_of(ScanSettings), *_keys_of(FollowSettings)]))
"""What is written in logscan.yaml, and with hyphens behind `--`."""

Settings = TypeVar("Settings", bound=CommonSettings)


@dataclass(frozen=True, slots=True)
class Config:
    """What logscan.yaml says: `values` by KEYS, and the `lines` where they stand, from 1."""

    path: str = "logscan.yaml"
    values: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)


def resolve(given: Mapping[str, Any], config: Config, *, now_ns: int) -> ScanSettings:
    """Build the settings of a scan out of what was `given` as flags or in the environment, and of the file.

    Both are by KEYS, and hold only what was said. Raises UsageError with its help.
    """
    if "file" in given and (stray := [key for key in OF_CONTAINERS[1:] if key in given]):
        raise UsageError(f"--{stray[0]} chooses containers, and --file reads files", help="use one of the two")
    values = _lesser(config.values, given) | dict(given)
    since_last = values.get("since") == Since.LAST
    if since_last:
        del values["since"]
    settings = _validated(ScanSettings, values, given, config, now_ns=now_ns, since_last=since_last)
    if settings.files or since_last or "since" in values:
        return settings
    end_ns = now_ns if settings.until_ns is None else settings.until_ns
    return settings.model_copy(update={"since_ns": end_ns - DEFAULT_RANGE_NS})


def resolve_follow(given: Mapping[str, Any], config: Config, *, now_ns: int) -> FollowSettings:
    """Build the settings of a follow, as `resolve` does those of a scan."""
    return _validated(FollowSettings, dict(config.values) | dict(given), given, config, now_ns=now_ns)


def _validated(
    kind: type[Settings],
    values: Mapping[str, Any],
    given: Mapping[str, Any],
    config: Config,
    *,
    now_ns: int,
    **derived: Any,
) -> Settings:
    keys = _keys_of(kind)
    # A bare number is a time too, and YAML has made an integer of it.
    written = {
        keys[key]: str(value) if key in ("since", "until") else value for key, value in values.items() if key in keys
    }
    try:
        return kind.model_validate(written | derived, context={"now_ns": now_ns})
    except ValidationError as error:
        raise _fault(error, kind, given, config) from None


def _lesser(config: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what the file says about the kind of source that the flags have decided against."""
    against = OF_CONTAINERS if "file" in given else OF_FILES if "containers" in given else ()
    return {key: value for key, value in config.items() if key not in against}


def _fault(error: ValidationError, kind: type[CommonSettings], given: Mapping[str, Any], config: Config) -> UsageError:
    """Say of the first wrong value where it was written, and what should stand there."""
    first = error.errors(include_url=False)[0]
    name = str(first["loc"][0])
    key = _WRITTEN.get(name, name)
    place = f"--{key.replace('_', '-')}" if key in given else f"{config.path}:{config.lines.get(key, 1)}: {key}"
    said = str((first.get("ctx") or {}).get("error", first["msg"]))
    wants = kind.model_fields[name].description
    return UsageError(f"{place}: {said[0].lower()}{said[1:]}", help=f"write {wants}")
