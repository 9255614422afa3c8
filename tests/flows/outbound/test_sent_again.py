# SPDX-License-Identifier: EUPL-1.2
"""What somebody has sent again: at once, and never for nobody to hear."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from connectors.outbound.dead_letters import (
    DeliveryRefusalCode,
    DestinationEnded,
    dead_letters_of,
    resend,
    resend_all,
)
from connectors.outbound.destinations import end, register
from connectors.outbound.drawing import draw
from connectors.outbound.retries import Retries
from connectors.simulators.faults import Fault, FaultKind
from hub.store.engine import Database
from hub.store.vocabulary import ConditionalityEventType as Type
from hub.store.vocabulary import DeliveryChannel, DeliveryState

if TYPE_CHECKING:
    from uuid import UUID

    from tests.flows.outbound.conftest import Casework, Clock, Dispatch, Lazio

CODE, REGION = "regione-12", DeliveryChannel.REGION
AT_ONCE = Retries(most=1)
"""The first attempt in vain makes a dead letter."""


async def dead(casework: Casework, dispatch: Dispatch, lazio: Lazio) -> UUID:
    """A dead letter about `ada`: Lazio failed, and is to be left alone for a day; it is well again now."""
    lazio.system.faults.set("eventi", Fault(FaultKind.UNAVAILABLE, retry_after=10**9, times=1))
    await casework.happens("ada")
    assert await dispatch(retries=AT_ONCE).look() == 1
    assert await casework.states() == ["EXHAUSTED"]
    key: UUID = (await casework.deliveries())[0]["id"]
    return key


async def test_what_is_sent_again_does_not_wait_until_its_recipient_has_rested(
    casework: Casework, dispatch: Dispatch, lazio: Lazio, clock: Clock, database: Database
) -> None:
    key = await dead(casework, dispatch, lazio)
    assert await dispatch().look() == 0
    async with database.write.acquire() as connection:
        assert await resend(connection, key, clock()) is DeliveryState.WAITING
    assert await dispatch().look() == 1
    assert await casework.states() == ["ACCEPTED"]


async def test_one_that_is_registered_again_is_tried_at_once(
    casework: Casework, dispatch: Dispatch, lazio: Lazio, database: Database
) -> None:
    await dead(casework, dispatch, lazio)
    await casework.happens("ida")
    assert await dispatch().look() == 0
    async with database.write.acquire() as connection:
        await register(connection, CODE, REGION, [Type.ACTIVITY_NOT_ATTENDED], [])
    assert await dispatch().look() == 1
    assert await casework.states() == ["EXHAUSTED", "ACCEPTED"]


async def test_a_dead_letter_of_one_that_is_told_nothing_more_is_not_sent_again(
    casework: Casework, dispatch: Dispatch, lazio: Lazio, clock: Clock, database: Database
) -> None:
    key = await dead(casework, dispatch, lazio)
    async with database.write.acquire() as connection:
        await end(connection, CODE, REGION, clock())
        assert await resend(connection, key, clock()) is DeliveryRefusalCode.DESTINATION_ENDED
        with pytest.raises(DestinationEnded, match=f"snodo sync tell {CODE}"):
            await resend_all(connection, await dead_letters_of(connection, CODE), clock())
        assert await casework.states() == ["EXHAUSTED"]
        await register(connection, CODE, REGION, [Type.ACTIVITY_NOT_ATTENDED], [])
        assert await resend_all(connection, await dead_letters_of(connection, CODE), clock()) == 1
    assert await dispatch().look() == 1
    assert await casework.states() == ["ACCEPTED"]


async def test_what_is_sent_again_while_its_recipient_ends_does_not_wait_for_ever(
    casework: Casework, dispatch: Dispatch, lazio: Lazio, clock: Clock, database: Database
) -> None:
    key = await dead(casework, dispatch, lazio)
    async with database.write.acquire() as one, database.write.acquire() as other:
        resending = one.transaction()
        await resending.start()
        assert await resend(one, key, clock()) is DeliveryState.WAITING

        async def ended() -> int:
            async with other.transaction():
                return await end(other, CODE, REGION, clock())

        ending = asyncio.create_task(ended())
        async with asyncio.timeout(10):
            while not await casework.owner.fetchval(
                "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')"
            ):
                await asyncio.sleep(0.01)
        await resending.commit()
        assert await ending == 1
    assert await casework.states() == ["CANCELLED"]


async def test_however_often_it_was_tried_the_next_attempt_has_its_number(
    casework: Casework, dispatch: Dispatch, clock: Clock, database: Database
) -> None:
    await casework.happens("ada")
    await draw(database.write, clock())
    await casework.owner.execute("UPDATE delivery SET attempt_count = 40000, resent_after = 40000")
    assert await dispatch().look() == 1
    assert await casework.attempts() == [(40_001, "ACCEPTED", None)]
