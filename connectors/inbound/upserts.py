# SPDX-License-Identifier: EUPL-1.2
"""Rows that belong to an agency: `(source_agency_id, external_id)` names them, `updated_at` is the agency's version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, DateTime, Text, and_, any_, bindparam, or_, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from connectors.inbound.runs import Landing
from hub.store.batch import Batch
from hub.store.statement import Connection, Statement
from hub.store.tables import Activity, JobOffer, Pact, TrainingCourse

Owned = type[Pact] | type[JobOffer] | type[TrainingCourse] | type[Activity]


def upsert_newer(table: Owned, batch: Batch, values: Mapping[str, ColumnElement[Any]]) -> Statement:
    """The statement that adds a batch's rows, and changes those there are unless a newer version has landed.

    A row that says nothing new is not touched: it landed when it did.

    Args:
        table: whose rows.
        batch: has `external_id` and `changed_at`; the statement's other parameters are those of `landing_values`.
        values: the other columns.

    """
    landed: dict[str, ColumnElement[Any]] = {
        "landed_at": bindparam("landed_at", type_=DateTime(timezone=True)),
        "inbound_run_id": bindparam("run", type_=PG_UUID(as_uuid=True)),
    }
    columns: dict[str, ColumnElement[Any]] = {
        "source_agency_id": bindparam("agency", type_=PG_UUID(as_uuid=True)),
        "external_id": batch["external_id"],
        "updated_at": batch["changed_at"],
        **values,
        **landed,
    }
    rows = insert(table).from_select(list(columns), select(*columns.values()).select_from(batch.table))
    there, new = table.__table__.c, rows.excluded
    changes = {name: new[name] for name in ("updated_at", *values)}
    differs = tuple_(*(there[name] for name in changes)).is_distinct_from(tuple_(*changes.values()))
    return Statement(
        rows.on_conflict_do_update(
            index_elements=["source_agency_id", "external_id"],
            set_={**changes, **{name: new[name] for name in landed}},
            where=or_(there.updated_at < new.updated_at, and_(there.updated_at == new.updated_at, differs)),
        )
    )


def landing_values(landing: Landing) -> dict[str, Any]:
    """What the statements of `upsert_newer` bind beside their batch."""
    return {"agency": landing.agency_id, "run": landing.run_id, "landed_at": landing.at}


class Versions:
    """The versions of an agency's rows that have landed."""

    def __init__(self, table: Owned) -> None:
        self._statement = Statement(
            select(table.external_id, table.updated_at).where(
                table.source_agency_id == bindparam("agency"),
                table.external_id == any_(bindparam("keys", type_=ARRAY(Text))),
            )
        )

    async def of(self, connection: Connection, agency_id: UUID, keys: Iterable[str]) -> dict[str, datetime]:
        """By external id; one that has no row is not in it."""
        rows = await self._statement.fetch(connection, agency=agency_id, keys=sorted(set(keys)))
        return {row["external_id"]: row["updated_at"] for row in rows}
