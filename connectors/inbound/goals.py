# SPDX-License-Identifier: EUPL-1.2
"""The goals of a region's pacts, brought to what the version that holds says they are."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Date, DateTime, Integer, Text, and_, bindparam, delete, select, tuple_
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.dialects.postgresql import insert

from connectors.regional import RegionalPact
from hub.store.batch import Batch
from hub.store.statement import Connection, Statement
from hub.store.tables import Pact, PactGoal


async def land_goals(connection: Connection, agency_id: UUID, pacts: Sequence[RegionalPact]) -> None:
    """Write the goals of those pacts whose version is the one that has landed; surplus goals go."""
    told = {one.external_id: one for one in pacts}
    versions = [{"external_id": one.external_id, "changed_at": one.changed_at} for one in pacts]
    held = await _HELD.fetch(connection, agency=agency_id, **_VERSIONS.bind(versions))
    goals = {row["id"]: told[row["external_id"]].goals for row in held}
    counts = [{"pact_id": pact_id, "goals": len(listed)} for pact_id, listed in goals.items()]
    await _CUT.execute(connection, **_COUNTS.bind(counts))
    rows = [
        {
            "pact_id": pact_id,
            "ordinal": ordinal,
            "description": goal.description,
            "status": goal.status.value,
            "due_on": goal.due_on,
        }
        for pact_id, listed in goals.items()
        for ordinal, goal in enumerate(listed, start=1)
    ]
    if rows:
        await _PUT.execute(connection, **_GOALS.bind(rows))


_VERSIONS = Batch("told", external_id=Text, changed_at=DateTime(timezone=True))
_HELD = Statement(
    select(Pact.id, Pact.external_id).join_from(
        Pact,
        _VERSIONS.table,
        and_(
            Pact.source_agency_id == bindparam("agency"),
            Pact.external_id == _VERSIONS["external_id"],
            Pact.updated_at == _VERSIONS["changed_at"],
        ),
    )
)
_COUNTS = Batch("counts", pact_id=PG_UUID(as_uuid=True), goals=Integer)
_CUT = Statement(
    delete(PactGoal).where(
        PactGoal.pact_id == _COUNTS["pact_id"],
        PactGoal.ordinal > _COUNTS["goals"],
    )
)
_GOALS = Batch(
    "goals",
    pact_id=PG_UUID(as_uuid=True),
    ordinal=Integer,
    description=Text,
    status=Text,
    due_on=Date,
)
_NAMES = [one.name for one in _GOALS.table.c]
_INSERT = insert(PactGoal).from_select(_NAMES, select(*_GOALS.table.c).select_from(_GOALS.table))
_THERE, _NEW = PactGoal.__table__.c, _INSERT.excluded
_SAID = ("description", "status", "due_on")
_PUT = Statement(
    _INSERT.on_conflict_do_update(
        index_elements=["pact_id", "ordinal"],
        set_={name: _NEW[name] for name in _SAID},
        where=tuple_(*(_THERE[name] for name in _SAID)).is_distinct_from(
            tuple_(*(_NEW[name] for name in _SAID))
        ),
    )
)
