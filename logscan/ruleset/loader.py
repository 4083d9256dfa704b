"""Load rule files: from paths to rules, or to all faults of all files at once.

Owns which files are read, the ids that must be unique over all of them, and the filling-in of a
file's `where`. Does not own the syntax (yaml_reader), the keys (model) or the words for what is wrong
in a file (faults). What is printed is the path as the caller gave it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from logscan.errors import Fault, RuleError, UsageError
from logscan.ruleset.faults import faults_of
from logscan.ruleset.model import Rule, RuleFile
from logscan.ruleset.yaml_reader import MAX_BYTES, Node, read_yaml

_SUFFIXES = frozenset({".yaml", ".yml"})
_PACKAGE = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a rule id stands."""

    path: str
    line: int
    builtin: bool


def builtin_rules() -> Path:
    """Give the folder of the shipped rules: inside the installed package, else beside it in the repository."""
    installed = _PACKAGE / "rules"
    return installed if installed.is_dir() else _PACKAGE.parent / "rules"


def load_rules(paths: Sequence[Path], *, builtin: bool = True) -> tuple[Rule, ...]:
    """Load the shipped rules, unless `builtin` is false, and those of `paths`, in this order.

    A path is a file, or a folder: its `*.yaml` and `*.yml`, sorted by name, without its subfolders
    and hidden files. A file that is reached twice is read once. Raises UsageError for a path that is
    not there or holds no rule file, RuleError with every fault of every file.
    """
    shipped = _files_of(builtin_rules()) if builtin else []
    chosen = [*shipped, *(file for path in paths for file in _files_of(path))]
    files: dict[Path, Path] = {}
    for file in chosen:
        files.setdefault(file.resolve(), file)
    faults: list[Fault] = []
    rules: list[Rule] = []
    ids: dict[str, _Place] = {}
    for file in files.values():
        try:
            root = read_yaml(str(file), _content(file))
            faults += _repeated_ids(root, str(file), ids, builtin=file in shipped)
            rules += _rules_of(file, root)
        except RuleError as error:
            faults += error.faults
    if faults:
        raise RuleError(faults)
    return tuple(rules)


def _files_of(path: Path) -> list[Path]:
    if not path.exists():
        raise UsageError(f"there is no rule file or folder {path}", help="give the path of a YAML file or its folder")
    if not path.is_dir():
        return [path]
    try:
        inside = sorted(path.iterdir())
    except OSError as error:
        raise UsageError(f"the folder {path} can't be read: {error.strerror}", help="check its permissions") from None
    named = [file for file in inside if file.suffix in _SUFFIXES and file.name[0] != "."]
    files = [file for file in named if file.is_file() or not file.exists()]  # a link to nowhere is told as a fault
    if not files:
        raise UsageError(
            f"the folder {path} holds no rule file", help="rule files end in .yaml or .yml; subfolders are not read"
        )
    return files


def _content(file: Path) -> bytes:
    """Read no more than shows that a file is too large."""
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise RuleError([Fault(str(file), 1, f"the file can't be read: {error.strerror}")]) from None


def _repeated_ids(root: Node, path: str, ids: dict[str, _Place], *, builtin: bool) -> Iterator[Fault]:
    """Tell the ids that stand elsewhere already. On nodes, so that files with other faults take part."""
    for rule_id, line in _ids_of(root):
        place = _Place(path, line, builtin)
        first = ids.setdefault(rule_id, place)
        if first is place:
            continue
        where = "a shipped rule" if first.builtin else "a rule"
        advice = "choose another id; to replace a shipped rule, also leave it out with --skip"
        yield Fault(
            path,
            line,
            f"the id `{rule_id}` is taken by {where}, {first.path}:{first.line}",
            advice if first.builtin and not builtin else "an id names one rule; choose another",
        )


def _rule_nodes(root: Node) -> list[Node]:
    rules = root.value.get("rules") if isinstance(root.value, dict) else None
    return rules.value if rules and isinstance(rules.value, list) else []


def _ids_of(root: Node) -> Iterator[tuple[str, int]]:
    for rule in _rule_nodes(root):
        node = rule.value.get("id") if isinstance(rule.value, dict) else None
        if node and isinstance(node.value, str):
            yield node.value, node.line


def _rules_of(file: Path, root: Node) -> list[Rule]:
    try:
        content = RuleFile.model_validate(root.plain())
    except ValidationError as error:
        raise RuleError(faults_of(str(file), root, error)) from None
    return [
        Rule(model, model.where or content.where, file.name, str(file), node.line, content.technology)
        for model, node in zip(content.rules, _rule_nodes(root), strict=True)
    ]
