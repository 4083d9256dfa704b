"""Rules and hits for the tests of detection, without any matching."""

from itertools import count

from logscan.batch import Batch, Container, Line, LineIndex, Stream
from logscan.detection.event import Event
from logscan.matching.hit import Hit, Sighting
from logscan.ruleset.model import Rule, RuleFile

SECOND = 1_000_000_000
START_NS = 1_764_700_000 * SECOND
_numbers = count()


def rule(where=None, **keys):
    """A rule named `r` of severity low that differs in these keys."""
    model = {"id": "r", "title": "Title", "severity": "low", "match": {"contains": "boom"}}
    model |= {"tests": {"match": ["boom"], "ignore": ["calm"]}, **keys}
    return _rule(model, where)


def combining(window, **keys):
    """A rule named `c` over the hits of others."""
    scenario = {"lines": [{"at": "0s", "line": "boom"}], "findings": 0}
    return _rule({"id": "c", "title": "T", "severity": "low", "window": window, "scenarios": [scenario], **keys}, None)


def _rule(model, where):
    file = {"schema": "logscan/v1", "technology": "T", "rules": [model]}
    if where is not None:
        file["where"] = where
    read = RuleFile.model_validate(file, strict=False)
    return Rule(read.rules[0], read.where, "t.yaml", "t.yaml", 1, "T")


def box(name="box", **more):
    return Container(key=f"{name}-{next(_numbers)}", name=name, **more)


def hit(of, at_s=0.0, text="boom", *, container, fields=None, stream=Stream.STDOUT, **more):
    """A hit `at_s` seconds after the start; None for a line without a time."""
    time_ns = None if at_s is None else START_NS + round(at_s * SECOND)
    return Hit(of, Line(text, time_ns, stream, container), fields or {}, 0, 0, 0, **more)


class At(LineIndex):
    """The index of a batch whose lines begin at these places, with their times and streams."""

    def __init__(self, lines):
        self.lines = lines

    def locate(self, text, start, end):
        return self.lines[start]


def sighted(hits, counted=()):
    """Lay the hits of one container into a batch: those of rules that are `counted` as sightings.

    Gives the batch, what is found in it, and what makes a hit of a sighting.
    """
    text, lines, found, origins = b"", {}, [], {}
    for one in hits:
        start, line = len(text), one.line.text.encode()
        text += line + b"\n"
        lines[start] = one.line.time_ns, one.line.stream
        sighting = Sighting(one.rule, start, start + len(line), fields=one.fields)
        origins[start] = one
        found.append(sighting if one.rule in counted and not one.aside else one)
    batch = Batch(hits[0].line.container, text, len(hits), At(lines))

    def hit_of(sighting, line):
        assert line == origins[sighting.start].line
        return origins[sighting.start]

    return batch, found, hit_of


def event(of, time_ns, *, container, fields=None):
    """The event of a hit so many nanoseconds after the epoch."""
    one = Hit(of, Line("boom", time_ns, Stream.STDOUT, container), fields or {}, 0, 0, 0)
    return Event(one, time_ns)
