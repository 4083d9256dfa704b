"""Ordinary lines of a home-automation stack, each in the true format of the service that prints it.

Owns the formats and a stock of everyday messages, some of which look like trouble and are none (a
logger named uvicorn.error, a port and now and then a count that read like a status). Does not own
the anomalies between them: the fixtures tell a story with exact counts, the benchmark corpus wants
a density. Randomness and time are arguments, so the same seed gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random

OrdinaryLine = Callable[[Random, int], str]
"""Gives one line, from a source of chance and the time in nanoseconds since the epoch."""

LOG_ID = "0z_VEtBW000"
ENTITIES = ("light.office", "light.kitchen", "sensor.hall_motion", "climate.bedroom", "switch.christmas_tree")
PATHS = ("/health", "/api/v1/devices", "/api/v1/events?limit=100", "/api/v1/stats", "/api/devices/403", "/docs")


def at(time_ns: int, form: str) -> str:
    """Write a time by a strftime form, in which `%f` is microseconds; what is finer is cut."""
    seconds, rest = divmod(time_ns, 1_000_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1000).strftime(form)


def iso_micro(time_ns: int) -> str:
    return at(time_ns, "%Y-%m-%dT%H:%M:%S.%fZ")


def iso_nano(time_ns: int) -> str:
    return f"{at(time_ns, '%Y-%m-%dT%H:%M:%S')}.{time_ns % 1_000_000_000:09d}Z"


def asctime(time_ns: int) -> str:
    """Python's logging default: milliseconds after a comma."""
    return f"{at(time_ns, '%Y-%m-%d %H:%M:%S')},{time_ns // 1_000_000 % 1000:03d}"


def influxdb_line(time_ns: int, message: str, rest: str = "", level: str = "info") -> str:
    """InfluxDB 2.x logfmt: a message is quoted only when it holds a blank."""
    quoted = f'"{message}"' if " " in message else message
    return f"ts={iso_micro(time_ns)} lvl={level} msg={quoted} log_id={LOG_ID} {rest}".rstrip()


def json_line(time_ns: int, service: str, level: str, message: str, module: str = "main", **extra: object) -> str:
    """HomeIQ's structured formatter: one object a line, non-ASCII escaped."""
    context = {"filename": f"{module}.py", "lineno": 210, "function": "run", "module": module}
    record = {"timestamp": iso_micro(time_ns), "level": level, "service": service, "message": message}
    return json.dumps({**record, "correlation_id": None, "context": context, **extra})


def fake_json_line(time_ns: int, level: str, message: str) -> str:
    """A text format that looks like JSON and escapes nothing."""
    stamp = asctime(time_ns)
    return f'{{"timestamp":"{stamp}","level":"{level}","message":"{message}","service":"device-intelligence"}}'


def uvicorn_line(client: str, request: str, status: str) -> str:
    return f'INFO:     {client} - "{request} HTTP/1.1" {status}'


def nginx_line(time_ns: int, client: str, request: str, status: int, size: int) -> str:
    stamp = at(time_ns, "%d/%b/%Y:%H:%M:%S +0000")
    return f'{client} - - [{stamp}] "{request} HTTP/1.1" {status} {size} "-" "Mozilla/5.0 (X11; Linux x86_64)" "-"'


def count_of(random: Random) -> int:
    """A number as it comes; one in a thousand reads like a status."""
    return random.choice((401, 403)) if random.random() < 0.001 else random.randint(2, 9000)


def client_of(random: Random) -> str:
    """An address on a Docker network with a port; now and then the port reads like a status."""
    return f"172.18.0.{random.randint(2, 30)}:{random.choice((40134, 54403, random.randint(32768, 60999)))}"


def influxdb(random: Random, time_ns: int) -> str:
    elapsed = f"{random.uniform(0.1, 400):.3f}ms"
    shard = f"/var/lib/influxdb2/engine/data/a1b2c3d4e5f60718/autogen/{random.randint(1, 60)}"
    engine = "service=storage-engine engine=tsm1"
    message, rest = random.choice(
        (
            ("Cache snapshot (start)", f"{engine} op_name=tsm1_cache_snapshot op_event=start"),
            ("Cache snapshot (end)", f"{engine} op_name=tsm1_cache_snapshot op_event=end op_elapsed={elapsed}"),
            ("Snapshot for path written", f"{engine} path={shard} duration={elapsed}"),
            ("TSM compaction (start)", f"{engine} tsm1_level=1 tsm1_strategy=level op_event=start"),
            ("Beginning compaction", f"{engine} tsm1_level=1 tsm1_strategy=level tsm1_files_n=8"),
            ("Finished compacting files", f"{engine} tsm1_level=1 tsm1_strategy=level tsm1_files_n=1"),
            ("TSM compaction (end)", f"{engine} tsm1_level=1 op_event=end op_elapsed={elapsed}"),
            ("Retention policy deletion check (start)", "service=retention op_event=start"),
            ("Retention policy deletion check (end)", f"service=retention op_event=end op_elapsed={elapsed}"),
            ("index opened with 8 partitions", "service=storage-engine index=tsi"),
        )
    )
    return influxdb_line(time_ns, message, rest)


