"""The help of every command, as it stands at 80 columns; LOGSCAN_REWRITE_GOLDEN=1 takes a change over."""

import pytest

from logscan.cli.main import COMMANDS, cli

PAGES = {
    "logscan": [],
    "scan": ["scan"],
    "follow": ["follow"],
    "findings": ["findings"],
    "findings-list": ["findings", "list"],
    "findings-show": ["findings", "show"],
    "rules": ["rules"],
    "rules-list": ["rules", "list"],
    "rules-show": ["rules", "show"],
    "rules-check": ["rules", "check"],
    "rules-test": ["rules", "test"],
    "rules-backtest": ["rules", "backtest"],
    "rules-explain": ["rules", "explain"],
    "rules-new": ["rules", "new"],
    "doctor": ["doctor"],
    "schema": ["schema"],
    "completion": ["completion"],
}


@pytest.mark.parametrize(("name", "command"), PAGES.items(), ids=PAGES)
def test_help(logscan, golden, name, command):
    golden(f"help-{name}.txt", logscan(*command, "--help").stdout)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_the_command_says(name):
    assert COMMANDS[name] == cli.get_command(None, name).help.splitlines()[0]
