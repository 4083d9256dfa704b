"""Conservation: the judge of follow mode. Each line is counted exactly once, or lies inside a recorded gap.

Owns what was written (as the engine kept it, or as the oracle says) beside what was found, and the words for a
difference. Does not own any reading of logs: what the engine kept is asked of it after the fact, over its own
socket, in one whole read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.rig.container import ContainerHandle
from tests.rig.follow import Follower
from tests.rig.oracle import Ticker

SHOWN = 20
"""So many differences are told; more would hide what they have in common."""

_NUMBER = re.compile(rb"\bnumber (\d+)/(\d+);")
_TRACE = re.compile(rb"^TraceError: trace (\d+);", re.MULTILINE)


@dataclass(slots=True)
class Tally:
    """How many lines of a ticker there are: by block, by number inside the blocks, and its traces."""

    blocks: Counter[int] = field(default_factory=Counter)
    rests: Counter[int] = field(default_factory=Counter)
    traces: Counter[int] = field(default_factory=Counter)

    @classmethod
    def of(cls, text: bytes) -> Tally:
        """Count what stands in a log."""
        numbers = [(int(block), int(rest)) for block, rest in _NUMBER.findall(text)]
        return cls(
            Counter(block for block, _ in numbers),
            Counter(rest for _, rest in numbers),
            Counter(int(trace) for trace in _TRACE.findall(text)),
        )

    @classmethod
    def of_ticker(cls, ticker: Ticker) -> Tally:
        """Count what one whole run of a ticker prints."""
        numbers = range(ticker.count)
        traced = range(0, ticker.count, ticker.traces) if ticker.traces else ()
        return cls(
            Counter(number // ticker.block for number in numbers),
            Counter(number % ticker.block for number in numbers),
            Counter(traced),
        )

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.blocks + other.blocks, self.rests + other.rests, self.traces + other.traces)

    @property
    def lines(self) -> int:
        return self.blocks.total()


def written(*containers: ContainerHandle) -> dict[str, Tally]:
    """Give what the engine has kept of each container, by the container's name.

    The streams are read one by one: a line is written by one write, so in one stream none is torn by another.
    """
    kept = {}
    for container in containers:
        client = container.engine.client
        streams = [
            client.logs(container.id, stdout=out, stderr=not out, stream=False, follow=False) for out in (True, False)
        ]
        kept[container.name] = Tally.of(streams[0]) + Tally.of(streams[1])
    return kept


def found(findings: Iterable[Mapping[str, Any]]) -> dict[str, Tally]:
    """Give what logscan has counted, by the name of the service, which for a lone container is its own."""
    tallies: dict[str, Tally] = {}
    for each in findings:
        tally = tallies.setdefault(each["service"]["name"], Tally())
        match each["rule"]["id"]:
            case "by-block":
                tally.blocks[int(each["fields"]["block"])] += each["count"]
            case "by-rest":
                tally.rests[int(each["fields"]["rest"])] += each["count"]
            case "trace":
                tally.traces[int(each["fields"].get("trace", -1))] += each["count"]
    return tallies


def differences(expected: Mapping[str, Tally], counted: Mapping[str, Tally]) -> list[str]:
    """Word what was lost and what was counted too often; [] when nothing was."""
    told = []
    for name, wanted in sorted(expected.items()):
        got = counted.get(name, Tally())
        if got.lines == 0 and wanted.lines:
            told.append(f"{name}: none of {wanted.lines} lines")
            continue
        missing = _named(wanted.blocks - got.blocks, wanted.rests - got.rests)
        twice = _named(got.blocks - wanted.blocks, got.rests - wanted.rests)
        if missing:
            told.append(f"{name}: lost {missing} (of {wanted.lines})")
        if twice:
            told.append(f"{name}: too often {twice} (of {wanted.lines})")
        told += [f"{name}: lost trace {number}" for number in (wanted.traces - got.traces).elements()]
        told += [f"{name}: too often trace {number}" for number in (got.traces - wanted.traces).elements()]
    return told


def _named(blocks: Counter[int], rests: Counter[int]) -> str:
    """Say which lines these are: one is known exactly, many by their blocks."""
    if not blocks and not rests:
        return ""
    if blocks.total() == rests.total() == 1:
        ((block,), (rest,)) = blocks, rests
        return f"number {block}/{rest}"
    in_blocks = ", ".join(f"{count} of block {block}" for block, count in sorted(blocks.items())[:SHOWN])
    in_rests = ", ".join(f"{count} x /{rest}" for rest, count in sorted(rests.items())[:SHOWN])
    return f"{in_blocks or 'no block'} ({in_rests or 'no rest'})"


def report(told: Sequence[str], seed: int | None = None) -> str:
    """Make the message of a failed test."""
    more = [f"... and {len(told) - SHOWN} more"] if len(told) > SHOWN else []
    replay = [] if seed is None else [f"replay with RIG_SEED={seed}"]
    return "\n".join([*told[:SHOWN], *more, *replay])


def conserved(expected: Mapping[str, Tally], findings: Iterable[Mapping[str, Any]], seed: int | None = None) -> None:
    """Fail, and tell what was lost or counted twice, unless every line was counted once."""
    told = differences(expected, found(findings))
    assert not told, report(told, seed)


def until_conserved(follow: Follower, expected: Mapping[str, Tally], seed: int | None = None) -> None:
    """Wait until every line was counted; fail, and tell what is missing, when that doesn't come true."""
    try:
        follow.until(lambda: not differences(expected, found(follow.findings())), every=1)
    except AssertionError as error:
        conserved(expected, follow.findings(), seed)
        raise AssertionError(report([f"counted in the end, but {error}"], seed)) from error


