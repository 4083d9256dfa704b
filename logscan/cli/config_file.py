"""The settings file: logscan.yaml, read as strictly as a rule file.

Owns which file is read, that its keys are known, and that paths in it start at its own folder. Does
not own what values mean (settings), nor YAML itself (ruleset.yaml_reader).
"""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from logscan.errors import UsageError
from logscan.settings import KEYS, Config

DEFAULT_PATH = Path("logscan.yaml")
PATH_KEYS = ("file", "rules", "output")


def read_config(name: str | None) -> Config:
    """Read the file of this name, else ./logscan.yaml if there is one. Raises UsageError."""
    path = DEFAULT_PATH if name is None else Path(name)
    if name is None and not path.exists():
        return Config()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"can't read {path}: {error}", help="name a settings file with --config") from error
    node = yaml.compose(text, yaml.CSafeLoader)
    if node is None:
        return Config(str(path))
    lines = {key.value: key.start_mark.line + 1 for key, _ in node.value}
    for key, line in lines.items():
        if key not in KEYS:
            close = get_close_matches(key.replace("-", "_"), KEYS, n=1)
            raise UsageError(
                f"{path}:{line}: unknown key {key!r}",
                help=f"did you mean {close[0]}?" if close else f"the keys are {', '.join(KEYS)}",
            )
    values = yaml.safe_load(text)
    return Config(
        str(path), {key: _beside(path, value) if key in PATH_KEYS else value for key, value in values.items()}, lines
    )


def _beside(config: Path, value: Any) -> Any:
    """Let paths start at the settings file's folder, wherever logscan is run; `-` is no path."""
    if isinstance(value, list):
        return [_beside(config, part) for part in value]
    return str(config.parent / value) if isinstance(value, str) and value != "-" else value
