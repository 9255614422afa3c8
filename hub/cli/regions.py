# SPDX-License-Identifier: EUPL-1.2
"""`snodo region`: the files of regions that are reached by application cooperation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from connectors.cooperation import read_regions
from connectors.cooperation.regions import check_certificates

commands = typer.Typer(
    help="Regions reached by application cooperation: the files that say how.", no_args_is_help=True
)


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(commands, name="region")


@commands.callback()
def _group() -> None:
    """Keep the name of a group that has one command."""


@commands.command()
def check(
    folder: Annotated[Path, typer.Argument(help="Folder with one TOML file for each region.")],
) -> None:
    """Read every region's file as the hub does, certificates too, and say where each is; calls nobody."""
    regions = read_regions(folder)
    for region in regions:
        check_certificates(region)
        typer.echo(
            f"{region.region_code}  {region.address}  {_how(region.tls is not None, region.egov is not None)}"
        )
    typer.echo(f"{len(regions)} region{'' if len(regions) == 1 else 's'}")


def _how(has_certificate: bool, has_header: bool) -> str:
    shown = "client certificate" if has_certificate else "no certificate"
    return f"{shown}, {'e-Gov header' if has_header else 'no e-Gov header'}"
