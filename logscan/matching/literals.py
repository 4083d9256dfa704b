"""Literals: from a rule, text of which one piece must occur in any line that it can match.

Most rules need more than one piece: an error message behind a logger's name, say. The rarest is searched for in
all lines, the others are its *companions*, looked for in the lines in which it was found.

Owns the derivation from the rule's matchers and the choice among candidates. Does not own reading
regular expressions (pattern_literals) nor searching (prefilter). The prefilter is correct when
this module is: a literal that need not occur would lose lines, so what is in doubt gives none.

Only safe characters take part (see escapes), in lower case, for the search ignores case.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from functools import cache
from os.path import commonprefix
from pathlib import Path

from logscan.cache import Cache
from logscan.matching.escapes import SAFE
from logscan.matching.pattern_literals import MAX_LENGTH, Literals, pattern_candidates
from logscan.matching.rarity import RARE_BITS, bits
from logscan.ruleset.model import Contains, Equals, FieldTest, Group, Matcher, Regex, RuleModel

MIN_LENGTH = 3
"""A shorter literal occurs in so many lines that searching for it saves nothing."""

GOOD_LENGTH = 5
"""A shorter one stands inside so many other words and numbers that no estimate of its rarity holds."""

MOST_COMPANIONS = 2
MAX_SET = 32
"""Companions are looked for one by one: a larger set costs more than it saves."""

Companions = tuple[Literals, ...]
"""Sets of literals, of each of which one has to stand in the line as well."""

Needs = Mapping[str, Companions]
"""The literals of a matcher, of which one stands in any line in which it holds, with what it needs beside it.

A line that has none of the literals together with all its companions does not match.
"""

MAX_KNOWN = 20_000
FORMAT = "10"
"""Raised when the derivation changes: what is remembered from run to run is begun anew."""

_known: dict[str, tuple[Literals, ...]] = {}
"""By pattern, the best sets. To read one takes a millisecond, and there are hundreds."""

_bits = cache(bits)
"""The same sets are compared over and over."""

_SAFE_RUN = re.compile("[" + re.escape("".join(sorted(SAFE))) + "]+")


def _cache(folder: Path | None) -> Cache[dict[str, tuple[Literals, ...]]]:
    return Cache("literals", dict[str, tuple[frozenset[str], ...]], FORMAT, folder)


def recall(folder: Path | None) -> AbstractSet[str]:
    """Know what was derived in earlier runs and kept in `folder`; give the patterns."""
    known = _cache(folder).load() or {}
    _known.update(known)
    return known.keys()


@contextmanager
def remembered(folder: Path | None) -> Iterator[None]:
    """Know within the block what was derived in earlier runs, and remember for later ones what is derived in it."""
    known = recall(folder)
    yield
    if _known.keys() - known:
        _cache(folder).save(dict(list(_known.items())[-MAX_KNOWN:]))


def rule_literals(rule: RuleModel) -> Literals | None:
    """Give literals of which one occurs in every line that `rule` matches; None when there are none."""
    return None if rule.match is None else matcher_literals(rule.match)


def matcher_literals(matcher: Matcher) -> Literals | None:
    """Give literals of which one occurs in every line in which `matcher` holds; None when there are none."""
    needs = matcher_needs(matcher)
    return None if needs is None else frozenset(needs)


def matcher_needs(matcher: Matcher) -> Needs | None:
    """Give the same literals with their companions."""
    needs = _of_matcher(matcher)
    return None if needs is None else _shortened(_folded(needs))


def _folded(needs: Needs) -> Needs:
    """Let one beginning stand for literals that differ in their last character, where it is rare enough by itself.

    A digit at the end of a pattern gives ten literals, of which the search looks for the beginning: where one of them
    stands, all ten would be met.
    """
    folded: dict[str, Companions] = {}
    last = ""
    for literal, companions in sorted(needs.items()):
        shared = commonprefix((last, literal))  # noqa: RUF071 - of texts, not of paths
        differ_at_their_ends = len(last) - 1 <= len(shared) == len(literal) - 1
        is_free = shared == last or shared not in folded
        if differ_at_their_ends and is_free and folded.get(last) == companions and _bits(shared) >= RARE_BITS:
            del folded[last]
            last = shared
        else:
            last = literal
        folded[last] = companions
    return folded


def _shortened(needs: Needs) -> Needs:
    """Drop what holds another of the literals that needs no companions: where it occurs, that one will do."""
    together = "\n".join(needs)
    enough = [one for one, companions in needs.items() if not companions and together.count(one) > 1]
    return {one: needs[one] for one in needs if not any(other != one and other in one for other in enough)}


def _either(one: Companions, other: Companions) -> Companions:
    """Give what is needed by lines that have all of `one`, and by those that have all of `other`."""
    united = (these | those for these, those in zip(one, other, strict=False))
    return tuple(literals for literals in united if len(literals) <= MAX_SET)


def _of_matcher(matcher: Matcher) -> Needs | None:
    match matcher:
        case Contains():
            return _needs(_ranked(_text_candidates(matcher.contains)))
        case Equals():
            return _needs(_ranked(_text_candidates(matcher.equals)))
        case Regex():
            return _needs(_of_pattern(matcher.regex))
        case FieldTest():
            return _needs(_of_field(matcher))
        case Group():
            return _of_group(matcher)


def _needs(ranked: Sequence[Literals]) -> Needs | None:
    """Search for the best set, and let the others be its companions, where it doesn't hold them anyway."""
    if not ranked:
        return None
    best, *rest = ranked
    return dict.fromkeys(best, tuple(one for one in rest if len(one) <= MAX_SET and not _holds(best, one)))


