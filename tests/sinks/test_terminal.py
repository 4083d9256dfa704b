"""What is printed fits what it is printed to."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from rich.text import Text

from logscan.sinks.terminal import FILE_WIDTH, Terminal
from logscan.sinks.times import readable_time


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def printed(out: io.StringIO) -> str:
    terminal = Terminal.on(out)
    terminal.line(Text("so " * 60, style="bold"))
    return out.getvalue()


@pytest.mark.parametrize(
    ("make", "environ", "width", "colored"),
    [
        pytest.param(Screen, {"COLUMNS": "60"}, 60, True, id="a terminal"),
        pytest.param(Screen, {"COLUMNS": "60", "NO_COLOR": "1"}, 60, False, id="a terminal without colour"),
        pytest.param(io.StringIO, {"COLUMNS": "60"}, FILE_WIDTH, False, id="a file"),
    ],
)
def test_width_and_colour_are_those_of_the_place(
    make: Callable[[], io.StringIO],
    environ: dict[str, str],
    width: int,
    *,
    colored: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    text = printed(make())
    plain = text.replace("\x1b[1m", "").replace("\x1b[0m", "")
    assert (colored, True) == ("\x1b" in text, width - 6 <= len(plain.splitlines()[0]) <= width)


def test_what_must_stay_whole_is_never_wrapped() -> None:
    out = io.StringIO()
    Terminal(out, width=20, color=False).whole(Text("x" * 300))
    assert "x" * 300 + "\n" == out.getvalue()


def test_a_terminal_of_no_width_still_prints() -> None:
    out = io.StringIO()
    Terminal(out, width=0, color=False).line(Text(readable_time(0)))
    assert "1970-01-01 00:00:00 UTC" == " ".join(out.getvalue().split())
