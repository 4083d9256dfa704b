from __future__ import annotations

import pytest

from logscan.sinks.wording import occurrences, plural, size


@pytest.mark.parametrize(
    ("count", "text"),
    [
        pytest.param(0, "0 B", id="nothing"),
        pytest.param(1023, "1023 B", id="below a KiB"),
        pytest.param(1024, "1.0 KiB", id="a KiB"),
        pytest.param(1536, "1.5 KiB", id="one and a half"),
        pytest.param((1 << 20) - 1, "1,023.9 KiB", id="below a MiB"),
        pytest.param(1 << 30, "1.0 GiB", id="a GiB"),
        pytest.param(5000 << 40, "5,000.0 TiB", id="more than there are units"),
    ],
)
def test_a_size_is_rounded_down_to_a_tenth(count: int, text: str) -> None:
    assert text == size(count)


def test_one_is_singular_and_thousands_have_commas() -> None:
    assert plural(1, "line") == "1 line"
    assert plural(1234, "line") == "1,234 lines"
    assert occurrences(1) == "once"
    assert occurrences(3) == "3 times"