def _holds(best: Literals, other: Literals) -> bool:
    return all(any(small in one for small in other) for one in best)


def _of_pattern(pattern: str) -> tuple[Literals, ...]:
    if pattern not in _known:
        _known[pattern] = _ranked(pattern_candidates(pattern, rate))
    return _known[pattern]


def _of_group(group: Group) -> Needs | None:
    """`all`: the best part is searched for. `any`: every part must give something. `none` gives nothing.

    Those of `none` are derived all the same, to be known: a judge looks for them before it searches.
    """
    for part in group.none or ():
        _of_matcher(part)
    parts = [_of_matcher(part) for part in group.all or ()]
    if group.any:
        parts.append(_united(_of_matcher(part) for part in group.any))
    usable = sorted((part for part in parts if part), key=lambda part: rate(part.keys()), reverse=True)
    if not usable:
        return None
    best, *rest = usable
    beside = tuple(frozenset(part) for part in rest if len(part) <= MAX_SET)
    return {one: (*companions, *beside)[: MOST_COMPANIONS + 1] for one, companions in best.items()}


def _of_field(test: FieldTest) -> tuple[Literals, ...]:
    """The key's last name must occur, and so must a value that is text.

    A number gives nothing: `5e2` and `500` are the same one. A test that the key is absent, no more
    so.
    """
    if test.exists is False:
        return ()
    candidates = _text_candidates(test.field.rpartition(".")[2])
    if isinstance(test.equals, str):
        candidates += _text_candidates(test.equals)
    if test.in_ is not None and (values := _united(_of_value(value) for value in test.in_)):
        candidates.append(frozenset(values))
    if test.regex is not None:
        candidates += pattern_candidates(test.regex, rate)
    return _ranked(candidates)


def _of_value(value: str | float) -> Needs | None:
    return _needs(_ranked(_text_candidates(value))) if isinstance(value, str) else None


def _text_candidates(text: str) -> list[Literals]:
    runs: Sequence[str] = _SAFE_RUN.findall(text)
    return [frozenset({run[:MAX_LENGTH].lower()}) for run in runs]


def _united(parts: Iterable[Needs | None]) -> Needs | None:
    """Give what is needed where any of the parts holds."""
    united: dict[str, Companions] = {}
    for part in parts:
        if part is None:
            return None
        for literal, companions in part.items():
            united[literal] = _either(united[literal], companions) if literal in united else companions
    return united


def _ranked(candidates: Iterable[Literals]) -> tuple[Literals, ...]:
    """Give those that can be searched for, the best first; the others of so many will do as companions."""
    usable = {literals for literals in candidates if min(map(len, literals)) >= MIN_LENGTH}
    return tuple(sorted(usable, key=rate, reverse=True)[: MOST_COMPANIONS + 1])


def rate(literals: AbstractSet[str]) -> tuple[bool, bool, float, int, list[str]]:
    """Order candidates: long enough, then the rarest in ordinary logs, then the longest.

    A set is as good as its most frequent member; the last item makes the order total.
    """
    shortest = min(map(len, literals))
    return shortest >= MIN_LENGTH, shortest >= GOOD_LENGTH, min(map(_bits, literals)), shortest, sorted(literals)
