"""`logscan schema`: what the JSON that logscan prints looks like, for programs that read it."""

from __future__ import annotations

import json

import click

from logscan.errors import ExitCode
from logscan.sinks.schemas import schemas


@click.command()
def schema() -> ExitCode:
    """Print the JSON Schemas of what is printed.

    One object: each document's name, and its schema. Those of rule files come from `logscan rules
    schema`.
    """
    click.echo(json.dumps(schemas(), indent=2))
    return ExitCode.DONE
