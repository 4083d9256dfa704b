"""Literals: from a rule, text of which one piece must occur in any line that it can match.

Owns the derivation from the rule's matchers and the choice among candidates. Does not own reading
regular expressions (pattern_literals) nor searching (prefilter). The prefilter is correct when
this module is: a literal that need not occur would lose lines, so what is in doubt gives none.

Only safe characters take part (see escapes), in lower case, for the search ignores case.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from pathlib import Path

from logscan.cache import Cache
from logscan.matching.escapes import SAFE
from logscan.matching.pattern_literals import MAX_LENGTH, Literals, pattern_candidates
from logscan.matching.rarity import bits
from logscan.ruleset.model import Contains, Equals, FieldTest, Group, Matcher, Regex, RuleModel

MIN_LENGTH = 3
"""A shorter literal occurs in so many lines that searching for it saves nothing."""

MAX_KNOWN = 20_000
FORMAT = "1"
"""Raised when the derivation changes: what is remembered from run to run is begun anew."""

_known: dict[str, Literals | None] = {}
"""By pattern. To read one takes a millisecond, and there are hundreds."""

_SAFE_RUN = re.compile("[" + re.escape("".join(sorted(SAFE))) + "]+")


@contextmanager
def remembered(folder: Path | None) -> Iterator[None]:
    """Know within the block what was derived in earlier runs, and remember for later ones what is derived in it."""
    cache: Cache[dict[str, Literals | None]] = Cache("literals", dict[str, frozenset[str] | None], FORMAT, folder)
    known = cache.load() or {}
    _known.update(known)
    yield
    if _known.keys() - known.keys():
        cache.save(dict(list(_known.items())[-MAX_KNOWN:]))


def rule_literals(rule: RuleModel) -> Literals | None:
    """Give literals of which one occurs in every line that `rule` matches; None when there are none."""
    return None if rule.match is None else matcher_literals(rule.match)


def matcher_literals(matcher: Matcher) -> Literals | None:
    """Give literals of which one occurs in every line in which `matcher` holds; None when there are none."""
    literals = _of_matcher(matcher)
    return None if literals is None else _shortened(literals)


def _shortened(literals: Literals) -> Literals:
    """Drop what holds another of the literals: where it occurs, the other one is found as well."""
    together = "\n".join(literals)
    within = [one for one in literals if together.count(one) > 1]
    return frozenset(one for one in literals if not any(other in one for other in within if other != one))


def _of_matcher(matcher: Matcher) -> Literals | None:
    match matcher:
        case Contains():
            return _best(_text_candidates(matcher.contains))
        case Equals():
            return _best(_text_candidates(matcher.equals))
        case Regex():
            return _of_pattern(matcher.regex)
        case FieldTest():
            return _of_field(matcher)
        case Group():
            return _of_group(matcher)


def _of_pattern(pattern: str) -> Literals | None:
    if pattern not in _known:
        _known[pattern] = _best(pattern_candidates(pattern, rate))
    return _known[pattern]


def _of_group(group: Group) -> Literals | None:
    """`all`: the best part will do. `any`: every part must give one. `none` gives nothing."""
    parts = [_of_matcher(part) for part in group.all or ()]
    if group.any:
        parts.append(_united(_of_matcher(part) for part in group.any))
    return _best(part for part in parts if part is not None)


def _of_field(test: FieldTest) -> Literals | None:
    """The key's last name must occur, and so must a value that is text.

    A number gives nothing: `5e2` and `500` are the same one. A test that the key is absent, no more
    so.
    """
    if test.exists is False:
        return None
    candidates = _text_candidates(test.field.rpartition(".")[2])
    if isinstance(test.equals, str):
        candidates += _text_candidates(test.equals)
    if test.in_ is not None and (values := _united(_of_value(value) for value in test.in_)):
        candidates.append(values)
    if test.regex is not None:
        candidates += pattern_candidates(test.regex, rate)
    return _best(candidates)


def _of_value(value: str | float) -> Literals | None:
    return _best(_text_candidates(value)) if isinstance(value, str) else None


def _text_candidates(text: str) -> list[Literals]:
    runs: Sequence[str] = _SAFE_RUN.findall(text)
    return [frozenset({run[:MAX_LENGTH].lower()}) for run in runs]


def _united(parts: Iterable[Literals | None]) -> Literals | None:
    united: set[str] = set()
    for part in parts:
        if part is None:
            return None
        united |= part
    return frozenset(united)


def _best(candidates: Iterable[Literals]) -> Literals | None:
    usable = [literals for literals in candidates if min(map(len, literals)) >= MIN_LENGTH]
    return max(usable, key=rate) if usable else None


def rate(literals: AbstractSet[str]) -> tuple[bool, float, int, list[str]]:
    """Order candidates: long enough, then the rarest in ordinary logs, then the longest.

    A set is as good as its most frequent member; the last item makes the order total.
    """
    shortest = min(map(len, literals))
    return shortest >= MIN_LENGTH, min(map(bits, literals)), shortest, sorted(literals)
