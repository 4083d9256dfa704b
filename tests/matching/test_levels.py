"""The level that a line announces, in the dialects of common programs."""

import json
from pathlib import Path

import pytest

from logscan.matching.views import LineView

REAL_LINES = Path(__file__).parents[2] / "fixtures" / "real-lines.jsonl"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param('ts=2025-10-14T09:04:11Z lvl=info msg="Dispatcher panic" error="x"', "info", id="InfluxDB"),
        pytest.param("t=2021-01-01T00:00:00Z lvl=eror msg=x logger=y", "error", id="old Grafana"),
        pytest.param('time="2024-07-01T17:39:27Z" level=warning msg="x"', "warning", id="Traefik 2"),
        pytest.param("2025-01-04T16:09:37Z ERR error=x k=v", "error", id="Traefik 3"),
        pytest.param("2025-01-04T16:09:37Z \x1b[33mWRN\x1b[0m x", "warning", id="zerolog in colour"),
        pytest.param("2023-05-09T10:32:43Z E! [agent] msg", "error", id="Telegraf"),
        pytest.param("2024-01-02 03:04:05.678 WARNING (MainThread) [component] error", "warning", id="Home Assistant"),
        pytest.param("[12:00:00] INFO: Starting", "info", id="an add-on"),
        pytest.param("Zigbee2MQTT:error 2024-02-17 14:58:48: x", "error", id="Zigbee2MQTT 1"),
        pytest.param("info  2024-02-17 14:58:48: error", "info", id="Zigbee2MQTT 1, bare"),
        pytest.param("[2024-02-17 14:58:48] debug: \tzh:zstack: x", "debug", id="Zigbee2MQTT 2"),
        pytest.param("2025-05-08 15:54:16.967 UTC [9688] FATAL:  role does not exist", "fatal", id="Postgres FATAL"),
        pytest.param("2025-05-08 15:54:16.967 UTC [1] PANIC:  x", "fatal", id="Postgres PANIC"),
        pytest.param("2025-05-08 15:54:16.967 UTC [1] LOG:  error in x", "info", id="Postgres LOG"),
        pytest.param("2018-06-14 21:51:30 0 [ERROR] msg", "error", id="MySQL"),
        pytest.param("2018-06-14 21:51:30+00:00 [Note] [Entrypoint]: msg", "info", id="MariaDB's entrypoint"),
        pytest.param("1:M 02 Sep 2024 23:48:49.432 # Can't save in background", "warning", id="Redis warning"),
        pytest.param("1:M 02 Sep 2024 23:48:49.432 * Ready", "info", id="Redis notice"),
        pytest.param("12:C 02 Sep 23:48:49.432 - x", "debug", id="Redis 4 verbose"),
        pytest.param("2020/10/17 11:50:56 [error] 28#28: *2 msg, client: x", "error", id="nginx"),
        pytest.param("2025-12-18 11:06:08.189762+00:00 [warning] <0.364.0> x", "warning", id="RabbitMQ"),
        pytest.param('{"t":{"$date":"x"},"s":"E","c":"STORAGE","msg":"x"}', "error", id="MongoDB"),
        pytest.param('{"level":50,"msg":"x"}', "error", id="pino"),
        pytest.param('{"level":"\\u001b[31merror\\u001b[39m","message":"x"}', "error", id="winston in colour"),
        pytest.param('{"level": "CRITICAL", "message": "x"}', "fatal", id="Python JSON"),
        pytest.param('{"message": "ERROR at start"}', "error", id="JSON without a level, but a message"),
        pytest.param('{"level":"warn","message":"a "quoted" word"}', "warning", id="JSON that does not parse"),
        pytest.param("E0401 12:34:56.789012       1 main.go:30] x", "error", id="klog"),
        pytest.param("[2022-08-01 02:33:01] frigate.edgetpu                INFO    : TPU found", "info", id="Frigate"),
        pytest.param("2024-04-10T20:40:03.765223531Z\tinfo\tbooting\t{}", "info", id="zap console"),
        pytest.param('INFO:     127.0.0.1:5 - "GET /health HTTP/1.1" 503', "info", id="uvicorn"),
        pytest.param("fatal error: concurrent map writes", "fatal", id="Go crash"),
        pytest.param('{"t":{"$date":"x"},"s":"D2","c":"REPL","msg":"x"}', "debug", id="MongoDB debug"),
        pytest.param("2019-02-14T10:11:12.345+0000 E STORAGE  [initandlisten] x", "error", id="MongoDB 4.2"),
        pytest.param("2019-02-14T10:11:12.345+0000 D2 NETWORK  [conn1] error", "debug", id="MongoDB 4.2 debug"),
        pytest.param("2018-06-14 21:51:30 0 [Warning] x", "warning", id="MySQL warning"),
        pytest.param("1:M 02 Sep 2024 23:48:49.432 . x", "debug", id="Redis debug"),
        pytest.param("1:S 02 Sep 2024 23:48:49.432 * MASTER error", "info", id="Redis replica"),
        pytest.param("E0102 15:04:05.123456       1 reflector.go:302] x", "error", id="klog of January"),
        pytest.param("W1231 15:04:05.123456       1 reflector.go:302] error", "warning", id="klog warning"),
        pytest.param("I0102 15:04:05.123456       1 x.go:30] error", "info", id="klog info"),
        pytest.param("F0102 15:04:05.123456       1 x.go:30] x", "fatal", id="klog fatal"),
        pytest.param("t=2021-01-01T00:00:00Z lvl=crit msg=error", "fatal", id="old Grafana, critical"),
        pytest.param("t=2021-01-01T00:00:00Z lvl=dbug msg=error", "debug", id="old Grafana, debug"),
        pytest.param("2023-05-09T10:32:43Z D! [agent] error", "debug", id="Telegraf debug"),
        pytest.param("fail: Microsoft.AspNetCore.Server.Kestrel[13]", "error", id=".NET error"),
        pytest.param("trce: Shop.Orders[0]", "debug", id=".NET trace"),
        pytest.param("[12:00:00 ERR] x", "error", id="Serilog"),
        pytest.param("[2024-01-01T00:00:00,123][WARN ][o.e.c.r.a] error", "warning", id="Elasticsearch"),
        pytest.param("[2024-01-01 00:00:00] production.ERROR: x", "error", id="Laravel"),
        pytest.param('{"log":{"level":"error"},"message":"x"}', "error", id="ECS, nested"),
        pytest.param('{"severityText":"WARN","body":"x"}', "warning", id="OpenTelemetry"),
        pytest.param('{"Level":"Error","Message":"x"}', "error", id="a key in upper case"),
        pytest.param("it will fail on purpose", None, id="fail as a word of the message"),
        pytest.param("2024-04-10T20:40:03Z the error log is empty", None, id="not the word behind the time"),
        pytest.param("1740827116: Socket error on client", None, id="Mosquitto says none"),
        pytest.param("connection error while reading", None, id="a word of the message"),
        pytest.param('10.0.0.1 - "GET /ERROR.html HTTP/1.1" 200', None, id="a path"),
        pytest.param("x" * 300 + " ERROR", None, id="too far from the head"),
    ],
)
def test_level_of(line, expected):
    assert expected == LineView(line).level


