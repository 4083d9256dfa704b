"""Follower: `logscan follow` as a process, which is killed, stopped and started again on the same state.

Owns the process, the events that it printed, and asking its store. Does not own what
should have been found (conservation).

What the process prints goes to files, not pipes: a test that looks elsewhere never holds it up.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from logscan.store.folder import beside
from logscan.store.reader import Reader
from tests.rig.cli import environment, run_logscan

LIMIT_SECONDS = 120
"""A condition that has not come true by then never will, however busy the machine is."""

END_SECONDS = 10
"""A signal ends a follow within this time."""

RULES = Path(__file__).with_name("follow.yaml")
NUMBERS = Path(__file__).with_name("numbers.yaml")

Finding = dict[str, Any]
Event = dict[str, Any]


class Follower:
    """One state, and the process that follows on it; a context manager that leaves no process behind.

    `rules` in place of the shipped ones; None: the shipped ones. `args` are of rules and selection and go to scans as well; those of `start` go to that start alone.
    """

    def __init__(self, docker_host: str, folder: Path, *args: str, rules: Path | None = RULES) -> None:
        self.state = folder / "state" / "logscan.db"
        self._docker_host = docker_host
        self._args = [*(["--rules", str(rules), "--no-builtin"] if rules else []), *args]
        self._out = folder / "out"
        self._err = folder / "err"
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave no process behind, and print what it had to say, which pytest shows where a test failed."""
        if self.running:
            self.kill()
        if self.stderr:
            print(f"--- stderr of logscan follow {' '.join(self._args)} ---\n{self.stderr[-4000:]}")

    def start(self, *args: str) -> Self:
        """Start the process; events of earlier ones stay."""
        assert not self.running, "it runs already"
        with self._out.open("ab") as out, self._err.open("ab") as err:
            end_line(self._out)
            self._process = subprocess.Popen(
                self._command(args),
                env=environment(self._docker_host, {}),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
        return self

    @contextmanager
    def piped(self, *args: str) -> Iterator[subprocess.Popen[bytes]]:
        """A process that prints into a pipe, for who wants to see each line when it comes."""
        process = subprocess.Popen(
            self._command(args),
            env=environment(self._docker_host, {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        assert self._process is not None, "it was never started"
        return self._process.pid

    def kill(self) -> None:
        """End the process with SIGKILL, in the middle of whatever it does."""
        self._signal(signal.SIGKILL)
        assert self._process is not None
        self._process.wait()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Ask the process to end, once it follows; give its exit code. Fails when that takes too long."""
        wait_for(lambda: not self.running or self._keeps_state, every=0.05)
        self._signal(how)
        assert self._process is not None
        return self._process.wait(3 * END_SECONDS)

    def wait(self, seconds: float = LIMIT_SECONDS) -> int:
        """Wait until the process ends by itself; give its exit code."""
        assert self._process is not None, "it was never started"
        return self._process.wait(seconds)

    @property
    def printed(self) -> list[Event]:
        """All that was printed so far, events that came again included."""
        return [json.loads(line) for line in _whole_lines(self._out)]

    @property
    def events(self) -> list[Event]:
        """The events, each once, in the order in which they came first."""
        first: dict[str, Event] = {}
        for event in self.printed:
            first.setdefault(event["id"], event)
        return list(first.values())

    def of_type(self, *types: str) -> list[Event]:
        """The events of these types; `finding` stands for all of its kinds."""
        return [event for event in self.events if event["type"] in types or event["type"].partition(".")[0] in types]

    @property
    def gaps(self) -> list[Any]:
        return [event["gap"] for event in self.of_type("gap")]

    @property
    def stderr(self) -> str:
        return self._err.read_text(errors="replace") if self._err.exists() else ""

    def findings(self) -> list[Finding]:
        """What the store knows. Asked in this process, for many tests ask all the time; [] before there is a store."""
        if not self.state.exists():
            return []
        with Reader.open(self.state, now_ns=time.time_ns()) as reader:
            return [each.document for each in reader.findings()]

    def listed(self, *args: str) -> list[Finding]:
        """What the store knows, as `logscan findings list` has it."""
        done = run_logscan(
            "findings", "list", "--format", "json", "--state", str(self.state), *args, timeout=LIMIT_SECONDS
        )
        assert done.exit_code == 0, f"findings list: {done.exit_code}\n{done.stderr}"
        found: list[Finding] = done.json["findings"]
        return found

    def scan(self, *args: str) -> Any:
        """The report of one `logscan scan` with the same rules on the same engine."""
        done = run_logscan(
            "scan", "--format", "json", *self._args, *args, docker_host=self._docker_host, timeout=LIMIT_SECONDS
        )
        assert done.exit_code == 0, f"scan: {done.exit_code}\n{done.stderr}"
        return done.json

    def counts(self, rule: str, field: str) -> Counter[int]:
        """How often each number was found in `field` by one rule, over all containers."""
        counted: Counter[int] = Counter()
        for each in self.findings():
            if each["rule"]["id"] == rule:
                counted[int(each["fields"][field])] += each["count"]
        return counted

    def numbers(self) -> Counter[int]:
        """How often each number was found, with the rules of `NUMBERS`."""
        return self.counts("numbered", "number")

    def until(self, happened: Callable[[], object], *, seconds: float = LIMIT_SECONDS, every: float = 0.5) -> None:
        """Wait for a condition while the process runs. Fails when it doesn't come true, or the process ends."""
        deadline = time.monotonic() + seconds
        while not happened():
            assert self.running, f"logscan follow ended with {self._exit_code}\n{self.stderr[-4000:]}"
            assert time.monotonic() < deadline, f"not so after {seconds} s\n{self.stderr[-4000:]}"
            time.sleep(every)

    @property
    def threads(self) -> int:
        return len(list(Path(f"/proc/{self.pid}/task").iterdir()))

    @property
    def descriptors(self) -> int:
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    @property
    def resident_bytes(self) -> int:
        """The memory that the process holds."""
        return resident_bytes(self.pid)

    @property
    def cpu_seconds(self) -> float:
        """The time of a core that the process has taken so far."""
        words = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / 100

    @property
    def _exit_code(self) -> int | None:
        return None if self._process is None else self._process.poll()

    def _command(self, args: tuple[str, ...]) -> list[str]:
        fixed = ["--format", "ndjson", "--state", str(self.state)]
        return [sys.executable, "-m", "logscan", "follow", *fixed, *args, *self._args]

    @property
    def _keeps_state(self) -> bool:
        """Whether the process has taken the lock of its state: before that, a signal ends it as any command."""
        try:
            return bool(json.loads(beside(self.state, ".lock").read_bytes())["pid"] == self.pid)
        except (FileNotFoundError, json.JSONDecodeError):
            return False

    def _signal(self, how: signal.Signals) -> None:
        assert self._process is not None, "it was never started"
        self._process.send_signal(how)


def resident_bytes(process: int) -> int:
    """Give the memory that a process holds."""
    status = Path(f"/proc/{process}/status").read_text().splitlines()
    (line,) = (line for line in status if line.startswith("VmRSS"))
    return int(line.split()[1]) << 10


def _whole_lines(path: Path) -> list[bytes]:
    """The lines of a file that end; a process that was killed may have left half of one, which a mark follows."""
    if not path.exists():
        return []
    return [line for line in path.read_bytes().split(b"\n")[:-1] if line and not line.endswith(TORN)]


TORN = b"<torn>"


def end_line(path: Path) -> None:
    """End the half line that a killed process may have left, and mark it."""
    if (text := path.read_bytes()) and not text.endswith(b"\n"):
        with path.open("ab") as file:
            file.write(TORN + b"\n")


def wait_for(happened: Callable[[], object], *, seconds: float = LIMIT_SECONDS, every: float = 0.2) -> None:
    """Wait for something that has no process of ours to it; fail when it doesn't come."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, f"not so after {seconds} s"
        time.sleep(every)
