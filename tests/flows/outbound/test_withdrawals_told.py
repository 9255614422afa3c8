# SPDX-License-Identifier: EUPL-1.2
"""What a destination is told of withdrawals: those of what it was told, and no others."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from connectors.outbound.destinations import end, register
from connectors.outbound.drawing import draw
from hub.store.engine import Database
from hub.store.vocabulary import ConditionalityEventType as Type
from hub.store.vocabulary import DeliveryChannel

if TYPE_CHECKING:
    from tests.flows.outbound.conftest import Casework, Clock, Dispatch, Lazio

CODE, REGION = "regione-12", DeliveryChannel.REGION


def texts(events: list[UUID]) -> list[str]:
    return [str(one) for one in events]


async def test_a_withdrawal_goes_where_what_it_takes_back_went(
    casework: Casework, dispatch: Dispatch, lazio: Lazio
) -> None:
    absence = await casework.happens("ada")
    other = await casework.happens("ida", Type.AVAILABILITY_DECLARED)
    taken_back = await casework.happens("ada", Type.EVENT_WITHDRAWN, withdraws=absence)
    await casework.happens("ida", Type.EVENT_WITHDRAWN, withdraws=other)
    await dispatch().look()
    assert lazio.told == texts([absence, taken_back])
    assert [one["idEventoAnnullato"] for one in lazio.world.told.taken] == [None, str(absence)]


async def test_a_withdrawal_goes_there_whatever_was_registered_for_since(
    casework: Casework, dispatch: Dispatch, lazio: Lazio, database: Database
) -> None:
    absence = await casework.happens("ada")
    await dispatch().look()
    async with database.write.acquire() as connection:
        await register(connection, CODE, REGION, [Type.HIRED], ["01"])
    taken_back = await casework.happens("ada", Type.EVENT_WITHDRAWN, withdraws=absence)
    await dispatch().look()
    assert lazio.told == texts([absence, taken_back])


async def test_of_what_was_never_told_no_withdrawal_is(
    casework: Casework, dispatch: Dispatch, lazio: Lazio, clock: Clock, database: Database
) -> None:
    before, unsent = await casework.happens("ada", Type.AVAILABILITY_DECLARED), await casework.happens("ida")
    async with database.write.acquire() as connection:
        await draw(database.write, clock())
        await end(connection, CODE, REGION, clock())
        await register(connection, CODE, REGION, [Type.AVAILABILITY_DECLARED, Type.ACTIVITY_NOT_ATTENDED], [])
    await casework.happens("ada", Type.EVENT_WITHDRAWN, withdraws=before)
    await casework.happens("ida", Type.EVENT_WITHDRAWN, withdraws=unsent)
    assert await dispatch().look() == 0
    assert (lazio.told, await casework.states()) == ([], ["CANCELLED"])
