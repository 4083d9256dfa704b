"""Explain: what one rule makes of one line, step by step, and why it did not fire.

Owns the words and the tree of steps, for whoever writes a rule. Every answer in it is asked of the
code that scans, one part of the rule at a time: what is explained is what happens. A scan stops
where a line is decided; here every part is asked, since all that is wrong wants to be seen. Does not
own how it is printed, nor windows: it looks at one line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from logscan.batch import Container, Identity, Stream
from logscan.matching import fields as line_fields
from logscan.matching.confirm import Judge, test_of
from logscan.matching.escapes import revealed
from logscan.matching.evidence import NO_GROUPS, Evidence
from logscan.matching.literals import rule_literals
from logscan.matching.search import SEARCH_TIMEOUT
from logscan.matching.views import LineView, fold
from logscan.matching.where import gate
from logscan.ruleset.model import FieldTest, Group, Matcher, Rule, Selector, Where

NO_FIELDS = "the line has no fields: it is neither JSON nor key=value"
TOO_SLOW = f"took longer than {SEARCH_TIMEOUT:g} s; a scan would set the rule aside"


class Outcome(StrEnum):
    """How a step ended. A field test on a line without fields is not evaluable, which does not hold either."""

    HELD = "held"
    FAILED = "failed"
    NOT_EVALUABLE = "not evaluable"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Step:
    """One question: `what` was asked, how it ended, the values that were looked at, and its parts.

    `what` is written as in a rule file (`contains: disk full`); `detail` says where it held or what
    stood there instead. A step is `SKIPPED` when its answer no longer mattered.
    """

    what: str
    outcome: Outcome
    detail: str = ""
    parts: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """What `rule` makes of a line, in the order in which a scan asks.

    `container`: the parts of its `where`, those of an override too. `literals`: the texts of which one
    must stand in a line; none means that every line is asked about. `passed_prefilter`: whether one
    does. `fields`: what a hit would take along. `reason`: one sentence, why it fired or did not.
    """

    rule: Rule
    container: tuple[Step, ...]
    literals: tuple[str, ...]
    passed_prefilter: bool
    match: Step
    fields: Mapping[str, str]
    fired: bool
    reason: str


def explain(rule: Rule, text: str, container: Container, stream: Stream) -> Explanation:
    """Ask `rule` about a line of `text`, as if `container` had printed it on `stream`."""
    view = LineView(text)
    looked = tuple(_where_steps(rule, _Said(view, container, stream)))
    literals = rule_literals(rule.model)
    passed = literals is None or any(one in fold(form) for form in revealed(text) for one in literals)
    match = Step("match", Outcome.SKIPPED, "the rule looks at hits of other rules, not at lines")
    if rule.model.match is not None:
        match = _matcher_step(rule.model.match, view)
    fired = match.outcome is Outcome.HELD and not _failed(looked)
    return Explanation(
        rule,
        looked,
        tuple(sorted(literals or ())),
        passed,
        match,
        _fields(rule, view) if match.outcome is Outcome.HELD else NO_GROUPS,
        fired,
        "every part held, so the line is a hit" if fired else _reason(looked, match),
    )


def _fields(rule: Rule, view: LineView) -> Mapping[str, str]:
    judge = Judge.of(rule.model)
    try:
        evidence = judge.judge(view)
        return NO_GROUPS if evidence is None else judge.fields(view, evidence)
    except TimeoutError:
        return NO_GROUPS


def _reason(looked: Sequence[Step], match: Step) -> str:
    if failed := _failed(looked):
        return f"the rule does not look there: {_said(failed)}"
    if match.outcome is Outcome.SKIPPED:
        return match.detail
    decisive = next(_decisive(match))
    if decisive.outcome is Outcome.NOT_EVALUABLE:
        return f"`{decisive.what}` can't be decided: {decisive.detail}"
    return f"the pattern does not match: {_said(decisive)}"


def _failed(steps: Iterable[Step]) -> Step | None:
    return next((step for step in steps if step.outcome is Outcome.FAILED), None)


def _said(step: Step) -> str:
    return f"`{step.what}` failed" + (f" ({step.detail})" if step.detail else "")


def _decisive(step: Step) -> Iterator[Step]:
    """Yield the leaf that a step that does not hold is owed to: the first with the same outcome, or itself.

    `none` fails because a part holds, and is told as a whole.
    """
    if step.what != "none":
        for part in step.parts:
            if part.outcome is step.outcome:
                yield from _decisive(part)
    yield step


# --- where -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Said:
    """A line, and who said it where."""

    view: LineView
    container: Container
    stream: Stream

    def passes(self, part: Where) -> bool:
        line_gate = gate(part, self.container)
        return line_gate is not None and line_gate.admits(lambda: self.stream, lambda: self.view.level)

    def seen(self, key: str) -> str:
        """Tell in words what a key of `where` is compared with."""
        container, service = self.container, self.container.service
        match key:
            case "image":
                return f"the image is {container.image}" if container.image else "no image is known"
            case "service":
                return f"the service is {service.name}, the container {container.name}"
            case "project":
                return f"the project is {service.project}" if service.project else "there is no project"
            case "label":
                labels = ", ".join(f"{key}={value}" for key, value in container.labels.items())
                return f"the labels are {labels}" if labels else "there are no labels"
            case "stream":
                return f"the stream is {self.stream}"
        return f"the level is {self.view.level}" if self.view.level else "the line announces no level"


def _where_steps(rule: Rule, said: _Said) -> Iterator[Step]:
    for where, whose in ((rule.where, ""), (rule.narrowed, " (override)")):
        for part in _parts(where):
            yield _where_step(part, whose, said)


def _parts(where: Where | None) -> Iterator[Where]:
    """Yield what must hold as one `where` each; image and service are alternatives, and stay together."""
    if where is None:
        return
    for keys in (("image", "service"), ("project",), ("label",), ("stream",), ("level",), ("not_",)):
        given = {key: value for key in keys if (value := getattr(where, key))}
        if given:
            yield Where.model_construct(**given)


def _where_step(part: Where, whose: str, said: _Said) -> Step:
    selector = part.not_ or part
    keys = [key for key in Selector.model_fields if getattr(selector, key)]
    written = [f"{key}: {', '.join(getattr(selector, key))}" for key in keys]
    what = f"not: {', '.join(written)}" if part.not_ else " or ".join(written)
    if said.container.identity is Identity.UNKNOWN and not (part.stream or part.level or part.not_):
        return Step(what + whose, Outcome.SKIPPED, "nobody said whose log this is, so every rule looks at it")
    outcome = Outcome.HELD if said.passes(part) else Outcome.FAILED
    return Step(what + whose, outcome, ", ".join(said.seen(key) for key in keys))


# --- match -------------------------------------------------------------------------------------


def _matcher_step(matcher: Matcher, view: LineView) -> Step:
    return _group_step(matcher, view) if isinstance(matcher, Group) else _leaf_step(matcher, view)


def _group_step(group: Group, view: LineView) -> Step:
    kinds = [(kind, parts) for kind in ("any", "all", "none") if (parts := getattr(group, kind))]
    steps = [_kind_step(kind, [_matcher_step(part, view) for part in parts]) for kind, parts in kinds]
    return steps[0] if len(steps) == 1 else _kind_step("all", steps)


def _kind_step(kind: str, parts: Sequence[Step]) -> Step:
    outcomes = [part.outcome for part in parts]
    held = outcomes.count(Outcome.HELD)
    return Step(kind, _combined(kind, outcomes), f"{held} of {len(parts)} held", tuple(parts))


def _combined(kind: str, outcomes: Sequence[Outcome]) -> Outcome:
    """What can't be decided does not hold; it is told apart where nothing else decides."""
    held = Outcome.HELD in outcomes
    if kind == "none":
        return Outcome.FAILED if held else Outcome.HELD
    if held if kind == "any" else set(outcomes) == {Outcome.HELD}:
        return Outcome.HELD
    return Outcome.FAILED if Outcome.FAILED in outcomes else Outcome.NOT_EVALUABLE


