# SPDX-License-Identifier: EUPL-1.2
"""`snodo region`: the files that say how regions are reached, by REST or by application cooperation, or send files, or have no system of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from connectors.cooperation import CooperatingRegion, SubsidiaryRegion
from connectors.cooperation.regions import check_certificates
from connectors.file_exchange import FilingRegion
from connectors.region_files import Region, read_regions
from connectors.regional import PROVISIONAL_CODES, RegionalSystem
from connectors.regional.configuration import TABLES
from connectors.tls import trusting
from hub.cli.options import settings_of
from hub.errors import ConfigurationError

commands = typer.Typer(
    help="Regions by REST, by application cooperation, those that send files, and those whose system is the hub: the files that say so.",
    no_args_is_help=True,
)


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(commands, name="region")


@commands.command()
def check(
    folder: Annotated[
        Path | None,
        typer.Argument(help="Folder with one TOML file for each region.", show_default="SNODO_REGIONS"),
    ] = None,
) -> None:
    """Read every region's file as the hub does, certificates too, and say where each is; calls nobody."""
    settings = settings_of()
    folder = folder or settings.regions
    if folder is None:
        raise ConfigurationError("Name a folder of regions' files, or set SNODO_REGIONS.")
    regions = read_regions(folder)
    for region in regions:
        if isinstance(region, CooperatingRegion):
            check_certificates(region)
        if isinstance(region, RegionalSystem):
            trusting(settings.ca_file, region.certificate)
        typer.echo(_line(region))
    typer.echo(f"{len(regions)} region{'' if len(regions) == 1 else 's'}")


@commands.command("list")
def list_() -> None:
    """Say how each region is connected, as the settings and the regions' files have it; calls nobody."""
    settings = settings_of()
    lines = (
        {one.region_code: _line(one) for one in read_regions(settings.regions)} if settings.regions else {}
    )
    if settings.region_url and settings.region_code:
        lines[settings.region_code] = f"{settings.region_code}  {settings.region_url}  REST over PDND"
    _say(lines)


def _say(lines: Mapping[str, str]) -> None:
    for code in sorted(lines):
        typer.echo(lines[code])
    if not lines:
        typer.echo("No region is connected: set SNODO_REGION_URL and its like, or SNODO_REGIONS.")


def _line(region: Region) -> str:
    if isinstance(region, RegionalSystem):
        return _by_rest(region)
    if isinstance(region, FilingRegion):
        return f"{region.region_code}  {region.place}  {region.format.value} files: {', '.join(region.files)}"
    if isinstance(region, SubsidiaryRegion):
        return f"{region.region_code}  {region.note}"
    shown = "client certificate" if region.tls is not None else "no certificate"
    header = "e-Gov header" if region.egov is not None else "no e-Gov header"
    told = region.untold or f"Told of {', '.join(sorted(region.notifications))}."
    return f"{region.region_code}  {region.address}  {shown}, {header}. {told}"


def _by_rest(region: RegionalSystem) -> str:
    shown = "client certificate" if region.certificate is not None else "no certificate"
    tables = [
        f"{name} ({'unverified' if table.unverified else 'established'}: {table.source})"
        for name in TABLES
        if (table := getattr(region.codes, name)) is not getattr(PROVISIONAL_CODES, name)
    ]
    codes = f"Codes of its own: {', '.join(tables)}." if tables else "No codes of its own."
    names = f" Names of its own: {', '.join(sorted(region.names))}." if region.names else ""
    return f"{region.region_code}  {region.url}  REST over PDND, {shown}. {codes}{names}"
