"""Assemble: settings in, a finished scan out. The only place that names concrete classes.

Owns which source, matcher and sink a scan is made of, the report at its end and what that means for
the exit code. Does not own any of their work, nor the words on the command line.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import BinaryIO, TextIO, assert_never

from logscan import memory, pipeline
from logscan.cache import cache_folder
from logscan.detection.detector import Detector
from logscan.detection.in_order import combined_by
from logscan.errors import ExitCode, UsageError
from logscan.finding import Coverage, Report, ScanError, Status
from logscan.framing.time_range import TimeRange
from logscan.matching.matcher import Matcher
from logscan.matching.where import knows
from logscan.ruleset.loader import load_ruleset
from logscan.ruleset.model import Rule
from logscan.settings import CommonSettings, Format, ScanSettings
from logscan.sinks.sink import Sink
from logscan.sources.docker.select import Selection
from logscan.sources.files import FileSource, expand
from logscan.sources.several_files import SeveralFiles
from logscan.sources.source import Source

STDIN = Path("-")

Progress = Callable[[int, int, int, int], None]
"""Told how far a scan is: sources done, sources, lines, bytes."""

Warn = Callable[[str, str | None], None]
"""Told what is doubtful about the rules, and what to do."""


def run_scan(
    settings: ScanSettings,
    *,
    out: TextIO,
    progress: Progress | None,
    warn: Warn | None = None,
    clock: Callable[[], int] = time.time_ns,
) -> ExitCode:
    """Scan once and write the report to `out`.

    `clock` gives nanoseconds since the epoch. An engine that doesn't answer still makes a report.
    Raises UsageError and RuleError before anything is read.
    """
    choice = choose_rules(settings, warn)
    whole = scan_report(settings, choice.run, progress=progress, warn=warn, clock=clock)
    report = found_by(choice.asked, whole)
    sink_of(settings, out).emit(report)
    return exit_code(report, settings)


def scan_report(
    settings: ScanSettings,
    rules: Sequence[Rule],
    *,
    progress: Progress | None = None,
    warn: Warn | None = None,
    clock: Callable[[], int] = time.time_ns,
) -> Report:
    """Read once, with `rules` whatever `settings` say of rules, and give what there is to report.

    `warn` is told of rules with more group values than are kept apart.
    """
    started_ns = clock()
    detector = Detector(rules, samples=settings.samples)
    matcher = load_matcher(rules, detector.counted)
    opened = _open(settings, rules, started_ns)
    tracker = partial(_track, opened.sources, progress) if progress else None
    pipeline.scan(opened.sources, matcher, detector, opened.wanted, context=settings.context, progress=tracker)
    findings = detector.findings()
    if warn is not None:
        for rule_id, hits in sorted(detector.overflowed.items()):
            warn(
                f"{rule_id}: {hits:,} hits beyond the groups that are kept apart", "group by a field with fewer values"
            )
    return Report(
        started_ns=started_ns,
        finished_ns=clock(),
        since_ns=opened.wanted.since_ns,
        until_ns=opened.wanted.until_ns,
        findings=tuple(found for found in findings if found.severity >= settings.min_severity),
        sources=tuple(_coverage(opened.sources, detector)),
        errors=(*opened.errors, *_errors(opened.sources, matcher)),
    )


def load_matcher(rules: Sequence[Rule], counted: Collection[Rule] = ()) -> Matcher:
    """Make the matcher of a run: the last of what is loaded before logs are read."""
    matcher = Matcher(rules, cache=cache_folder(), counted=counted)
    memory.end_loading()
    return matcher


@dataclass(frozen=True, slots=True)
class RuleChoice:
    """The rules that were `asked` for, and those that have to `run`: with them, the parts that they combine."""

    asked: tuple[Rule, ...]
    run: tuple[Rule, ...]


def found_by(rules: Sequence[Rule], report: Report) -> Report:
    """Leave out the findings of all other rules."""
    ids = {rule.id for rule in rules}
    return replace(report, findings=tuple(found for found in report.findings if found.rule_id in ids))


def choose_rules(settings: CommonSettings, warn: Warn | None = None) -> RuleChoice:
    """Load the rules and keep those asked for; `warn` is told of stale overrides.

    Raises RuleError, or UsageError when no rule is left.
    """
    loaded = load_ruleset(settings.rule_paths, builtin=settings.builtin, cache=cache_folder())
    if warn is not None:
        for warning in loaded.warnings:
            warn(f"{warning.path}:{warning.line}: {warning.message}", warning.help)
    rules = tuple(
        rule
        for rule in loaded.rules
        if (not settings.only or _any_glob(rule.id, settings.only)) and not _any_glob(rule.id, settings.skip)
    )
    if not rules:
        raise UsageError(
            "no rule is left to scan with", help="`logscan rules list` shows the ids for --only and --skip"
        )
    wanted = {rule.id for rule in rules} | {part for rule in rules for part in combined_by(rule)}
    return RuleChoice(rules, tuple(rule for rule in loaded.rules if rule.id in wanted))


def exit_code(report: Report, settings: ScanSettings) -> ExitCode:
    """Tell what a finished scan means: incomplete outranks findings."""
    complete = not report.errors and all(source.status is Status.COMPLETE for source in report.sources)
    if not complete and not settings.allow_incomplete:
        return ExitCode.INCOMPLETE
    if settings.fail_on is not None and any(found.severity >= settings.fail_on for found in report.findings):
        return ExitCode.FINDINGS
    return ExitCode.DONE


@dataclass(frozen=True, slots=True)
class _Opened:
    """What a scan reads, of which times, and what could not even be opened."""

    sources: Sequence[Source]
    wanted: TimeRange
    errors: tuple[ScanError, ...] = ()


def _open(settings: ScanSettings, rules: Sequence[Rule], now_ns: int) -> _Opened:
    if settings.files:
        files = _files(settings, rules, now_ns)
        sources = files if len(files) == 1 else [SeveralFiles(files)]
        return _Opened(sources, TimeRange(settings.since_ns, settings.until_ns))
    return _open_engines(settings, now_ns, events=any(rule.model.input == "event" for rule in rules))


def _open_engines(settings: ScanSettings, now_ns: int, *, events: bool) -> _Opened:
    # Here, since the Docker SDK takes a third of the time in which a small file is scanned.
    from logscan.sources.docker.several import Wish, open_engines  # noqa: PLC0415

    wish = Wish(
        selection_of(settings),
        settings.since_ns,
        settings.until_ns,
        now_ns,
        tail=settings.tail,
        direct=settings.direct,
        events=events,
    )
    engines = open_engines(settings.hosts, settings.host_name, wish)
    return _Opened(engines.sources, engines.wanted, engines.errors)


def selection_of(settings: CommonSettings) -> Selection:
    """Say which of an engine's containers were asked for."""
    return Selection(
        names=settings.names,
        projects=settings.project,
        services=settings.service,
        labels=settings.label,
        images=settings.image,
        exclude=settings.exclude,
    )