def _leaf_step(matcher: Matcher, view: LineView) -> Step:
    said = ", ".join(f"{key}: {_value(value)}" for key, value in _keys(matcher))
    if isinstance(matcher, FieldTest) and not view.has_fields:
        return Step(said, Outcome.NOT_EVALUABLE, NO_FIELDS)
    try:
        evidence = test_of(matcher).find(view)
    except TimeoutError:
        return Step(said, Outcome.FAILED, TOO_SLOW)
    if isinstance(matcher, FieldTest):
        detail = _field_seen(matcher.field, view)
    else:
        detail = "" if evidence is None else _view_of(evidence, view)
    return Step(said, Outcome.FAILED if evidence is None else Outcome.HELD, detail)


def _keys(matcher: Matcher) -> Iterator[tuple[str, object]]:
    for name, field in type(matcher).model_fields.items():
        if name in matcher.model_fields_set:
            yield field.alias or name, getattr(matcher, name)


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_value, value))}]"
    return str(value).lower() if isinstance(value, bool) else "null" if value is None else str(value)


def _view_of(evidence: Evidence, view: LineView) -> str:
    return "in the line" if evidence.end or view.message is None else "in the message"


def _field_seen(name: str, view: LineView) -> str:
    if view.field(name) is line_fields.MISSING:
        return f"the line has no field {name}"
    text = view.field_text(name)
    return f"{name} is an object or a list" if text is None else f"{name} is {text}"
