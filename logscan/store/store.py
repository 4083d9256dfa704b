"""Store: what follow keeps over restarts, in one SQLite file with one writer.

Owns the one transaction in which all of a commit is kept, and what is read back at a start. Does not own the
shapes (records), the file (database), the lock, the statements that write (keeping), nor reading beside a
writer (reader). Any thread may use it; they take turns. No clock: what needs the time is told it.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from logscan.checkpoint import Checkpoint
from logscan.finding import Severity
from logscan.state_row import StateRow
from logscan.store.database import DIGEST_KEY, ID, MADE_NS, open_sound, refusals, transaction
from logscan.store.errors import StateFull
from logscan.store.folder import check_file, make_folder, real
from logscan.store.keeping import keep
from logscan.store.life import Life, Standing
from logscan.store.lock import Lock
from logscan.store.records import Commit, Outgoing
from logscan.store.retention import MAX_BYTES, Swept, sweep

_MAX_PARAMETERS = 500


@dataclass(frozen=True, slots=True)
class Loaded:
    """What is known of one host: `checkpoints` by the full ID of the container, `undelivered` events, oldest first.

    `committed_ns`: when something of it was last committed; None for a host that was never followed.
    """

    checkpoints: Mapping[str, Checkpoint]
    rows: tuple[StateRow, ...]
    events_told_ns: int | None
    undelivered: tuple[Outgoing, ...]
    committed_ns: int | None = None


class Store:
    """The state, open for writing and locked against every other process that would write.

    `id` names the file, at random. `digest_key`: 16 random bytes, for the hashes of places. `made_ns`: when it
    was begun. `recovered_from`: where a damaged file was moved, None when it was sound.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: Lock, recovered_from: Path | None) -> None:
        meta = dict(connection.execute("SELECT key, value FROM meta").fetchall())
        self.path = path
        self.id: str = meta[ID]
        self.digest_key: bytes = meta[DIGEST_KEY]
        self.made_ns: int = meta[MADE_NS]
        self.recovered_from = recovered_from
        self._connection = connection
        self._lock = lock
        self._turn = threading.Lock()

    @classmethod
    def open(cls, path: Path, *, now_ns: int, command: str = "follow") -> Self:
        """Open the state in `path`, made anew where there is none.

        `command`: what this process does, for the one that finds it locked. Raises StateInUse and
        StateUnusable. A damaged file is moved aside, and a new one begun.
        """
        path = real(path)
        make_folder(path)
        check_file(path)
        lock = Lock.take(path, command=command, now_ns=now_ns)
        try:
            connection, recovered_from = open_sound(path, now_ns=now_ns, was_ours=lock.was_ours)
            store = cls(path, connection, lock, recovered_from)
            lock.keep(store.id)
        except BaseException:
            lock.release()
            raise
        return store

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, and let the next process have it. What was committed is kept."""
        with self._turn, suppress(sqlite3.Error):  # on a full disk the journal stays, and is read at the next start
            self._connection.close()
        self._lock.release()

    def load(self, host: str) -> Loaded:
        """Read what a follow of `host` begins with."""
        query = self._connection.execute
        with self._asked():
            checkpoints = query("SELECT container, checkpoint FROM checkpoint WHERE host = ?", [host]).fetchall()
            rows = query("SELECT kind, key, blob FROM state WHERE host = ? ORDER BY kind, key", [host]).fetchall()
            known = query("SELECT events_told_ns, touched_ns FROM host WHERE host = ?", [host]).fetchone()
            outgoing = query("SELECT id, document FROM outgoing WHERE host = ? ORDER BY number", [host]).fetchall()
        return Loaded(
            checkpoints={container: msgspec.msgpack.decode(blob, type=Checkpoint) for container, blob in checkpoints},
            rows=tuple(StateRow(*row) for row in rows),
            events_told_ns=known[0] if known else None,
            committed_ns=known[1] if known else None,
            undelivered=tuple(Outgoing(*row) for row in outgoing),
        )

    def recall(self, host: str, fingerprint: str) -> bytes | None:
        """Give the tally of a finding, None for one that is not known."""
        with self._asked():
            row = self._connection.execute(
                "SELECT tally FROM finding WHERE host = ? AND fingerprint = ?", [host, fingerprint]
            ).fetchone()
        return row[0] if row else None

    def states(self, host: str, fingerprints: Iterable[str], *, now_ns: int) -> dict[str, Life]:
        """Tell how findings stand before the next commit. One that is not known is left out."""
        wanted = list(fingerprints)
        lives = {}
        for start in range(0, len(wanted), _MAX_PARAMETERS):
            some = wanted[start : start + _MAX_PARAMETERS]
            places = ", ".join("?" * len(some))
            with self._asked():
                rows = self._connection.execute(
                    "SELECT fingerprint, opened_ns, resolved_ns, regressed_ns"  # noqa: S608 - question marks alone
                    f" FROM finding WHERE host = ? AND fingerprint IN ({places})",
                    [host, *some],
                ).fetchall()
            lives.update({fingerprint: Standing(*times).life(now_ns) for fingerprint, *times in rows})
        return lives

    def counts(self, host: str, fingerprints: Iterable[str]) -> dict[str, int]:
        """Tell what findings had counted by the last commit. One that is not known is left out."""
        with self._asked():
            rows = (
                self._connection.execute(
                    "SELECT fingerprint, count FROM finding WHERE host = ? AND fingerprint = ?", [host, fingerprint]
                ).fetchone()
                for fingerprint in fingerprints
            )
            return {row[0]: row[1] for row in rows if row}

    def open_findings(self, host: str) -> Counter[Severity]:
        """Count the findings that are not resolved, by severity."""
        with self._asked():
            rows = self._connection.execute(
                "SELECT severity, count(*) FROM finding WHERE host = ? AND resolved_ns IS NULL GROUP BY severity",
                [host],
            ).fetchall()
        return Counter({Severity(severity): number for severity, number in rows})

    def overdue(self, host: str, now_ns: int) -> list[str]:
        """List the open findings that have been quiet for longer than their time, the longest first."""
        with self._asked():
            rows = self._connection.execute(
                "SELECT fingerprint FROM finding WHERE host = ? AND resolved_ns IS NULL AND due_ns < ? ORDER BY due_ns",
                [host, now_ns],
            ).fetchall()
        return [row[0] for row in rows]

    def commit(self, commit: Commit) -> None:
        """Keep all of a commit. Raises StateFull when it can't be written now: then nothing of it was kept."""
        with self._asked(), transaction(self._connection):
            keep(self._connection, commit)

    def sweep(self, now_ns: int, *, present: Collection[str], max_bytes: int = MAX_BYTES) -> Swept:
        """Drop what is old or too much; once an hour is often enough.

        `present`: full IDs of the containers that are still there, whose checkpoints stay. Raises StateFull; what was
        dropped until then is gone.
        """
        with self._asked():
            return sweep(self._connection, now_ns, present, max_bytes)

    @contextmanager
    def _asked(self) -> Iterator[None]:
        with self._turn, refusals(self.path, StateFull):
            yield
