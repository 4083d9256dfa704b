"""From the engine's stamp of a line to its finding on stdout, with 50 containers that print."""

import json
import threading
import time
from datetime import datetime

import pytest

from tests.rig.follow import NUMBERS

CONTAINERS = 50
SECONDS = 30


@pytest.mark.chaos
@pytest.mark.parametrize("driver", ["json-file", "local"])
def test_latency_is_measured_and_printed(engine, emitter, follower, capsys, driver):
    """Asserted only loosely: the machine that runs this may be busy. Without the proxy, which costs time itself."""
    run = 'n={first}; while true; do n=$((n + 1)); echo "number $n;"; sleep 1; done'
    follow = follower(rules=NUMBERS, url=engine.url)
    delays = []
    with follow.piped("--since", "now") as process:
        reading = threading.Thread(target=collect, args=(process.stdout, delays), daemon=True)
        reading.start()
        for number in range(CONTAINERS):
            emitter.shell(run.format(first=number * 10_000), name=f"beat-{number}", log_driver=driver)
        time.sleep(2)
        del delays[:]  # those of containers that only just began
        time.sleep(SECONDS)
        process.terminate()
        reading.join()

    delays.sort()
    median, late = delays[len(delays) // 2], delays[int(len(delays) * 0.99)]
    with capsys.disabled():
        print(f"\n{driver}: {len(delays)} findings, median {median * 1000:.0f} ms, p99 {late * 1000:.0f} ms")
    assert len(delays) > CONTAINERS * SECONDS / 2
    assert median < 2


def collect(stdout, delays):
    """Note how old each finding's line was when its event came."""
    for line in stdout:
        event = json.loads(line)
        if event["type"] == "finding.opened":
            stamp = event["finding"]["first_seen"]
            delays.append(time.time() - datetime.fromisoformat(stamp[:26] + "+00:00").timestamp())
