"""The matcher: batches in, hits out.

Owns the walk from a batch's bytes to the lines that a rule wants: one search for the literals of
all rules, then the few questions that a line's literals point to, confirmed on the decoded line. Owns
too the quarantine of rules that take too long. Does not own which lines hold literals (spans), what a rule means
(confirm), who is asked (audience), which of a line's answers are hits (silence), which lines go on with a hit
(multiline), nor what a hit leads to (detection).

A question is not asked twice about a line, but for the few lines of a sighting that are shown, and a line is decoded
once for all of them. The catch-alls are asked last, and not at all where a rule has spoken that silences them. Lines in
which an escape could hide a literal are searched again with the escapes undone. Questions without a
literal walk every line, in the slow lane.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from typing import cast
from weakref import WeakValueDictionary

from msgspec.structs import replace

from logscan.batch import Batch, Container, Input, Line, Stream
from logscan.lazy import lazy
from logscan.matching.audience import Audience, Gates, Reach, gates_of, stand
from logscan.matching.confirm import Judge
from logscan.matching.escapes import ESC, HIDING, hides_at, revealed
from logscan.matching.evidence import ELSEWHERE, NO_GROUPS, Evidence
from logscan.matching.hit import Hit, Sighting
from logscan.matching.index import Index, Order, Pointer
from logscan.matching.levels import Level
from logscan.matching.literals import recall
from logscan.matching.multiline import OpenEvent, OpenEvents
from logscan.matching.prefilter import Candidate, Prefilter
from logscan.matching.quarantine import Quarantine, Watch
from logscan.matching.question import Question, questions_of
from logscan.matching.silence import settled
from logscan.matching.spans import Span, spans_of
from logscan.matching.views import LineView
from logscan.matching.where import OPEN
from logscan.ruleset.model import Rule

MAX_AUDIENCES = 1024
"""So many containers are remembered; beyond that all are worked out anew, which takes a millisecond."""

_ESCAPE = ESC.encode("ascii")

Place = tuple[Container, Input]
"""Where lines come from. What a container prints and what the engine tells of it don't mix."""


