r"""The pattern dialect of rules: what may be written, and how it is compiled.

Owns the dialect: the common subset of the standard library's `re` and of `regex`, read the same by
both. The literals of a pattern are derived from the parse tree of `re` while `regex` is the judge of
a line; a construct that only one of them knows, or that they read differently, would make the two
disagree, and the rule would miss lines without a word. Does not own the derivation, nor matching.

Flags. A pattern is compiled as V0 with ASCII classes and, unless case matters, without regard to
case. Under the ASCII flag `regex` folds A to Z alone: neither the Kelvin sign nor the long s nor the
dotless i is taken for a letter of ASCII. `(?i)` and `(?i:…)` are allowed: they can only widen a
case-sensitive pattern to what is the default anyway, and the search for literals ignores case
throughout. `(?a)`, `(?m)` and `(?s)` change nothing that a line of text could show. All others would
undo the dialect and are refused.

One difference is left, and harmless: `\B` holds in an empty line for `regex`, and for `re` from
Python 3.14 on. It gives no literal.
"""

from __future__ import annotations

import re
import warnings

import regex

MAX_PATTERN_LENGTH = 4096
"""In characters. Far above any pattern that a person reads, and it bounds the work of both compilers."""

MAX_REPEATED = 2000
"""Elements that the repeats of a pattern may add when they are written out, as `regex` does when it
compiles: three nested repeats of a thousand, or twenty nested `+`, would take it minutes."""

_RE_FLAGS = re.ASCII | re.IGNORECASE

_TOKEN = re.compile(
    r"""
      (?P<escape>\\(?P<letter>.))
    | (?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])
    | \(\?\#[^)]*\)
    | (?P<repeat>\+|\{(?P<least>\d*)(?P<open>,?)(?P<most>\d*)\})[+?]?
    | \(\?(?P<flags>[A-Za-z0-9-]+)(?P<scope>[:)])
    | \((?P<call>\?(?:\||&|P>|[-+]?\d|<(?![=!]))|\*)
    | (?P<fuzzy>\{(?:\d+<=?)?\d*[deis])
    | .
    """,
    re.VERBOSE | re.DOTALL,
)
_NAMED = "(?P<"
_POSIX_CLASS = re.compile(r"\[:\^?\w+:")

_ESCAPES = {
    "p": ("a Unicode property", r"list the characters, such as [A-Za-z], or use \w, \d or \s (ASCII)"),
    "P": ("a Unicode property", r"list the characters, such as [^A-Za-z], or use \W, \D or \S (ASCII)"),
    "K": (r"\K", "put the part to keep in a named group, (?P<name>…)"),
    "G": (r"\G", "a pattern is searched for anywhere in the line; ^ is its start"),
    "X": (r"\X", "a dot is one character"),
    "R": (r"\R", "patterns see one line at a time, without its end"),
    "L": ("a named list", "write the words as (?:one|two)"),
    "h": (r"\h", r"write [ \t]"),
    "m": (r"\m", r"write \b"),
    "M": (r"\M", r"write \b"),
    "z": (r"\z", r"write \Z"),
}
_CALLS = {
    "?|": ("a branch reset", "use (?:…|…) and give each group its own name"),
    "?<": ("a group named (?<name>…)", "write (?P<name>…)"),
    "*": ("a backtracking verb", r"write \( for a parenthesis"),
}
_RECURSION = ("recursion", "a pattern can't call itself; write the repetition out")


