"""Retention: what is dropped from the state when it is old, or when there is too much of it.

Owns the ages and the bound of the size. Does not own when it is done: who keeps the store sweeps now and then,
and says what the time is. What is dropped is gone in steps, so that no transaction gets large.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from typing import Final, NamedTuple

from logscan.duration import UNITS_NS
from logscan.store.database import transaction
from logscan.store.records import HOUR_NS

KEEP_FINDINGS_NS: Final = 90 * UNITS_NS["d"]
"""Findings go so long after they were resolved, or should have been; gaps after they were found."""
KEEP_CHECKPOINTS_NS: Final = 30 * UNITS_NS["d"]
"""The checkpoint of a container that is not there any more goes after so long."""
KEEP_GAPS: Final = 20_000
"""Of more gaps than these the newest are kept: a log that rotates faster than it is read has one a second."""
MAX_BYTES: Final = 256 << 20
_TOUCH_NS: Final = UNITS_NS["d"]
_STEP: Final = 200
_VACUUM_PAGES: Final = 4096


class Swept(NamedTuple):
    """What was dropped, and how many bytes are in use now.

    `open_findings`: so many of `findings` were not resolved, and had to go since there was too much.
    """

    findings: int
    open_findings: int
    checkpoints: int
    gaps: int
    bytes: int


def sweep(connection: sqlite3.Connection, now_ns: int, present: Collection[str], max_bytes: int) -> Swept:
    """Drop what is old, then the oldest of the rest until it fits; give the room back to the disk."""
    long_ago_ns = now_ns - KEEP_FINDINGS_NS
    with transaction(connection):
        _touch(connection, now_ns, present)
        checkpoints = connection.execute(
            "DELETE FROM checkpoint WHERE touched_ns < ?", [now_ns - KEEP_CHECKPOINTS_NS]
        ).rowcount
        gaps = connection.execute(
            "DELETE FROM gap WHERE found_ns < ? OR id <= (SELECT id FROM gap ORDER BY id DESC LIMIT 1 OFFSET ?)",
            [long_ago_ns, KEEP_GAPS],
        ).rowcount
        connection.execute("DELETE FROM history WHERE hour < ?", [long_ago_ns // HOUR_NS])
        for table in ("state", "outgoing", "host"):  # of a host that is not followed any more
            connection.execute(
                f"DELETE FROM {table} WHERE host IN (SELECT host FROM host WHERE touched_ns < ?)",  # noqa: S608
                [long_ago_ns],
            )
    findings = 0
    while dropped := _drop_old(connection, long_ago_ns):
        findings += dropped
    open_findings = 0
    while (excess := bytes_in_use(connection) - max_bytes) > 0:
        dropped, open_ones = _drop_oldest(connection, excess)
        if not dropped:
            break
        findings += dropped
        open_findings += open_ones
    connection.execute(f"PRAGMA incremental_vacuum({_VACUUM_PAGES})").fetchall()
    return Swept(findings, open_findings, checkpoints, gaps, bytes_in_use(connection))


def bytes_in_use(connection: sqlite3.Connection) -> int:
    """Give the size of the file without its free pages."""

    def value(name: str) -> int:
        number: int = connection.execute(f"PRAGMA {name}").fetchone()[0]
        return number

    return (value("page_count") - value("freelist_count")) * value("page_size")


def _touch(connection: sqlite3.Connection, now_ns: int, present: Collection[str]) -> None:
    """Note of containers that are still there that they are, once a day."""
    stale = connection.execute("SELECT host, container FROM checkpoint WHERE touched_ns < ?", [now_ns - _TOUCH_NS])
    connection.executemany(
        "UPDATE checkpoint SET touched_ns = ? WHERE host = ? AND container = ?",
        [(now_ns, host, container) for host, container in stale.fetchall() if container in present],
    )


def _drop_old(connection: sqlite3.Connection, long_ago_ns: int) -> int:
    with transaction(connection):
        return connection.execute(
            "DELETE FROM finding WHERE id IN (SELECT id FROM finding"
            " WHERE resolved_ns < :time OR (resolved_ns IS NULL AND due_ns < :time) LIMIT :step)",
            {"time": long_ago_ns, "step": _STEP},
        ).rowcount


def _drop_oldest(connection: sqlite3.Connection, excess: int) -> tuple[int, int]:
    """Drop findings of about `excess` bytes, the longest resolved first, then the longest quiet.

    Give how many went, and how many of those were open.
    """
    oldest = connection.execute(
        "SELECT id, resolved_ns IS NULL, length(document) + length(tally) FROM finding"
        " ORDER BY resolved_ns IS NULL, coalesce(resolved_ns, due_ns)"
    )
    chosen: list[tuple[int, int]] = []
    for finding, is_open, size in oldest:
        if excess <= 0:
            break
        chosen.append((finding, is_open))
        excess -= size
    oldest.close()
    for start in range(0, len(chosen), _STEP):
        with transaction(connection):
            connection.executemany(
                "DELETE FROM finding WHERE id = ?", [(finding,) for finding, _ in chosen[start : start + _STEP]]
            )
    return len(chosen), sum(is_open for _, is_open in chosen)
