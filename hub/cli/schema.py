# SPDX-License-Identifier: EUPL-1.2
"""`snodo schema`: the unified schema, as text."""

from __future__ import annotations

import typer

from hub.cli.options import DataDir
from schema.build import sdl

commands = typer.Typer(help="The unified schema.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(commands, name="schema")


@commands.callback()
def _group() -> None:
    """The unified schema."""


@commands.command("print")
def print_(data_dir: DataDir = None) -> None:  # noqa: ARG001 (every command takes it)
    """Print the schema in the schema definition language."""
    typer.echo(sdl(), nl=False)
