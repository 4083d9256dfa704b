"""Read YAML into nodes that know their line.

Owns the subset of YAML that rule files are written in, and its faults: the core schema of YAML 1.2,
so that `no` and `on` are words and `1:30` is text; no tags, anchors, aliases or merge keys; no key
twice; bounded in size, depth and number of nodes. Does not own what the keys mean (model).

Nodes are built from parser events, one at a time and without recursion. So a nesting a million deep,
or a bomb of aliases, is refused at the first event that goes too far, before it costs anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, NoReturn

import yaml

from logscan.errors import Fault, RuleError
from logscan.ruleset.node import MAX_BYTES, Node, Scalar

MAX_DEPTH = 32
MAX_NODES = 100_000
"""Keys and values. At 1 MiB only a file of one-letter values has more."""
MAX_FAULTS = 50
"""Per file; what is wrong fifty times is wrong in one way."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NO_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_BASES = {"0o": 8, "0x": 16}

_NOT_PRINTABLE = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_UNQUOTED = re.compile(r"[^\s,\]}]+")


def read_yaml(path: str, data: bytes) -> Node:
    """Read the one document in `data`; `path` is what faults are reported with. Raises RuleError."""
    text = _decode(path, data)
    builder = _Builder(path)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        builder.faults.append(_explain(path, text, error))
    except yaml.YAMLError as error:
        builder.faults.append(Fault(path, 1, f"not valid YAML: {error}"))
    if builder.faults:
        raise RuleError(builder.faults)
    if builder.root is None or builder.root.value is None:
        raise RuleError([Fault(path, 1, "the file is empty", "a rule file begins with: schema: logscan/v1")])
    return builder.root


def resolve(text: str) -> Scalar:
    """Give what an unquoted `text` means in the core schema."""
    if text in _WORDS:
        return _WORDS[text]
    try:
        if _INT.fullmatch(text):
            return int(text[2:], _BASES[text[:2]]) if text[:2] in _BASES else int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
    except ValueError:  # Python refuses to convert thousands of digits, and so they are text
        return text
    return float(text.replace(".", "")) if _NO_NUMBER.fullmatch(text) else text


