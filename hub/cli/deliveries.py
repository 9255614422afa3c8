# SPDX-License-Identifier: EUPL-1.2
"""`snodo sync …`: what other systems are told, how that goes, and trying again what stopped."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime
from typing import Annotated, TypeVar
from uuid import UUID

import typer

from connectors.cooperation import CooperatingRegion, SubsidiaryRegion
from connectors.file_exchange import FilingRegion
from connectors.flow_status import FlowStanding, Inward, flow_standing
from connectors.inbound.quarantine import PREFIX as RECORD_PREFIX
from connectors.outbound.dead_letters import PREFIX, dead_letters_of, resend_all
from connectors.outbound.destinations import Standing, end, register, standings
from connectors.region_files import Region, read_regions
from connectors.regional import RegionalSystem
from hub.cli import quarantine
from hub.cli.options import DataDir, run, settings_of
from hub.errors import InvalidInput
from hub.settings import Settings
from hub.store.engine import database_url, open_connection
from hub.store.identifiers import InvalidId, decode_id
from hub.store.migrations import check_version
from hub.store.statement import Connection
from hub.store.vocabulary import ConditionalityEventType, DeliveryChannel

T = TypeVar("T")


def add_to(sync: typer.Typer) -> None:
    """Add these commands to the group `sync`."""
    sync.command("tell")(tell)
    sync.command("status")(status)
    sync.command("retry")(retry)


def tell(
    agency: Annotated[str, typer.Argument(help="Code of the agency whose system is told.")],
    types: Annotated[
        list[ConditionalityEventType] | None, typer.Option("--type", help="A type of facts; once for each.")
    ] = None,
    areas: Annotated[
        list[str] | None,
        typer.Option("--area", help="Code of a region or a municipality; none for the whole country."),
    ] = None,
    channel: Annotated[DeliveryChannel, typer.Option(help="By which connector.")] = DeliveryChannel.REGION,
    stop: Annotated[
        bool, typer.Option("--stop", help="Tell it nothing more; what waits is not sent.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Have an agency's system told of facts as they are recorded, from now on; again to change which."""
    settings = settings_of(data_dir=data_dir)
    for region in read_regions(settings.regions) if settings.regions and not stop else ():
        # NOTE a region that sends files may be told by REST, if the settings say where.
        if region.agency_code == agency and not (
            settings.region_url and region.region_code == settings.region_code
        ):
            _check_can_be_told(region, types or [])

    async def registered(connection: Connection) -> str:
        async with connection.transaction():
            if stop:
                cancelled = await end(connection, agency, channel, _now())
                return f"{agency} is told nothing more; {cancelled} facts that waited are not sent."
            await register(connection, agency, channel, types or [], areas or [])
        where = f"in {', '.join(areas)}" if areas else "in the whole country"
        return (
            f"{agency} is told of {', '.join(sorted(one.value for one in types or []))} {where}, from now on."
        )

    typer.echo(_with_connection(settings, registered))


def status(data_dir: DataDir = None) -> None:
    """Say of each system that is told facts how many wait, were refused or given up, and since when the oldest waits; and how each flow from an agency stands."""

    async def both(connection: Connection) -> tuple[list[Standing], FlowStanding]:
        return await standings(connection), await flow_standing(connection)

    settings = settings_of(data_dir=data_dir)
    told, flows = _with_connection(settings, both)
    for one in told:
        typer.echo(described(one))
    if not told:
        typer.echo("No system is told anything; `snodo sync tell` registers one.")
    for region in read_regions(settings.regions) if settings.regions else ():
        if isinstance(region, CooperatingRegion) and region.untold is not None:
            typer.echo(region.untold)
    for flow in flows.inward:
        typer.echo(described_flow(flow))


