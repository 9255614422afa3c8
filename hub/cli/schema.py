# SPDX-License-Identifier: EUPL-1.2
"""`snodo schema`: the unified schema, as text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hub.app import documents_for
from hub.cli.options import DataDir, settings_of
from hub.errors import ConfigurationError
from hub.plan.documents import Documents, operations_of, place_of
from hub.plan.trusted import TrustedDocument, registry_bytes
from schema.build import build_schema, federated_sdl, sdl


class NotTrusted(ConfigurationError):
    """Documents that cannot be trusted as they are."""


commands = typer.Typer(help="The unified schema.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(commands, name="schema")


@commands.callback()
def _group() -> None:
    """The unified schema."""


@commands.command("print")
def print_(
    subgraph: Annotated[
        bool, typer.Option("--subgraph", help="As a subgraph of Apollo Federation 2.")
    ] = False,
    data_dir: DataDir = None,  # noqa: ARG001 (every command takes it)
) -> None:
    """Print the schema in the schema definition language."""
    typer.echo(federated_sdl() if subgraph else sdl(), nl=False)


@commands.command()
def trust(
    folder: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="Where the *.graphql files are.", exists=True, file_okay=False),
    ],
    output: Annotated[
        Path | None, typer.Option("--output", help="The registry file.", show_default="standard output")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Write the registry of trusted documents: each *.graphql file below DIR, checked against schema and limits."""
    documents = documents_for(settings_of(data_dir=data_dir), build_schema()[1])
    files = sorted(folder.rglob("*.graphql"), key=lambda file: file.relative_to(folder).as_posix())
    trusted: list[TrustedDocument] = []
    problems: list[str] = []
    for file in files:
        found = _read(file, file.relative_to(folder).as_posix(), documents)
        if isinstance(found, TrustedDocument):
            trusted.append(found)
        else:
            problems += found
    if problems:
        raise NotTrusted("No registry was written; mend these documents:\n" + "\n".join(problems))
    if not trusted:
        raise NotTrusted(f"{folder} has no *.graphql file.")
    content = registry_bytes(trusted)
    if output is None:
        typer.echo(content, nl=False)
    else:
        output.write_bytes(content)
        typer.echo(f"{len(trusted)} documents are trusted in {output}.", err=True)


def _read(file: Path, source: str, documents: Documents) -> TrustedDocument | list[str]:
    """The document in a file, or all that is wrong with it, each with its file and place."""
    try:
        text = file.read_bytes().decode()
    except UnicodeDecodeError:
        return [f"{source}: The file is not UTF-8."]
    read = documents.read(text)
    if isinstance(read, list):
        return [f"{source}{place_of(error)}: {error.message}" for error in read]
    operations = operations_of(read)
    if not operations:
        return [
            f"{source}: The file has no operation; a fragment stands in the file of the operation that spreads it."
        ]
    return TrustedDocument(text, tuple(node.name.value for node in operations if node.name), source)
