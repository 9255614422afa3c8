# SPDX-License-Identifier: EUPL-1.2
"""`snodo agency`: who may ask the hub, and for what."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import UUID

import orjson
import typer

from hub.access.consumers import GRANT_PREFIX, AgencyEntry, GrantEntry, agency_of, consumers
from hub.access.field_sets import FieldSetEntry, define_field_set, field_sets
from hub.access.granted import granted_fields
from hub.access.grants import Grant
from hub.access.registration import (
    FIELD_SET_OF,
    NewAgency,
    Registration,
    default_demands,
    grant_purpose,
    register,
    register_agency,
    revoke,
    revoke_grant,
    set_demands,
    withdraw_client,
)
from hub.access.registry_refusals import InvalidRegistration, UnknownAgency
from hub.cli.call_limits import limit
from hub.cli.credentials import credential
from hub.cli.options import AsJson, DataDir, run, settings_of
from hub.store.engine import database_url, open_database
from hub.store.identifiers import decode_id
from hub.store.migrations import check_version
from hub.store.statement import Connection
from hub.store.vocabulary import AgencyKind, Capability, Demand, GrantScope
from schema.build import build_schema

commands = typer.Typer(
    help="Consumers: agencies, their PDND clients and purposes, and what they are granted.",
    no_args_is_help=True,
)
sets = typer.Typer(
    help="Field sets: the fields that purposes of one kind need, by a name.", no_args_is_help=True
)
commands.command()(limit)
commands.command()(credential)
commands.add_typer(sets, name="field-set")

T = TypeVar("T")
Code = Annotated[str, typer.Argument(help="How you call the agency: lower case, digits, dashes.")]
Name = Annotated[str, typer.Option(help="Its name.")]
Kind = Annotated[AgencyKind, typer.Option(help="What it is to the hub.")]
Consumer = Annotated[
    UUID | None,
    typer.Option(help="Its organisation id on PDND: a voucher of another organisation is refused."),
]
Scope = Annotated[GrantScope, typer.Option(help="How far its rows reach.")]
Areas = Annotated[
    list[str] | None,
    typer.Option("--area", help="Code of a centre, municipality, ambito or region; repeat it."),
]
Capabilities = Annotated[
    list[Capability] | None, typer.Option("--capability", help="What it may do besides; repeat it.")
]
Set = Annotated[
    str | None,
    typer.Option("--field-set", help="The fields it reaches; without: those of the agency's kind."),
]
Fields = Annotated[
    list[str] | None, typer.Option("--field", help="A coordinate beside those of the set; repeat it.")
]
MOMENTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(commands, name="agency")


def _asked(data_dir: Path | None, ask: Callable[[Connection], Awaitable[T]]) -> T:
    """What comes of a question or a command on the database."""
    settings = settings_of(data_dir=data_dir)

    async def connected(url: str) -> T:
        async with open_database(url, settings) as database, database.write.acquire() as connection:
            await check_version(connection, url)
            return await ask(connection)

    with database_url(settings) as url:
        return run(connected(url))


@commands.command("list")
def list_(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List the agencies that have a client or a purpose."""

    async def ask(connection: Connection) -> list[AgencyEntry]:
        found, after = list[AgencyEntry](), ""
        while page := await consumers(connection, after=after):
            found, after = [*found, *page], page[-1].code
        return found

    found = _asked(data_dir, ask)
    if as_json:
        _print_json(found)
        return
    for agency in found:
        clients = " ".join(str(one.client_id) for one in agency.clients if one.revoked_at is None) or "none"
        for purpose in agency.purposes:
            grants = [grant for grant in purpose.grants if grant.in_force]
            granted = "; ".join(map(_reach, grants)) or "no grant in force"
            demanded = f"; demands {' '.join(agency.demands)}" if agency.demands else ""
            typer.echo(f"{agency.code:24} client {clients} purpose {purpose.purpose_id} {granted}{demanded}")
        if not agency.purposes:
            typer.echo(f"{agency.code:24} client {clients} no purpose")


