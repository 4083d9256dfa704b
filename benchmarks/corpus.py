"""Write a big corpus quickly: ordinary lines of the stack, with hits of the shipped rules at a chosen density.

    python -m benchmarks.corpus PATH (--lines N | --mib N) [--density 0.001] [--form json-file] [--seed 1]

One block of 20,000 lines, a day of the stack, is made line by line; the corpus is that block over
and over, each time a day later. So a gigabyte takes a second, no two blocks are alike, and the
exact number of hits is known.
"""

from __future__ import annotations

import argparse
import json
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import count
from pathlib import Path
from random import Random
from typing import BinaryIO

from benchmarks import stack_lines as stack

BLOCK_LINES = 20_000
FIRST_DAY = date(2025, 12, 2)
FIRST_NS = 1_764_633_600_000_000_000
"""Midnight of the first day, UTC."""

STEP_NS = 4_000_000_000
"""Between two lines: a block ends on the day on which it began."""


class Form(StrEnum):
    """How a line stands in the file."""

    PLAIN = "plain"
    JSON_FILE = "json-file"


@dataclass(frozen=True, slots=True)
class Corpus:
    """What was written: `hits` is how many of the lines a shipped rule matches."""

    lines: int
    bytes: int
    hits: int


@dataclass(frozen=True, slots=True)
class Block:
    """A day of lines; `hits` are the places of those that a shipped rule matches, in order."""

    text: bytes
    hits: Sequence[int]

    def on_day(self, number: int) -> bytes:
        """The same day so many days later."""
        day = FIRST_DAY + timedelta(days=number)
        text = self.text
        for form in ("%Y-%m-%d", "%d/%b/%Y"):
            text = text.replace(FIRST_DAY.strftime(form).encode(), day.strftime(form).encode())
        return text


def stale_cache(random: Random, time_ns: int) -> str:
    del time_ns
    age = random.uniform(30, 900)
    return f"⚠️ Discovery cache is stale ({age:.1f} minutes old, TTL: 30.0 minutes)."


def stale_cache_as_json(random: Random, time_ns: int) -> str:
    text = stale_cache(random, time_ns)
    return stack.json_line(time_ns, "websocket-ingestion", "WARNING", text, "discovery_service")


def unauthorized(random: Random, time_ns: int) -> str:
    reason = random.choice(("authorization not found", "session not found", "token required"))
    return stack.influxdb_line(time_ns, "Unauthorized", f'error="{reason}"')


def import_error(random: Random, time_ns: int) -> str:
    del time_ns
    return f"ModuleNotFoundError: No module named 'plugin_{random.randrange(1000)}'"


def refused(random: Random, time_ns: int) -> str:
    return stack.nginx_line(time_ns, f"203.0.113.{random.randrange(256)}", "POST /login", 401, 94)


HITS: tuple[stack.OrdinaryLine, ...] = (stale_cache, stale_cache_as_json, unauthorized, import_error, refused)


def make_block(random: Random, *, density: float, form: Form = Form.PLAIN) -> Block:
    """Make a day of lines, of which the share `density` are hits."""
    hits = sorted(random.sample(range(BLOCK_LINES), round(BLOCK_LINES * density)))
    places = set(hits)
    ordinary = tuple(stack.ORDINARY.values())
    written = []
    for place in range(BLOCK_LINES):
        time_ns = FIRST_NS + place * STEP_NS + random.randrange(STEP_NS)
        line = random.choice(HITS if place in places else ordinary)(random, time_ns)
        written.append(_formed(line, time_ns, form))
    return Block("".join(written).encode(), hits)


def write_corpus(out: BinaryIO, block: Block, *, lines: int | None = None, size: int | None = None) -> Corpus:
    """Write whole lines to `out`: exactly `lines`, or as many as fit into `size` bytes.

    Without either it never ends.
    """
    corpus = Corpus(0, 0, 0)
    for day in count():
        whole = text = block.on_day(day)
        if lines is not None:
            text = _first_lines(text, lines - corpus.lines)
        if size is not None:
            text = _first_bytes(text, size - corpus.bytes)
        out.write(text)
        written = BLOCK_LINES if len(text) == len(whole) else text.count(b"\n")
        hits = bisect_left(block.hits, written)
        corpus = Corpus(corpus.lines + written, corpus.bytes + len(text), corpus.hits + hits)
        if written < BLOCK_LINES:
            break
    return corpus


def _formed(line: str, time_ns: int, form: Form) -> str:
    if form is Form.PLAIN:
        return line + "\n"
    record = {"log": line + "\n", "stream": "stdout", "time": stack.iso_nano(time_ns)}
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n"


def _first_lines(text: bytes, wanted: int) -> bytes:
    if wanted >= BLOCK_LINES:
        return text
    return b"".join(text.splitlines(keepends=True)[:wanted])


def _first_bytes(text: bytes, size: int) -> bytes:
    return text if size >= len(text) else text[: text.rfind(b"\n", 0, size) + 1]


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a big log file for benchmarks.")
    parser.add_argument("path", type=Path)
    measure = parser.add_mutually_exclusive_group(required=True)
    measure.add_argument("--lines", type=int)
    measure.add_argument("--mib", type=int)
    parser.add_argument("--density", type=float, default=0.001, help="share of lines that are hits")
    parser.add_argument("--form", type=Form, choices=list(Form), default=Form.PLAIN)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    block = make_block(Random(asked.seed), density=asked.density, form=asked.form)
    with asked.path.open("wb") as out:
        corpus = write_corpus(out, block, lines=asked.lines, size=asked.mib and asked.mib << 20)
    print(f"{asked.path}: {corpus.lines} lines, {corpus.bytes} bytes, {corpus.hits} hits")


if __name__ == "__main__":
    main()
