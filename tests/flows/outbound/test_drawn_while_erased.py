# SPDX-License-Identifier: EUPL-1.2
"""Deliveries drawn and contents erased at the same time: nobody is told, and nothing waits for ever or keeps the person."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from connectors.outbound import drawing
from connectors.outbound.drawing import draw
from hub.ledger.erasure import erase
from hub.store.engine import Database
from hub.store.statement import Connection

if TYPE_CHECKING:
    from tests.flows.outbound.conftest import Casework, Clock, Dispatch

WAITED_FOR = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid)))"


async def erase_first(owner: Connection) -> None:
    await erase(owner, 1, agency_code="inps", operator="dpo", reason="x")


async def waits_or_ends(task: asyncio.Task[Any], looking: Connection, blocking: int) -> None:
    """Until the task has ended, or waits for what a session holds."""
    async with asyncio.timeout(10):
        while not task.done():
            await looking.execute("SELECT pg_stat_clear_snapshot()")
            if await looking.fetchval(WAITED_FOR, blocking):
                return
            await asyncio.sleep(0.01)


async def test_what_is_being_erased_while_it_is_drawn_becomes_no_delivery(
    casework: Casework, dispatch: Dispatch, clock: Clock, database: Database
) -> None:
    owner = casework.owner
    await casework.happens("ada")
    await casework.happens("ida")
    async with owner.transaction():
        await erase_first(owner)
        drawing_on = asyncio.create_task(draw(database.write, clock()))
        await waits_or_ends(drawing_on, owner, owner.get_server_pid())
    assert await drawing_on == 1
    assert await dispatch().look() == 1
    assert await casework.states() == ["ACCEPTED"]


async def test_what_is_erased_while_it_is_being_drawn_is_cancelled(
    casework: Casework, dispatch: Dispatch, clock: Clock, database: Database
) -> None:
    await casework.happens("ada")
    async with database.write.acquire() as connection:
        made = connection.transaction()
        await made.start()
        [row] = await drawing._behind().fetch(connection)
        drawn = await drawing._made().fetchval(
            connection, destination=row["id"], place=0, up_to=1, now=clock()
        )
        await drawing._moved().execute(connection, destination=row["id"], up_to=1)
        assert drawn == 1
        erasing = asyncio.create_task(erase_first(casework.owner))
        async with database.write.acquire() as other:
            await waits_or_ends(erasing, other, await connection.fetchval("SELECT pg_backend_pid()"))
        await made.commit()
    await erasing
    [delivery] = await casework.deliveries()
    assert (delivery["state"], delivery["beneficiary_id"], delivery["pact_id"]) == ("CANCELLED", None, None)
    assert await dispatch().look() == 0
