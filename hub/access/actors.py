# SPDX-License-Identifier: EUPL-1.2
"""Who changes who may see what: named once for a transaction, and recorded with each row by the tables' triggers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from hub.store.statement import Connection
from hub.store.vocabulary import AccessDoor

_SETTING = "SELECT set_config('snodo.actor', $1, true)"


@dataclass(frozen=True)
class Actor:
    """By which door a change comes; by the API, whose purpose and whose hand it is."""

    door: AccessDoor
    agency_code: str | None = None
    purpose_id: UUID | None = None
    operator: str | None = None


COMMAND_LINE = Actor(AccessDoor.COMMAND_LINE)


@asynccontextmanager
async def acting(connection: Connection, actor: Actor) -> AsyncIterator[None]:
    """A transaction, each of whose changes is recorded as this actor's (`access_change`)."""
    said = {
        "door": actor.door.value,
        "agency": actor.agency_code,
        "purpose": None if actor.purpose_id is None else str(actor.purpose_id),
        "operator": actor.operator,
    }
    async with connection.transaction():
        await connection.execute(_SETTING, json.dumps(said))
        yield
