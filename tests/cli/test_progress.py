"""When a scan shows how far it is, and what it shows."""

import io

from rich.console import Console

from logscan.cli.progress import ProgressDisplay, progress_display


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self):
        self.now_s = 100.0

    def __call__(self):
        return self.now_s


def terminal():
    return Console(file=io.StringIO(), force_terminal=True, width=80, color_system=None)


def test_a_short_scan_shows_nothing():
    console, clock = terminal(), Clock()
    display = ProgressDisplay(console, clock)
    clock.now_s += 0.9
    display(1, 2, 3, 4)
    display.close()
    assert "" == console.file.getvalue()


def test_a_long_scan_shows_its_logs_and_lines():
    console, clock = terminal(), Clock()
    display = ProgressDisplay(console, clock)
    clock.now_s += 1.0
    display(1, 20, 1_234_567, 89)
    display.close()
    assert "1 of 20 logs 1,234,567 lines" in console.file.getvalue()


def test_a_line_that_was_shown_is_gone_at_the_end():
    console, clock = terminal(), Clock()
    display = ProgressDisplay(console, clock)
    clock.now_s += 1.0
    display(1, 20, 1, 1)
    display.close()
    erase_line = "\x1b[2K"
    assert console.file.getvalue().rstrip().endswith(erase_line)


def test_a_scan_that_fails_takes_its_line_along():
    with progress_display() as progress:
        progress(0, 1, 0, 0)
    assert not progress._progress.live.is_started
