# SPDX-License-Identifier: EUPL-1.2
"""`snodo demo`: the whole hub among simulated agencies, on this machine, in one terminal."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import httpx2
import orjson
import typer
from rich.console import Console

from connectors.inbound import pull_admitted_households, pull_region
from connectors.simulators.consumers import register_demo_consumers
from connectors.simulators.demo_accredited import publish_demo_opportunities
from connectors.simulators.demo_world import ROME_PROTOCOL
from connectors.simulators.identity_provider import issue_citizen_token
from connectors.simulators.pdnd import issue_voucher
from connectors.simulators.registry import demo_registry
from hub.app import Hub, running_hub
from hub.cli import tour
from hub.cli.data import describe, owner_connection
from hub.cli.options import DataDir, Port, run, settings_of
from hub.cli.serving import http_server, listen
from hub.cli.simulation import Simulation, simulated_agencies
from hub.errors import ConfigurationError, DatabaseError, OperatorError
from hub.http.graphiql import Tab, TabSource
from hub.ledger.checkpoint_key import make_key
from hub.settings import Environment, Settings
from hub.store.engine import connection_arguments, database_url
from hub.store.migrations import migrate
from hub.store.reference.agency_codes import INPS_AGENCY_CODE
from hub.store.reference.demo import load_demo_reference

CLOSING = 6.0
"""Seconds within which a server that was stopped has ended."""
CONSUMERS = ("centre", "municipality", "region", "inps", "ministry", "accredited")
COUNTS = """query Counts {
  households { totalCount }
  inWork: beneficiaries(filter: { pacts: { some: { kinds: [WORK, SERVICE], statuses: [ACTIVE] } } }) { totalCount }
  municipality(belfioreCode: "H501") { name beneficiaries { totalCount nodes { id } } }
}"""
"""What a caller who sees no person may ask: how many, in round numbers."""


class DemoFailed(OperatorError):
    """The demo's tour found an answer that is not what it should be."""


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(demo)


def demo(
    check: Annotated[bool, typer.Option("--check", help="Walk the tour, and exit 0 or 1.")] = False,
    port: Port = None,
    data_dir: DataDir = None,
) -> None:
    """Start everything on this machine, walk a tour, and keep serving until Ctrl-C."""
    settings = settings_of(port=port, data_dir=data_dir)
    if settings.environment is Environment.PRODUCTION:
        raise ConfigurationError(
            "The demo takes the simulators' keys for PDND's: it does not run with SNODO_ENVIRONMENT=production."
        )
    listening = listen(settings.host, settings.port)
    console = Console(highlight=False, soft_wrap=True)
    said = _narrator(console)
    said("PostgreSQL")
    with database_url(settings) as url:
        run(refuse_others_people(url))
        migrate(url)
        run(_demo(settings, url, listening, console, said, check=check))


class NotTheDemos(DatabaseError):
    """The database holds people who are not the demo's; what the demo records could never be removed from its ledger."""


async def refuse_others_people(url: str) -> None:
    """Refuse a database with people in it, unless the demo's INPS is registered there: as the demo does, and `snodo seed`.

    Raises:
        NotTheDemos: the database is somebody's.
    """
    async with owner_connection(url) as connection:
        if await connection.fetchval("SELECT to_regclass('public.beneficiary') IS NULL"):
            return
        if not await connection.fetchval("SELECT EXISTS (SELECT FROM beneficiary)"):
            return
        inps = UUID(demo_registry().consumer("inps").client_id)
        known = await connection.fetchval(
            "SELECT EXISTS (SELECT FROM agency_client c JOIN agency a ON a.id = c.agency_id WHERE a.code = $1 AND c.client_id = $2)",
            INPS_AGENCY_CODE,
            inps,
        )
    if not known:
        raise NotTheDemos


async def _demo(
    settings: Settings,
    url: str,
    listening: socket.socket,
    console: Console,
    said: Callable[[str], None],
    *,
    check: bool,
) -> None:
    said("Reference data: regions, municipalities, employment centres")
    owner = await asyncpg.connect(**connection_arguments(url))
    try:
        await load_demo_reference(owner)
        async with simulated_agencies(settings.data_dir, _now().date()) as simulation:
            await register_demo_consumers(owner, simulation.registry)
            for name, address in simulation.urls.items():
                said(f"Simulated {name:8} {address}")
            checkpoint_key = settings.data_dir / "demo" / "checkpoint-key.pem"
            make_key(checkpoint_key)
            among = settings_of(
                **{
                    **settings.model_dump(),
                    **simulation.settings(),
                    "checkpoint_key_file": settings.checkpoint_key_file or checkpoint_key,
                    "log_level": "WARNING",
                }
            )
            async with running_hub(among, url, tabs=_tabs(simulation)) as hub:
                await _pull(hub, said)
                async with (
                    http_server(hub, listening, closing=hub.close_streams) as (server, address),
                    httpx2.AsyncClient(trust_env=False) as http,
                ):
                    said(f"Hub                {address}/graphql")
                    voucher = issue_voucher(simulation.registry, simulation.keys, "accredited")
                    await publish_demo_opportunities(http, address, voucher, _now().date())
                    walk = tour.Tour(address, simulation, http, console, _now)
                    await walk_beside(server, walk.walk())
                    console.rule()
                    said(f"The tour's {walk.steps} steps went as told")
                    if not check:
                        _print_doors(console, simulation, address)
                        await server
    finally:
        await owner.close()


