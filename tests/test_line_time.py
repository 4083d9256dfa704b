"""The time written in a line: every shape, and nothing where there is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logscan.line_time import LineClock

MTIME_NS = int(datetime(2025, 12, 3, 12, tzinfo=UTC).timestamp()) * 10**9
CLOCK = LineClock(UTC, MTIME_NS)


def ns(text: str, fraction: int = 0) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 10**9 + fraction


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param(
            "2025-11-19 15:52:44.123 WARNING (MainThread) [homeassistant.loader] We found a custom integration",
            ns("2025-11-19 15:52:44", 123_000_000),
            id="Home Assistant",
        ),
        pytest.param(
            "21-05-21 17:26:07 INFO (MainThread) [supervisor.auth] Auth request",
            ns("2021-05-21 17:26:07"),
            id="Home Assistant supervisor, two-digit year",
        ),
        pytest.param("1740827116: New connection from 172.18.0.4", ns("2025-03-01 11:05:16"), id="Mosquitto"),
        pytest.param(
            "Zigbee2MQTT:info  2024-02-17 14:58:48: Logging to console",
            ns("2024-02-17 14:58:48"),
            id="Zigbee2MQTT 1.x",
        ),
        pytest.param("error 2024-02-17 14:58:48z2m: Failed", ns("2024-02-17 14:58:48"), id="Zigbee2MQTT without space"),
        pytest.param(
            "[2024-02-17 14:58:48] debug: \tzh:zstack:znp: --> SREQ", ns("2024-02-17 14:58:48"), id="Zigbee2MQTT 2.x"
        ),
        pytest.param(
            "2025-05-08 15:54:16.967 UTC [9688] FATAL:  the database system is starting up",
            ns("2025-05-08 15:54:16", 967_000_000),
            id="Postgres",
        ),
        pytest.param("2018-06-14 21:51:30 0 [ERROR] InnoDB: x", ns("2018-06-14 21:51:30"), id="MariaDB"),
        pytest.param("2018-06-14T21:51:30.123456Z 0 [ERROR] x", ns("2018-06-14 21:51:30", 123_456_000), id="MySQL 5.7"),
        pytest.param(
            "2018-06-14 21:51:30+02:00 [Note] [Entrypoint]: x", ns("2018-06-14 19:51:30"), id="MariaDB entrypoint"
        ),
        pytest.param(
            "1:M 02 Sep 2024 23:48:49.432 * Ready to accept connections",
            ns("2024-09-02 23:48:49", 432_000_000),
            id="Redis",
        ),
        pytest.param("1:M 02 Sep 23:48:49.432 * Ready", ns("2025-09-02 23:48:49", 432_000_000), id="Redis 4"),
        pytest.param(
            '2001:db8::1 - homeiq [19/Nov/2025:15:52:44 +0100] "GET /api HTTP/1.1" 401 172',
            ns("2025-11-19 14:52:44"),
            id="nginx access",
        ),
        pytest.param(
            '172.18.0.1 - - [19/Nov/2025:15:52:44] "GET /api" 401', ns("2025-11-19 15:52:44"), id="access without zone"
        ),
        pytest.param("2020/10/17 11:50:56 [error] 28#28: *2 connect()", ns("2020-10-17 11:50:56"), id="nginx error"),
        pytest.param(
            'time="2024-07-01T17:39:27Z" level=info msg="Configuration loaded"',
            ns("2024-07-01 17:39:27"),
            id="Traefik 2",
        ),
        pytest.param("2025-01-04T16:09:37Z INF Starting provider", ns("2025-01-04 16:09:37"), id="Traefik 3"),
        pytest.param(
            "2025-12-18 11:06:08.189762+00:00 [warning] <0.364.0> file descriptor limit alarm set.",
            ns("2025-12-18 11:06:08", 189_762_000),
            id="RabbitMQ",
        ),
        pytest.param(
            "logger=sqlstore t=2025-01-04T16:09:37.123456789+02:00 level=info msg=x",
            ns("2025-01-04 14:09:37", 123_456_789),
            id="Grafana",
        ),
        pytest.param(
            "level=info caller=main.go:630 component=a-rather-long-name-of-a-component-that-pushes-the-time-out-of-"
            "the-head-of-the-line-and-on ts=2025-01-04T16:09:37.5Z",
            ns("2025-01-04 16:09:37", 500_000_000),
            id="Prometheus, ts far from the head",
        ),
        pytest.param("2023-05-09T10:32:43Z E! [agent] Error writing", ns("2023-05-09 10:32:43"), id="Telegraf"),
        pytest.param(
            '{"t":{"$date":"2020-05-01T15:16:17.180+00:00"},"s":"I","c":"NETWORK"}',
            ns("2020-05-01 15:16:17", 180_000_000),
            id="MongoDB",
        ),
        pytest.param(
            "2018-06-14T21:51:30.123+0200 E STORAGE  [ctx] x", ns("2018-06-14 19:51:30", 123_000_000), id="MongoDB 4.2"
        ),
        pytest.param(
            "[2022-08-01 02:33:01] frigate.edgetpu                INFO    : TPU found",
            ns("2022-08-01 02:33:01"),
            id="Frigate",
        ),
        pytest.param(
            "2022-08-01 02:33:01.123456789  [2022-08-01 02:33:00] frigate.app INFO: x",
            ns("2022-08-01 02:33:01", 123_456_789),
            id="s6 before Frigate",
        ),
        pytest.param("12 Sep 03:16:04 - [red] Uncaught Exception:", ns("2025-09-12 03:16:04"), id="Node-RED"),
        pytest.param("Nov 19 15:52:44 host kernel: [465.87] oom", ns("2025-11-19 15:52:44"), id="syslog"),
        pytest.param("[Wed Nov 19 15:52:44 2025] oom-kill:", ns("2025-11-19 15:52:44"), id="dmesg -T"),
        pytest.param(
            'Nov  9 15:52:40 host dockerd[1]: time="2025-11-09T15:52:44.5Z" level=info',
            ns("2025-11-09 15:52:44", 500_000_000),
            id="dockerd, the full time wins over the one without year",
        ),
        pytest.param(
            "2025-11-19 15:52:44,123 - root - ERROR - x", ns("2025-11-19 15:52:44", 123_000_000), id="Python logging"
        ),
        pytest.param("E0102 15:04:05.123456       1 main.go:3] x", ns("2025-01-02 15:04:05", 123_456_000), id="klog"),
        pytest.param(
            '{"timestamp": "2025-11-19T15:52:44.123456+00:00", "level": "ERROR", "message": "x"}',
            ns("2025-11-19 15:52:44", 123_456_000),
            id="JSON timestamp",
        ),
        pytest.param(
            '{"level":30,"time":1531171074631,"msg":"x"}',
            ns("2018-07-09 21:17:54", 631_000_000),
            id="JSON, milliseconds",
        ),
        pytest.param(
            '{"level":"info","ts":1700000000.123,"msg":"x"}',
            ns("2023-11-14 22:13:20", 123_000_000),
            id="JSON, seconds with fraction",
        ),
        pytest.param(
            '{"msg":"expires 2030-01-01T00:00:00Z","@timestamp":"2025-01-04T16:09:37Z"}',
            ns("2025-01-04 16:09:37"),
            id="JSON, not the time in the message",
        ),
    ],
)
def test_time_of_a_line(line, expected):
    assert expected == CLOCK.time_of(line)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("", id="empty"),
        pytest.param("[17:26:07] INFO: Starting", id="time of day alone"),
        pytest.param("[cont-init.d] udev.sh: exited 0.", id="s6"),
        pytest.param('INFO:     127.0.0.1:52216 - "GET /health HTTP/1.1" 200 OK', id="uvicorn"),
        pytest.param("[4650180.470877] oom-kill:constraint=CONSTRAINT_MEMCG", id="kernel uptime"),
        pytest.param("2025-13-19 15:52:44 x", id="month 13"),
        pytest.param("2025-02-30 15:52:44 x", id="30th of February"),
        pytest.param("2025-11-19 25:52:44 x", id="hour 25"),
        pytest.param("2025-11-19 15:52:61 x", id="second 61"),
        pytest.param("2025-11-19 15:52:44+99:00 x", id="offset of 99 hours"),
        pytest.param("0000-01-01 00:00:00 x", id="year 0"),
        pytest.param("9999-12-31 23:59:59 x", id="beyond 64 bits"),
        pytest.param("1" * 40 + ": x", id="number of forty digits"),
        pytest.param('{"time":"12:00:00","ts":' + "9" * 400 + "}", id="JSON with a huge number"),
        pytest.param("x" * 200 + " 2025-11-19 15:52:44", id="far from the head"),
        pytest.param('{"msg":"\\"time\\":\\"2025-11-19 15:52:44\\""}', id="JSON inside JSON"),
    ],
)
def test_no_time_in_a_line(line):
    assert CLOCK.time_of(line) is None


def test_leap_second_is_the_next_minute():
    assert ns("2017-01-01 00:00:00") == CLOCK.time_of("2016-12-31 23:59:60 x")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("2025-12-03 06:05:59.5 x", ns("2025-12-03 06:05:59") + 500_000_000, id="another second"),
        pytest.param("2025-12-03 06:05:46 +0100 x", ns("2025-12-03 05:05:46"), id="another zone"),
        pytest.param("2025-12-03 06:05:61 x", None, id="no second at all"),
        pytest.param("Wed Dec  3 06:05:46 2024 x", ns("2024-12-03 06:05:46"), id="another year, behind it"),
        pytest.param("Wed Dec  3 06:05:46 2025 x", ns("2025-12-03 06:05:46"), id="the year behind it"),
    ],
)
def test_lines_of_the_same_minute(line, expected):
    clock = LineClock()
    for before in ("2025-12-03 06:05:46 x", "Wed Dec  3 06:05:46 2025 x"):
        assert ns("2025-12-03 06:05:46") == clock.time_of(before)
    assert expected == clock.time_of(line)


REMEMBERED = (
    "2025-12-03 06:05:46 x",
    "2025-12-03 06:59:46,123 +01:00 x",
    "[2025-12-03T06:05:46.5Z] x",
    '{"ts": "2025-12-03T06:05:46.123456Z", "msg": "x"}',
    '{"level": "info", "time": "2025-12-03 06:05:46"}',
    '10.0.0.17 - - [03/Dec/2025:06:05:46 +0000] "GET /a HTTP/1.1" 200',
    '::1 - - [03/Dec/2025:06:05:46 +0000] "GET /a HTTP/1.1" 200',
    "level=info ts=2025-12-03T06:05:46Z msg=x",
    "time=2025-12-03T06:05:46Z",
    "Wed Dec  3 06:05:46 2025 x",
    "Dec  3 06:05:46 host x",
    "2025-10-26 02:05:46 x",
    "2025-10-26 03:05:46 x",
    "x" * 80 + " 2025-12-03 06:05:46.123456789Z x",
)


@settings(max_examples=500)
@given(
    st.lists(
        st.tuples(st.sampled_from(REMEMBERED), st.integers(0, 60), st.sampled_from("0123456789:.,[{ Z")), max_size=12
    )
)
@pytest.mark.parametrize("zone", [UTC, ZoneInfo("Europe/Berlin")])
def test_a_clock_that_remembers_tells_what_a_new_one_tells(zone, changes):
    remembering = LineClock(zone, MTIME_NS)
    for line in REMEMBERED:
        remembering.time_of(line)
    for line, place, character in changes:
        changed = line[:place] + character + line[place + 1 :]
        assert remembering.time_of(changed) == LineClock(zone, MTIME_NS).time_of(changed)


def test_a_clock_has_seen_too_many_beginnings_to_remember_them():
    words = ("".join(map(chr, (97 + n // 26 // 26, 97 + n // 26 % 26, 97 + n % 26))) for n in range(2_000))
    clock, plain = LineClock(), "2025-12-03 06:05:46 x"
    assert {ns("2025-12-03 06:05:46")} == {clock.time_of(f"{word} {plain}") for word in words}
    assert ns("2025-12-03 06:05:46") == clock.time_of(plain)
    assert len(clock._heads) < 1_000


ACCESS = '10.0.0.17 - - [03/Dec/2025:06:05:46 +0000] "GET /a HTTP/1.1" 200'
LATE = "x" * 101 + " 2025-12-03 06:05:4"


@pytest.mark.parametrize(
    ("before", "line"),
    [
        pytest.param(ACCESS, "{" + ACCESS, id="an access line that is no JSON object"),
        pytest.param(ACCESS, f"2025-12-01 05:00:00 {ACCESS}", id="a time before the bracket"),
        pytest.param(f"{LATE}6 x", f"{LATE}6.123456789 x", id="a fraction beyond what is looked at"),
        pytest.param("1987-10-25 00:00:30 x", "1987-10-25 00:02:00 x", id="a clock that is set at one past midnight"),
    ],
)
def test_what_a_clock_remembers_is_of_no_use_for(before, line):
    remembering = LineClock(ZoneInfo("America/St_Johns"), MTIME_NS)
    assert remembering.time_of(before) is not None
    assert remembering.time_of(line) == LineClock(ZoneInfo("America/St_Johns"), MTIME_NS).time_of(line)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("Dec 25 10:00:00 host x", ns("2024-12-25 10:00:00"), id="later than the file: last year"),
        pytest.param("Dec  3 20:00:00 host x", ns("2025-12-03 20:00:00"), id="hours later: another zone"),
        pytest.param("Feb 29 10:00:00 host x", ns("2024-02-29 10:00:00"), id="leap day"),
        pytest.param("Jan  1 00:00:00 host x", ns("2025-01-01 00:00:00"), id="first second of the year"),
    ],
)
def test_without_a_year_the_nearest_before_the_files_mtime(line, expected):
    assert expected == CLOCK.time_of(line)


def test_without_a_year_seconds_decide_whether_it_is_before_the_files_mtime():
    clock = LineClock(mtime_ns=ns("2025-12-03 06:05:30"))
    assert ns("2025-12-04 06:05:30") == clock.time_of("Dec  4 06:05:30 host x")
    assert ns("2024-12-04 06:05:31") == clock.time_of("Dec  4 06:05:31 host x")


def test_without_year_and_mtime_there_is_no_time():
    assert LineClock(UTC, None).time_of("Nov 19 15:52:44 host x") is None


@pytest.mark.parametrize(
    ("zone", "line", "expected"),
    [
        pytest.param(ZoneInfo("Europe/Berlin"), "2025-07-01 12:00:00 x", ns("2025-07-01 10:00:00"), id="summer"),
        pytest.param(ZoneInfo("Europe/Berlin"), "2025-12-01 12:00:00 x", ns("2025-12-01 11:00:00"), id="winter"),
        pytest.param(
            ZoneInfo("Europe/Berlin"), "2025-03-30 01:30:00 x", ns("2025-03-30 00:30:00"), id="before a change"
        ),
        pytest.param(
            ZoneInfo("Europe/Berlin"), "2025-03-30 12:00:00 x", ns("2025-03-30 10:00:00"), id="behind a change"
        ),
        pytest.param(timezone(timedelta(hours=-7)), "21-05-21 17:26:07 x", ns("2021-05-22 00:26:07"), id="fixed"),
        pytest.param(ZoneInfo("Europe/Berlin"), "2025-07-01 12:00:00 UTC x", ns("2025-07-01 12:00:00"), id="names UTC"),
        pytest.param(
            ZoneInfo("Europe/Berlin"), "2025-07-01 12:00:00 CEST [1] x", ns("2025-07-01 10:00:00"), id="abbreviation"
        ),
    ],
)
def test_zone_of_times_that_name_none(zone, line, expected):
    assert expected == LineClock(zone, MTIME_NS).time_of(line)


@settings(max_examples=300)
@given(st.text(alphabet='0123456789-/:. TZ+{}"timesJanE=,\u0663', max_size=80))
def test_nonsense_gives_a_time_within_64_bits_or_none(text):
    time_ns = CLOCK.time_of(text)
    assert time_ns is None or 0 <= time_ns + 86_400 * 10**9 < 2**63


@given(st.integers(0, 2**62))
def test_nine_digits_are_read_exactly(time_ns):
    seconds, fraction = divmod(time_ns, 10**9)
    stamp = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    assert time_ns == CLOCK.time_of(f"{stamp}.{fraction:09d}Z INF x")
