"""The level that a line announces, in the dialects of common programs."""

import pytest

from logscan.matching.views import LineView


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
        pytest.param("1740827116: Socket error on client", None, id="Mosquitto says none"),
        pytest.param("connection error while reading", None, id="a word of the message"),
        pytest.param('10.0.0.1 - "GET /ERROR.html HTTP/1.1" 200', None, id="a path"),
        pytest.param("x" * 300 + " ERROR", None, id="too far from the head"),
    ],
)
def test_level_of(line, expected):
    assert expected == LineView(line).level