def outside_gaps(
    emitted: Iterable[int], findings: Iterable[Mapping[str, Any]], gaps: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Word which numbers of one container were counted twice, or are missing where no gap was recorded.

    For rules that give each number a finding of its own. The engine wrote the missing ones between the times of
    their neighbours, which logscan did find; a gap must touch that stretch. Times are compared as they are
    written: RFC 3339, UTC, nine digits.
    """
    counts = {int(each["fields"]["number"]): each for each in findings if "number" in each["fields"]}
    told = [f"number {number} {each['count']} times" for number, each in sorted(counts.items()) if each["count"] != 1]
    before, run = "", []
    for number in [*sorted(emitted), None]:
        each = None if number is None else counts.get(number)
        if number is not None and each is None:
            run.append(number)
            continue
        after = "9999" if each is None else each["first_seen"]
        if run and not any(_touches(gap, before, after) for gap in gaps):
            told.append(f"numbers {run[0]} to {run[-1]} are missing between {before or 'the beginning'} and {after}")
        run = []
        before = after
    return told


def _touches(gap: Mapping[str, Any], begin: str, end: str) -> bool:
    return (gap["from"] or "") <= end and (gap["to"] or "9999") >= begin


def same_findings(followed: Iterable[Mapping[str, Any]], scanned: Iterable[Mapping[str, Any]]) -> list[str]:
    """Word in what the findings of a follow differ from those of one scan over the same lines; [] when in nothing.

    The state is a matter of the store, and the container is the same in both.
    """
    one, other = ({each["fingerprint"]: _comparable(each) for each in findings} for findings in (followed, scanned))
    told = [f"only followed: {_label(one[each])}" for each in one.keys() - other.keys()]
    told += [f"only scanned: {_label(other[each])}" for each in other.keys() - one.keys()]
    for fingerprint in one.keys() & other.keys():
        for key, value in one[fingerprint].items():
            if value != other[fingerprint].get(key):
                told.append(
                    f"{_label(one[fingerprint])}: {key} is {value!r} followed, {other[fingerprint].get(key)!r} scanned"
                )
    return sorted(told)


def _comparable(finding: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in finding.items() if key != "state"}


def _label(finding: Mapping[str, Any]) -> str:
    return f"{finding['rule']['id']} of {finding['service']['name']} {finding['fields']} ({finding['count']})"
