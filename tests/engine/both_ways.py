"""Reading one container's log by either way, the engine's API and its files, down to each line."""

from logscan.framing.time_range import TimeRange
from logscan.settings import Direct
from logscan.sources.docker.select import Selection
from logscan.sources.docker.source import DockerSource

ALWAYS = TimeRange()


def source_of(engine, container, direct=Direct.AUTO, wanted=ALWAYS, tail=None):
    return DockerSource.open(engine, Selection(names=(container.name,)), wanted, tail=tail, direct=direct)


def lines_of(batches):
    """Each line with its time and stream, as a rule sees it."""
    lines = []
    for batch in batches:
        offset, count = 0, len(lines)
        while offset < len(batch.text):
            line = batch.line_at(offset)
            lines.append((line.text, line.time_ns, line.stream))
            offset = batch.span_at(offset)[1] + 1
        assert len(lines) - count == batch.lines
    return lines


def read(engine, container, direct, wanted=ALWAYS, tail=None):
    """Read once; give the way taken, the lines, and what the coverage says of them."""
    source = source_of(engine, container, direct, wanted, tail)
    lines = lines_of(source.batches())
    (found,) = source.coverage
    size = None if tail is None else found.bytes  # of whole logs, each way counts its own bytes
    return (
        found.read,
        lines,
        (found.status, found.lines, found.truncated, found.first_seen_ns, found.last_seen_ns, size),
    )
