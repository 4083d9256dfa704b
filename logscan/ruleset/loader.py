"""Load rule files: from paths to rules, or to all faults of all files at once.

Owns which files are read, the ids that must be unique over all of them, the filling-in of a file's
`where`, and the order of the work: whatever concerns several files waits until all are read. Does not
own the syntax (yaml_reader), the keys (model), the words for what is wrong in a file (faults), nor
what rules say of each other (references, overrides). What is printed is the path as the caller gave it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from logscan.errors import Fault, RuleError, UsageError
from logscan.ruleset.checked import listed
from logscan.ruleset.faults import faults_of
from logscan.ruleset.model import CHECKED, Rule, RuleFile
from logscan.ruleset.node import MAX_BYTES, Node
from logscan.ruleset.overrides import PlacedOverride, apply, contradictions, misfits
from logscan.ruleset.parsed import ParsedFile, ParsedFiles
from logscan.ruleset.references import Reference, check_references, references_of
from logscan.ruleset.warning import RuleWarning

_SUFFIXES = frozenset({".yaml", ".yml"})
_PACKAGE = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules to work with, overrides applied, and what is doubtful about the overrides."""

    rules: tuple[Rule, ...]
    warnings: tuple[RuleWarning, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a rule id stands."""

    path: str
    line: int
    builtin: bool


@dataclass(frozen=True, slots=True)
class _Read:
    """What the files held that have been read so far."""

    ids: dict[str, _Place] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    overrides: list[PlacedOverride] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def builtin_rules() -> Path:
    """Give the folder of the shipped rules: inside the installed package, else beside it in the repository."""
    installed = _PACKAGE / "rules"
    return installed if installed.is_dir() else _PACKAGE.parent / "rules"


def load_rules(paths: Sequence[Path], *, builtin: bool = True) -> tuple[Rule, ...]:
    """Load rules as `load_ruleset` does, when nobody asks about stale overrides."""
    return load_ruleset(paths, builtin=builtin).rules


def load_ruleset(
    paths: Sequence[Path],
    *,
    builtin: bool = True,
    elsewhere: Collection[str] = (),
    cache: Path | None = None,
    trusting: AbstractSet[str] | None = None,
) -> RuleSet:
    """Load the shipped rules, unless `builtin` is false, and those of `paths`, in this order.

    A path is a file, or a folder: its `*.yaml` and `*.yml`, sorted by name, without its subfolders
    and hidden files. A file that is reached twice is read once. `elsewhere` holds ids of rules that
    are not loaded and may be named all the same. `cache`: a folder in which sound files are remembered.
    `trusting`: the hashes of files whose patterns were checked before; None for those that were released.
    Raises UsageError for a path that is not there or holds no rule file, RuleError with every fault of
    every file.
    """
    shipped = _files_of(builtin_rules()) if builtin else []
    chosen = [*shipped, *(file for path in paths for file in _files_of(path))]
    files: dict[Path, Path] = {}
    for file in chosen:
        files.setdefault(file.resolve(), file)
    read, parsed = _Read(), ParsedFiles(cache, listed(builtin_rules()) if trusting is None else trusting)
    for file in files.values():
        try:
            _read_file(file, read, parsed, builtin=file in shipped)
        except RuleError as error:
            read.faults.extend(error.faults)
    read.faults.extend(_faults_between(read, elsewhere))
    if read.faults:
        raise RuleError(read.faults)
    parsed.save()
    rules, stale = apply(read.rules, read.overrides, elsewhere=elsewhere)
    return RuleSet(rules, tuple(stale))


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


def _read_file(file: Path, read: _Read, parsed: ParsedFiles, *, builtin: bool) -> None:
    """Add what `file` holds to `read`. Raises RuleError for what is wrong in the file alone."""
    path, data = str(file), _content(file)
    found = parsed.find(data)
    known = found is not None
    if found is None:
        # Here, since a parser takes longer to import than all rules to load.
        from logscan.ruleset.yaml_reader import read_yaml  # noqa: PLC0415

        found = ParsedFile.of(read_yaml(path, data))
    root = found.root
    read.faults.extend(_repeated_ids(root, path, read.ids, builtin=builtin))
    try:
        context = CHECKED if known or parsed.is_listed(data) else None
        content = RuleFile.model_validate(found.plain, context=context)
    except ValidationError as error:
        raise RuleError(faults_of(path, root, error)) from None
    if not known:
        parsed.add(data, found)
    for model, node in zip(content.rules, _items(root, "rules"), strict=True):
        read.rules.append(Rule(model, model.where or content.where, file.name, path, node.line, content.technology))
        read.references.extend(references_of(model.id, path, model, node))
    for override, node in zip(content.overrides, _items(root, "overrides"), strict=True):
        lines = {key: value.line for key, value in node.value.items()} if isinstance(node.value, dict) else {}
        read.overrides.append(PlacedOverride(override, path, node.line, lines))
        read.references.extend(references_of(override.id, path, override, node))


def _faults_between(read: _Read, elsewhere: Collection[str]) -> Iterator[Fault]:
    """Tell what only shows when all files are read. A rule whose file has faults is there all the same."""
    combining = {rule.id for rule in read.rules if rule.model.combines}
    yield from check_references(read.references, {*read.ids, *elsewhere}, combining)
    yield from contradictions(read.overrides)
    yield from misfits(read.rules, read.overrides)


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


def _items(root: Node, key: str) -> list[Node]:
    """Give the items under `key` of a file, which need not be sound."""
    found = root.value.get(key) if isinstance(root.value, dict) else None
    return found.value if found and isinstance(found.value, list) else []


def _ids_of(root: Node) -> Iterator[tuple[str, int]]:
    for rule in _items(root, "rules"):
        node = rule.value.get("id") if isinstance(rule.value, dict) else None
        if node and isinstance(node.value, str):
            yield node.value, node.line