class Matcher:
    """Finds, in any batch, the lines that any of `rules` wants.

    The batches of one container come in their order. `clock` (seconds that this thread has
    computed) and `wall` (seconds) measure how long rules take, and nothing else. `cache`: a folder in
    which what is derived from rules is kept for the next run. `counted`: the rules whose hits only have to be counted.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        *,
        clock: Callable[[], float] = time.thread_time,
        wall: Callable[[], float] = time.perf_counter,
        cache: Path | None = None,
        counted: Collection[Rule] = frozenset(),
    ) -> None:
        self._counted = counted
        self._questions = questions_of(rules)
        self._own = {one.rule: one for one in self._questions if not one.aside}
        self._simple = {order for order, one in enumerate(self._questions) if one.rule in counted and one.is_simple}
        self._yielding = next((order for order, one in enumerate(self._questions) if one.yields), len(self._questions))
        self._outspoken = frozenset(other for rule in rules if rule.model.catch_all for other in rule.model.instead_of)
        self._joining = {one.rule: one for one in self._questions if one.continues is not None}
        self._watch = Watch(clock, wall)
        self._index = Index.of([question.matcher for question in self._questions], cache=cache)
        literals = self._index.pointers
        self.prefilter = Prefilter.of([*literals, *HIDING], cache=cache)
        self._escape = len(literals) + len(HIDING)
        self._hiding = frozenset(range(len(literals), self._escape + 1))
        self._unrecalled: Path | None = cache
        self._audiences: dict[Place, Audience] = {}
        self._reaches: WeakValueDictionary[frozenset[Order], Reach] = WeakValueDictionary()
        self._open: dict[Place, OpenEvents] = {}

    @property
    def slow_lane(self) -> tuple[Rule, ...]:
        """The rules whose `match`, or whose `related`, has no usable literal and is asked of every line."""
        return tuple(dict.fromkeys(self._questions[order].rule for order in self._index.slow))

    @property
    def quarantined(self) -> tuple[Quarantine, ...]:
        """The rules that took too long and are no longer asked, in the order in which that happened."""
        return self._watch.quarantined

    def matches(self, rule: Rule, text: str) -> bool:
        """Tell whether the pattern of `rule` matches a line, whoever wrote it. May raise `TimeoutError`."""
        return Judge.of(rule.model).judge(LineView(text)) is not None

    def scan(self, batch: Batch, candidates: Sequence[Candidate] | None = None) -> Iterator[Hit]:
        """Yield the hits of a batch: by line, and within a line in the order of the rules.

        A hit of a rule that joins lines comes when its event ends, maybe with a later batch.
        `candidates`: what `prefilter` finds in the batch, where that is known already.
        """
        return cast("Iterator[Hit]", self._found(batch, candidates, counted=()))

    def survey(self, batch: Batch, candidates: Sequence[Candidate] | None = None) -> list[Hit | Sighting]:
        """Give the same, but of the rules that are `counted` only sightings, where a line is not decoded already."""
        return list(self._found(batch, candidates, self._counted if batch.index.verbatim else ()))

    def hit(self, sighting: Sighting, line: Line) -> Hit:
        """Make a hit of a sighting, whose `line` this is."""
        evidence = sighting.evidence or self._own[sighting.rule].judge.judge(LineView(line.text)) or ELSEWHERE
        return _hit(sighting, evidence, line)

    def _found(
        self, batch: Batch, candidates: Sequence[Candidate] | None, counted: Collection[Rule]
    ) -> Iterator[Hit | Sighting]:
        audience = self._audience(batch)
        if not audience.gates:
            return
        events, reach, gates = self._enter(batch), audience.reach, audience.gates
        sole = reach.sole if counted else {}
        for span in self._spans(batch, reach, candidates):
            start, end, literals = span
            if events.running:
                yield from self._ended(events.walk(batch, start))
            elif len(literals) == 1 and (pointer := sole.get(literals[0])) and gates[pointer[0]] is OPEN:
                if sighting := self._seen_at_once(pointer, batch, span):
                    yield sighting
                continue
            if orders := self._wanting(reach, batch, span):
                yield from self._asked(gates, orders, _AskedLine(batch, start, end), events, counted)
        if events.running:
            yield from self._ended(events.walk(batch, len(batch.text)))
            self._open[batch.container, batch.input] = events

    def _spans(self, batch: Batch, reach: Reach, candidates: Sequence[Candidate] | None) -> Iterator[Span]:
        """Yield the lines that somebody has to be asked about."""
        if candidates is None:
            candidates = self.prefilter.candidates(batch.text)
        text, pointing, hiding = batch.text, reach.pointing, self._hiding
        wanted = [one for one in candidates if one[0] in pointing or (one[0] in hiding and hides_at(text, one[1]))]
        if _ESCAPE in text:
            escapes = ((self._escape, found.end()) for found in re.finditer(_ESCAPE, text))
            wanted = sorted([*wanted, *escapes], key=itemgetter(1))
        return spans_of(batch, wanted, every=bool(reach.slow))

    def _seen_at_once(self, pointer: Pointer, batch: Batch, span: Span) -> Sighting | None:
        """Ask a simple question, the only one that the literals of a line point to."""
        order, companions = pointer
        question, (start, end, _) = self._questions[order], span
        rule, line = question.rule, batch.text[start:end].lower()
        for text in question.texts:
            if text in line:
                return Sighting(rule, start, end)
        if rule in self._watch or not stand(companions, line):
            return None
        evidence = self._watch.over(rule, question.judge.judge, LineView(batch.content(start, end)))
        return Sighting(rule, start, end, evidence) if evidence else None

    def _asked(
        self, gates: Gates, orders: Sequence[Order], asked: _AskedLine, events: OpenEvents, counted: Collection[Rule]
    ) -> Iterator[Hit | Sighting]:
        if events.running:
            yield from self._ended(events.offer(asked.line, asked.end + 1))
        sightings = self._sightings(gates, orders, asked, events.taking)
        is_settled = len(sightings) == 1 and not events.running and sightings[0].rule not in self._joining
        for one in sightings if is_settled else settled(sightings, events, asked.end + 1, asked.hit):
            yield one if one.rule in counted and not (one.aside or asked.is_located) else asked.hit(one)

    def close(self) -> Iterator[Hit]:
        """Yield the events that are open where the logs end."""
        for events in self._open.values():
            yield from self._ended(events.running)
        self._open.clear()

    def expire(self, container: Container, time_ns: int) -> Iterator[Hit]:
        """Yield the events of a container that a line at `time_ns` would be too late for: it is known to be quiet."""
        if events := self._open.get((container, Input.LINE)):
            yield from self._ended(events.expire(time_ns))

    def leave(self, container: Container) -> Iterator[Hit]:
        """Yield the events that a container has open, and forget it: it has ended."""
        for input_ in Input:
            self._audiences.pop((container, input_), None)
            if events := self._open.pop((container, input_), None):
                yield from self._ended(events.running)

    def open_hits(self, container: Container) -> list[Hit]:
        """Give the hits that a container has open; their `offset` counts from its last batch."""
        events = self._running(container, Input.LINE)
        return [replace(event.hit, offset=event.offset) for event in events if not event.silenced]

    def open_offsets(self, batch: Batch) -> frozenset[int]:
        """Tell, after a scan of `batch`, at which offsets the events begin that its container has open."""
        return frozenset(event.offset for event in self._running(batch.container, batch.input))

    def _running(self, container: Container, given: Input) -> Sequence[OpenEvent]:
        events = self._open.get((container, given))
        return events.running if events else ()

    def _enter(self, batch: Batch) -> OpenEvents:
        events = self._open.pop((batch.container, batch.input), None) or OpenEvents(self._goes_on)
        events.enter(batch)
        return events

    def _wanting(self, reach: Reach, batch: Batch, span: Span) -> Sequence[Order]:
        start, end, literals = span
        if self._hiding.isdisjoint(literals):
            return reach.wanting(literals, batch.text[start:end].lower())
        return reach.wanting(self._revealed_literals(batch.content(start, end)).union(literals), None)

    def _sightings(
        self, gates: Gates, orders: Sequence[Order], asked: _AskedLine, taking: Collection[OpenEvent]
    ) -> list[Sighting]:
        """Ask a line; those of a rule that joins lines have not all their fields yet."""
        if self._unrecalled is not None:  # before the first judge is made, which asks for the literals of its parts
            recall(self._unrecalled)
            self._unrecalled = None
        inside = {event.hit.rule for event in taking} if taking else ()
        sightings: list[Sighting] = []
        for order in orders:
            if order >= self._yielding and sightings and not inside and self._speak(sightings):
                break
            question, gate = self._questions[order], gates[order]
            rule = question.rule
            if rule in self._watch or not (gate is OPEN or gate.admits(asked.ask_stream, asked.ask_level)):
                continue
            if rule in inside and not question.aside:
                continue
            if question.judge.searches:
                confirmed = self._watch.over(rule, _judged, question, asked)
            else:
                confirmed = _judged(question, asked)
            if confirmed is not None:
                evidence, fields = confirmed
                sightings.append(Sighting(rule, asked.start, asked.end, evidence, fields, question.aside))
        return sightings

    def _speak(self, sightings: Sequence[Sighting]) -> bool:
        """Tell whether one of those of a line silences every catch-all, and none of those could silence a hit."""
        rules = [one.rule.model for one in sightings if not one.aside]
        if any(rule.id in self._outspoken for rule in rules):
            return False
        silenced = {other for rule in rules for other in rule.instead_of}
        return any(not rule.catch_all and rule.id not in silenced for rule in rules)

    def _goes_on(self, event: OpenEvent, text: str) -> bool:
        rule = event.hit.rule
        continues = self._joining[rule].continues
        if continues is None or rule in self._watch:
            return False
        return bool(self._watch.over(rule, continues.takes, event, text))

    def _ended(self, events: Iterable[OpenEvent]) -> Iterator[Hit]:
        """Yield the hits that have all their lines now."""
        for event in events:
            if not event.silenced:
                hit = event.hit
                fields = self._event_fields(event)
                yield replace(hit, fields=fields, offset=event.offset, continued=tuple(event.continued))

    def _event_fields(self, event: OpenEvent) -> Mapping[str, str]:
        """Extract from the last line that has something to give, else from all lines as one text.

        Each search is measured by itself: a long trace is not a slow rule.
        """
        hit, judge = event.hit, self._joining[event.hit.rule].judge
        extracted: Mapping[str, str] = NO_GROUPS
        if judge.extract is not None:
            for text in (*reversed(event.texts), "\n".join(event.texts)):
                if extracted or hit.rule in self._watch:
                    break
                extracted = self._watch.over(hit.rule, judge.extracted, LineView(text)) or NO_GROUPS
        return judge.fields_beside(LineView(hit.line.text), hit.fields, extracted)

    def _revealed_literals(self, text: str) -> set[int]:
        """Search a line again, in every form in which no escape hides a literal."""
        forms = "\n".join(revealed(text)).encode("utf-8", "replace")
        return {literal for literal, _ in self.prefilter.candidates(forms)}

    def _audience(self, batch: Batch) -> Audience:
        place = (batch.container, batch.input)
        audience = self._audiences.get(place)
        if audience is None:
            if len(self._audiences) >= MAX_AUDIENCES:
                self._audiences.clear()
            gates = gates_of(batch.container, batch.input, self._questions)
            audience = self._audiences[place] = Audience(gates, self._reach(frozenset(gates)))
        return audience

    def _reach(self, orders: frozenset[Order]) -> Reach:
        reach = self._reaches.get(orders)
        if reach is None:
            reach = self._reaches[orders] = Reach.of(orders, self._index, self._simple)
        return reach


class _AskedLine(LineView):
    """A line of which questions are asked. Its time is looked up for those who confirm: in a file it costs most."""

    def __init__(self, batch: Batch, start: int, end: int) -> None:
        super().__init__(batch.content(start, end))
        self._batch, self.start, self.end = batch, start, end

    @lazy
    def line(self) -> Line:
        return self._batch.line(self.start, self.end, self.text)

    @property
    def is_located(self) -> bool:
        """Whether somebody has asked for its time or stream."""
        return "line" in self.__dict__

    def hit(self, one: Sighting) -> Hit:
        return _hit(one, one.evidence or ELSEWHERE, self.line)

    def ask_stream(self) -> Stream:
        return self.line.stream

    def ask_level(self) -> Level | None:
        return self.level


def _hit(one: Sighting, evidence: Evidence, line: Line) -> Hit:
    return Hit(one.rule, line, one.fields, evidence.start, evidence.end, one.start, (), one.aside)


def _judged(question: Question, view: LineView) -> tuple[Evidence, Mapping[str, str]] | None:
    judge = question.judge
    evidence = judge.judge(view)
    if evidence is None or question.aside:
        return None if evidence is None else (evidence, NO_GROUPS)
    if question.continues is not None:
        return evidence, evidence.groups
    return evidence, judge.fields(view, evidence)
