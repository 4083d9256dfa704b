"""Builds what an engine sends: records as frames, frames as HTTP chunks."""

from struct import pack

from logscan.framing.stamp import format_fixed

START_NS = 1_764_700_000_000_000_000
PIECE = 16 << 10
STDOUT, STDERR = 1, 2


def frame(stream, text, time_ns=START_NS):
    """One record as the engine frames it; `text` says itself whether it ends in a newline."""
    payload = format_fixed(time_ns) + b" " + text
    return pack(">BxxxI", stream, len(payload)) + payload


def pieces(stream, line, time_ns=START_NS, *, newline_at_end=True):
    """A line as its records: full pieces of 16 KiB, all with one time, then the rest."""
    cut = [line[at : at + PIECE] for at in range(0, len(line), PIECE)] or [b""]
    if len(cut[-1]) == PIECE:
        cut.append(b"")
    if not newline_at_end and not cut[-1]:
        cut.pop()
    end = b"\n" if newline_at_end else b""
    return [frame(stream, text, time_ns) for text in cut[:-1]] + [frame(stream, cut[-1] + end, time_ns)]


def chunked(body, sizes=None):
    """A body as HTTP chunks of these sizes (the last one again and again), with the last chunk."""
    parts, at, sizes = [], 0, iter(sizes or [len(body) or 1])
    size = 1
    while at < len(body):
        size = next(sizes, size)
        part = body[at : at + size]
        parts.append(b"%x\r\n%s\r\n" % (len(part), part))
        at += size
    return b"".join(parts) + b"0\r\n\r\n"
