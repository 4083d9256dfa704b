"""Where: which containers, and which of their lines, a rule looks at.

Owns the meaning of a rule's `where`. Most of it is decided once per container; only `stream` and
`level` wait for a line, and become a `LineGate`. Does not own who a container is (sources), nor
reading a line's level (levels).

A container of unknown identity is seen by every rule: nobody said whose log it is, so nobody can
say that a rule does not concern it. But for the catch-alls of a technology: of its error level they know no more than
the catch-alls for everybody. In the same way an unknown stream shuts no line out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import translate
from functools import lru_cache

from logscan.batch import Container, Identity, Stream
from logscan.matching.levels import Level
from logscan.ruleset.model import Rule, Selector, Where


@dataclass(frozen=True, slots=True)
class LineGate:
    """Which lines of a container a rule looks at: those that `only` fits and `never` does not.

    `also` is a second gate that they have to pass.
    """

    only: Selector | None = None
    never: Selector | None = None
    also: LineGate | None = None

    def admits(self, stream: Callable[[], Stream], level: Callable[[], Level | None]) -> bool:
        """Tell whether the rule looks at a line; its stream and level are asked for only when they matter."""
        if self.only is not None and not _fits_line(self.only, stream, level, unknown=True):
            return False
        if self.never is not None and _fits_line(self.never, stream, level, unknown=False):
            return False
        return self.also is None or self.also.admits(stream, level)


_SPECIAL = frozenset("*?[")

OPEN = LineGate()
"""The gate that every line passes."""


def rule_gate(rule: Rule, container: Container) -> LineGate | None:
    """Give the gate of a rule, whose own `where` and what an override adds to it must both admit a line."""
    if (
        rule.model.catch_all
        and container.identity is Identity.UNKNOWN
        and rule.where is not None
        and _names_containers(rule.where)
    ):
        return None
    own = gate(rule.where, container)
    if own is None or rule.narrowed is None:
        return own
    narrowed = gate(rule.narrowed, container)
    if narrowed is None or own is OPEN:
        return narrowed
    return own if narrowed is OPEN else replace(own, also=narrowed)


def _names_containers(selector: Selector) -> bool:
    return bool(selector.image or selector.service or selector.project or selector.label)


def gate(where: Where | None, container: Container) -> LineGate | None:
    """Give the gate for lines of `container`, or None when the rule does not look at it at all."""
    if where is None:
        return OPEN
    if container.identity is Identity.KNOWN and not _fits_container(where, container):
        return None
    never = where.not_ if where.not_ and _concerns(where.not_, container) else None
    if never is not None and not _narrows_lines(never):
        return None
    only = where if _narrows_lines(where) else None
    return LineGate(only, never) if only or never else OPEN


def knows(rules: Iterable[Rule], container: Container) -> bool:
    """Tell whether any rule names this container by its image or service; a glob for everybody names nobody."""
    images, names = _names(container)
    return any(
        _any_glob(_telling(rule.where.image), images) or _any_glob(_telling(rule.where.service), names)
        for rule in rules
        if rule.where is not None
    )


def _telling(globs: Sequence[str] | None) -> Sequence[str]:
    """Leave out the globs that fit every name."""
    return [glob for glob in globs or () if glob.strip("*")]


def _concerns(selector: Selector, container: Container) -> bool:
    """Tell whether a `not` may bear on this container; of an unknown one it can't tell its name."""
    if container.identity is Identity.KNOWN:
        return _is_given(selector) and _fits_container(selector, container)
    return _narrows_lines(selector) and not _names_containers(selector)


def _is_given(selector: Selector) -> bool:
    return any(getattr(selector, name) for name in Selector.model_fields)


def _fits_container(selector: Selector, container: Container) -> bool:
    if (selector.image or selector.service) and not _named(selector, container):
        return False
    if selector.project and not _any_glob(selector.project, [container.service.project]):
        return False
    return not selector.label or any(_has_label(label, container) for label in selector.label)


def _named(selector: Selector, container: Container) -> bool:
    images, names = _names(container)
    return _any_glob(selector.image or (), images) or _any_glob(selector.service or (), names)


def _names(container: Container) -> tuple[Sequence[str], Sequence[str]]:
    """Give what a container's image is called, and what it is called itself."""
    return [container.image, _repository(container.image)], [container.service.name, container.name]


def _repository(image: str) -> str:
    """Leave out tag and digest: `registry:5000/team/app:1.2@sha256:…` is `registry:5000/team/app`."""
    folder, slash, name = image.partition("@")[0].rpartition("/")
    return folder + slash + name.partition(":")[0]


def _has_label(label: str, container: Container) -> bool:
    key, equals, value = label.partition("=")
    if key not in container.labels:
        return False
    return not equals or _glob(value).match(container.labels[key]) is not None


def _any_glob(globs: Sequence[str], names: Iterable[str | None]) -> bool:
    known = [name for name in names if name]
    return any(_may_fit(glob, name) and _glob(glob).match(name) for glob in globs for name in known)


def _may_fit(glob: str, name: str) -> bool:
    """Tell whether the text of a glob stands in a name, so that few of hundreds of globs need be compiled."""
    text = glob.strip("*")
    return text in name or not _SPECIAL.isdisjoint(text)


@lru_cache(maxsize=4096)
def _glob(glob: str) -> re.Pattern[str]:
    return re.compile(translate(glob))


def _narrows_lines(selector: Selector) -> bool:
    return bool(selector.stream or selector.level)


def _fits_line(
    selector: Selector, stream: Callable[[], Stream], level: Callable[[], Level | None], *, unknown: bool
) -> bool:
    if selector.stream and (found := stream()) not in selector.stream and not (unknown and found is Stream.UNKNOWN):
        return False
    return not selector.level or level() in selector.level
