"""Confirm: the judge of the lines that the prefilter lets through.

Owns what a rule's matchers mean for a line, as a tree of tests over its views, and the fields that a
hit takes along. Does not own decoding (views, fields), nor time budgets (quarantine).
Each leaf holds when it holds in either view: the line as it stands, or the message inside a JSON
line. So `none` sees both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from logscan.matching.evidence import ELSEWHERE, NO_GROUPS, Evidence, Test
from logscan.matching.field_test import FieldTest
from logscan.matching.literals import matcher_literals
from logscan.matching.search import named_groups, search
from logscan.matching.views import LineView, fold
from logscan.ruleset import model
from logscan.ruleset.pattern import LazyPattern


@dataclass(frozen=True, slots=True)
class ContainsTest:
    """Holds when a view contains the text."""

    text: str
    sensitive: bool
    captures = False
    searches = False

    def find(self, view: LineView) -> Evidence | None:
        start = (view.text if self.sensitive else view.folded).find(self.text)
        if start >= 0:
            return Evidence(start, start + len(self.text))
        message = view.message if self.sensitive else view.folded_message
        return ELSEWHERE if message is not None and self.text in message else None


@dataclass(frozen=True, slots=True)
class EqualsTest:
    """Holds when the whole of a view is the text."""

    text: str
    sensitive: bool
    captures = False
    searches = False

    def find(self, view: LineView) -> Evidence | None:
        if self.text == (view.text if self.sensitive else view.folded):
            return Evidence(0, len(self.text))
        return ELSEWHERE if self.text == (view.message if self.sensitive else view.folded_message) else None


@dataclass(frozen=True, slots=True)
class RegexTest:
    """Holds when the pattern is found in a view."""

    pattern: LazyPattern
    captures: bool
    searches = True

    def find(self, view: LineView) -> Evidence | None:
        """Named groups are wanted without JSON's quotes and escapes: then the message goes first."""
        if self.captures and view.message is not None and (match := search(self.pattern, view.message)):
            return Evidence(groups=named_groups(match))
        if match := search(self.pattern, view.text):
            return Evidence(*match.span(), named_groups(match) if self.captures else NO_GROUPS)
        if self.captures or view.message is None:
            return None
        return ELSEWHERE if search(self.pattern, view.message) else None


@dataclass(frozen=True, slots=True)
class Part:
    """A test of a group, and text of which one piece stands in any line in which it holds, if that can be told.

    A rule may have fifty parts, and a line came here because of one of them. Looking for their literals first is a
    hundred times cheaper than searching for each.
    """

    test: Test
    literals: tuple[str, ...] | None

    @classmethod
    def of(cls, matcher: model.Matcher) -> Part:
        literals = matcher_literals(matcher)
        return cls(test_of(matcher), None if literals is None else tuple(literals))


def _likely(parts: Iterable[Part], view: LineView) -> Iterator[Test]:
    """Give the tests that may hold."""
    haystack = view.haystack
    for part in parts:
        if part.literals is not None:
            for literal in part.literals:
                if literal in haystack:
                    break
            else:
                continue
        yield part.test


@dataclass(frozen=True, slots=True)
class GroupTest:
    """Holds when every part of `all_` holds, at least one of `any_`, if there are any, and none of `none`."""

    any_: tuple[Part, ...]
    all_: tuple[Test, ...]
    none: tuple[Part, ...]
    captures: bool
    searches: bool

    @classmethod
    def of(cls, group: model.Group) -> GroupTest:
        any_, none = (tuple(map(Part.of, parts or ())) for parts in (group.any, group.none))
        all_ = tuple(map(test_of, group.all or ()))
        positive = [*(part.test for part in any_), *all_]
        tests = [*positive, *(part.test for part in none)]
        captures = any(test.captures for test in positive)
        return cls(any_, all_, none, captures, any(test.searches for test in tests))

    def find(self, view: LineView) -> Evidence | None:
        evidence = ELSEWHERE
        for test in self.all_:
            found = test.find(view)
            if found is None:
                return None
            evidence = evidence.joined(found)
        if self.any_:
            found = self._find_any(view)
            if found is None:
                return None
            evidence = evidence.joined(found)
        for test in _likely(self.none, view) if self.none else ():
            if test.find(view) is not None:
                return None
        return evidence

    def _find_any(self, view: LineView) -> Evidence | None:
        """The first that holds is enough, unless others may add named groups."""
        evidence: Evidence | None = None
        for test in _likely(self.any_, view):
            found = test.find(view)
            if found is None:
                continue
            evidence = found if evidence is None else evidence.joined(found)
            if not self.captures:
                break
        return evidence


def test_of(matcher: model.Matcher) -> Test:
    """Make the test that a matcher describes."""
    match matcher:
        case model.Group():
            return GroupTest.of(matcher)
        case model.FieldTest():
            return FieldTest.of(matcher)
        case model.Regex():
            pattern = LazyPattern(matcher.regex, sensitive=matcher.case == "sensitive")
            return RegexTest(pattern, pattern.has_names)
        case model.Contains():
            sensitive = matcher.case == "sensitive"
            return ContainsTest(matcher.contains if sensitive else fold(matcher.contains), sensitive)
        case model.Equals():
            sensitive = matcher.case == "sensitive"
            return EqualsTest(matcher.equals if sensitive else fold(matcher.equals), sensitive)


@dataclass(frozen=True, slots=True)
class Judge:
    """One rule, ready to be asked about lines."""

    test: Test
    extract: LazyPattern | None
    wanted: tuple[str, ...]

    @classmethod
    def of(cls, rule: model.RuleModel) -> Judge:
        if rule.match is None:
            raise ValueError(f"{rule.id} looks at no lines")
        extract = LazyPattern(rule.extract) if rule.extract else None
        wanted = tuple(name for name in rule.group_by or () if name != "container")
        return cls(test_of(rule.match), extract, wanted)

    @property
    def searches(self) -> bool:
        """Whether judging a line may take long, because a regular expression is involved."""
        return self.test.searches or self.extract is not None

    def judge(self, view: LineView) -> Evidence | None:
        """Tell whether the rule matches. Raises `TimeoutError` when a search takes too long."""
        return self.test.find(view)

    def fields(self, view: LineView, evidence: Evidence) -> Mapping[str, str]:
        """Give the named groups of `match`, those of `extract`, then the keys that `group_by` wants."""
        if self.extract is None and not self.wanted:
            return evidence.groups
        return self.fields_beside(view, evidence.groups, self.extracted(view))

    def fields_beside(
        self, view: LineView, groups: Mapping[str, str], extracted: Mapping[str, str]
    ) -> Mapping[str, str]:
        """Give the same where `extract` was searched for in more than this line."""
        found = {**extracted, **groups}
        for name in self.wanted:
            if name not in found and (text := view.field_text(name)) is not None:
                found[name] = text
        return found

    def extracted(self, view: LineView) -> Mapping[str, str]:
        """Give the named groups of `extract`, the message first. Raises `TimeoutError` as `judge` does."""
        if self.extract is None:
            return NO_GROUPS
        match = search(self.extract, view.message) if view.message is not None else None
        match = match or search(self.extract, view.text)
        return NO_GROUPS if match is None else named_groups(match)
