"""Hours in minutes: lines, containers and findings that are all new, and memory that stays flat."""

import os
import time

import pytest

from tests.rig.conservation import until_conserved, written

MINUTES = float(os.environ.get("SOAK_MINUTES", "10"))
AT_ONCE = 8
WARM_UP = 0.3
"""Caches fill in this share of the time; what is held after it is the measure."""

UNIQUE = (
    'awk \'BEGIN { for (n = 0; n < 6400; n++) { print "number " int(n / 32) "/" n % 32 "; " rand() srand();'
    ' if (n % 20 == 19) { fflush(); system("sleep 0.1") } } }\''
)


@pytest.mark.soak
def test_memory_threads_and_descriptors_stay_flat(emitter, follower):
    """Containers come and go all the time, each with lines and findings that never were before."""
    follow = follower().start("--since", "24h")
    begun, started, samples = time.monotonic(), [], []
    while time.monotonic() < begun + MINUTES * 60:
        started.append(emitter.shell(UNIQUE, name=f"soak-{len(samples)}"))
        time.sleep(5)
        if len(started) > AT_ONCE:
            oldest = started.pop(0)
            oldest.stop()
            until_conserved(follow, written(oldest))
            oldest.remove()
        samples.append((time.monotonic() - begun, follow.resident_bytes, follow.threads, follow.descriptors))
        print(f"{samples[-1][0]:6.0f} s {samples[-1][1] >> 20:5} MiB {samples[-1][2]} threads {samples[-1][3]} files")

    warm = [sample for sample in samples if sample[0] > WARM_UP * MINUTES * 60]
    third = len(warm) // 3
    assert 0 == follow.stop()
    for place, slack in ((1, 16 << 20), (2, 3), (3, 10)):
        early = sum(sample[place] for sample in warm[:third]) / third
        late = sum(sample[place] for sample in warm[-third:]) / third
        assert late < early * 1.05 + slack, f"grew from {early:.0f} to {late:.0f}"