def _files(settings: ScanSettings, rules: Sequence[Rule], now_ns: int) -> list[FileSource]:
    return [
        FileSource(
            _stdin() if path == STDIN else path,
            knows=partial(knows, rules),
            name=settings.as_name,
            image_name=settings.image_name,
            host=settings.host_name or platform.node(),
            default_tz=settings.timezone,
            now_ns=now_ns,
        )
        for path in expand(settings.files)
    ]


def _stdin() -> BinaryIO:
    """Open standard input below Python's buffer, whose lock a reading thread would hold while the process ends."""
    try:
        return open(0, "rb", buffering=0, closefd=False)
    except OSError:
        raise UsageError("standard input is closed", help="pipe a log in, or name a file") from None


def sink_of(settings: ScanSettings, out: TextIO) -> Sink:
    """Give the sink of the format that was asked for."""
    # Imported when chosen: the models of the JSON and the terminal library take their time to load.
    match settings.format:
        case Format.JSON:
            from logscan.sinks.json_report import JsonSink  # noqa: PLC0415

            return JsonSink(out)
        case Format.NDJSON:
            from logscan.sinks.ndjson import NdjsonSink  # noqa: PLC0415

            return NdjsonSink(out)
        case Format.MARKDOWN:
            from logscan.sinks.markdown import MarkdownSink  # noqa: PLC0415

            return MarkdownSink(out, samples=settings.samples)
        case Format.TEXT:
            from logscan.sinks.terminal import columns_of, has_color  # noqa: PLC0415
            from logscan.sinks.text import TextSink  # noqa: PLC0415

            samples = settings.samples if settings.verbose else 1
            return TextSink(out, width=columns_of(out), color=has_color(out), samples=samples)
    assert_never(settings.format)


def _coverage(sources: Sequence[Source], detector: Detector) -> Iterator[Coverage]:
    for source in sources:
        for coverage in source.coverage:
            coverage.untimed = detector.untimed[coverage.container]
            yield coverage


def _errors(sources: Sequence[Source], matcher: Matcher) -> Iterator[ScanError]:
    for source in sources:
        yield from source.errors
    yield from quarantine_errors(matcher)


def quarantine_errors(matcher: Matcher) -> Iterator[ScanError]:
    """Tell of the rules that took too long."""
    for found in matcher.quarantined:
        yield ScanError("rule", found.rule.id, f"the rule was set aside: {found.reason}", "narrow its pattern")


def _track(sources: Sequence[Source], progress: Progress) -> None:
    coverage = [entry for source in sources for entry in source.coverage]
    done = sum(1 for entry in coverage if entry.done)
    progress(done, len(coverage), sum(entry.lines for entry in coverage), sum(entry.bytes for entry in coverage))


def _any_glob(text: str, globs: Sequence[str]) -> bool:
    return any(fnmatchcase(text, glob) for glob in globs)