@commands.command("show")
def show(code: Code, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Show an agency: its clients, its purposes, and each of their grants, those that ended too."""
    agency = _asked(data_dir, lambda connection: agency_of(connection, code))
    if agency is None:
        raise UnknownAgency(
            f"No agency is called {code}; `snodo agency list` shows those there are.", about="code"
        )
    if as_json:
        _print_json(agency)
        return
    typer.echo(f"{agency.code} · {agency.name} · {agency.kind.value}")
    typer.echo(f"organisation on PDND {agency.consumer_id or 'not given: vouchers are not compared with it'}")
    typer.echo(f"presents {' '.join(agency.demands) or 'its voucher, and nothing besides'}")
    for client in agency.clients:
        until = f", withdrawn {_moment(client.revoked_at)}" if client.revoked_at else ""
        typer.echo(f"client {client.client_id} since {_moment(client.registered_at)}{until}")
    for purpose in agency.purposes:
        revoked = f", revoked {_moment(purpose.revoked_at)}" if purpose.revoked_at else ""
        typer.echo(f"purpose {purpose.purpose_id} {purpose.description}{revoked}")
        for grant in purpose.grants:
            typer.echo(f"  {grant.id} {_standing(grant)}")
            typer.echo(f"    reaches {_reach(grant)}")
            more = f" and {', '.join(grant.fields)}" if grant.fields else ""
            typer.echo(f"    fields of {grant.field_set}{more}")


@commands.command("register")
def register_(
    code: Code,
    name: Name,
    kind: Kind,
    client: Annotated[
        UUID | None, typer.Option(help="Its PDND client id; an agency of the SOAP services may have none.")
    ] = None,
    purpose: Annotated[UUID | None, typer.Option(help="Its PDND purpose id.")] = None,
    scope: Annotated[GrantScope | None, typer.Option(help="How far its rows reach.")] = None,
    area: Areas = None,
    capability: Capabilities = None,
    field_set: Set = None,
    field: Fields = None,
    consumer: Consumer = None,
    demand: Annotated[
        list[Demand] | None,
        typer.Option(
            help="What it must present beyond its voucher; repeat it. Else SNODO_DEMANDS, if it is new."
        ),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Register an agency and its client; with --purpose and --scope grant the purpose, whose earlier grants end."""
    demands = frozenset(demand) if demand else None
    by_default = default_demands(settings_of(data_dir=data_dir))
    if purpose is None and scope is None:
        if area or capability or field_set or field:
            raise InvalidRegistration("What is granted is granted to a purpose: name it.", about="purpose")
        agency = NewAgency(
            code=code,
            name=name,
            kind=kind,
            clients=() if client is None else (client,),
            consumer_id=consumer,
            demands=demands,
            new_demands=by_default,
        )
        _asked(data_dir, lambda connection: register_agency(connection, agency))
        typer.echo(f"{code} is registered; it has no purpose yet: `snodo agency grant`.")
        return
    if purpose is None or scope is None:
        raise InvalidRegistration("--purpose and --scope go together.", about="purpose")
    if client is None:
        raise InvalidRegistration("With a purpose, name the client that asks under it.", about="client_id")
    _check_fields(field)
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
        field_set=field_set,
        fields=frozenset(field or ()),
        demands=demands,
        new_demands=by_default,
    )
    _asked(data_dir, lambda connection: register(connection, registration))
    reached = " ".join([scope.value, *registration.areas])
    typer.echo(f"{code} is registered; its purpose reaches {reached}.")


