# SPDX-License-Identifier: EUPL-1.2
"""What the peers are told instead of a voucher, and the database function PostGraphile makes its mutation of."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from bench.world import World
from connectors.simulators.consumers import CENTRE
from hub.settings import Settings
from hub.store.engine import connection_arguments
from hub.store.reference.agency_codes import centre_agency_code

FUNCTION = Path(__file__).parent / "record.sql"


@dataclass(frozen=True)
class Facts:
    """Who asks: the keys of the centre and of its agency, which the hub finds by the voucher."""

    centre: str
    agency: str


def prepare(world: World) -> Facts:
    """Make what the peers need in the database, where it is not there yet."""
    return asyncio.run(_prepare(world.url))


async def _prepare(url: str) -> Facts:
    connection = await asyncpg.connect(**connection_arguments(url))
    try:
        async with connection.transaction():
            await connection.execute("SELECT set_config('peers.role', $1, true)", Settings().database_role)
            await connection.execute(FUNCTION.read_text())
        centre = await connection.fetchval("SELECT id FROM employment_centre WHERE code = $1", CENTRE)
        agency = await connection.fetchval(
            "SELECT id FROM agency WHERE code = $1", centre_agency_code(CENTRE)
        )
    finally:
        await connection.close()
    return Facts(str(centre), str(agency))