def _decode(path: str, data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise RuleError([Fault(path, 1, "the file is larger than 1 MiB", "split it into several files")])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise RuleError([Fault(path, line, "the file is not UTF-8", "save it as UTF-8 text")]) from None
    if found := _NOT_PRINTABLE.search(text):
        line = text.count("\n", 0, found.start()) + 1
        message = f"the file holds the control character U+{ord(found[0]):04X}"
        raise RuleError([Fault(path, line, message, r'in "double quotes" write it as \e or \x1b; is the file text?')])
    return text


@dataclass(slots=True)
class _Open:
    """A list or mapping that is not closed yet; `key` waits for its value."""

    node: Node
    key: str | None = None
    key_line: int = 0


class _Builder:
    """Builds the tree from events; collects the faults that let it go on."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.faults: list[Fault] = []
        self.root: Node | None = None
        self._open: list[_Open] = []
        self._nodes = 0

    def report(self, fault: Fault) -> None:
        self.faults.append(fault)
        if len(self.faults) >= MAX_FAULTS:
            raise RuleError(self.faults)

    def fault(self, line: int, message: str, advice: str | None = None) -> None:
        self.report(Fault(self.path, line, message, advice))

    def stop(self, line: int, message: str, advice: str) -> NoReturn:
        raise RuleError([*self.faults, Fault(self.path, line, message, advice)])

    def take(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.NodeEvent):
            self._count(line)
            self._check_properties(event, line)
        if isinstance(event, yaml.AliasEvent):
            self._put(f"*{event.anchor}", line)
        elif isinstance(event, yaml.ScalarEvent):
            self._put_scalar(event, line)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._begin({} if isinstance(event, yaml.MappingStartEvent) else [], line)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._open.pop()
        elif isinstance(event, yaml.DocumentStartEvent) and self.root is not None:
            self.stop(line, "a second document begins here", "put each document into a file of its own")

    def _count(self, line: int) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            self.stop(line, f"the file has more than {MAX_NODES} keys and values", "split it into several files")

    def _check_properties(self, event: yaml.NodeEvent, line: int) -> None:
        if isinstance(event, yaml.AliasEvent):
            self.report(_star_fault(self.path, line, f"*{event.anchor}"))
        elif event.anchor is not None:
            self.fault(line, "anchors are not part of the format", f'for text, quote it: "&{event.anchor} …"')
        if getattr(event, "tag", None) is not None:
            self.fault(line, "tags are not part of the format", "quote text that begins with !")

    def _put_scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        is_plain = event.implicit[0]
        if is_plain and event.value == "<<" and self._wants_key():
            self.fault(line, "merge keys are not part of the format", "write the keys out")
        self._put(event.value if self._wants_key() or not is_plain else resolve(event.value), line)

    def _begin(self, value: list[Node] | dict[str, Node], line: int) -> None:
        if self._wants_key():
            self.stop(line, "a key is a word, not a list or a mapping", "quote text that begins with [ or {")
        if len(self._open) >= MAX_DEPTH:
            self.stop(line, f"nested more than {MAX_DEPTH} deep", "take groups apart, or quote text full of brackets")
        self._open.append(_Open(self._put(value, line)))

    def _wants_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1].node.value, dict) and self._open[-1].key is None

    def _put(self, value: Any, line: int) -> Node:
        """Hang `value` where it belongs: a key waits, a value closes its key, an item is appended."""
        if not self._open:
            self.root = node = Node(value, line)
            return node
        top = self._open[-1]
        if isinstance(top.node.value, list):
            top.node.value.append(node := Node(value, line))
        elif isinstance(top.node.value, dict):
            if top.key is None:
                top.key, top.key_line = value, line
                return Node(value, line)
            node = Node(value, top.key_line)
            first = top.node.value.setdefault(top.key, node)
            if first is not node:
                self.fault(node.line, f"the key `{top.key}` is there twice", f"it stands on line {first.line} already")
            top.key = None
        return node


def _star_fault(path: str, line: int, text: str) -> Fault:
    return Fault(path, line, "unquoted text begins with *, which YAML reads as an alias", f'quote it: "{text}"')


_EXPLANATIONS = (
    ("tab character", "a tab where YAML wants spaces", "indent with spaces"),
    ("mapping values", "a colon stands where no key can be", 'quote text that holds ": "'),
    ("unknown escape", "YAML knows no such escape in double quotes", "write patterns in single quotes"),
    ("unexpected end of stream", "quoted text is not closed", "put the closing quote"),
    ("expected ',' or", "a list or mapping in brackets is not closed", "quote text that holds , [ ] { or }"),
    ("expected key", "something follows the end of a value", "quote the whole text, or line up the keys"),
    ("expected <block end>", "something follows the end of a value", "quote the whole text, or line up the keys"),
    ("'-' indicator", "a list goes on without a dash", "line up the items of a list, each with a dash"),
    ("sequence entries", "a list begins where it can't", "begin it on a line of its own"),
    ("<document start>", "something follows the end of the document", "quote the whole text"),
)
"""Words of PyYAML's problem (its two parsers word some differently), what it means, and what to do."""


def _explain(path: str, text: str, error: yaml.MarkedYAMLError) -> Fault:
    """Say in words of the format what the parser found."""
    mark = error.context_mark if error.context and "scanning" in error.context else error.problem_mark
    mark = mark or error.problem_mark
    line, index = (mark.line + 1, mark.index) if mark else (1, 0)
    problem = error.problem or "no reason given"
    token = _UNQUOTED.match(text, index)
    if token and error.context == "while scanning an alias":
        return _star_fault(path, line, token[0])
    if token and error.context == "while scanning an anchor":
        return Fault(
            path, line, "unquoted text begins with &, which YAML reads as an anchor", f'quote it: "{token[0]}"'
        )
    if "cannot start any token" in problem:
        if text[index : index + 1] == "\t":
            return Fault(path, line, "a tab where YAML wants spaces", "indent with spaces")
        return Fault(path, line, f"unquoted text can't begin with {text[index : index + 1]}", "quote the whole text")
    for words, message, advice in _EXPLANATIONS:
        if words in problem:
            return Fault(path, line, message, advice)
    return Fault(path, line, f"not valid YAML: {problem}")
