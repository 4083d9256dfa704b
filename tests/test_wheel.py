"""The wheel carries all that a scan needs, the rules above all."""

import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parent.parent
LOGS = ROOT / "fixtures" / "homeiq"


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=400, **options)
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_every_rule_file_and_no_tests(wheel):
    names = set(ZipFile(wheel).namelist())
    assert {f"logscan/rules/{rules.name}" for rules in (ROOT / "rules").glob("*.yaml")} <= names
    assert {"logscan"} == {name.split("/")[0] for name in names if ".dist-info/" not in name}


def test_a_fresh_environment_scans_with_the_wheel(wheel, tmp_path):
    """Run outside of the checkout, so that nothing of it can help."""
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", "--constraint", ROOT / "requirements.lock", wheel)
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    logscan = tmp_path / "venv" / "bin" / "logscan"
    report = json.loads(run(logscan, "scan", "--file", LOGS, "--format", "json", cwd=tmp_path, env=environ))
    expected = json.loads((LOGS / "EXPECTED.json").read_text())["findings"]
    asked = {found["rule"] for found in expected}
    assert sorted((found["rule"], found["count"]) for found in expected) == sorted(
        (found["rule"]["id"], found["count"]) for found in report["findings"] if found["rule"]["id"] in asked
    )
