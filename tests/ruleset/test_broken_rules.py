"""Every broken rule file is refused with the text that stands beside it.

`LOGSCAN_REWRITE_GOLDEN=1` writes the texts anew; a review then sees what changed.
"""

import os
from pathlib import Path

import pytest

from logscan.errors import RuleError
from logscan.ruleset.loader import load_rules

FOLDER = Path(__file__).parents[2] / "fixtures" / "broken-rules"
FILES = sorted(FOLDER.glob("*.yaml"))


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_a_broken_file_is_refused_with_place_and_help(file, monkeypatch):
    monkeypatch.chdir(FOLDER)
    with pytest.raises(RuleError) as caught:
        load_rules([Path(file.name)], builtin=False)
    golden = file.with_suffix(".txt")
    if os.environ.get("LOGSCAN_REWRITE_GOLDEN"):
        golden.write_text(f"{caught.value}\n", encoding="utf-8")
    assert golden.read_text(encoding="utf-8") == f"{caught.value}\n"


def test_the_faults_of_all_files_are_told_together(monkeypatch):
    monkeypatch.chdir(FOLDER)
    with pytest.raises(RuleError) as caught:
        load_rules([Path()], builtin=False)
    told = {fault.path for fault in caught.value.faults}
    assert {file.name for file in FILES} == told
