"""Explain text: what rules make of a line, as a person reads it, and what to do next.

Owns layout, and the advice under each answer. Does not own the answers (matching.explain). The line and
the rules are foreign text, and whoever prints what stands here passes it through `safe_text`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from logscan.batch import Container, Identity
from logscan.detection.in_order import combined_by
from logscan.duration import duration_text
from logscan.line_time import LineClock
from logscan.matching.explain import Explanation, Outcome, Step
from logscan.matching.fields import logfmt_pairs, value_text
from logscan.matching.views import LineView
from logscan.ruleset.model import Absence, EventCount, NewValue, Ratio, Spike, TemporalOrdered, ValueCount, Window
from logscan.scenarios import name_for
from logscan.sinks.times import rfc3339

INDENT = "  "
MAX_FIELDS = 20
MAX_TEXTS = 8
"""So many texts of a rule are shown; the next ones would tell nothing more."""


def line_page(text: str, container: Container, now_ns: int) -> Iterator[str]:
    """Tell what is read from the line itself, whatever the rules. `now_ns` helps a time without a year."""
    view = LineView(text)
    yield f"line:   {text}"
    yield f"time:   {rfc3339(LineClock(mtime_ns=now_ns).time_of(text)) or 'none is written in it'}"
    yield f"level:  {view.level or 'none'}"
    pairs = list(_pairs(view.document or logfmt_pairs(text)))
    kind = "JSON" if view.document is not None else "logfmt"
    yield f"fields: {kind}: {_listed(pairs[:MAX_FIELDS])}" if pairs else "fields: none, it is neither JSON nor logfmt"
    if container.identity is Identity.UNKNOWN:
        yield "from:   nobody said, so all rules look at it; --as NAME or --image-name IMAGE says it"
    else:
        yield f"from:   {container.name}" + (f", image {container.image}" if container.image else "")


def _pairs(fields: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for key, value in fields.items():
        if isinstance(value, dict):
            yield from _pairs(value, f"{above}{key}.")
        else:
            yield above + key, value_text(value) or "a list"


def _listed(pairs: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{name}={value}" for name, value in pairs)


def came_close(found: Explanation) -> bool:
    """Tell whether the line holds a text of a rule that did not fire."""
    return not found.fired and (found.match.outcome is Outcome.HELD or bool(found.literals and found.passed_prefilter))


def brief(found: Explanation) -> Iterator[str]:
    """Tell in a few lines what one rule made of the line."""
    yield heading(found)
    yield INDENT + found.reason
    if found.fired:
        yield from _hit(found)
    yield f"{INDENT}next: {advice(found)}"


def tree(found: Explanation) -> Iterator[str]:
    """Tell every step of one rule."""
    yield heading(found)
    yield INDENT + found.reason
    yield f"{INDENT}where:" + ("" if found.container else " every container")
    for step in found.container:
        yield from _step(step, INDENT * 2)
    yield f"{INDENT}texts: {_texts(found)}"
    if found.match.what == "match":
        yield f"{INDENT}match: {found.match.detail}"
    else:
        yield f"{INDENT}match:"
        yield from _step(found.match, INDENT * 2)
    yield from _hit(found)
    yield f"{INDENT}next: {advice(found)}"


def heading(found: Explanation) -> str:
    word = "fired" if found.fired else "did not fire"
    return f"{found.rule.id} ({found.rule.model.severity}) {word}: {found.rule.model.title}"


def _step(step: Step, indent: str) -> Iterator[str]:
    yield f"{indent}{step.outcome}: {step.what}" + (f"  ({step.detail})" if step.detail else "")
    for part in step.parts:
        yield from _step(part, indent + INDENT)


def _texts(found: Explanation) -> str:
    if not found.literals:
        return "none to search for, so every line is tried" if found.rule.model.match else "none"
    shown = ", ".join(f'"{text}"' for text in found.literals[:MAX_TEXTS])
    more = f" and {len(found.literals) - MAX_TEXTS} more" if len(found.literals) > MAX_TEXTS else ""
    return f"{'one' if found.passed_prefilter else 'none'} of these stands in the line: {shown}{more}"


def _hit(found: Explanation) -> Iterator[str]:
    if found.fields:
        yield f"{INDENT}fields: {_listed(list(found.fields.items()))}"
    yield f"{INDENT}window: {window_words(found.rule.model.window)}"
    for step in found.rule.model.escalate:
        yield f"{INDENT}grows to {step.severity} with {step.when.count} within {duration_text(step.when.within)}"


def window_words(window: Window | None) -> str:
    """Say what a window wants, seen from one hit."""
    match window:
        case None:
            return "none, the first hit makes a finding"
        case EventCount():
            return f"needs {window.count} within {duration_text(window.within)}, of which a hit is one"
        case ValueCount():
            return f"needs {window.count} different values of {window.field} within {duration_text(window.within)}"
        case TemporalOrdered():
            return f"needs hits of {', then '.join(window.rules)} within {duration_text(window.within)}"
        case Absence():
            return f"fires when none comes for {duration_text(window.for_)}; a hit keeps it silent"
        case Spike():
            step, before = duration_text(window.within), duration_text(window.over)
            return f"needs {window.min} within {step}, and {window.times:g} times the average of the {before} before"
        case NewValue():
            learned = duration_text(window.learn)
            return f"fires on a value of {window.field} that was never there, once it has learned for {learned}"
        case Ratio():
            whole = f"{window.min} hits of {window.to} within {duration_text(window.within)}"
            return f"needs {whole}, and more than {window.above:g} times as many of {window.of}"


def advice(found: Explanation) -> str:
    """Say what to do next about an answer."""
    rule = found.rule
    if rule.model.match is None:
        return f"ask about the rules that it combines: {' '.join(f'--rule {part}' for part in combined_by(rule))}"
    if found.fired:
        return f"logscan rules show {rule.id} tells why it is bad and what to do"
    if found.match.outcome is Outcome.HELD:
        return _selected_by(found)
    return (
        f"if it should match, put it under `match` of the tests at {rule.path}:{rule.line}, "
        f"then: logscan rules test {rule.path}"
    )


def _selected_by(found: Explanation) -> str:
    """Say how a container would have to be called for the rule to look at it."""
    where = found.rule.where
    names = [step.what for step in found.container if step.outcome is Outcome.FAILED]
    if where is not None and where.service and "service: " in names[0]:
        return f"--as {name_for(where.service)} would select it"
    if where is not None and where.image and names[0].startswith("image: "):
        return f"--image-name {name_for(where.image)} would select it"
    return f"widen `{names[0]}` at {found.rule.path}:{found.rule.line}, if the rule should look there"