def websocket(random: Random, time_ns: int) -> str:
    written = {"performance": {"operation": "write_batch", "duration_ms": count_of(random), "status": "success"}}
    connection = {"connection": {"successful_connections": 1, "failed_connections": 0}}
    message, extra = random.choice(
        (
            ("Batch written to InfluxDB", written),
            (f"Event processed for {random.choice(ENTITIES)}", {}),
            ("Health check passed", connection),
            (f"Subscription active, {count_of(random)} events in this session", {}),
        )
    )
    return json_line(time_ns, "websocket-ingestion", "INFO", message, "event_processor", **extra)


def web_service(service: str, *messages: str) -> OrdinaryLine:
    """A FastAPI service: access lines by uvicorn, its own messages as JSON."""

    def line(random: Random, time_ns: int) -> str:
        if random.random() < 0.6:
            return uvicorn_line(client_of(random), f"GET {random.choice(PATHS)}", "200 OK")
        return json_line(time_ns, service, "INFO", random.choice(messages), duration_ms=count_of(random))

    return line


def ai_automation(random: Random, time_ns: int) -> str:
    if random.random() < 0.5:
        return uvicorn_line(client_of(random), "POST /api/v1/ask-ai/clarify", "200 OK")
    message = random.choice(
        ("✅ AI Automation Service ready", "📊 Generated 4 suggestions", "Found 3 triggers to compare")
    )
    if random.random() < 0.5:
        return f"INFO:ai-automation-service:{message}"
    return json_line(time_ns, "ai-automation-service", "INFO", message, "ask_ai_router")


def device_intelligence(random: Random, time_ns: int) -> str:
    message = random.choice(
        (
            "Health check passed",
            f"Fetched {count_of(random)} devices",
            f"Cache hit for {random.choice(ENTITIES)}",
        )
    )
    return fake_json_line(time_ns, random.choice(("DEBUG", "DEBUG", "INFO")), message)


def dashboard(random: Random, time_ns: int) -> str:
    path = random.choice(("/", "/assets/index-4f1c.js", "/api/v1/health", "/401", "/ws/metrics"))
    return nginx_line(time_ns, "172.18.0.1", f"GET {path}", random.choice((200, 200, 304)), count_of(random))


def agent(random: Random, time_ns: int) -> str:
    logger, message = random.choice(
        (
            ("src.services.context", f"Context built, {count_of(random)} tokens"),
            ("src.api.chat", f"✅ Automation created successfully: automation.office_{random.randint(1, 99)}"),
            ("uvicorn.error", "Application startup complete."),
            ("src.tools", f"Tool call finished in {count_of(random)} ms"),
        )
    )
    return f"{asctime(time_ns)} - {logger} - INFO - {message}"


def ai_core(random: Random, time_ns: int) -> str:
    del time_ns  # this format has none
    return random.choice(
        (
            "INFO:uvicorn.error:Application startup complete.",
            "INFO:src.orchestrator:Circuit breaker initialized",
            "WARNING:src.models:Batch mode is error-prone above 512 MB, using single requests",
            f"INFO:src.orchestrator:Classified {random.choice(ENTITIES)} in {count_of(random)} ms",
            uvicorn_line(client_of(random), "GET /health", "200 OK"),
        )
    )


def home_assistant(random: Random, time_ns: int) -> str:
    stamp = f"{at(time_ns, '%Y-%m-%d %H:%M:%S')}.{time_ns // 1_000_000 % 1000:03d}"
    level, component, message = random.choice(
        (
            ("INFO", "homeassistant.core", "Timer:starting"),
            ("INFO", "homeassistant.components.recorder", f"Purged {count_of(random)} states"),
            ("INFO", "homeassistant.helpers.script", f"Running script for {random.choice(ENTITIES)}"),
            ("INFO", "homeassistant.setup", "Setup of domain counter took 0.02 seconds"),
        )
    )
    return f"{stamp} {level} (MainThread) [{component}] {message}"


ORDINARY: dict[str, OrdinaryLine] = {
    "homeiq-influxdb": influxdb,
    "homeiq-websocket": websocket,
    "homeiq-admin": web_service("admin-api", "Stats collected", "Health of 20 services read"),
    "homeiq-data-api": web_service("data-api", "Query finished", "SQLite pool: 5 connections, 0 failed"),
    "homeiq-weather-api": web_service("weather-api", "Weather fetched", "Cache is fresh (3.0 minutes old)"),
    "homeiq-carbon-intensity": web_service(
        "carbon-intensity-service", "Token expires in 300s, refreshing...", "Token refreshed", "Fetched 288 values"
    ),
    "homeiq-log-aggregator": web_service("log-aggregator", "Collected 633 log entries from 20 containers"),
    "ai-automation-service": ai_automation,
    "homeiq-device-intelligence": device_intelligence,
    "homeiq-dashboard": dashboard,
    "homeiq-ha-ai-agent-service": agent,
    "homeiq-ai-core-service": ai_core,
    "homeiq-ha-test": home_assistant,
}
"""By container."""
