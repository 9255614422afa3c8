# SPDX-License-Identifier: EUPL-1.2
"""`snodo agency`: who may ask the hub, and for what."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer

from hub.access.granted import granted_fields
from hub.access.registration import Registration, list_consumers, register, revoke, set_demands
from hub.cli.call_limits import limit
from hub.cli.options import DataDir, run, settings_of
from hub.errors import ConfigurationError
from hub.settings import Settings
from hub.store.engine import database_url, open_database
from hub.store.migrations import check_version
from hub.store.vocabulary import AgencyKind, Capability, Demand, GrantScope
from schema.build import build_schema

commands = typer.Typer(
    help="Consumers: agencies, their PDND clients and purposes, and what they are granted.",
    no_args_is_help=True,
)
commands.command()(limit)


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
                demanded = f"; demands {' '.join(row['demands'])}" if row["demands"] else ""
                typer.echo(
                    f"{row['code']:24} client {row['client_id']} purpose {row['purpose_id']} {granted}{demanded}"
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
    demand: Annotated[
        list[Demand] | None,
        typer.Option(
            help="What it must present beyond its voucher; repeat it. Else SNODO_DEMANDS, if it is new."
        ),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Register a consumer and grant its purpose; an earlier grant of the purpose ends."""
    settings = settings_of(data_dir=data_dir)
    by_default = default_demands(settings)
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
        demands=frozenset(demand) if demand else None,
        new_demands=by_default,
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


@commands.command("demand")
def demand_(
    code: Annotated[str, typer.Argument(help="The agency's code.")],
    demands: Annotated[
        list[Demand] | None,
        typer.Argument(help="What it must present beyond its voucher; nothing at all if left out."),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Say what an agency must present beyond its voucher, in place of what was said before; hubs follow within two seconds."""
    settings = settings_of(data_dir=data_dir)
    words = frozenset(demands or ())

    async def write(settings: Settings, url: str) -> None:
        async with open_database(url, settings) as database, database.write.acquire() as connection:
            await check_version(connection, url)
            await set_demands(connection, code, words)

    with database_url(settings) as url:
        run(write(settings, url))
    typer.echo(f"{code} presents {' '.join(sorted(words)) or 'its voucher, and nothing besides'}.")


def default_demands(settings: Settings) -> frozenset[Demand]:
    """What is demanded of a new agency of which nothing else is said.

    Raises:
        ConfigurationError: SNODO_DEMANDS has another word.
    """
    try:
        return frozenset(map(Demand, (settings.demands or "").split()))
    except ValueError as error:
        raise ConfigurationError(f"SNODO_DEMANDS knows the words {', '.join(Demand)}.") from error


@commands.command("fields")
def fields_(
    code: Annotated[str, typer.Argument(help="The agency's code.")],
    purpose: Annotated[UUID | None, typer.Option(help="One of its PDND purpose ids.")] = None,
    data_dir: DataDir = None,
) -> None:
    """List the fields an agency's purposes may ask for beyond what is public, and what grants each."""
    settings = settings_of(data_dir=data_dir)
    policy = build_schema()[1].fields

    async def show(settings: Settings, url: str) -> None:
        async with open_database(url, settings) as database, database.write.acquire() as connection:
            await check_version(connection, url)
            for granted in await granted_fields(connection, code, purpose):
                typer.echo(f"purpose {granted.purpose_id} ({granted.description})")
                for coordinate, by in sorted(policy.permitted(granted.permission).items()):
                    if by is not None:
                        typer.echo(f"{policy.levels[coordinate].value:8} {coordinate:55} {by}")

    with database_url(settings) as url:
        run(show(settings, url))


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
