"""The settings file: logscan.yaml, read as strictly as a rule file.

Owns which file is read, that its keys are known, and that paths in it start at its own folder. Does
not own what values mean (settings), nor the YAML that may be written (ruleset.yaml_reader).
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from logscan.errors import Fault, RuleError, UsageError
from logscan.ruleset.node import Node
from logscan.settings import KEYS, Config

DEFAULT_PATH = Path("logscan.yaml")
PATH_KEYS = ("file", "rules", "output", "state")


def read_config(name: str | None) -> Config:
    """Read the file of this name, else ./logscan.yaml if there is one.

    Raises UsageError when it can't be read, and RuleError, with all its faults, when it is not YAML
    or has keys that nobody knows.
    """
    path = DEFAULT_PATH if name is None else Path(name)
    if name is None and not path.exists():
        return Config()
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"can't read {path}: {reason}", help="name a settings file with --config") from error
    if not _says_something(data):
        return Config(str(path))
    # Here, since most have no settings file, and a parser takes long to import.
    from logscan.ruleset.yaml_reader import read_yaml  # noqa: PLC0415

    keys = _keys(str(path), read_yaml(str(path), data))
    if faults := list(_unknown(str(path), keys)):
        raise RuleError(faults)
    values = {key: node.plain() for key, node in keys.items() if node.value is not None}
    values |= {key: _beside(path, values[key]) for key in PATH_KEYS if key in values}
    return Config(str(path), values, {key: node.line for key, node in keys.items()})


def _says_something(data: bytes) -> bool:
    """A settings file in which all is commented out is no fault, as an empty rule file is."""
    return any(line.strip() and not line.lstrip().startswith(b"#") for line in data.splitlines())


def _keys(path: str, root: Node) -> dict[str, Node]:
    if isinstance(root.value, dict):
        return root.value
    raise RuleError(
        [Fault(path, root.line, "settings are written as `key: value`", "logscan.example.yaml shows them all")]
    )


def _unknown(path: str, keys: dict[str, Node]) -> Iterator[Fault]:
    for key, node in keys.items():
        if key not in KEYS:
            close = get_close_matches(key.replace("-", "_"), KEYS, n=1)
            advice = f"did you mean {close[0]}?" if close else f"known are {', '.join(KEYS)}"
            yield Fault(path, node.line, f"unknown key {key!r}", advice)


def _beside(config: Path, value: Any) -> Any:
    """Let a path start at the settings file's folder, wherever logscan runs; `-` is standard input."""
    if isinstance(value, list):
        return [_beside(config, part) for part in value]
    return str(config.parent / value) if isinstance(value, str) and value != "-" else value
