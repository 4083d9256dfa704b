"""Hit: a line that a rule confirmed. Decoded, but not yet redacted.

Most hits only have to be counted. Of those no line is made, and they stay what each hit is first: a sighting.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from logscan.batch import Line
from logscan.matching.evidence import NO_GROUPS, Evidence
from logscan.ruleset.model import Rule


class Hit(msgspec.Struct, frozen=True, gc=False):
    """A line, the rule that confirmed it and the fields it extracted.

    `start` and `end` are the span in `line.text` around which evidence is cut (0, 0 when the match
    lies in the decoded message of a JSON line). `offset` is where the line begins in its batch, below
    zero when it stood in an earlier batch of its container. `continued` are the lines after it that
    belong to it, when the rule joins lines. A hit that is `aside` is no hit of its rule: only a line
    that the rule's `related` asks for.
    """

    rule: Rule
    line: Line
    fields: Mapping[str, str]
    start: int
    end: int
    offset: int
    continued: tuple[str, ...] = ()
    aside: bool = False


class Sighting(msgspec.Struct, frozen=True, gc=False):
    """A line that a rule confirmed: where it stands in the batch that is searched. As a Hit, it may be `aside`.

    `evidence` is None where the line holds what the rule looks for, and nothing else was asked.
    """

    rule: Rule
    start: int
    end: int
    evidence: Evidence | None = None
    fields: Mapping[str, str] = NO_GROUPS
    aside: bool = False
