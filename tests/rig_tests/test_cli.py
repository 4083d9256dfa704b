import json
import os

from logscan import __version__
from tests.rig.cli import NO_ENGINE, Completed, environment, run_logscan

DOCUMENTS = [{"schema": "a/v1"}, {"schema": "b/v1"}]


def test_settings_of_the_person_at_the_keyboard_stay_out(monkeypatch):
    monkeypatch.setenv("LOGSCAN_RULES", "/somewhere")
    monkeypatch.setenv("DOCKER_CONTEXT", "production")
    monkeypatch.setenv("DOCKER_HOST", "tcp://production:2376")

    clean = environment(None, {})

    assert "LOGSCAN_RULES" not in clean
    assert "DOCKER_CONTEXT" not in clean
    assert NO_ENGINE == clean["DOCKER_HOST"]
    assert os.environ["PATH"] == clean["PATH"]


def test_a_test_names_its_engine_and_its_own_settings():
    mine = environment("unix:///tmp/p.sock", {"LOGSCAN_FORMAT": "json"})

    assert ("unix:///tmp/p.sock", "json") == (mine["DOCKER_HOST"], mine["LOGSCAN_FORMAT"])


def test_json_is_the_one_document_on_stdout():
    assert DOCUMENTS[0] == Completed(0, json.dumps(DOCUMENTS[0]), "noise").json


def test_ndjson_is_one_document_a_line():
    assert DOCUMENTS == Completed(0, "".join(f"{json.dumps(each)}\n" for each in DOCUMENTS), "").ndjson


def test_logscan_runs_in_a_process_of_its_own_and_its_output_comes_back():
    done = run_logscan("--version")

    assert (0, "") == (done.exit_code, done.stderr)
    assert __version__ in done.stdout
