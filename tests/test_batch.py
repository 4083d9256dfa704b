"""The lines of a batch."""

import pytest

from logscan.batch import count_lines


@pytest.mark.parametrize("slowly", [False, True])
@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\n" * 9_000, id="blank lines"),
        pytest.param(b"x" * 9_000, id="no newline"),
        pytest.param((b"x" * 150 + b"\n") * 90, id="long lines"),
        pytest.param(b"\n" * 4_096 + (b"x" * 150 + b"\n") * 90, id="blank lines, then long ones"),
        pytest.param((b"x" * 150 + b"\n") * 90 + b"\n" * 9_000, id="long lines, then blank ones"),
    ],
)
def test_lines_are_counted_exactly(text, slowly, monkeypatch):
    monkeypatch.setattr("logscan.batch._COUNTS_SLOWLY", slowly)
    assert text.count(b"\n") == count_lines(text)
