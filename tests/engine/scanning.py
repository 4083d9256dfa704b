"""Scanning: what the tests of this folder ask logscan, and what they hold its answer against.

Owns the command line of a scan that answers in JSON, the rule that gives each line a finding of its
own, and a reader of the engine's logs that shares no code with logscan. Does not own what is printed
(oracle), nor the way to the engine: logscan is only ever given the proxy's address.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.rig.cli import Completed, run_logscan
from tests.rig.container import ContainerHandle
from tests.rig.proxy import Proxy

NUMBERED = ("--rules", str(Path(__file__).with_name("numbered.yaml")), "--no-builtin")
"""Flags that leave one rule: every `number 17` is a finding of its own."""

COMPLETE, INCOMPLETE = 0, 3
"""Exit codes, as a script that calls logscan writes them."""

BY_THE_API = {"LOGSCAN_DIRECT": "never"}
"""The environment of tests about the engine's API: else the private engine's files would be read past it."""

_NUMBER = re.compile(rb"\bnumber (\d+)\b")


def scan(proxy: Proxy, *args: str) -> Completed:
    """Scan what `args` name by the engine's API, with logscan's own rules unless they say otherwise."""
    return run_logscan("scan", "--format", "json", *args, docker_host=proxy.url, env=BY_THE_API)


def numbers(report: Any) -> Counter[int]:
    """How often each number was found."""
    return Counter({int(found["fields"]["number"]): found["count"] for found in report["findings"]})


def once(lines: Iterable[int]) -> Counter[int]:
    """What `numbers` gives when each of these was found one time."""
    return Counter(dict.fromkeys(lines, 1))


def source_of(report: Any, container: ContainerHandle) -> Any:
    """The coverage of one container."""
    (found,) = (source for source in report["sources"] if source["container"]["id"] == container.id)
    return found


def size(lines: list[bytes]) -> int:
    """The bytes of whole lines, each with its newline."""
    return sum(len(line) + 1 for line in lines)


@dataclass(frozen=True, slots=True)
class Record:
    """A record as the engine keeps it: a line, or a piece of one. `time` as the engine writes it."""

    stream: str
    time: str
    text: bytes

    @property
    def number(self) -> int | None:
        found = _NUMBER.search(self.text)
        return int(found[1]) if found else None


def engine_records(container: ContainerHandle, **query: str) -> list[Record]:
    """Give what the engine answers about a container that has no terminal, in its order; all it keeps by default."""
    client: Any = container.engine.client  # its request methods are private, and missing from its type hints
    asked = {"stdout": "1", "stderr": "1", "timestamps": "1"} | query
    body = client._get(client._url("/containers/{0}/logs", container.id), params=asked).content
    records, position = [], 0
    while position < len(body):
        stream = {1: "stdout", 2: "stderr"}[body[position]]
        start = position + 8
        position = start + int.from_bytes(body[position + 4 : start], "big")
        time, _, text = body[start:position].partition(b" ")
        records.append(Record(stream, time.decode(), text))
    return records


def nanoseconds(time: str) -> int:
    """Read a time as the engine writes it."""
    seconds, _, fraction = time.removesuffix("Z").partition(".")
    return int(datetime.fromisoformat(f"{seconds}+00:00").timestamp()) * 1_000_000_000 + int(fraction)


def epoch(time_ns: int) -> str:
    """Write a time as the engine and logscan both take it: seconds since the epoch, nine digits behind the point."""
    return f"{time_ns // 1_000_000_000}.{time_ns % 1_000_000_000:09d}"


def kept_numbers(container: ContainerHandle) -> list[int]:
    """Give the numbers of the lines that the engine keeps."""
    return [record.number for record in engine_records(container) if record.number is not None]
