"""Secrets of every shape are blanked, whatever stands around them; ordinary lines stay as they are."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logscan.redact import MARKER, redact, redact_field, redact_lines

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl-Zz_09"
# Joined here, so that no scanner of repositories takes them for live ones.
GITHUB = "ghp_" + "a1B2c3D4e5" * 4
STRIPE = "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"
SLACK = "xoxb-" + "123456789012-abcdefABCDEF"

SHAPES = [
    pytest.param(JWT, id="JWT"),
    pytest.param("AKIA" + "IOSFODNN7EXAMPLE", id="AWS access key"),
    pytest.param("ASIA" + "IOSFODNN7EXAMPLE", id="AWS temporary key"),
    pytest.param("AIza" + "SyA1234567890abcdefghijklmnopqrstuv", id="Google API key"),
    pytest.param("ya29." + "a0AfH6SMBx-abc_def", id="Google access token"),
    pytest.param("GOCSPX-" + "abcdefghijklmnopqrstuvwxyz12", id="Google client secret"),
    pytest.param(GITHUB, id="GitHub token"),
    pytest.param("github_pat_" + "11ABCDEFG0abcdefghij_klmnopqrstuv", id="GitHub fine-grained token"),
    pytest.param("glpat-" + "abcDEF123456_-xyz789", id="GitLab token"),
    pytest.param(SLACK, id="Slack bot token"),
    pytest.param("xapp-" + "1-A0123456-abcdef", id="Slack app token"),
    pytest.param(STRIPE, id="Stripe secret key"),
    pytest.param("rk_test_" + "4eC39HqLyjWDarjtT1zdp7dc", id="Stripe restricted key"),
    pytest.param("sk-" + "proj-abcd1234efgh5678ijkl", id="OpenAI key"),
    pytest.param("sk-ant-" + "api03-abcdEFGH1234", id="Anthropic key"),
    pytest.param("npm_" + "a1B2c3D4e5f6" * 3, id="npm token"),
    pytest.param("hvs." + "CAESIJabcdefghijklmnopq", id="Vault token"),
    pytest.param("123456789:" + "AAabcdefghijklmnopqrstuvwxyz0123456", id="Telegram bot token"),
]


@pytest.mark.parametrize("secret", SHAPES)
@pytest.mark.parametrize(
    "line",
    [
        pytest.param("{}", id="alone"),
        pytest.param("calling upstream with {} failed", id="in a sentence"),
        pytest.param('{{"msg": "used {}", "n": 1}}', id="in JSON"),
        pytest.param(r'{{"log":"first\n{}\nlast"}}', id="after an escaped newline"),
        pytest.param("GET /hook?a=1&k={}&b=2", id="in a query"),
        pytest.param("GET /hook?k%3D{}", id="after an encoded equals sign"),
    ],
)
def test_a_secret_is_known_by_its_shape(line: str, secret: str) -> None:
    assert line.format(MARKER) == redact(line.format(secret))


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("https://hooks.slack.com/services/T0000/B0000/abcdefgh", id="Slack webhook"),
        pytest.param("https://discord.com/api/webhooks/123456789/abcdefghijklmnop-QRS", id="Discord webhook"),
        pytest.param("https://api.telegram.org/bot123456789:AAabcdefghijklmnopqrstuvwxyz0123456/send", id="Telegram"),
    ],
)
def test_the_secret_part_of_a_webhook_address_is_blanked(url: str) -> None:
    assert MARKER in redact(url)
    assert not re.search("abcdefgh", redact(url))


@pytest.mark.parametrize(
    ("line", "safe"),
    [
        pytest.param("password=hunter2", "password=[redacted]", id="equals"),
        pytest.param("db password=hunter2 host=db", "db password=[redacted] host=db", id="logfmt"),
        pytest.param("PASSWD: hunter2", "PASSWD: [redacted]", id="colon"),
        pytest.param("pwd:hunter2", "pwd:[redacted]", id="colon without space"),
        pytest.param("password = hunter2", "password = [redacted]", id="spaces around"),
        pytest.param("password: correcthorse", "password: [redacted]", id="a word at the end of the line"),
        pytest.param("password=12345", "password=[redacted]", id="digits"),
        pytest.param("password=a,b;c&d)e!", "password=[redacted]", id="delimiters inside"),
        pytest.param("POSTGRES_PASSWORD=p4ss", "POSTGRES_PASSWORD=[redacted]", id="environment"),
        pytest.param("DB_PASS=p4ss", "DB_PASS=[redacted]", id="pass after an underscore"),
        pytest.param("bot_token=abc def=1", "bot_token=[redacted] def=1", id="bot token"),
        pytest.param("influxToken: abc1", "influxToken: [redacted]", id="camel case"),
        pytest.param("api_key=k1, user=bob", "api_key=[redacted], user=bob", id="comma and next pair"),
        pytest.param("apikey=k1;user=bob", "apikey=[redacted];user=bob", id="semicolon and next pair"),
        pytest.param("X-Api-Key: k1", "X-Api-Key: [redacted]", id="header of an API key"),
        pytest.param("access_key=k1", "access_key=[redacted]", id="access key"),
        pytest.param("aws_secret_access_key = wJalr/K7+x", "aws_secret_access_key = [redacted]", id="AWS secret"),
        pytest.param("SECRET_KEY_BASE=abc", "SECRET_KEY_BASE=[redacted]", id="Rails secret"),
        pytest.param("credentials=abc", "credentials=[redacted]", id="credentials"),
        pytest.param("AccountKey=abc==;Endpoint=x", "AccountKey=[redacted];Endpoint=x", id="Azure connection"),
        pytest.param("client_secret=s3", "client_secret=[redacted]", id="client secret"),
        pytest.param("private_key=abc", "private_key=[redacted]", id="private key"),
        pytest.param("Config(password='a b', n=1)", "Config(password='[redacted]', n=1)", id="Python call"),
        pytest.param("Config(password=hunter2)", "Config(password=[redacted])", id="closing bracket stays"),
        pytest.param('{:password=>"x1"}', '{:password=>"[redacted]"}', id="Ruby hash"),
        pytest.param('{"password": "hunter2", "n": 1}', '{"password": "[redacted]", "n": 1}', id="JSON"),
        pytest.param('{"password":12345}', '{"password":[redacted]}', id="JSON number"),
        pytest.param(r'{"token":"a\"b\\","n":1}', '{"token":"[redacted]","n":1}', id="escaped quote and backslash"),
        pytest.param("{'secret': 'it\\'s'}", "{'secret': '[redacted]'}", id="single quotes"),
        pytest.param(
            r'"{\"token\": \"a\\\"b\", \"n\": 1}"', r'"{\"token\": \"[redacted]\", \"n\": 1}"', id="JSON in JSON"
        ),
        pytest.param(r"{\\\"token\\\":\\\"ab\\\",x", r"{\\\"token\\\":\\\"[redacted]\\\",x", id="JSON in JSON in JSON"),
        pytest.param('{"tokens": 3, "token": ["a1"]}', '{"tokens": 3, "token": ["[redacted]"]}', id="list of one"),
        pytest.param('{"password": "cut off in the mid', '{"password": "[redacted]', id="value without its end"),
        pytest.param(r'msg="bad password=abc" n=1', r'msg="bad password=[redacted]" n=1', id="inside quotes"),
        pytest.param(r'{"m":"x=\"password=abc\""}', r'{"m":"x=\"password=[redacted]\""}', id="inside escaped quotes"),
        pytest.param("GET /?token=abc&user=bob HTTP/1.1", "GET /?token=[redacted]&user=bob HTTP/1.1", id="query"),
        pytest.param("GET /b?sig=a%2Bb&se=1", "GET /b?sig=[redacted]&se=1", id="signed address"),
        pytest.param("run --password hunter2 --force", "run --password [redacted] --force", id="flag"),
        pytest.param("run --db-password='a b'", "run --db-password='[redacted]'", id="flag with equals"),
        pytest.param("ALTER USER x PASSWORD 'abc'", "ALTER USER x PASSWORD '[redacted]'", id="SQL password"),
        pytest.param(
            "CREATE USER x IDENTIFIED BY 'abc'", "CREATE USER x IDENTIFIED BY '[redacted]'", id="SQL identified by"
        ),
        pytest.param("<Password>abc</Password>", "<Password>[redacted]</Password>", id="XML"),
        pytest.param("Invalid token: abc123def", "Invalid token: [redacted]", id="a token in a complaint"),
        pytest.param("password: [redacted]tail", "password: [redacted]", id="a marker does not protect what follows"),
    ],
)
def test_a_secret_is_known_by_the_name_before_it(line: str, safe: str) -> None:
    assert safe == redact(line)


@pytest.mark.parametrize(
    ("line", "safe"),
    [
        pytest.param("Authorization: Basic dXNlcjpw", "Authorization: Basic [redacted]", id="Basic"),
        pytest.param("authorization: bearer abc.def n=1", "authorization: bearer [redacted] n=1", id="Bearer"),
        pytest.param("Authorization: Token abc", "Authorization: Token [redacted]", id="Token"),
        pytest.param('Authorization: Token token="abc"', "Authorization: Token [redacted]", id="Token with parameters"),
        pytest.param(
            'Authorization: Digest username="a", response="b"', "Authorization: Digest [redacted]", id="Digest"
        ),
        pytest.param(
            "Authorization: AWS4-HMAC-SHA256 Credential=A/b, Signature=c",
            "Authorization: AWS4-HMAC-SHA256 [redacted]",
            id="AWS signature",
        ),
        pytest.param("Proxy-Authorization=Basic abc", "Proxy-Authorization=Basic [redacted]", id="proxy, logfmt"),
        pytest.param('{"Authorization": "Bearer abc"}', '{"Authorization": "Bearer [redacted]"}', id="JSON key"),
        pytest.param(
            r'"{\"authorization\":\"Basic abc\"}"', r'"{\"authorization\":\"Basic [redacted]\"}"', id="JSON in JSON"
        ),
        pytest.param(
            "(b'Authorization', b'Bearer abc')", "(b'Authorization', b'Bearer [redacted]')", id="pair of bytes"
        ),
        pytest.param(
            "map[Authorization:[Bearer abc] Host:[x]]",
            "map[Authorization:[Bearer [redacted]] Host:[x]]",
            id="Go header map",
        ),
        pytest.param(
            "curl -H 'Authorization: Bearer abc' http://x",
            "curl -H 'Authorization: Bearer [redacted]' http://x",
            id="curl",
        ),
        pytest.param("authorization=abc123", "authorization=[redacted]", id="without a scheme"),
        pytest.param("sent bearer abcdef123456 to x", "sent bearer [redacted] to x", id="Bearer without the header"),
        pytest.param("Cookie: sid=abc; theme=dark", "Cookie: [redacted]", id="cookies"),
        pytest.param('Cookie: a="b"; c=d', "Cookie: [redacted]", id="quoted cookie"),
        pytest.param("Set-Cookie: sid=abc; Path=/; HttpOnly", "Set-Cookie: [redacted]", id="set cookie"),
        pytest.param('{"cookie": "sid=abc", "n": 1}', '{"cookie": "[redacted]", "n": 1}', id="cookie in JSON"),
    ],
)
def test_credentials_of_a_header_are_blanked_and_its_scheme_stays(line: str, safe: str) -> None:
    assert safe == redact(line)


@pytest.mark.parametrize(
    ("line", "safe"),
    [
        pytest.param("postgres://bob:pw@db:5432/x", "postgres://bob:[redacted]@db:5432/x", id="user and password"),
        pytest.param("redis://:pw@cache/0", "redis://:[redacted]@cache/0", id="no user"),
        pytest.param("amqp://u:p@ss@mq/", "amqp://u:[redacted]@mq/", id="at sign in the password"),
        pytest.param("amqp://u:pa/ss@mq/", "amqp://u:[redacted]@mq/", id="slash in the password"),
        pytest.param("http://u:p@h/a?mail=x@y.z", "http://u:[redacted]@h/a?mail=x@y.z", id="at sign in the query"),
        pytest.param(
            "mongodb://u:p@h1,mongodb://u:q@h2", "mongodb://u:[redacted]@h1,mongodb://u:[redacted]@h2", id="two"
        ),
        pytest.param(r'{"url":"redis:\/\/u:p@h\/0"}', r'{"url":"redis:\/\/u:[redacted]@h\/0"}', id="escaped slashes"),
        pytest.param("dsn root:pw@tcp(db:3306)/x", "dsn root:[redacted]@tcp(db:3306)/x", id="MySQL data source"),
    ],
)
def test_the_password_of_an_address_is_blanked(line: str, safe: str) -> None:
    assert safe == redact(line)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("token required", id="token required"),
        pytest.param('error="authorization not found"', id="authorization not found"),
        pytest.param("token=", id="empty"),
        pytest.param("token= user=bob", id="empty before a pair"),
        pytest.param("GET /?token=&user=bob", id="empty in a query"),
        pytest.param('{"token": "", "password": null}', id="empty and null in JSON"),
        pytest.param("INFO: Token expires in 300s, refreshing...", id="token expires"),
        pytest.param('FATAL: password authentication failed for user "bob"', id="password authentication failed"),
        pytest.param("Invalid username or password", id="invalid username or password"),
        pytest.param("Invalid token: expired", id="a word about a token"),
        pytest.param("tokens: 85", id="tokens counted"),
        pytest.param("Token usage at 85.4% (25628/30000 tokens)", id="token usage"),
        pytest.param("max_tokens=300 completion_tokens: 12", id="token limits"),
        pytest.param("Error refreshing token: Attempt to decode JSON", id="prose after a colon"),
        pytest.param("failed to get token: 401 Client Error", id="status after a colon"),
        pytest.param("cat: /etc/passwd: No such file or directory", id="path of passwd"),
        pytest.param("SyntaxError: Unexpected token: 'foo'", id="parser's token"),
        pytest.param('{"password": ["This field is required."]}', id="validation error"),
        pytest.param("password=*** token=<>", id="masked already"),
        pytest.param("the --token flag is required", id="flag in prose"),
        pytest.param("bearer authentication failed", id="bearer in prose"),
        pytest.param("cookie: missing", id="cookie in prose"),
        pytest.param("duplicate key value violates constraint", id="key in prose"),
        pytest.param("Unexpected token < in JSON at position 0", id="less-than sign"),
        pytest.param("http://registry:5000/img@sha256:abc", id="port and digest"),
        pytest.param("https://bob@example.org/x", id="user without a password"),
        pytest.param("docker run -p 80:80 --rm img", id="port flag"),
        pytest.param("task-scheduler-for-2025-and-later risk-assessment-2024-final", id="sk- inside words"),
        pytest.param("eyJust a word", id="eyJ in a word"),
    ],
)
def test_text_about_secrets_stays(line: str) -> None:
    assert line == redact(line)


REAL_LINES = """\
ERROR [alembic.runtime.migration] Can't locate revision identified by '001'
KeyError: '20251018_add_synergy_opportunities'
INFO:     127.0.0.1:52216 - "GET /health HTTP/1.1" 200 OK
WARNING: ⚠️  No WattTime credentials configured! Service will run in standby mode.
ERROR: Failed to obtain initial WattTime API token - will run in standby mode
ERROR: Error refreshing token: Attempt to decode JSON with unexpected mimetype: text/html
INFO: InfluxDB: disabled (no token - expected)
Error writing to InfluxDB: (404) Not Found message: "bucket \\"weather_data\\" not found"
TypeError: Invalid argument(s) 'pool_size','max_overflow' sent to create_engine(), using configuration SQLiteDialect_aiosqlite/StaticPool/Engine.
docker: Error response from daemon: failed to create task for container: unable to start container process: exec: "/entrypoint.sh": permission denied: unknown.
1740827123: New connection from 172.18.0.1:54238 on port 1883.
[2022-08-01 02:33:01] frigate.edgetpu                INFO    : TPU found
21-05-21 17:26:07 INFO (MainThread) [supervisor.auth] Auth request from 'core_mosquitto' for 'mqtt'
ERROR (MainThread) [homeassistant.components.automation] Invalid data for call_service at pos 1: Entity ID  is an invalid entity id for dictionary value @ data['entities']
2025-01-20 10:30:15 INFO [corr:abc123] ✅ Primary HA connection configured: ws://192.168.1.86:8123/api/websocket
\tgithub.com/influxdata/flux@v0.196.1/execute/recover.go:53 +0x1e5
ts=2025-10-14T09:04:11.269411Z lvl=info msg="Dispatcher panic" log_id=0z_VEtBW000 service=storage-reads error="panic: runtime error: invalid memory address or nil pointer dereference"
ts=2022-07-27T16:30:01.250710Z lvl=info msg=Unauthorized log_id=0bx7jsPW000 error="session not found"
ts=2022-09-15T17:03:36.026516Z lvl=info msg=Unauthorized log_id=0cxXXy~l000 error="authorization not found"
ts=2024-04-10T20:40:03.920333Z lvl=info msg="Welcome to InfluxDB" version=v2.7.5 commit=09a9607fd9 build_date=2024-01-05T17:17:04Z
[4650180.470877] oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=aegis,mems_allowed=0,global_oom,task=java,pid=7134,uid=1000
info  2023-01-02 18:20:58: MQTT publish: topic 'zigbee2mqtt/bureau_plafond', payload '{"brightness":254,"color_mode":"color_temp"}'
2018-06-14 21:51:29 0 [ERROR] InnoDB: Corrupted page [page id: space=0, page number=0] of datafile './ibdata1' could not be found.
[Note] Using unique option prefix 'key_buffer' is error-prone and can break in the future. Please use the full name 'key_buffer_size' instead.
2020/10/17 11:50:56 [error] 28#28: *2 connect() failed (111: Connection refused) while connecting to upstream, request: "GET / HTTP/1.1", upstream: "http://127.0.0.1:3001/", host: "localhost:8080"
ERROR:  duplicate key value violates unique constraint "taggit_tag_name_key"
PANIC:  could not write to file "pg_xlog/xlogtemp.46426": No space left on device
ts=2022-09-23T18:26:08.309Z caller=compact.go:519 level=info component=tsdb msg="write block" ulid=01GDNSK2P7QCR24K5544NN5AW5 duration=109.474393ms
2024-03-28 15:57:10.383 [error] <0.31774.55> closing AMQP connection <0.31774.55> (10.190.5.190:54288 -> 10.190.5.248:5672):
2025-12-18 11:06:08.112403+00:00 [error] <0.23624.0> operation basic.consume caused a channel exception not_found: no queue 'push_UUID_A' in vhost '/'
2023-05-09T10:32:43Z E! [outputs.influxdb_v2] When writing to [http://influxdb:8086]: failed to write metric (401 Unauthorized): unauthorized access
2024-05-09T14:49:01Z ERR error="service \\"redacted\\" error: port is missing" container=redacted-redacted-szcg2tz4e0icftu3errf0glr7
1:M 02 Sep 2024 23:48:49.432 * Ready to accept connections""".splitlines()


@pytest.mark.parametrize("line", [pytest.param(line, id=line[:40]) for line in REAL_LINES])
def test_a_real_line_stays(line: str) -> None:
    assert line == redact(line)


BODY = [
    "MIIEpAIBAAKCAQEA1234567890abcdefghijklmnopqrstuvwxyzABCDEFGHIJKL",
    "abcdEFGH0123456789+/abcdEFGH0123456789+/==",
]
KEY = ["-----BEGIN RSA PRIVATE KEY-----", *BODY, "-----END RSA PRIVATE KEY-----"]


def test_a_key_block_over_lines_is_blanked_line_by_line() -> None:
    assert ["before", *[MARKER] * 4, "after"] == redact_lines(["before", *KEY, "after"])


def test_a_prefix_of_each_line_does_not_hide_a_key_block() -> None:
    safe = ["web-1 | [redacted]", *[MARKER] * 3, "web-1 | up"]
    assert safe == redact_lines([*(f"web-1 | {line}" for line in KEY), "web-1 | up"])


def test_a_key_block_without_its_end_reaches_to_the_last_line() -> None:
    safe = ["key: [redacted]", MARKER, MARKER]
    assert safe == redact_lines(["key: " + KEY[0], *BODY])


def test_a_key_block_without_its_begin_is_followed_back() -> None:
    safe = ["starting the server", MARKER, MARKER, MARKER, "up"]
    assert safe == redact_lines(["starting the server", *BODY, KEY[-1], "up"])


def test_the_text_after_a_key_block_is_still_redacted() -> None:
    safe = [MARKER, MARKER, MARKER, "[redacted] token=[redacted]"]
    assert safe == redact_lines([*KEY[:-1], KEY[-1] + " token=abc"])


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        pytest.param("\n".join(("a", *KEY, "b")), "a\n[redacted]\nb", id="newlines"),
        pytest.param('{"k":"' + r"\n".join(KEY) + r'\n","n":1}', r'{"k":"[redacted]\n","n":1}', id="escaped newlines"),
        pytest.param(BODY[0] + r"\n" + KEY[-1], MARKER, id="without its begin"),
        pytest.param("cut: " + r"\n".join(KEY[:-1]), "cut: [redacted]", id="without its end"),
    ],
)
def test_a_key_block_within_one_text_is_blanked(text: str, safe: str) -> None:
    assert safe == redact(text)


@pytest.mark.parametrize(
    ("name", "value", "safe"),
    [
        pytest.param("db_password", "hunter", MARKER, id="secret by its name"),
        pytest.param("Authorization", "abc", MARKER, id="header"),
        pytest.param("token", "expired", "expired", id="a word about a token"),
        pytest.param("tokens", "85", "85", id="a count"),
        pytest.param("reason", f"bad {JWT}", f"bad {MARKER}", id="secret by its shape"),
    ],
)
def test_a_field_is_redacted_by_its_name_or_its_value(name: str, value: str, safe: str) -> None:
    assert safe == redact_field(name, value)


HOSTILE = [
    "eyJ", "-eyJ", "eyJaaaaaaaaaa.", "password=", "password: '", "password:['", "password: a,", "://a:", "://a:b/",
    "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "Authorization: ", "Authorization: Digest ", "\\",
    '\\"password\\":\\"', "token\\", "--token ", "--", "-sk-", "<password>", "Cookie: a=b;", "Cookie:", "=a:@tcp(",
    "bearer a ", "[redacted]", "token\t", "12345678:", "password=,a", "SG.aaaaaaaaaaaaaaaaaa.",
]  # fmt: skip


@pytest.mark.parametrize("piece", [pytest.param(piece, id=repr(piece)) for piece in HOSTILE])
def test_a_hostile_megabyte_takes_linear_time(piece: str) -> None:
    awake = 'authorization cookie @tcp( </ sig eyj bearer private key -- token gl sk- : sg. "'
    text = awake + piece * (1_000_000 // len(piece))
    started = time.process_time()
    redact(text)
    # Linear is half a second here; quadratic would be hours.
    assert time.process_time() - started < 5


@pytest.mark.parametrize("last", [KEY[-1], ""], ids=["with an end", "without an end"])
def test_a_hostile_megabyte_of_begin_lines_takes_linear_time(last: str) -> None:
    line = KEY[0] * 30_000 + last
    started = time.process_time()
    assert [MARKER, MARKER] == redact_lines([line, KEY[-1]])
    assert time.process_time() - started < 5


FRAGMENTS = [
    "password", "token", "Authorization", "cookie", "Bearer ", "Digest ", "=", ": ", ":", '"', "'", "\\", '\\"', " ",
    ",", ";", "&", "[", "]", ")", "}", "@", "://", "/", "--", "-", "a1", "abc", "a=b", "x:", "[redacted]", "eyJ", JWT,
    "<password>", "</", "\n", "sk-", "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", ".", "%3D", "b'",
]  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=14).map("".join))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = redact(text)
    assert once == redact(once)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from(FRAGMENTS), max_size=6).map("".join),
    st.sampled_from([GITHUB, STRIPE, SLACK]),
    st.lists(st.sampled_from(FRAGMENTS), max_size=6).map("".join),
)
def test_a_secret_with_a_shape_never_survives(before: str, secret: str, after: str) -> None:
    assert secret[8:] not in redact(f"{before}{secret}{after}")
