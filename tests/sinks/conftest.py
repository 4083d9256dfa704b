"""The reports that go through every sink: an ordinary one, a hostile one and an empty one."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from logscan.batch import Container, Identity, Service, Stream
from logscan.finding import (
    Coverage,
    Finding,
    Gap,
    GapReason,
    RelatedLine,
    Report,
    Sample,
    ScanError,
    Severity,
    Share,
    Status,
)

GOLDEN = Path(__file__).parent / "golden"
REWRITE = "LOGSCAN_REWRITE_GOLDEN"
DAWN = 1_760_432_651_269_411_000  # 2025-10-14T09:04:11.269411000Z
SECOND = 1_000_000_000

HOSTILE = (
    "\x1b]0;pwned\x07\x1b[2J\x9b31m\u202eevil\u2066 [/bold] [red]x[/red] | pipe \\| `tick` ````fence <script>alert(1)</script>"
    " <!-- --> ![i](http://e/i.png) [l](javascript:1) @everyone fixes #123 https://evil.example www.evil.example"
    " a@evil.example *b* _u_ ~~s~~ $m$ &amp; &#64; \r\n## forged\n```\n---\u2028\u200b\U000e0041 ⚠️ 容器 \ud800"
)


@pytest.fixture(scope="session")
def ordinary() -> Report:
    influx = Container(
        key="c1",
        name="homeiq-influxdb",
        id="c1" * 32,
        image="influxdb:2.7.12",
        image_id="sha256:" + "ab" * 32,
        host="nuc",
        labels={"com.docker.compose.project": "homeiq", "com.docker.compose.service": "influxdb"},
    )
    web = Container(key="/logs/web.log", name="web", identity=Identity.UNKNOWN)
    gone = Container(key="c3", name="homeiq-broker", id="c3" * 32, image="eclipse-mosquitto:2", host="nuc")
    panic = Finding(
        fingerprint="v1:9f2c0000000000000000000000000000",
        rule_id="influxdb-dispatcher-panic",
        rule_title="InfluxDB query engine panicked",
        rule_file="influxdb.yaml",
        severity=Severity.CRITICAL,
        title="InfluxDB query engine panicked",
        count=1234,
        first_seen_ns=DAWN,
        last_seen_ns=DAWN + 1600 * SECOND,
        service=Service("homeiq", "influxdb"),
        container=influx,
        containers=(Share(influx, 1234),),
        fields={"reason": "runtime error: invalid memory address or nil pointer dereference"},
        samples=(
            Sample(
                DAWN,
                Stream.STDERR,
                'ts=2025-10-14T09:04:11.269411Z lvl=info msg="Dispatcher panic" log_id=0z_VEtBW000 service=storage-reads '
                'component=dispatcher error="panic: runtime error: invalid memory address or nil pointer dereference"',
                before=('ts=2025-10-14T09:04:08.770837Z lvl=warn msg="internal error"',),
                after=("goroutine 4246 [running]:", "\truntime/debug.Stack()"),
            ),
            Sample(DAWN + SECOND, Stream.STDERR, 'lvl=info msg="Dispatcher panic" again'),
        ),
        related=(
            RelatedLine(web, DAWN - SECOND, Stream.UNKNOWN, "influxdb answered 500, `retrying`"),
            RelatedLine(gone, DAWN + SECOND, Stream.STDERR, "client influxdb timed out " + 20 * "and waited "),
        ),
        why="A query died with an internal error; the process survived, so health checks stay green.",
        advice="One may be transient. When it recurs, find the query in the stack trace and upgrade InfluxDB.",
        references=("https://github.com/influxdata/influxdb/issues/26906",),
    )
    stale = Finding(
        fingerprint="v1:00000000000000000000000000000001",
        rule_id="homeiq-discovery-cache-is-stale-and-this-id-is-longer-than-a-narrow-terminal-is-wide",
        rule_title="Discovery cache is stale",
        rule_file="homeiq.yaml",
        severity=Severity.LOW,
        title="Discovery cache is stale",
        count=1,
        first_seen_ns=None,
        last_seen_ns=None,
        service=Service(None, "web"),
        container=web,
        containers=(Share(web, 1),),
        fields={},
        samples=(Sample(None, Stream.UNKNOWN, "⚠️ Discovery cache is stale (195.7 minutes old, TTL: 30.0 minutes)."),),
    )
    return Report(
        started_ns=DAWN + 4000 * SECOND,
        finished_ns=DAWN + 4001 * SECOND,
        since_ns=DAWN - 86_400 * SECOND,
        until_ns=None,
        findings=(panic, stale),
        sources=(
            Coverage(
                influx,
                "json-file",
                "api",
                lines=900,
                bytes=30_000,
                first_seen_ns=DAWN - SECOND,
                last_seen_ns=DAWN + 3600 * SECOND,
            ),
            Coverage(
                web,
                None,
                "file",
                format="text",
                status=Status.PARTIAL,
                reason="the file was cut while it was read",
                lines=334,
                bytes=15_678,
                truncated=1,
                untimed=2,
                gaps=[Gap(web, DAWN, DAWN + 60 * SECOND, GapReason.ROTATED)],
            ),
            Coverage(gone, "none", "api", status=Status.UNREADABLE, reason="the log driver keeps no logs"),
        ),
        errors=(ScanError("source", "homeiq-broker", "the log driver keeps no logs", "Use json-file or local."),),
    )


@pytest.fixture(scope="session")
def hostile() -> Report:
    container = Container(key=HOSTILE, name=HOSTILE, id=HOSTILE, image=HOSTILE, image_id=HOSTILE, host=HOSTILE)
    finding = Finding(
        fingerprint="v1:hostile",
        rule_id="hostile-rule",
        rule_title=HOSTILE,
        rule_file=HOSTILE,
        severity=Severity.HIGH,
        title=HOSTILE,
        count=2,
        first_seen_ns=-1,
        last_seen_ns=1 << 63,
        service=Service(HOSTILE, HOSTILE),
        container=container,
        containers=(Share(container, 2),),
        fields={HOSTILE: HOSTILE},
        samples=(Sample(0, Stream.STDOUT, HOSTILE, True, (HOSTILE,), (HOSTILE,)),),
        related=(RelatedLine(container, 0, Stream.STDERR, HOSTILE),),
        why=HOSTILE,
        advice=HOSTILE,
        references=(HOSTILE, "https://example.org/a?b=c"),
        state=HOSTILE,
    )
    coverage = Coverage(
        container,
        HOSTILE,
        "api",
        format=HOSTILE,
        status=Status.PARTIAL,
        reason=HOSTILE,
        lines=2,
        bytes=9,
        gaps=[Gap(container, None, None, GapReason.DAMAGED)],
    )
    return Report(0, 1, None, None, (finding, finding), (coverage,), (ScanError("rule", HOSTILE, HOSTILE, HOSTILE),))


@pytest.fixture(scope="session")
def empty() -> Report:
    container = Container(key="c", name="web")
    return Report(DAWN, DAWN, None, None, (), (Coverage(container, "local", "api", lines=1, bytes=7),), ())


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compare with a golden file; LOGSCAN_REWRITE_GOLDEN=1 writes it anew."""

    def check(name: str, actual: str) -> None:
        path = GOLDEN / name
        if os.environ.get(REWRITE):
            path.write_text(actual, encoding="utf-8", newline="")
        assert path.read_text(encoding="utf-8") == actual

    return check
