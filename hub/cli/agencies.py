# SPDX-License-Identifier: EUPL-1.2
"""`snodo agency`: who may ask the hub, and for what."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer

from hub.access.registration import Registration, list_consumers, register, revoke
from hub.cli.options import DataDir, run, settings_of
from hub.settings import Settings
from hub.store.engine import database_url, open_database
from hub.store.migrations import check_version
from hub.store.vocabulary import AgencyKind, Capability, GrantScope

commands = typer.Typer(
    help="Consumers: agencies, their PDND clients and purposes, and what they are granted.",
    no_args_is_help=True,
)


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(commands, name="agency")


@commands.command("list")
def list_(data_dir: DataDir = None) -> None:
    """List the consumers."""
    settings = settings_of(data_dir=data_dir)

    async def show(settings: Settings, url: str) -> None:
        async with open_database(url, settings) as database, database.write.acquire() as connection:
            await check_version(connection, url)
            for row in await list_consumers(connection):
                granted = (
                    f"{row['scope']} {' '.join(row['capabilities'])}" if row["scope"] else "no grant in force"
                )
                typer.echo(
                    f"{row['code']:24} client {row['client_id']} purpose {row['purpose_id']} {granted}"
                )

    with database_url(settings) as url:
        run(show(settings, url))


@commands.command("register")
def register_(
    code: Annotated[str, typer.Argument(help="How you call the agency: lower case, digits, dashes.")],
    name: Annotated[str, typer.Option(help="Its name.")],
    kind: Annotated[AgencyKind, typer.Option(help="What it is to the hub.")],
    client: Annotated[UUID, typer.Option(help="Its PDND client id.")],
    purpose: Annotated[UUID, typer.Option(help="Its PDND purpose id.")],
    scope: Annotated[GrantScope, typer.Option(help="How far its rows reach.")],
    area: Annotated[
        list[str] | None, typer.Option(help="Code of a centre, municipality or region; repeat it.")
    ] = None,
    capability: Annotated[
        list[Capability] | None, typer.Option(help="What it may do besides; repeat it.")
    ] = None,
    consumer: Annotated[
        UUID | None,
        typer.Option(help="Its organisation id on PDND: a voucher of another organisation is refused."),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Register a consumer and grant its purpose; an earlier grant of the purpose ends."""
    settings = settings_of(data_dir=data_dir)
    registration = Registration(
        agency_code=code,
        agency_name=name,
        agency_kind=kind,
        client_id=client,
        purpose_id=purpose,
        purpose=name,
        scope=scope,
        areas=area or (),
        capabilities=frozenset(capability or ()),
        consumer_id=consumer,
    )

    async def write(settings: Settings, url: str) -> None:
        async with open_database(url, settings) as database, database.write.acquire() as connection:
            await check_version(connection, url)
            await register(connection, registration)

    with database_url(settings) as url:
        run(write(settings, url))
    typer.echo(
        f"{code} is registered; its purpose reaches {scope.value} {' '.join(registration.areas)}".rstrip()
        + "."
    )


@commands.command("revoke")
def revoke_(
    purpose: Annotated[UUID, typer.Argument(help="PDND purpose id.")], data_dir: DataDir = None
) -> None:
    """End every grant of a purpose; running hubs follow within two seconds."""
    settings = settings_of(data_dir=data_dir)

    async def write(settings: Settings, url: str) -> None:
        async with open_database(url, settings) as database, database.write.acquire() as connection:
            await check_version(connection, url)
            await revoke(connection, purpose)

    with database_url(settings) as url:
        run(write(settings, url))
    typer.echo("The purpose's grants have ended.")
