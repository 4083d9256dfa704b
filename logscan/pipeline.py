"""The pipeline: batches from sources, hits from the matcher, findings from the detector.

Owns the loop and nothing else; every stage is given to it. A one-shot scan ends when its sources do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from logscan.detection.detector import Detector
from logscan.finding import Coverage, Status
from logscan.framing.time_range import TimeRange
from logscan.matching.hit import Hit
from logscan.matching.matcher import Matcher
from logscan.matching.search_ahead import SearchAhead
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

    def wanted_of(hits: Iterable[Hit]) -> Iterable[Hit]:
        return hits if wanted.holds_all else (hit for hit in hits if wanted.holds(hit.line.time_ns))

    with SearchAhead(matcher.prefilter) as ahead:
        for source in sources:
            for batch, candidates in ahead.over(source.batches()):
                if context:
                    hits = wanted_of(matcher.scan(batch, candidates))
                    _observe(detector, surroundings.around(batch, hits, matcher.open_offsets))
                else:
                    detector.observe_all(batch, matcher.survey(batch, candidates), matcher.hit, wanted)
                if batch.last_ns is not None:
                    detector.advance(batch.container, batch.last_ns)
                if progress is not None:
                    progress()
    _observe(detector, surroundings.close(wanted_of(matcher.close())))
    for source in sources:
        for coverage in source.coverage:
            _watch(detector, coverage, wanted)


def _observe(detector: Detector, placed: Iterable[Placed]) -> None:
    for one in placed:
        detector.observe(one.hit, one.before, one.after)


def _watch(detector: Detector, coverage: Coverage, wanted: TimeRange) -> None:
    """Tell the detector over which time a container was read whole: only there silence means something.

    It begins with the container, or with the first line where older ones may be gone or were not asked
    for. It ends with the container's life or the wanted time.
    """
    unknown = coverage.started_ns is None or (coverage.lines and not coverage.from_start)
    start_ns = coverage.first_seen_ns if unknown else coverage.started_ns
    ends = [time_ns for time_ns in (coverage.ended_ns, wanted.until_ns) if time_ns is not None]
    until_ns = min(ends, default=coverage.last_seen_ns)
    if coverage.status is not Status.COMPLETE or start_ns is None or until_ns is None:
        return
    if wanted.since_ns is not None:
        start_ns = max(start_ns, wanted.since_ns)
    detector.watch(coverage.container, start_ns, until_ns)