def real(start):
    """The one real line that begins so."""
    lines = {json.loads(record)["line"] for record in REAL_LINES.read_text().splitlines()}
    (line,) = (line for line in lines if line.startswith(start))
    return line


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        pytest.param("ERROR:ai-automation-service:❌ CRITICAL: validated", "error", id="the first of two words"),
        pytest.param("INFO:uvicorn.error:Application startup", "info", id="a logger that is called error"),
        pytest.param("2024-10-14 07:51:37,172 uvicorn.error INFO", "info", id="that logger before the level"),
        pytest.param("2025-02-22 20:36:45 - uvicorn.error - INFO", "info", id="that logger between dashes"),
        pytest.param("[Note] Using unique option prefix", "info", id="error-prone is no level"),
        pytest.param("ts=2025-10-14T09:04:11.269411Z lvl=info", "info", id="a panic that is told at info"),
        pytest.param("ts=2024-04-10T20:40:03.920447Z lvl=warn", "warning", id="InfluxDB"),
        pytest.param("2024-04-10T20:40:03.765223531Z", "info", id="InfluxDB's start script"),
        pytest.param("level=info ts=2020-07-21", "info", id="Prometheus"),
        pytest.param("May  8 14:05:34 doris-03 containerd:", "info", id="containerd behind a syslog prefix"),
        pytest.param("2021-06-10 07:59:52.466 UTC [27] LOG:", "info", id="Postgres LOG"),
        pytest.param("PANIC:  could not write", "fatal", id="Postgres PANIC without a prefix"),
        pytest.param("26:M 08 Apr 2024 07:07:34.051", "info", id="Redis"),
        pytest.param("2025-12-18 11:06:08.189762+00:00 [warning]", "warning", id="RabbitMQ"),
        pytest.param("2023-05-09T10:32:43Z E! [agent]", "error", id="Telegraf"),
        pytest.param("2024-05-09T14:49:01Z ERR", "error", id="Traefik 3"),
        pytest.param("[2025-01-03 23:03:02] debug:", "debug", id="Zigbee2MQTT 2"),
        pytest.param("[2022-08-01 02:33:01] frigate.edgetpu", "info", id="Frigate"),
        pytest.param("GEOIP2INFLUX 25/Feb/2021", "info", id="between double colons"),
        pytest.param('{"timestamp":"2025-12-03 10:00:00,123"', "debug", id="JSON"),
        pytest.param("2020/10/17 11:50:56 [error]", "error", id="nginx"),
        pytest.param("FATAL ERROR: Reached heap limit", "fatal", id="Node.js out of memory"),
        pytest.param("1740827116: mosquitto version", None, id="Mosquitto"),
        pytest.param('"v2_api":{"status":"error"', None, id="a status that is no level"),
        pytest.param("172.18.0.1 - - [19/Nov/2025:15:52:44]", None, id="an access log"),
        pytest.param("[4650180.470877] oom-kill", None, id="the kernel"),
    ],
)
def test_level_of_a_real_line(start, expected):
    assert expected == LineView(real(start)).level
