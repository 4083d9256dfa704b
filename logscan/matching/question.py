"""Questions: what lines are asked on behalf of a rule.

Owns the two kinds: whether a line is a hit of the rule, and, aside, whether it is one of the lines
elsewhere that the rule calls related to its hits. Does not own asking (matcher), nor who is asked
when (audience).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from logscan.batch import Container, Input
from logscan.matching.confirm import Judge, test_of
from logscan.matching.multiline import Continuation
from logscan.matching.views import fold
from logscan.matching.where import OPEN, LineGate, rule_gate
from logscan.ruleset.model import Contains, Group, Matcher, Regex, Rule
from logscan.ruleset.pattern import LazyPattern


@dataclass(frozen=True)
class Question:
    """One question to lines. `continues`: which lines go on with a hit, for a rule that joins lines."""

    rule: Rule
    matcher: Matcher
    input: Input
    aside: bool = False
    continues: Continuation | None = None

    @classmethod
    def of(cls, rule: Rule) -> Question:
        """Ask for hits of `rule`, which must look at lines itself."""
        model = rule.model
        if model.match is None:
            raise ValueError(f"{rule.id} looks at no lines")
        continues = Continuation.of(model.multiline) if model.multiline else None
        return cls(rule, model.match, Input(model.input), continues=continues)

    @cached_property
    def judge(self) -> Judge:
        """What finds the answer; made when it is first asked for, since most rules are never asked."""
        return Judge(test_of(self.matcher), None, ()) if self.aside else Judge.of(self.rule.model)

    @property
    def is_simple(self) -> bool:
        """Whether it looks for texts or for a pattern, and wants nothing else of a line."""
        model = self.rule.model
        if self.aside or self.continues is not None or model.extract or model.group_by:
            return False
        return bool(self.texts) or (isinstance(self.matcher, Regex) and not LazyPattern(self.matcher.regex).has_names)

    @cached_property
    def texts(self) -> Sequence[bytes]:
        """Texts, in lower case, of which one in a line is enough; none where something else counts."""
        return _texts(self.matcher)

    @property
    def yields(self) -> bool:
        """Whether nothing comes of it where another rule speaks: one that joins lines begins an event even then."""
        return self.rule.model.catch_all and self.continues is None and not self.aside

    def gate(self, container: Container) -> LineGate | None:
        """Give the gate for lines of `container`, or None when it is not asked at all."""
        return OPEN if self.aside else rule_gate(self.rule, container)


def _texts(matcher: Matcher) -> Sequence[bytes]:
    match matcher:
        case Contains(contains=text, case=None) if text.isprintable():
            return (fold(text).encode(),)
        case Group(any=[*parts], all=None, none=None):
            texts = [_texts(part) for part in parts]
            return [text for some in texts for text in some] if all(texts) else ()
    return ()


def questions_of(rules: Iterable[Rule]) -> list[Question]:
    """Give the questions that ask for hits in the order of the rules, then those aside, and last those that yield."""
    rules = tuple(rules)
    own = [Question.of(rule) for rule in rules if not rule.model.combines]
    aside = [_aside(rule) for rule in rules if rule.model.related is not None]
    return sorted([*own, *aside], key=lambda question: question.yields)


def _aside(rule: Rule) -> Question:
    """Related lines are printed, by whatever container, also when the rule looks at events."""
    related = rule.model.related
    if related is None:
        raise ValueError(f"{rule.id} asks for no related lines")
    return Question(rule, related.match, Input.LINE, aside=True)
