"""Quarantine: rules that take too long are set aside, so that the scan goes on.

Owns the time that each rule has used, and the list of those that exceeded it. Does not own the
limit of a single search (search): that one arrives here as `TimeoutError`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar, TypeVarTuple

from logscan.matching.search import SEARCH_TIMEOUT, patience
from logscan.ruleset.model import Rule

Answer = TypeVar("Answer")
Given = TypeVarTuple("Given")

RULE_BUDGET = 5.0
"""Seconds that all slow confirmations of a rule may take together."""

FAIR_TIME = 0.001
"""Seconds of a confirmation that cost the rule nothing. An ordinary one takes microseconds: without
this, a rule with millions of honest hits would use up its budget, and in a scan that never ends
any rule would."""


@dataclass(frozen=True, slots=True)
class Quarantine:
    """A rule that is no longer asked, and why, in words for the user."""

    rule: Rule
    reason: str


MOST_OF_A_SEARCH = 0.8 * SEARCH_TIMEOUT
"""Seconds. A search that ran out of time and computed for less was starved: its timeout goes by the wall clock."""

PATIENCE = (2, 4, 8, 16, 32)
"""A starved search is begun again with so many times its time."""


SLOW_ONCE = 3
"""So often a rule may be slow by the clock on the wall before it is measured. Its first search compiles its pattern.

One that is measured and found quick is trusted again, until the next time.
"""


class Watch:
    """Measures rules by `clock`, the seconds that this thread has computed; a rule that is `in` it is in quarantine.

    On a busy machine time passes in which nothing is computed, and no rule is to blame for that. But to
    ask for the time computed may take longer than a search, so only rules are measured that were slow
    by the clock on the wall (`wall`, in seconds), which costs nearly nothing.
    """

    def __init__(self, clock: Callable[[], float], wall: Callable[[], float]) -> None:
        self._clock = clock
        self._wall = wall
        self._slow: Counter[Rule] = Counter()
        self._spent: dict[Rule, float] = {}
        self._quarantined: dict[Rule, Quarantine] = {}

    def __contains__(self, rule: Rule) -> bool:
        return rule in self._quarantined

    @property
    def quarantined(self) -> tuple[Quarantine, ...]:
        return tuple(self._quarantined.values())

    def over(self, rule: Rule, question: Callable[[*Given], Answer], *given: *Given) -> Answer | None:
        """Measure how long a `question` to `rule` takes; None when it takes too long to be answered."""
        if self._slow.get(rule, 0) >= SLOW_ONCE:
            return self._measured(rule, partial(question, *given))
        started = self._wall()
        try:
            answer = question(*given)
        except TimeoutError:
            self._slow[rule] = SLOW_ONCE
            return self._over_again(rule, partial(question, *given), 0.0)
        if self._wall() - started > FAIR_TIME:
            self._slow[rule] += 1
        return answer

    def _measured(self, rule: Rule, question: Callable[[], Answer]) -> Answer | None:
        started = self._clock()
        try:
            answer = question()
        except TimeoutError:
            return self._over_again(rule, question, self._clock() - started)
        self._charge(rule, self._clock() - started)
        return answer

    def _over_again(self, rule: Rule, question: Callable[[], Answer], computed: float) -> Answer | None:
        """Ask again, with more and more patience, as long as too little of the time was ours to compute in."""
        for times in PATIENCE:
            if computed >= MOST_OF_A_SEARCH:
                break
            started = self._clock()
            try:
                with patience(times):
                    return question()
            except TimeoutError:
                computed = self._clock() - started
        self._set_aside(rule, f"one search took longer than {SEARCH_TIMEOUT:g} s")
        return None

    def _charge(self, rule: Rule, seconds: float) -> None:
        if seconds <= FAIR_TIME:
            self._slow[rule] -= 1
            return
        spent = self._spent[rule] = self._spent.get(rule, 0.0) + seconds - FAIR_TIME
        if spent > RULE_BUDGET:
            self._set_aside(rule, f"its searches took longer than {RULE_BUDGET:g} s in all")

    def _set_aside(self, rule: Rule, reason: str) -> None:
        self._quarantined.setdefault(rule, Quarantine(rule, reason))