async def walk_beside(server: asyncio.Task[None], walk: Coroutine[Any, Any, None]) -> None:
    """Walk the tour, unless the server is stopped on the way: then the demo ends as Ctrl-C ends any program.

    Raises:
        DemoFailed: an answer is not what it should be.
        typer.Exit: the server was stopped.
    """
    walking = asyncio.create_task(walk)
    await asyncio.wait({walking, server}, return_when=asyncio.FIRST_COMPLETED)
    if server.done():
        walking.cancel()
        await asyncio.wait({walking})
        raise typer.Exit(130)
    try:
        await walking
    except tour.TourFailed as failure:
        raise DemoFailed(str(failure)) from failure
    except httpx2.TransportError:
        # A server that is being stopped closes its doors first.
        if not (await asyncio.wait({server}, timeout=CLOSING))[0]:
            raise
        raise typer.Exit(130) from None


async def _pull(hub: Hub, said: Callable[[str], None]) -> None:
    assert hub.agencies.inps is not None
    [lazio] = hub.agencies.regional
    said(describe(await pull_admitted_households(hub.database.write, hub.agencies.inps, clock=_now)))
    region = await pull_region(hub.database.write, lazio, clock=_now)
    for report in (region.job_offers, region.training_courses, region.pacts):
        said(describe(report))


def _tabs(simulation: Simulation) -> TabSource:
    fiscal_code = simulation.world.person.fiscal_code

    async def tabs() -> Sequence[Tab]:
        return [
            _tab(simulation, "The centre opens a person's page", "centre", tour.PERSON_PAGE, {"fiscalCode": fiscal_code}),
            _tab(
                simulation, "The centre records a missed convocation", "centre", tour.RECORD_EVENT,
                {"input": {
                    "idempotencyKey": "change me for each event", "fiscalCode": fiscal_code,
                    "type": "CONVOCATION_MISSED", "occurredAt": _now().isoformat(timespec="seconds"),
                }},
            ),
            _tab(
                simulation, "The municipality finds a household", "municipality", tour.HOUSEHOLD_BY_PROTOCOL,
                {"protocol": ROME_PROTOCOL},
            ),
            _tab(simulation, "INPS pulls the feed", "inps", tour.FEED, {"after": None}),
            _tab(simulation, "A citizen opens its own page", tour.CITIZEN, tour.MY_PAGE, {}),
            _tab(simulation, "The ministry counts", "ministry", COUNTS, {}),
        ]  # fmt: skip

    return tabs


def _tab(simulation: Simulation, title: str, who: str, query: str, variables: dict[str, object]) -> Tab:
    token = _token(simulation, who, lifespan=600)
    headers = orjson.dumps({"Authorization": f"Bearer {token}"}).decode()
    return Tab(title, query, orjson.dumps(variables, option=orjson.OPT_INDENT_2).decode(), headers)


def _token(simulation: Simulation, who: str, *, lifespan: int) -> str:
    if who == tour.CITIZEN:
        fiscal_code = simulation.world.person.fiscal_code
        return issue_citizen_token(simulation.keys, fiscal_code, lifespan=lifespan)
    return issue_voucher(simulation.registry, simulation.keys, who, lifespan=lifespan)


def _print_doors(console: Console, simulation: Simulation, address: str) -> None:
    console.print(f"\nGraphiQL, with tabs and fresh tokens:  {address}/graphql\n")
    for name in (*CONSUMERS, tour.CITIZEN):
        console.print(f"{name}:\nBearer {_token(simulation, name, lifespan=3_600)}\n")
    console.print("These tokens live an hour; snodo voucher --as NAME prints another. Ctrl-C ends.")


def _narrator(console: Console) -> Callable[[str], None]:
    started = time.monotonic()
    return lambda text: console.print(f"{time.monotonic() - started:6.1f} s  {text}")


def _now() -> datetime:
    return datetime.now(UTC)
