# SPDX-License-Identifier: EUPL-1.2
"""Commands on the database and what is in it: migrate, seed, reference, sync."""

from __future__ import annotations

import contextlib
import getpass
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated

import asyncpg
import orjson
import typer

from connectors.connected import ConnectedAgencies, connect_agencies
from connectors.cooperation import SapConnector, SubsidiaryRegion
from connectors.declarations import DeclarationsReport, land_declarations
from connectors.inbound import (
    RunReport,
    pull_admitted_households,
    pull_communications,
    pull_region,
    pull_worker_records,
)
from connectors.regional import RegionalConnector
from connectors.simulators.consumers import register_demo_consumers
from connectors.simulators.registry import demo_registry
from connectors.tls import open_client
from hub.access.actors import COMMAND_LINE, acting
from hub.cli import deliveries, files, quarantine
from hub.cli.options import AsJson, DataDir, run, settings_of
from hub.cli.progress import shown
from hub.cli.reconcile import reconcile
from hub.errors import ConfigurationError, DatabaseError, InvalidInput, UpstreamError
from hub.ledger.communications import HireTerms
from hub.ledger.wire_codes import WireTable, read_wire_codes
from hub.settings import Environment, Settings
from hub.spans import SPANS
from hub.store.ambiti import land_ambiti, read_ambiti
from hub.store.engine import Pool, connection_arguments, database_url, open_database
from hub.store.migrations import check_version, read_revision
from hub.store.migrations import migrate as migrate_database
from hub.store.municipalities.archive import read_archive
from hub.store.municipalities.coordinates import land_coordinates, read_coordinates
from hub.store.municipalities.landing import import_municipalities
from hub.store.municipalities.lookup import municipality_as_of
from hub.store.population.benefits import EARLIEST_TODAY
from hub.store.population.seed import SeedReport, seed_population
from hub.tracing.parts import tracing_of

