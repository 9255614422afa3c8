# SPDX-License-Identifier: EUPL-1.2
"""Who the households of a sample are: their protocols and the fiscal codes of their members, for whoever goes there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from uuid import UUID

from sqlalchemy import any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from hub.store.base import table_of
from hub.store.statement import Connection, Statement
from hub.store.tables import Beneficiary, Household

_household, _person = table_of(Household), table_of(Beneficiary)


@dataclass(frozen=True, slots=True)
class Codes:
    """A household's INPS protocol, its members and their fiscal codes, oldest first."""

    protocol: str
    people: tuple[UUID, ...]
    fiscal_codes: tuple[str, ...]


async def read_codes(connection: Connection, households: Sequence[UUID]) -> Mapping[UUID, Codes]:
    """The codes by household."""
    rows = await _codes().fetch(connection, keys=list(households))
    return {
        row["id"]: Codes(row["inps_protocol"], tuple(row["people"] or ()), tuple(row["codes"] or ()))
        for row in rows
    }


@cache
def _codes() -> Statement:
    order = (_person.c.birth_date, _person.c.id)
    there = _person.c.id.is_not(None)
    people = func.array_agg(aggregate_order_by(_person.c.id, *order)).filter(there)
    codes = func.array_agg(aggregate_order_by(_person.c.fiscal_code, *order)).filter(there)
    return Statement(
        select(
            _household.c.id,
            _household.c.inps_protocol,
            people.label("people"),
            codes.label("codes"),
        )
        .join_from(_household, _person, _person.c.household_id == _household.c.id, isouter=True)
        .where(_household.c.id == any_(bindparam("keys", type_=ARRAY(PG_UUID(as_uuid=True)))))
        .group_by(_household.c.id)
    )
