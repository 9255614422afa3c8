# SPDX-License-Identifier: EUPL-1.2
"""What lies in quarantine in the small world: of every agency there is, records in each state, with what its callers may be told of."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import asyncpg

from hub.store.reference.demo import demo_key
from tests.api.world import Builder, World, moment

DIGEST = "ab" * 32


async def set_aside(connection: asyncpg.Connection[asyncpg.Record], world: World) -> None:
    """Keep the same records of each agency that may ask, later by the hour; one of INPS's is among the world's nodes."""
    b = Builder(connection)
    b.numbers = iter(range(40_000, 50_000))  # type: ignore[assignment]
    agencies = await connection.fetch(
        'SELECT id FROM agency WHERE id IN (SELECT agency_id FROM purpose) ORDER BY code COLLATE "C"'
    )
    inps = demo_key("agency", "inps")
    async with connection.transaction():
        for number, row in enumerate(agencies):
            kept = [
                await b.add("quarantined_record", agency_id=row["id"], **record)
                for record in _records(moment(15, number % 24))
            ]
            if row["id"] == inps:
                world.nodes.append(f"qrn_{kept[0].hex}")


def _records(at: datetime) -> list[dict[str, Any]]:
    waits = {"payload": "{}", "received_at": at}
    settled = {"payload_digest": DIGEST, "received_at": at, "resolved_at": moment(20)}
    return [
        {"flow": "worker-records", "record_key": 'P "1" \\ Ω', "field": "codTipoPolitica", "reason": "The code is not in the configured table.",
         "is_told": True, **waits},
        {"flow": "job-offers", "record_key": f"sha256:{DIGEST}", "field": None, "reason": "The record is not an object.", "is_told": True, **waits},
        {"flow": "worker-records", "record_key": f"persona:{DIGEST[:32]}", "field": None, "reason": "It does not answer.", "is_told": True, **waits},
        {"flow": "communications", "record_key": "1200026000000001", "field": "codiceFiscale", "reason": "It says something else.",
         "is_told": False, **waits},
        {"flow": "job-offers", "record_key": "landed", "field": "titolo", "reason": "It is missing.", "is_told": True, **settled},
        {"flow": "job-offers", "record_key": "put-away", "field": "titolo", "reason": "It is missing.", "is_told": True,
         "dismissed_by": "m.rossi", "dismissed_because": "Sent again as 12.", **settled},
    ]  # fmt: skip
