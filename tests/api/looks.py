# SPDX-License-Identifier: EUPL-1.2
"""What the access log says, as its owner reads it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from tests.api.conftest import Service

LAST = "SELECT max(id::text) FROM access_log"
SINCE = """
    SELECT log.*, selection.coordinates, agency.code,
        ARRAY(SELECT DISTINCT event.beneficiary_id FROM feed_entry AS entry
            JOIN conditionality_event AS event ON event.id = entry.event_id
            WHERE entry.position <@ log.positions) AS by_place
    FROM access_log AS log JOIN access_selection AS selection USING (selection_hash)
    JOIN agency ON agency.id = log.agency_id
    WHERE log.id::text > coalesce($1, '') ORDER BY log.id
"""


@dataclass
class Line:
    """A line of the log."""

    agency: str
    outcome: str
    subjects: set[UUID]
    """By key and by place in the feed."""
    keys: list[UUID]
    asked: Any
    coordinates: list[str]
    row: dict[str, Any]


@dataclass
class Looks:
    """The lines written while a block lasted; there when it ends."""

    lines: list[Line] = field(default_factory=list)

    @property
    def only(self) -> Line:
        """The one line."""
        assert len(self.lines) == 1, self.lines
        return self.lines[0]


@asynccontextmanager
async def looks(hub: Service) -> AsyncIterator[Looks]:
    """The lines that are written while the block lasts."""
    last = await hub.owner.fetchval(LAST)
    found = Looks()
    yield found
    found.lines = [
        Line(
            agency=row["code"],
            outcome=row["outcome"],
            subjects={*row["subjects"], *row["by_place"]},
            keys=list(row["subjects"]),
            asked=json.loads(row["asked"]),
            coordinates=list(row["coordinates"]),
            row=dict(row),
        )
        for row in await hub.owner.fetch(SINCE, last)
    ]