class PatternError(ValueError):
    """A pattern is outside the dialect. `hint` says what to write, in one sentence, where we know."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


def check_pattern(pattern: str) -> None:
    """Raise PatternError, a ValueError, when `pattern` is outside the dialect or is no regular expression."""
    if len(pattern) > MAX_PATTERN_LENGTH:
        raise PatternError(
            f"the pattern has {len(pattern)} characters, more than {MAX_PATTERN_LENGTH}",
            "split it into several matchers under any",
        )
    tokens = list(_TOKEN.finditer(pattern))
    for token in tokens:
        _check_token(token)
    if _repeated(tokens) > MAX_REPEATED:
        raise PatternError("the repeats of the pattern multiply beyond measure", "lower the counts, or use + or *")
    try:
        _compile_both(pattern)
    except RecursionError:
        raise PatternError("the pattern is nested too deep", "take parentheses out of it") from None


def compile_pattern(pattern: str, *, sensitive: bool, multiline: bool = False) -> regex.Pattern[str]:
    """Compile `pattern`, which `check_pattern` has passed: V0, ASCII classes, case ignored unless `sensitive`."""
    flags = regex.V0 | regex.ASCII
    flags |= 0 if sensitive else regex.IGNORECASE
    return regex.compile(pattern, flags | regex.MULTILINE if multiline else flags)


class LazyPattern:
    """A pattern that is compiled when it is first needed. Most of a thousand rules never meet a line of theirs."""

    __slots__ = ("_compiled", "_multiline", "_sensitive", "text")

    def __init__(self, text: str, *, sensitive: bool = False, multiline: bool = False) -> None:
        self.text = text
        self._sensitive = sensitive
        self._multiline = multiline
        self._compiled: regex.Pattern[str] | None = None

    @property
    def compiled(self) -> regex.Pattern[str]:
        compiled = self._compiled
        if compiled is None:
            compiled = self._compiled = compile_pattern(self.text, sensitive=self._sensitive, multiline=self._multiline)
        return compiled

    @property
    def has_names(self) -> bool:
        """Whether it has named groups; told from its text."""
        return _NAMED in self.text and any(
            token[0] == "(" and self.text.startswith(_NAMED, token.start()) for token in _TOKEN.finditer(self.text)
        )


def group_names(pattern: str) -> tuple[str, ...]:
    """Give the named groups of `pattern`, which `check_pattern` has passed, in the order they stand."""
    return tuple(re.compile(pattern, _RE_FLAGS).groupindex)


def _check_token(token: re.Match[str]) -> None:
    position = token.start() + 1
    if token["letter"]:
        _refuse(_ESCAPES.get(token["letter"]), position)
    elif token["set"]:
        _check_set(token["set"], position)
    elif token["flags"]:
        _check_flags(token["flags"], token["scope"], position)
    elif token["call"]:
        _refuse(_CALLS.get(token["call"], _RECURSION), position)
    elif token["fuzzy"]:
        _refuse(("a brace that `regex` reads as a fuzzy match", r"write \{ for a brace"), position)


def _repeated(tokens: list[re.Match[str]]) -> int:
    """Count the elements that writing out the repeats adds; what is no pattern gets some number."""
    weights, last = [-len(tokens)], 1
    for token in tokens:
        if token["repeat"]:
            weights[-1] += last * (_copies(token) - 1)
        elif token[0] == "(" or token["scope"] == ":":
            weights.append(0)
        elif token[0] == ")" and len(weights) > 1:
            last = weights.pop()
            weights[-1] += last
        else:
            last = 1
            weights[-1] += last
    return sum(weights)


def _copies(repeat: re.Match[str]) -> int:
    """Tell how often `regex` writes out what is repeated: the least number, and once more where there is no most."""
    if repeat["repeat"] == "+":
        return 2
    least = int(repeat["least"] or 0)
    return max(1, least + 1 if repeat["open"] and not repeat["most"] else least)


def _check_set(text: str, position: int) -> None:
    if inner := _POSIX_CLASS.search(text, 1):
        _refuse(("a POSIX class", "write the range, such as [a-z], [0-9] or \\s"), position + inner.start())
    for escape in re.finditer(r"\\(.)", text, re.DOTALL):
        _refuse(_ESCAPES.get(escape[1]), position + escape.start())


def _check_flags(flags: str, scope: str, position: int) -> None:
    """Let pass what changes nothing; see the module's docstring. `R` looks like a flag and is recursion."""
    on, _, off = flags.partition("-")
    if flags == "R" or flags.isdigit():
        _refuse(_RECURSION, position)
    if "x" in flags:
        # `(?x)a{1, 2}` repeats in one engine and is text in the other.
        _refuse(("a verbose pattern (?x)", "write the pattern without spaces for layout"), position)
    if "i" in off:
        _refuse(("a flag that brings case back", "put `case: sensitive` beside the pattern"), position)
    allowed = "ims" if scope == ":" else "aims"
    if set(on) - set(allowed) or set(off) - set("ms"):
        _refuse((f"the flag (?{flags})", "patterns are ASCII and ignore case; leave the flag out"), position)


def _refuse(construct: tuple[str, str] | None, position: int) -> None:
    if construct is not None:
        what, hint = construct
        raise PatternError(f"{what}, at character {position} of the pattern, is outside the dialect", hint)


def _compile_both(pattern: str) -> None:
    """Compile with `re`, whose warnings mark what V1 of `regex` would read as set operations, and with `regex`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(pattern, _RE_FLAGS)
        compile_pattern(pattern, sensitive=False)
    except re.error as error:
        position = "" if error.pos is None else f", at character {error.pos + 1}"
        raise PatternError(f"bad regular expression: {error.msg}{position}", _hint(error.msg)) from None
    except regex.error as error:
        raise PatternError(f"bad regular expression for `regex`: {error}") from None
    except OverflowError as error:
        raise PatternError(f"bad regular expression: {error}") from None
    except FutureWarning as warning:
        raise PatternError(
            f"ambiguous set in the pattern: {str(warning)[:1].lower()}{str(warning)[1:]}",
            r"in a set write \[ for a bracket, and escape the first of -- && || ~~",
        ) from None


def _hint(message: str) -> str | None:
    if message.startswith("look-behind"):
        return "inside (?<=…) every branch must have one length"
    if message.startswith(("missing ), unterminated", "unbalanced paren", "nothing to repeat")):
        return r"put \ before a character that stands for itself, such as \( or \*"
    return None
