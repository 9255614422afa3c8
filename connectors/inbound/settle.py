# SPDX-License-Identifier: EUPL-1.2
"""A page's records land together.

What the database refuses is found by halving: one bad record costs a few more statements, not one statement for
each of its neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from connectors.inbound.kinds import KeptKind
from connectors.inbound.runs import Landing
from connectors.inbound.violations import Refused, refusal_of
from connectors.records.delivery import Delivered, Refusal
from hub.store.statement import Connection

R = TypeVar("R")


async def settle(
    connection: Connection, kind: KeptKind[R], landing: Landing, records: Sequence[Delivered[R]]
) -> list[Refusal | None]:
    """Land what can land, in the transaction that is open; per record why it does not, or None."""
    outcomes: list[Refusal | None] = [
        one.content if isinstance(one.content, Refusal) else None for one in records
    ]
    for wave in waves(records):
        contents = [records[i].content for i in wave]
        readable = [one for one in contents if not isinstance(one, Refusal)]
        for i, refusal in zip(wave, await _land(connection, kind, landing, readable), strict=True):
            outcomes[i] = refusal
    return outcomes


def waves(records: Sequence[Delivered[R]]) -> list[list[int]]:
    """The indexes of the readable records, no key twice in a wave: the first telling of each key, then the second."""
    told: dict[str, int] = {}
    found: list[list[int]] = []
    for i, record in enumerate(records):
        if isinstance(record.content, Refusal):
            continue
        turn = told.get(record.key, 0)
        told[record.key] = turn + 1
        if turn == len(found):
            found.append([])
        found[turn].append(i)
    return found


async def _land(
    connection: Connection, kind: KeptKind[R], landing: Landing, records: Sequence[R]
) -> list[Refusal | None]:
    try:
        async with connection.transaction():  # a savepoint
            return await kind.land(connection, landing, records)
    except Refused as error:
        if len(records) == 1:
            return [refusal_of(error)]
        middle = len(records) // 2
        earlier = await _land(connection, kind, landing, records[:middle])
        return earlier + await _land(connection, kind, landing, records[middle:])
