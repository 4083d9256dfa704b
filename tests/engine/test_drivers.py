"""Log drivers, and logs that the engine has rotated and compressed: what it still keeps is found."""

import pytest

from tests.engine.scanning import (
    COMPLETE,
    INCOMPLETE,
    NUMBERED,
    engine_records,
    kept_numbers,
    numbers,
    once,
    scan,
    source_of,
)
from tests.rig.oracle import Script

WRITTEN = 4_000
ROTATED = {
    "json-file": ("json-file", {"max-size": "50k", "max-file": "5"}),
    "json-file, compressed": ("json-file", {"max-size": "50k", "max-file": "5", "compress": "true"}),
    "local, compressed by default": ("local", {"max-size": "20k", "max-file": "5"}),
    "local, not compressed": ("local", {"max-size": "20k", "max-file": "5", "compress": "false"}),
}


@pytest.fixture(scope="module", params=[pytest.param(driver, id=name) for name, driver in ROTATED.items()])
def rotated(request, lasting):
    """A log of which the engine has thrown most away; written slowly enough to span some files."""
    driver, options = request.param
    script = Script()
    for start in range(0, WRITTEN, 500):
        script.out(b"".join(b"a line of everyday life, number %d\n" % n for n in range(start, start + 500))).pause(0.02)
    return lasting.play(script, log_driver=driver, log_opts=options)


@pytest.mark.parametrize(
    "since",
    [pytest.param([], id="by default"), pytest.param(["--since", "1h"], id="since an hour ago")],
)
def test_of_a_rotated_log_all_that_the_engine_keeps_is_found(proxy, rotated, since):
    kept = kept_numbers(rotated)

    done = scan(proxy, rotated.name, *since, *NUMBERED)

    source = source_of(done.json, rotated)
    assert (COMPLETE, "complete", len(kept), []) == (done.exit_code, source["status"], source["lines"], source["gaps"])
    assert once(kept) == numbers(done.json)
    assert 100 < len(kept) < WRITTEN
    assert WRITTEN - 1 == kept[-1]


def test_a_rotated_log_is_cut_at_a_moment_within_its_files(proxy, rotated):
    """On some engines `since` skips newer files behind an older, compressed one."""
    records = engine_records(rotated)
    wanted = records[len(records) // 2]
    later = [record.number for record in records if record.time >= wanted.time]

    done = scan(proxy, rotated.name, "--since", wanted.time, *NUMBERED)

    assert (COMPLETE, "complete") == (done.exit_code, source_of(done.json, rotated)["status"])
    assert once(later) == numbers(done.json)


@pytest.mark.parametrize("driver", [pytest.param(driver, id=driver) for driver in ("json-file", "local")])
def test_the_coverage_names_the_driver_and_counts_the_lines(proxy, emitter, driver):
    script = Script().lines(50, b"number %d").err(b"and a tail without newline")
    container = emitter.play(script, log_driver=driver)

    done = scan(proxy, container.name, *NUMBERED)

    source = source_of(done.json, container)
    assert COMPLETE == done.exit_code
    assert ("complete", driver, "api", script.count) == tuple(
        source[key] for key in ("status", "driver", "read", "lines")
    )
    assert once(range(1, 51)) == numbers(done.json)


def test_a_container_that_printed_nothing_is_read_completely(proxy, emitter):
    container = emitter.play(Script())

    done = scan(proxy, container.name)

    source = source_of(done.json, container)
    assert (COMPLETE, "complete", 0, None) == (done.exit_code, source["status"], source["lines"], source["first_seen"])


@pytest.fixture(scope="module")
def silent_and_heard(lasting):
    silent = lasting.play(Script().out(b"number 1\n"), name="silent", log_driver="none")
    heard = lasting.play(Script().out(b"number 2\n"), name="heard")
    return silent, heard


def test_a_driver_that_keeps_nothing_is_told_and_the_others_are_scanned(proxy, silent_and_heard):
    silent, heard = silent_and_heard

    done = scan(proxy, "silent", "heard", *NUMBERED)

    report = done.json
    assert INCOMPLETE == done.exit_code
    assert once([2]) == numbers(report)
    assert "complete" == source_of(report, heard)["status"]
    source = source_of(report, silent)
    assert ("unreadable", "none", 0, 0) == tuple(source[key] for key in ("status", "driver", "lines", "bytes"))
    assert "`none`" in source["reason"]
    (error,) = report["errors"]
    assert ("source", "silent", source["reason"]) == (error["kind"], error["source"], error["message"])
    assert error["help"]
    assert (2, 1) == (report["summary"]["sources"], report["summary"]["incomplete"])


@pytest.mark.parametrize(
    ("flags", "exit_code"),
    [
        pytest.param(["--allow-incomplete"], 0, id="allowed"),
        pytest.param(["--allow-incomplete", "--fail-on", "info"], 1, id="allowed, with a finding to fail on"),
        pytest.param(["--fail-on", "info"], 3, id="not allowed, which outranks the finding"),
    ],
)
def test_an_incomplete_scan_may_be_allowed(proxy, silent_and_heard, flags, exit_code):
    assert exit_code == scan(proxy, "silent", "heard", *NUMBERED, *flags).exit_code


def test_a_lossy_log_says_so(proxy, emitter):
    container = emitter.play(
        Script().lines(5, b"number %d"), log_opts={"mode": "non-blocking", "max-buffer-size": "1m"}
    )

    report = scan(proxy, container.name, *NUMBERED).json

    assert once(range(1, 6)) == numbers(report)
    assert "non-blocking" in source_of(report, container)["reason"]