def retry(
    ids: Annotated[
        list[str] | None,
        typer.Argument(help="Ids of deliveries, `dlv_…`, and of records in quarantine, `qrn_…`."),
    ] = None,
    agency: Annotated[str | None, typer.Option(help="All dead letters of this agency's systems.")] = None,
    flow: Annotated[
        str | None,
        typer.Option(help="Instead all records of the agency that wait in quarantine, of this flow."),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Send again what was refused or given up, under its key and in its place; have records that wait in quarantine land, where they now can."""
    if bool(ids) == bool(agency):
        raise InvalidInput("Name deliveries or records, or with --agency whose.")
    if flow is not None and agency is None:
        raise InvalidInput("A flow is an agency's: name whose with --agency.")
    settings = settings_of(data_dir=data_dir)
    if agency is not None and flow is not None:
        quarantine.retry_flow(settings, agency, flow)
        return
    deliveries, records = _by_kind(ids or [])
    have_landed = quarantine.retry_records(settings, records) if records else True

    async def resent(connection: Connection) -> int:
        chosen = deliveries if agency is None else await dead_letters_of(connection, agency)
        return await resend_all(connection, chosen, _now())

    if deliveries or agency is not None:
        typer.echo(f"{_with_connection(settings, resent)} wait to be sent again.")
    if not have_landed:
        raise typer.Exit(1)


def _by_kind(ids: Collection[str]) -> tuple[list[UUID], list[UUID]]:
    """The keys of deliveries, and those of quarantined records.

    Raises:
        InvalidId: one is of neither.

    """
    found: dict[str, list[UUID]] = {PREFIX: [], RECORD_PREFIX: []}
    for prefix, key in map(decode_id, ids):
        if prefix not in found:
            raise InvalidId(f"An id of a delivery starts with {PREFIX}_, of a record with {RECORD_PREFIX}_.")
        found[prefix].append(key)
    return found[PREFIX], found[RECORD_PREFIX]


def described(one: Standing) -> str:
    """One line about a destination."""
    line = f"{one.agency_code} ({one.channel.value}): {one.waiting} wait, {one.refused} refused, {one.exhausted} given up"
    if one.waiting_since is not None:
        line += f"; the oldest since {one.waiting_since:%Y-%m-%d %H:%M} UTC"
    if one.ended_at is not None:
        return f"{line}; told nothing more since {one.ended_at:%Y-%m-%d %H:%M} UTC"
    if one.behind:
        line += f"; {one.behind} entries of the feed not looked through"
    if one.resting_until is not None:
        line += f"; it did not answer, and is left alone until {one.resting_until:%Y-%m-%d %H:%M:%S} UTC"
    return line


def described_flow(one: Inward) -> str:
    """One line about a flow from an agency."""
    line = f"{one.agency_code} {one.flow}: {one.quarantined} in quarantine"
    if one.completed_at is not None:
        return f"{line}; last pulled to its end on {one.completed_at:%Y-%m-%d %H:%M} UTC"
    return f"{line}; NEVER pulled to its end" if one.has_run else line


def _check_can_be_told(region: Region, types: Collection[ConditionalityEventType]) -> None:
    """Pass what a region with a file can be told.

    Raises:
        InvalidInput: it is told nothing, or has no word for facts of a type.

    """
    if isinstance(region, RegionalSystem):
        return
    if isinstance(region, FilingRegion):
        raise InvalidInput(
            f"Region {region.region_code} sends files, and is told nothing: no way back is agreed for it. "
            "To tell it by REST, name its service with SNODO_REGION_URL."
        )
    if isinstance(region, SubsidiaryRegion):
        raise InvalidInput(region.note)
    if region.untold is not None:
        raise InvalidInput(region.untold)
    if unnamed := sorted(set(types) - set(region.notifications)):
        raise InvalidInput(
            f"Region {region.region_code} has no word for {unnamed[0]}: name it in its file, under [notifications]."
        )


def _with_connection(settings: Settings, ask: Callable[[Connection], Awaitable[T]]) -> T:
    async def asked(url: str) -> T:
        connection = await open_connection(url, settings)
        try:
            await check_version(connection, url)
            return await ask(connection)
        finally:
            await connection.close()

    with database_url(settings) as url:
        return run(asked(url))


def _now() -> datetime:
    return datetime.now(UTC)
