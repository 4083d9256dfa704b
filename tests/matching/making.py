"""Rules, containers, batches and a clock for the tests of matching."""

from logscan.batch import Batch, Container, LineIndex, Stream
from logscan.ruleset.model import Rule, RuleFile

ANYONE = Container(key="anyone", name="anyone")
SECOND = 1_000_000_000


def rule(match, *, where=None, **more):
    """Make one rule around `match`, the way a rule file would write it."""
    tests = {"match": ["a"], "ignore": ["b"]}
    return _loaded(match=match, tests=tests, **({"where": where} if where else {}), **more)


def combining(*ids, **more):
    """Make a rule that looks at hits of other rules, and at no lines."""
    window = {"type": "temporal_ordered", "rules": list(ids), "within": "1m"}
    scenario = {"lines": [{"at": "0s", "line": "x"}], "findings": 0}
    return _loaded(window=window, scenarios=[scenario], **more)


def _loaded(**written):
    rules = [{"id": "tested", "title": "Tested", "severity": "low", **written}]
    document = {"schema": "logscan/v1", "technology": "tests", "rules": rules}
    model = RuleFile.model_validate(document, strict=False).rules[0]
    return Rule(model=model, where=model.where, file="t.yaml", path="t.yaml", line=1, technology="tests")


def batch(*lines, container=ANYONE, index=None):
    """Make one batch of lines, given as text or bytes."""
    raw = [line.encode() if isinstance(line, str) else line for line in lines]
    return Batch(container, b"".join(line + b"\n" for line in raw), len(raw), index)


class Marked(LineIndex):
    """Lines as `O 12 text`: the stream (O, E or ?), the time in seconds (or -), then what was printed."""

    def content(self, text, start, end):
        stream, seconds, _ = text[start:end].split(b" ", 2)
        return start + len(stream) + len(seconds) + 2

    def locate(self, text, start, end):
        stream, seconds, _ = text[start:end].split(b" ", 2)
        streams = {b"O": Stream.STDOUT, b"E": Stream.STDERR, b"?": Stream.UNKNOWN}
        time_ns = None if seconds == b"-" else int(float(seconds) * SECOND)
        return time_ns, streams[stream]


def marked(*lines, container=ANYONE):
    return batch(*lines, container=container, index=Marked())


class Ticking:
    """A clock that moves on by `step` seconds each time it is asked."""

    def __init__(self, step):
        self.now, self.step = 0.0, step

    def __call__(self):
        self.now += self.step
        return self.now
