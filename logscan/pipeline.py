"""The pipeline: batches from sources, hits from the matcher, findings from the detector.

Owns the loop and nothing else; every stage is given to it. A one-shot scan ends when its sources do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from logscan.detection.detector import Detector
from logscan.framing.time_range import TimeRange
from logscan.matching.matcher import Matcher
from logscan.sources.source import Source
from logscan.surroundings import Placed, Surroundings


def scan(
    sources: Sequence[Source],
    matcher: Matcher,
    detector: Detector,
    wanted: TimeRange,
    *,
    context: int = 0,
    progress: Callable[[], None] | None = None,
) -> None:
    """Read every source to its end. Findings are in the detector then, the coverage in the sources."""
    surroundings = Surroundings(context)
    for source in sources:
        for batch in source.batches():
            hits = (hit for hit in matcher.scan(batch) if wanted.holds(hit.line.time_ns))
            _observe(detector, surroundings.around(batch, hits, matcher.open_offsets))
            if progress is not None:
                progress()
    _observe(detector, surroundings.close(hit for hit in matcher.close() if wanted.holds(hit.line.time_ns)))


def _observe(detector: Detector, placed: Iterable[Placed]) -> None:
    for one in placed:
        detector.observe(one.hit, one.before, one.after)
