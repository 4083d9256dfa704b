"""`logscan completion`: the script that makes a shell complete commands, flags and their words."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from logscan.cli.main import COMPLETE
from logscan.errors import ExitCode

INSTALL = {
    "bash": 'eval "$(logscan completion bash)" in ~/.bashrc',
    "zsh": 'eval "$(logscan completion zsh)" in ~/.zshrc',
    "fish": "logscan completion fish > ~/.config/fish/completions/logscan.fish",
}


@click.command(epilog="Where to put it: " + "; ".join(INSTALL.values()) + ".")
@click.argument("shell", type=click.Choice(list(INSTALL)))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> ExitCode:
    """Print the script that completes logscan in a shell.

    It is the same as what _LOGSCAN_COMPLETE=bash_source logscan prints.
    """
    script = get_completion_class(shell)
    if script is None:  # pragma: no cover - click knows the three that can be chosen
        raise AssertionError(shell)
    click.echo(script(ctx.find_root().command, {}, "logscan", COMPLETE).source())
    return ExitCode.DONE
