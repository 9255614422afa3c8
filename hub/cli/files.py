# SPDX-License-Identifier: EUPL-1.2
"""`snodo sync files`: what regions and INPS left as files."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from connectors.file_exchange import FilingAgency
from connectors.file_exchange.opening import open_folder
from connectors.inbound.files import FilesReport, pull_files
from connectors.region_files import read_filing
from hub.cli.options import DataDir, run, settings_of
from hub.cli.progress import shown
from hub.errors import ConfigurationError
from hub.settings import Settings
from hub.spans import SPANS
from hub.store.engine import database_url, open_database
from hub.store.migrations import check_version
from hub.tracing.parts import tracing_of


def add_to(sync: typer.Typer) -> None:
    """Add this command to `snodo sync`."""
    sync.command("files")(sync_files)


def sync_files(
    agencies: Annotated[
        Path,
        typer.Argument(
            help="The TOML file of INPS's files or of a region, or a folder of regions' ones: those of kind batch are read."
        ),
    ],
    data_dir: DataDir = None,
) -> None:
    """Land the files that an agency left, and write their receipts; run again for more of them."""
    settings = settings_of(data_dir=data_dir)
    filing = read_filing(agencies)
    if not filing:
        raise ConfigurationError(f'{agencies} names nobody who sends files: kind = "batch".')
    refused = False
    with database_url(settings) as url:
        for agency in filing:
            for report in run(_pull(settings, url, agency)):
                typer.echo(describe_files(report))
                for name, code, reason in report.refused:
                    refused = True
                    typer.echo(f"{name}: {code}. {reason}", err=True)
    if refused:
        raise typer.Exit(1)


async def _pull(settings: Settings, url: str, agency: FilingAgency) -> list[FilesReport]:
    async with open_database(url, settings) as database, tracing_of(settings) as tracing:
        SPANS.set(tracing.spans)
        async with database.write.acquire() as connection:
            await check_version(connection, url)
        async with open_folder(agency) as folder:
            with shown() as progress:
                return await pull_files(
                    database.write, agency, folder, clock=lambda: datetime.now(UTC), progress=progress
                )


def describe_files(report: FilesReport) -> str:
    """One line about a flow's run."""
    records = report.run
    return (
        f"{records.agency_code} {records.flow}: {report.read} files read, {len(report.refused)} refused, {report.repeated} that had come before, "
        f"{report.known} dealt with earlier, {report.incomplete} without their checksum yet; {records.received} records received, "
        f"{records.landed} landed, {records.quarantined} kept aside with their reason, {records.released} of earlier ones landed now"
    )
