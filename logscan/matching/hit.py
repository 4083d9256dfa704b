"""Hit: a line that a rule confirmed. Decoded, but not yet redacted."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from logscan.batch import Line
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
