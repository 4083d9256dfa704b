"""ThisRun: what one run has found, where the store counts over all runs.

Owns what a finding's count was before the run. Does not own any counting: the detector's counts go on from run to run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from logscan.finding import Finding
from logscan.store.life import Life


class ThisRun:
    """Collects the findings that a run changed, by host and fingerprint."""

    def __init__(self) -> None:
        self._before: dict[tuple[str, str], int] = {}
        self._found: dict[tuple[str, str], Finding] = {}

    def unknown(self, host: str, findings: Iterable[Finding]) -> list[str]:
        """Give the fingerprints of which it isn't known what they counted before."""
        return [finding.fingerprint for finding in findings if (host, finding.fingerprint) not in self._before]

    def note(
        self, host: str, findings: Iterable[Finding], before: Mapping[str, int], lives: Mapping[str, Life]
    ) -> None:
        """Take the findings that changed; `before` are the counts that the store had, `lives` how they stood."""
        for finding in findings:
            key = host, finding.fingerprint
            self._before.setdefault(key, before.get(finding.fingerprint, 0))
            life = lives.get(finding.fingerprint, Life.NEW)
            state = Life.REGRESSED if life is Life.RESOLVED else life
            self._found[key] = replace(finding, state=state.value)

    def findings(self) -> list[Finding]:
        """Give what was found, each with the count of this run alone."""
        counted = ((finding, finding.count - self._before[key]) for key, finding in self._found.items())
        return [replace(finding, count=count) for finding, count in counted if count > 0]
