"""Rules and hits for the tests of detection, without any matching."""

from itertools import count

from logscan.batch import Container, Line, Stream
from logscan.matching.hit import Hit
from logscan.ruleset.model import Rule, RuleFile

SECOND = 1_000_000_000
START_NS = 1_764_700_000 * SECOND
_numbers = count()


def rule(**keys):
    """A rule named `r` of severity low that differs in these keys."""
    model = {"id": "r", "title": "Title", "severity": "low", "match": {"contains": "boom"}}
    model |= {"tests": {"match": ["boom"], "ignore": ["calm"]}, **keys}
    file = RuleFile.model_validate({"schema": "logscan/v1", "technology": "T", "rules": [model]}, strict=False)
    return Rule(file.rules[0], None, "t.yaml", "t.yaml", 1, "T")


def box(name="box", **more):
    return Container(key=f"{name}-{next(_numbers)}", name=name, **more)


def hit(of, at_s=0.0, text="boom", *, container, fields=None, stream=Stream.STDOUT):
    """A hit `at_s` seconds after the start; None for a line without a time."""
    time_ns = None if at_s is None else START_NS + round(at_s * SECOND)
    return Hit(of, Line(text, time_ns, stream, container), fields or {}, 0, 0, 0)
