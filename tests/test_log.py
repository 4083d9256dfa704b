"""What logscan says about its own work."""

import io
import re
import sys

import pytest
import structlog

from logscan import log


@pytest.fixture(autouse=True)
def _structlog_as_it_was():
    yield
    structlog.reset_defaults()


def say(capsys, **settings):
    log.configure(**settings)
    logger = structlog.get_logger()
    logger.debug("looked")
    logger.warning("doubted")
    logger.error("failed")
    out, err = capsys.readouterr()
    return out, re.findall(r"event=(\w+)", err)


@pytest.mark.parametrize(
    ("settings", "events"),
    [
        pytest.param({}, ["doubted", "failed"], id="warnings and errors"),
        pytest.param({"verbose": True}, ["looked", "doubted", "failed"], id="all when verbose"),
        pytest.param({"quiet": True}, ["failed"], id="errors when quiet"),
    ],
)
def test_log_goes_to_stderr_by_weight(capsys, settings, events):
    assert ("", events) == say(capsys, **settings)


def test_foreign_text_is_made_harmless(capsys):
    log.configure()
    structlog.get_logger().warning("read", container="web\x1b[31m", count=3)
    assert r"level=warning event=read container=web\x1b[31m count=3" in capsys.readouterr().err


def test_a_logger_that_was_taken_early_follows_stderr(monkeypatch):
    log.configure()
    logger = structlog.get_logger()
    monkeypatch.setattr("sys.stderr", io.StringIO())
    logger.warning("late")
    assert "event=late" in sys.stderr.getvalue()
