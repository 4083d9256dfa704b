"""What varies in a line becomes a group or a class; its words stay."""

import pytest
import regex

from logscan.generalise import generalise


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        pytest.param("disk is full", "disk is full", id="only words"),
        pytest.param("2025-12-03T06:05:46.123Z disk full", "disk full", id="a time at the head is left out"),
        pytest.param("[2025-01-03 23:03:02] disk full", "disk full", id="with its brackets"),
        pytest.param("1740827116: disk full", "disk full", id="a number at the head, too"),
        pytest.param("since 2025-12-03 06:05:46,123 full", r"since \d+-\d+-\d+ \d+:\d+:\d+,\d+ full", id="a time"),
        pytest.param("since 19/Nov/2025:15:50:51 full", r"since \d+/[A-Za-z]+/\d+:\d+:\d+:\d+ full", id="Apache's"),
        pytest.param("job 017 failed", r"job \d+ failed", id="an integer"),
        pytest.param("used 97.5 of it", r"used [\d.,]+ of it", id="a decimal"),
        pytest.param("after 1m30s or 500ms it ends", r"after \d\S* or \d\S* it ends", id="durations"),
        pytest.param("used 97% of 12MiB", r"used \d\S* of \d\S*", id="units"),
        pytest.param("sqlite3 and ipv4 fail", "sqlite3 and ipv4 fail", id="digits inside words stay"),
        pytest.param("fails: [Errno 111] refused", r"fails: \[Errno 111\] refused", id="an errno stays"),
        pytest.param("failed (404) now", r"failed \(404\) now", id="a status in parentheses stays"),
        pytest.param(
            '10.0.0.1:99 - "GET /a/b?c=1 HTTP/1.1" 401',
            r""""GET (?P<path>[^\s\"'(),;]+) HTTP/1\.1" 401""",
            id="of a request the path varies, the status stays",
        ),
        pytest.param("from 10.0.0.1:54238 on", r"from (?P<address>[\d.]+(?::\d+)?) on", id="an address with a port"),
        pytest.param("run 123e4567-e89b-12d3-a456-426614174000 died", r"run (?P<id>[0-9a-f-]{36}) died", id="a UUID"),
        pytest.param("at 0xc976f0 it died", r"at (?P<id>[0-9a-fx]+) it died", id="hexadecimal with 0x"),
        pytest.param("box d9b0a9bd41d3 died", r"box (?P<id>[0-9a-fx]+) died", id="an id of a container"),
        pytest.param("mail to a.b@example.org fails", r"mail to (?P<email>[^\s@]+@[\w.-]+) fails", id="an e-mail"),
        pytest.param("open /var/log/x.log: no", r"""open (?P<path>[^\s\"'(),;]+): no""", id="a path"),
        pytest.param("call http://a:80/b?c fails", r"""call (?P<url>[a-z][^\s\"'<>]+) fails""", id="a URL"),
        pytest.param("no 'x' and no \"y\"", "no '(?P<quoted>[^']*)' and no \"(?P<quoted2>[^\"]*)\"", id="quoted"),
        pytest.param('no "a \\"b\\"" here', r'no "(?P<quoted>(?:[^"\\]|\\.)*)" here', id="quotes inside quotes"),
        pytest.param("can't and won't", "can't and won't", id="apostrophes are no quotes"),
        pytest.param("key=[redacted] is bad", r"key=\S+ is bad", id="what was redacted"),
        pytest.param("a.b (c) [d] {e}+*?^$|\\ end", r"a\.b \(c\) \[d\] \{e\}\+\*\?\^\$\|\\ end", id="special signs"),
        pytest.param("INFO    : TPU\tfound", r"INFO\s+: TPU\s+found", id="runs of spaces, and tabs"),
    ],
)
def test_the_pattern(text, pattern):
    assert pattern == generalise(text).pattern
    assert regex.search(pattern, text, regex.V0 | regex.ASCII | regex.IGNORECASE)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("12:00:00 17 99.5", id="numbers"),
        pytest.param("'quoted' \"alone\"", id="only what is quoted"),
        pytest.param("--- *** ---", id="only signs"),
        pytest.param("", id="nothing"),
    ],
)
def test_a_text_without_words_has_no_pattern(text):
    assert generalise(text) is None


def test_the_title_has_an_ellipsis_for_what_varies():
    assert "Cache is stale (… minutes, TTL: …)" == generalise("9:00 Cache is stale (195.7  minutes, TTL: 30s)").title


def test_what_stands_far_behind_is_left_out():
    assert 500 == len(generalise("word " * 1000).title) + 1