reference = typer.Typer(help="Reference data.", no_args_is_help=True)
sync = typer.Typer(help="Pull from the connected agencies, and tell them.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(migrate)
    app.command()(seed)
    app.add_typer(reference, name="reference")
    deliveries.add_to(sync)
    quarantine.add_to(sync)
    files.add_to(sync)
    sync.command("reconcile")(reconcile)
    app.add_typer(sync, name="sync")


@contextlib.asynccontextmanager
async def owner_connection(url: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A connection as the user of the URL: the owner of the tables, not the hub's role."""
    try:
        connection = await asyncpg.connect(**connection_arguments(url))
    except (OSError, asyncpg.PostgresError) as error:
        raise DatabaseError(f"The database cannot be reached: {type(error).__name__}.") from error
    try:
        yield connection
    finally:
        await connection.close()


@contextlib.asynccontextmanager
async def owned_tables(url: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """The same, where the tables are of this hub's version."""
    async with owner_connection(url) as connection:
        await check_version(connection, url)
        yield connection


def migrate(data_dir: DataDir = None) -> None:
    """Bring the database to the version of this hub."""
    settings = settings_of(data_dir=data_dir)
    with database_url(settings) as url:
        migrate_database(url)

        async def revision() -> str | None:
            async with owner_connection(url) as connection:
                return await read_revision(connection)

        typer.echo(f"The database is at revision {run(revision())}.")


def seed(
    beneficiaries: Annotated[int, typer.Option(min=1, max=20_000_000, help="People to make.")] = 20_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same people.")] = 1,
    today: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day it is in that world.")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Migrate, and fill an empty database with a synthetic population, its casework and its feed."""
    settings = settings_of(data_dir=data_dir)
    day = today.date() if today is not None else datetime.now(UTC).date()
    if day < EARLIEST_TODAY:
        raise InvalidInput(f"--today is {EARLIEST_TODAY} or later: before, the measures had not all begun.")
    with database_url(settings) as url:
        migrate_database(url)
        report = run(_seed(url, settings, beneficiaries, seed, day))
    for table, rows in report.rows.items():
        typer.echo(f"{table:24} {rows:>12,}")
    typer.echo(
        f"Feed positions {report.first_position:,} to {report.last_position:,}; {report.seconds:.1f} s."
    )


async def _seed(url: str, settings: Settings, beneficiaries: int, number: int, today: date) -> SeedReport:
    async with owner_connection(url) as connection:
        with shown() as progress:
            report = await seed_population(
                connection, beneficiaries=beneficiaries, seed=number, today=today, progress=progress
            )
        if settings.environment is not Environment.PRODUCTION:
            await register_demo_consumers(connection, demo_registry())
        return report


@reference.command("import-municipalities")
def import_municipalities_(
    file: Annotated[
        Path, typer.Argument(help="ANPR's archive of municipalities (ANPR_archivio_comuni.csv).")
    ],
    data_dir: DataDir = None,
) -> None:
    """Read ANPR's archive of municipalities into the reference data; run again for a newer one."""
    settings = settings_of(data_dir=data_dir)
    archive = read_archive(file)
    for finding in (*archive.refused, *archive.amended):
        typer.echo(str(finding), err=True)

    async def land(url: str) -> None:
        async with owner_connection(url) as connection:
            await check_version(connection, url)
            report = await import_municipalities(connection, archive)
        typer.echo(
            f"{report.rows:,} rows: {report.municipalities:,} municipalities, {report.in_force:,} in force; {report.added:,} added, "
            f"{report.changed:,} changed, {report.closed:,} closed, {len(report.refused):,} rows refused, {len(report.amended):,} amended."
        )

    with database_url(settings) as url:
        run(land(url))


@reference.command("import-coordinates")
def import_coordinates(
    file: Annotated[Path, typer.Argument(help="CSV with belfiore_code, latitude, longitude (WGS 84).")],
    data_dir: DataDir = None,
) -> None:
    """Say where municipalities lie, for searches by distance; run again for more of them."""
    settings = settings_of(data_dir=data_dir)
    places = read_coordinates(file)

    async def land(url: str) -> None:
        async with owner_connection(url) as connection:
            await check_version(connection, url)
            report = await land_coordinates(connection, places)
        typer.echo(
            f"{report.given:,} municipalities: {report.changed:,} changed, {report.unknown:,} not in the reference data; "
            f"{report.without:,} in force are still without coordinates."
        )

    with database_url(settings) as url:
        run(land(url))


@reference.command("import-ambiti")
def import_ambiti(
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV with code, name, region, belfiore_codes (apart by spaces): one line an ambito."
        ),
    ],
    data_dir: DataDir = None,
) -> None:
    """Say which municipalities run their social services together; run again for more of them, or to change them."""
    settings = settings_of(data_dir=data_dir)
    ambiti = read_ambiti(file)

    async def land(url: str) -> None:
        async with owner_connection(url) as connection:
            await check_version(connection, url)
            async with acting(connection, COMMAND_LINE):
                report = await land_ambiti(connection, ambiti)
        if report.unknown:
            typer.echo(f"Not in the reference data: {' '.join(report.unknown)}", err=True)
        typer.echo(
            f"{report.given:,} ambiti: {report.added:,} added, {report.changed:,} changed; municipalities: {report.joined:,} joined, "
            f"{report.left:,} left, {len(report.unknown):,} unknown, {report.without:,} in no ambito; {report.others:,} other ambiti stay."
        )

    with database_url(settings) as url:
        run(land(url))


@reference.command("codes")
def codes(
    table: Annotated[WireTable | None, typer.Option(help="Those of one table alone.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say what the codes of older systems mean here, each with its source."""
    found = [one for one in read_wire_codes(settings_of().wire_codes) if table in (None, one.table)]
    if as_json:
        for one in found:
            typer.echo(orjson.dumps(one))
        return
    for one in found:
        typer.echo(f"{one.table:<20} {one.code:<4} {one.event:<24} {one.meaning or '-'} ({one.source})")


@reference.command("municipality")
def municipality(
    on: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="As of which day.")],
    belfiore: Annotated[str | None, typer.Option(help="Belfiore code.")] = None,
    istat: Annotated[str | None, typer.Option(help="ISTAT code, 6 digits.")] = None,
    name: Annotated[str | None, typer.Option(help="Name; case and accents do not matter.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Say which municipality a code or a name meant on a day."""
    settings = settings_of(data_dir=data_dir)

    async def look(url: str) -> None:
        async with owner_connection(url) as connection:
            await check_version(connection, url)
            found = await municipality_as_of(
                connection, belfiore=belfiore, istat=istat, name=name, on=on.date()
            )
        for one in found:
            typer.echo(
                f"{one.belfiore_code} {one.istat_code} {one.name} ({one.province}), region {one.region_code}"
            )
        if not found:
            typer.echo(f"No municipality of that code or name on {on.date()}.", err=True)
            raise typer.Exit(1)

    with database_url(settings) as url:
        run(look(url))


@sync.command("inps")
def sync_inps(data_dir: DataDir = None) -> None:
    """Pull what is new in INPS's list of admitted households, from its service."""
    settings = settings_of(data_dir=data_dir)
    with database_url(settings) as url:
        typer.echo(describe(run(_pull_inps(settings, url))))


@sync.command("region")
def sync_region(
    region: Annotated[
        str | None,
        typer.Option(help="Code of one region, as ISTAT's; when absent, every one that is connected."),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Pull what is new in the regions: offers, courses and pacts by REST, the people's records (SAP) by application cooperation."""
    settings = settings_of(data_dir=data_dir)
    with database_url(settings) as url:
        faults = run(_pull_regions(settings, url, region))
    if faults:
        raise typer.Exit(1)


@sync.command("communications")
def sync_communications(
    folder: Annotated[Path, typer.Argument(help="Where the files are, one communication each: *.xml.")],
    agency: Annotated[str, typer.Option(help="Code of the agency they came from.")],
    by: Annotated[str | None, typer.Option(help="Who runs it; when absent, the user of this system.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Take the mandatory communications of hires in a folder; run again for more of them."""
    settings = settings_of(data_dir=data_dir)

    async def pull(url: str) -> RunReport:
        async with open_database(url, settings) as database:
            async with database.write.acquire() as connection:
                await check_version(connection, url)
            with shown() as progress:
                return await pull_communications(
                    database.write,
                    folder,
                    agency_code=agency,
                    operator=by or getpass.getuser(),
                    clock=_now,
                    terms=HireTerms(
                        timedelta(seconds=settings.event_clock_tolerance), settings.withdrawal_days
                    ),
                    progress=progress,
                )

    with database_url(settings) as url:
        typer.echo(describe(run(pull(url))))


@sync.command("declarations")
def sync_declarations(
    file: Annotated[Path, typer.Argument(help="What was declared of households: one JSON object a line.")],
    agency: Annotated[str, typer.Option(help="Code of the agency that tells it.")],
    data_dir: DataDir = None,
) -> None:
    """Take what was declared of households, for rights and duties to be reckoned from; run again for more."""
    settings = settings_of(data_dir=data_dir)
    if not file.is_file():
        raise ConfigurationError(f"There is no file {file}.")

    async def land(url: str) -> DeclarationsReport:
        async with open_database(url, settings) as database, database.write.acquire() as connection:
            await check_version(connection, url)
            with file.open("rb") as content:
                total = sum(1 for _ in content)
            with file.open(encoding="utf-8", errors="replace") as lines, shown() as progress:
                steps = partial(progress, f"{agency} declarations")
                return await land_declarations(connection, agency, lines, total=total, steps=steps)

    with database_url(settings) as url:
        report = run(land(url))
    for refused in report.refused:
        typer.echo(f"Line {refused.number}: {refused.why}.", err=True)
    typer.echo(f"{report.landed:,} landed, {report.known:,} known before, {len(report.refused):,} refused.")
    if report.refused:
        raise typer.Exit(1)


@contextlib.asynccontextmanager
async def _among_agencies(settings: Settings, url: str) -> AsyncIterator[tuple[Pool, ConnectedAgencies]]:
    """The pool that writes, and the agencies the settings name."""
    async with (
        open_database(url, settings) as database,
        open_client(settings) as http,
        contextlib.aclosing(connect_agencies(settings, http)) as agencies,
        tracing_of(settings) as tracing,
    ):
        SPANS.set(tracing.spans)
        async with database.write.acquire() as connection:
            await check_version(connection, url)
        yield database.write, agencies


async def _pull_inps(settings: Settings, url: str) -> RunReport:
    async with _among_agencies(settings, url) as (pool, agencies):
        if agencies.inps is None:
            raise ConfigurationError(
                "INPS is not connected: set SNODO_INPS_URL, _AUDIENCE and _PURPOSE_ID. Where its list comes as files: snodo sync files FILE.toml."
            )
        with shown() as progress:
            return await pull_admitted_households(pool, agencies.inps, clock=_now, progress=progress)


async def _pull_regions(settings: Settings, url: str, chosen: str | None) -> int:
    """Pull from the region of a code, or from all, and say what came of it; how many could not be asked."""
    faults = 0
    async with _among_agencies(settings, url) as (pool, agencies):
        regions = agencies.regions()
        if chosen is not None and chosen not in regions:
            raise ConfigurationError(
                f"Region {chosen} is not connected: give it a file in SNODO_REGIONS, or set SNODO_REGION_URL, _AUDIENCE, _PURPOSE_ID and _CODE."
            )
        if not regions:
            raise ConfigurationError(
                "No region is connected: set SNODO_REGION_URL, _AUDIENCE, _PURPOSE_ID and _CODE, or SNODO_REGIONS."
            )
        for code in regions if chosen is None else [chosen]:
            region = regions[code]
            try:
                if isinstance(region, SubsidiaryRegion):
                    typer.echo(region.note)
                    continue
                for report in await _pull_region(pool, region):
                    typer.echo(describe(report))
            except UpstreamError as error:
                # One region that is down keeps no other waiting; its next run goes on from the last page that landed.
                faults += 1
                typer.echo(
                    f"Region {code}: {error.message} Run again: it goes on from where it came to.", err=True
                )
            except ConfigurationError as error:
                faults += 1
                typer.echo(f"Region {code}: {error.message}", err=True)
    return faults


async def _pull_region(pool: Pool, region: SapConnector | RegionalConnector) -> list[RunReport]:
    with shown() as progress:
        if isinstance(region, SapConnector):
            return [await pull_worker_records(pool, region, clock=_now, progress=progress)]
        told = await pull_region(pool, region, clock=_now, progress=progress)
        return [told.job_offers, told.training_courses, told.pacts]


def describe(report: RunReport) -> str:
    """One line about a run."""
    return (
        f"{report.agency_code} {report.flow}: {report.received} received, {report.landed} landed, "
        f"{report.quarantined} kept aside with their reason, {report.released} of earlier ones landed now"
    )


def _now() -> datetime:
    return datetime.now(UTC)
