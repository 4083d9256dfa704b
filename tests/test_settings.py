"""What people write about a scan, and what it comes to."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given as given_any
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from logscan.errors import UsageError
from logscan.finding import Severity
from logscan.settings import (
    Config,
    Direct,
    FollowFormat,
    FollowSettings,
    Format,
    ScanSettings,
    Since,
    parse_moment,
    resolve,
    resolve_follow,
)

SECOND = 1_000_000_000
HOUR = 3600 * SECOND
NOW = 1_764_741_946 * SECOND  # 2025-12-03T06:05:46Z
UTC = ZoneInfo("UTC")


NO_FILE = Config()


def settled(given: dict, config: Config = NO_FILE) -> ScanSettings:
    return resolve(given, config, now_ns=NOW)


def config(**values: object) -> Config:
    return Config("logscan.yaml", values, {key: number for number, key in enumerate(values, 1)})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("24h", NOW - 24 * HOUR, id="a duration counts back from now"),
        pytest.param("1h30m", NOW - 90 * 60 * SECOND, id="a duration of two parts"),
        pytest.param("0s", NOW, id="no time at all is now"),
        pytest.param("2025-12-03T06:05:46Z", NOW, id="RFC 3339"),
        pytest.param("2025-12-03t06:05:46z", NOW, id="RFC 3339 in small letters"),
        pytest.param("2025-12-03 06:05:46Z", NOW, id="a space between day and time"),
        pytest.param("2025-12-03T07:05:46+01:00", NOW, id="an offset"),
        pytest.param("2025-12-03T00:35:46-05:30", NOW, id="an offset to the west, with minutes"),
        pytest.param("2025-12-03T06:05:46.123456789Z", NOW + 123_456_789, id="all nine digits"),
        pytest.param("2025-12-03T06:05:46.5Z", NOW + SECOND // 2, id="one digit is tenths"),
        pytest.param("2025-12-03T06:05:46", NOW, id="without a zone, the given one"),
        pytest.param("2025-12-03T06:05", NOW - 46 * SECOND, id="without seconds"),
        pytest.param("2025-12-03", NOW - 6 * HOUR - 346 * SECOND, id="a day begins at midnight"),
        pytest.param("1764741946", NOW, id="seconds since the epoch"),
        pytest.param("1764741946.000000001", NOW + 1, id="seconds since the epoch, with a fraction"),
        pytest.param("1969-12-31T23:59:59.25Z", -SECOND * 3 // 4, id="before the epoch"),
    ],
)
def test_moment_is_read(text, expected):
    assert expected == parse_moment(text, UTC, NOW)


def test_moment_without_offset_is_in_the_zone():
    assert NOW - HOUR == parse_moment("2025-12-03T06:05:46", ZoneInfo("Europe/Berlin"), NOW)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "24h ago",
        "-1h",
        "2025-13-01",
        "2025-02-30",
        "2025-12-03T25:00Z",
        "2025-12-03T06:05:46.Z",
    ],
    ids=repr,
)
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(ValueError):
        parse_moment(text, UTC, NOW)


@hypothesis_settings(max_examples=100)
@given_any(st.integers(min_value=0, max_value=4_000_000_000), st.integers(min_value=0, max_value=SECOND - 1))
def test_a_moment_keeps_its_nanoseconds(seconds, nanos):
    assert seconds * SECOND + nanos == parse_moment(f"{seconds}.{nanos:09d}", UTC, NOW)


def test_nothing_said_means_the_last_day_of_every_container():
    assert (NOW - 24 * HOUR, None, ()) == (settled({}).since_ns, settled({}).until_ns, settled({}).names)


def test_files_are_read_whole():
    assert None is settled({"file": ("app.log",)}).since_ns


def test_the_day_is_counted_back_from_until():
    assert NOW - 72 * HOUR == settled({"until": "48h"}).since_ns


def test_an_epoch_that_yaml_read_as_a_number_is_a_time():
    assert NOW == settled({}, config(since=NOW // SECOND)).since_ns


def test_times_are_read_in_the_zone_that_is_said_beside_them():
    assert NOW - HOUR == settled({"since": "2025-12-03T06:05:46", "timezone": "Europe/Berlin"}).since_ns


def test_words_become_what_they_name():
    said = {
        "min_severity": "medium",
        "fail_on": "high",
        "format": "json",
        "direct": "never",
        "rules": ("a.yaml", "b"),
        "output": "out.json",
    }
    expected = (
        Severity.MEDIUM,
        Severity.HIGH,
        Format.JSON,
        Direct.NEVER,
        (Path("a.yaml"), Path("b")),
        Path("out.json"),
    )
    found = settled(said)
    assert expected == (
        found.min_severity,
        found.fail_on,
        found.format,
        found.direct,
        found.rule_paths,
        found.output,
    )


def test_the_last_lines_may_be_read_either_way():
    assert dict.fromkeys(Direct, 5) == {direct: settled({"tail": 5, "direct": direct}).tail for direct in Direct}


def test_a_flag_outranks_the_file():
    assert 7 == settled({"samples": 7}, config(samples=5)).samples


def test_the_file_outranks_the_default():
    assert 5 == settled({}, config(samples=5)).samples


def test_never_takes_back_what_the_file_says():
    assert None is settled({"fail_on": "never"}, config(fail_on="low")).fail_on


def test_a_single_word_stands_for_a_list_of_one():
    assert ("web",) == settled({}, config(containers="web")).names


def test_files_from_a_flag_replace_the_containers_of_the_file():
    found = settled({"file": ("app.log",)}, config(containers=["web"], exclude=["x"], project=["shop"]))
    assert ((), (), (), (Path("app.log"),)) == (found.names, found.exclude, found.project, found.files)


def test_containers_from_the_command_line_replace_the_files_of_the_file():
    found = settled({"containers": ("web",)}, config(file="app.log", **{"as": "app"}))
    assert ((), None, ("web",)) == (found.files, found.as_name, found.names)


@pytest.mark.parametrize(
    ("given", "message", "help_text"),
    [
        pytest.param(
            {"since": "yesterday"},
            "--since: 'yesterday' is no time",
            "write last, 24h, 90m, 2025-12-03, 2025-12-03T06:05:46Z or seconds since the epoch",
            id="no time",
        ),
        pytest.param(
            {"since": "1h", "until": "2h"},
            "--since is later than --until",
            "a time such as 24h counts back from now",
            id="since after until",
        ),
        pytest.param(
            {"tail": -1},
            "--tail: input should be greater than or equal to 0",
            "write a number of last lines, 0 or more",
            id="negative tail",
        ),
        pytest.param(
            {"samples": 0},
            "--samples: input should be greater than or equal to 1",
            "write a number of lines of evidence per finding, 1 or more",
            id="no samples",
        ),
        pytest.param(
            {"context": -1},
            "--context: input should be greater than or equal to 0",
            "write a number of lines around each line of evidence, 0 or more",
            id="negative context",
        ),
        pytest.param(
            {"timezone": "Mars/Phobos"},
            "--timezone: 'Mars/Phobos' is no time zone that this machine knows",
            "write an IANA name such as Europe/Berlin, for times that are written without a zone",
            id="unknown zone",
        ),
        pytest.param(
            {"timezone": "../etc/passwd"},
            "--timezone: '../etc/passwd' is no time zone that this machine knows",
            "write an IANA name such as Europe/Berlin, for times that are written without a zone",
            id="a path is no zone",
        ),
        pytest.param(
            {"containers": ("web",), "file": ("app.log",)},
            "one scan reads containers or files, not both",
            "scan them one after the other",
            id="containers and files",
        ),
        pytest.param(
            {"project": ("shop",), "file": ("app.log",)},
            "--project chooses containers, and --file reads files",
            "use one of the two",
            id="a choice of containers beside files",
        ),
        pytest.param(
            {"as": "influxdb"},
            "--as and --image-name say whose log a file is",
            "name the file with --file",
            id="as without a file",
        ),
        pytest.param(
            {"image_name": "influxdb:2"},
            "--as and --image-name say whose log a file is",
            "name the file with --file",
            id="image name without a file",
        ),
        pytest.param(
            {"verbose": True, "quiet": True},
            "--verbose and --quiet exclude each other",
            "choose one",
            id="loud and quiet",
        ),
        pytest.param(
            {"host": ("tcp://a:1", "tcp://b:1"), "host_name": "nuc"},
            "--host-name is the name of one host",
            "leave it out: each engine knows its own name",
            id="one name for two hosts",
        ),
        pytest.param(
            {"since": "last", "file": ("app.log",)},
            "--since last goes on in the logs of containers, not in files",
            "leave it out",
            id="files since last",
        ),
        pytest.param(
            {"since": "last", "until": "1h"},
            "--since last reads on to the end, and --until does not",
            "leave one of them out",
            id="an end since last",
        ),
        pytest.param(
            {"since": "last", "tail": 5},
            "--since last reads on to the end, and --tail does not",
            "leave one of them out",
            id="the tail since last",
        ),
        pytest.param(
            {"since": "last", "direct": "always"},
            "--since last reads on to the end, and --direct always does not",
            "leave one of them out",
            id="past the engine since last",
        ),
        pytest.param(
            {"until": "last"},
            "--until: 'last' is no time",
            "write 24h, 90m, 2025-12-03, 2025-12-03T06:05:46Z or seconds since the epoch",
            id="until last",
        ),
        pytest.param(
            {"min_severity": "awful"},
            "--min-severity: 'awful' is no severity",
            "write info, low, medium, high or critical",
            id="no severity",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_help(given, message, help_text):
    with pytest.raises(UsageError) as caught:
        settled(given)
    assert (message, help_text) == (caught.value.message, caught.value.help)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        pytest.param("samples", "3", "input should be a valid integer", id="a quoted number"),
        pytest.param("builtin", "no", "input should be a valid boolean", id="a word for a boolean"),
        pytest.param("only", {"a": 1}, "input should be a valid tuple", id="a mapping for a list"),
        pytest.param("format", "xml", "'xml' is none of text, json, ndjson, markdown", id="an unknown format"),
        pytest.param("since", True, "'True' is no time", id="a boolean for a time"),
    ],
)
def test_a_fault_of_the_file_tells_its_line(key, value, message):
    faulty = Config("logscan.yaml", {"tail": 3, key: value}, {"tail": 1, key: 4})
    with pytest.raises(UsageError) as caught:
        settled({}, faulty)
    assert f"logscan.yaml:4: {key}: {message}" == caught.value.message


def test_what_no_run_has_read_yet_has_no_beginning_by_time():
    assert (True, None) == (settled({"since": "last"}).since_last, settled({"since": "last"}).since_ns)


def test_the_first_of_several_hosts_is_the_host():
    found = settled({}, config(host=["tcp://a:1", "tcp://b:1"]))
    assert (("tcp://a:1", "tcp://b:1"), "tcp://a:1") == (found.hosts, found.host)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        pytest.param({"HOME": "/home/bob"}, "/home/bob/.local/state/logscan/logscan.db", id="by default"),
        pytest.param({"HOME": "/h", "XDG_STATE_HOME": "/state"}, "/state/logscan/logscan.db", id="by XDG"),
        pytest.param({"HOME": "/h", "XDG_STATE_HOME": "s"}, "/h/.local/state/logscan/logscan.db", id="no relative XDG"),
    ],
)
def test_the_state_lies_where_the_user_keeps_state(environ, expected, monkeypatch):
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert Path(expected) == settled({}).state == following({}).state


def following(given: dict, config: Config = NO_FILE) -> FollowSettings:
    return resolve_follow(given, config, now_ns=NOW)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param({}, Since.LAST, id="by default, where the last run stopped"),
        pytest.param({"since": "last"}, Since.LAST, id="last"),
        pytest.param({"since": "now"}, Since.NOW, id="now"),
        pytest.param({"since": "24h"}, NOW - 24 * HOUR, id="a duration"),
        pytest.param({"since": "2025-12-03T06:05:46Z"}, NOW, id="a time"),
        pytest.param({"since": NOW // SECOND}, NOW, id="seconds since the epoch"),
    ],
)
def test_a_follow_begins_where_it_is_told(said, expected):
    assert expected == following(said).since == following({}, config(**said)).since


def test_a_follow_leaves_aside_what_the_file_says_about_scans_alone():
    found = following({}, config(tail=3, file="app.log", image_name="a", direct="never", service="web"))
    assert ("web",) == found.service


def test_a_scan_and_a_follow_read_one_file():
    shared = config(host=["tcp://a:1"], state="state.db", rules="mine", until="2025-12-03T06:05:46Z")
    for found in (settled({}, shared), following({}, shared)):
        assert (("tcp://a:1",), Path("state.db"), (Path("mine"),), NOW) == (
            found.hosts,
            found.state,
            found.rule_paths,
            found.until_ns,
        )


@pytest.mark.parametrize(
    ("given", "message", "help_text"),
    [
        pytest.param({"format": "json"}, "--format: 'json' is none of text, ndjson", "write text, ndjson", id="format"),
        pytest.param(
            {"since": "soon"},
            "--since: 'soon' is no time",
            "write last, now, 24h, 90m, 2025-12-03, 2025-12-03T06:05:46Z or seconds since the epoch",
            id="no time",
        ),
        pytest.param(
            {"since": "1h", "until": "2h"},
            "--since is later than --until",
            "a time such as 24h counts back from now",
            id="an end before the beginning",
        ),
        pytest.param(
            {"verbose": True, "quiet": True}, "--verbose and --quiet exclude each other", "choose one", id="loud"
        ),
    ],
)
def test_what_cannot_be_followed_is_refused_with_its_help(given, message, help_text):
    with pytest.raises(UsageError) as caught:
        following(given)
    assert (message, help_text) == (caught.value.message, caught.value.help)


def test_a_format_of_the_file_that_only_scans_know_is_a_fault_unless_a_flag_outranks_it():
    with pytest.raises(UsageError) as caught:
        following({}, config(format="json"))
    assert "logscan.yaml:1: format: 'json' is none of text, ndjson" == caught.value.message
    assert FollowFormat.NDJSON is following({"format": "ndjson"}, config(format="json")).format


@pytest.mark.parametrize("kind", [ScanSettings, FollowSettings])
def test_every_key_says_what_to_write(kind):
    assert [] == [name for name, info in kind.model_fields.items() if not info.description and name != "since_last"]
