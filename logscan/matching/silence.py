"""Silence: which rules say nothing of a line, since others say it better.

A rule silences those that it names, and every catch-all, on its own line and within its event, and their events, when
it has a hit inside. A silenced hit may begin an event all the same: the rest of its trace is silenced too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from logscan.matching.hit import Hit, Sighting
from logscan.matching.multiline import OpenEvents
from logscan.ruleset.model import RuleModel


def settled(
    sightings: Sequence[Sighting], events: OpenEvents, after: int, hit_of: Callable[[Sighting], Hit]
) -> Iterator[Sighting]:
    """Yield those sightings of a line that are complete and not silenced; let the others begin events."""
    own = [one.rule.model for one in sightings if not one.aside]
    silence = _Silence(own)
    for event in events.taking:
        event.silenced = event.silenced or silence.takes(event.hit.rule.model)
    if events.taking:
        silence = _Silence([*own, *(event.hit.rule.model for event in events.taking)])
    for one in sightings:
        silenced = not one.aside and silence.takes(one.rule.model)
        if one.rule.model.multiline is not None and not one.aside:
            events.open(hit_of(one), after, silenced=silenced)
        elif not silenced:
            yield one


class _Silence:
    """Which rules are silent where these have hits: those that one of them names, and the catch-alls.

    A catch-all may name a rule that would silence it; then it speaks, and not that one.
    """

    __slots__ = ("_catch_alls", "_named")

    def __init__(self, rules: Sequence[RuleModel]) -> None:
        self._named = {other for rule in rules for other in rule.instead_of}
        self._catch_alls = any(not rule.catch_all and rule.id not in self._named for rule in rules)

    def takes(self, rule: RuleModel) -> bool:
        return rule.id in self._named or (rule.catch_all and self._catch_alls)