@commands.command("grant")
def grant_(
    code: Code,
    purpose: Annotated[UUID, typer.Option(help="PDND purpose id.")],
    scope: Scope,
    description: Annotated[str, typer.Option(help="What the purpose is, in its words on PDND.")],
    area: Areas = None,
    capability: Capabilities = None,
    field_set: Set = None,
    field: Fields = None,
    valid_from: Annotated[
        datetime | None,
        typer.Option("--from", formats=MOMENTS, help="When it begins; UTC unless it says otherwise."),
    ] = None,
    valid_to: Annotated[
        datetime | None, typer.Option("--to", formats=MOMENTS, help="When it has ended.")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Give a purpose a grant beside those it has: their areas add up, all else must agree."""
    _check_fields(field)

    async def ask(connection: Connection) -> UUID:
        agency = await agency_of(connection, code)
        if agency is None:
            raise UnknownAgency(about="code")
        grant = Grant(
            scope=scope,
            areas=area or (),
            capabilities=frozenset(capability or ()),
            field_set=field_set or FIELD_SET_OF[agency.kind],
            fields=frozenset(field or ()),
            valid_from=_aware(valid_from),
            valid_to=_aware(valid_to),
        )
        return await grant_purpose(connection, code, purpose, description, grant)

    typer.echo(f"Purpose {purpose} has the grant {GRANT_PREFIX}_{_asked(data_dir, ask).hex}.")


@commands.command("demand")
def demand_(
    code: Annotated[str, typer.Argument(help="The agency's code.")],
    demands: Annotated[
        list[Demand] | None,
        typer.Argument(help="What it must present beyond its voucher; nothing at all if left out."),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Say what an agency must present beyond its voucher, in place of what was said before; hubs follow at once."""
    words = frozenset(demands or ())
    _asked(data_dir, lambda connection: set_demands(connection, code, words))
    typer.echo(f"{code} presents {' '.join(sorted(words)) or 'its voucher, and nothing besides'}.")


@commands.command("fields")
def fields_(
    code: Annotated[str, typer.Argument(help="The agency's code.")],
    purpose: Annotated[UUID | None, typer.Option(help="One of its PDND purpose ids.")] = None,
    data_dir: DataDir = None,
) -> None:
    """List the fields an agency's purposes may ask for beyond what is public, and what grants each."""
    policy = build_schema()[1].fields
    for granted in _asked(data_dir, lambda connection: granted_fields(connection, code, purpose)):
        typer.echo(f"purpose {granted.purpose_id} ({granted.description})")
        for coordinate, by in sorted(policy.permitted(granted.permission).items()):
            if by is not None:
                typer.echo(f"{policy.levels[coordinate].value:8} {coordinate:55} {by}")


@commands.command("revoke")
def revoke_(
    purpose: Annotated[UUID | None, typer.Argument(help="PDND purpose id: all its grants.")] = None,
    grant: Annotated[str | None, typer.Option(help="A single grant, by its id.")] = None,
    data_dir: DataDir = None,
) -> None:
    """End every grant of a purpose, or one; running hubs follow at once."""
    if (purpose is None) == (grant is None):
        raise InvalidRegistration("Name a purpose, or a grant with --grant.", about="purpose")
    if purpose is not None:
        asked = purpose
        ended = _asked(data_dir, lambda connection: revoke(connection, asked))
        typer.echo(f"The purpose's grants have ended: {ended}.")
        return
    assert grant is not None
    key = decode_id(grant, GRANT_PREFIX)[1]
    ended = _asked(data_dir, lambda connection: revoke_grant(connection, key))
    typer.echo(f"{grant} {'has ended' if ended else 'had ended before'}.")


@commands.command("withdraw")
def withdraw(
    client: Annotated[UUID, typer.Argument(help="PDND client id.")], data_dir: DataDir = None
) -> None:
    """Take a client's registration back: its vouchers are refused from now on."""
    _asked(data_dir, lambda connection: withdraw_client(connection, client))
    typer.echo(f"Client {client} is withdrawn; `snodo agency register` takes it back.")


@sets.command("list")
def list_sets(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List the field sets."""
    found = _asked(data_dir, field_sets)
    if as_json:
        _print_json(found)
        return
    for one in found:
        typer.echo(f"{one.name:24} {len(one.fields):3} fields  {one.description}")


@sets.command("show")
def show_set(
    name: Annotated[str, typer.Argument(help="Its name.")], as_json: AsJson = False, data_dir: DataDir = None
) -> None:
    """Show a field set: every coordinate in it."""
    found = {one.name: one for one in _asked(data_dir, field_sets)}.get(name)
    if found is None:
        raise InvalidRegistration(f"No field set is called {name}; there are others.", about="name")
    if as_json:
        _print_json(found)
        return
    typer.echo(f"{found.name} · {found.description}")
    for field in found.fields:
        typer.echo(f"  {field}")


@sets.command("define")
def define_set(
    name: Annotated[str, typer.Argument(help="Its name: lower case, digits, dashes.")],
    description: Annotated[str, typer.Option(help="For what purposes it is.")],
    field: Fields = None,
    data_dir: DataDir = None,
) -> None:
    """Define a field set, or define it anew: every grant that names it reaches these fields from now on."""

    async def ask(connection: Connection) -> FieldSetEntry:
        return await define_field_set(connection, name, description, field or (), _known_fields())

    typer.echo(f"{name} has {len(_asked(data_dir, ask).fields)} fields.")


def _known_fields() -> frozenset[str]:
    from schema.coordinates import coordinates  # only here: the schema is half a second's work

    return coordinates()


def _check_fields(fields: list[str] | None) -> None:
    if fields and (unknown := sorted(set(fields) - _known_fields())):
        raise InvalidRegistration(f"{', '.join(unknown)}: no field of the schema.", about="fields")


def _aware(moment: datetime | None) -> datetime | None:
    return moment if moment is None or moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _reach(grant: GrantEntry) -> str:
    return " ".join([grant.scope.value, *grant.areas, *(word.value for word in grant.capabilities)])


def _standing(grant: GrantEntry) -> str:
    if grant.revoked_at is not None:
        return f"revoked {_moment(grant.revoked_at)}"
    end = f" until {_moment(grant.valid_to)}" if grant.valid_to else ""
    return f"{'in force' if grant.in_force else 'not in force'}, from {_moment(grant.valid_from)}{end}"


def _print_json(value: Any) -> None:
    typer.echo(
        orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2).decode()
    )  # asyncpg has UUIDs of its own
