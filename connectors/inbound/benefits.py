# SPDX-License-Identifier: EUPL-1.2
"""The benefits of some households, brought to what `terms` says they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Date, DateTime, Numeric, Text, any_, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on, insert
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from connectors.inbound.terms import Term
from hub.store.batch import Batch
from hub.store.statement import Connection, Statement
from hub.store.tables import Benefit, Household
from hub.store.vocabulary import BenefitStatus, Measure


async def read_terms(connection: Connection, household_ids: Sequence[UUID]) -> dict[UUID, list[Term]]:
    """What the benefits of these households are, by household."""
    terms: dict[UUID, list[Term]] = defaultdict(list)
    for row in await _TERMS.fetch(connection, households=household_ids):
        terms[row["household_id"]].append(
            Term(
                id=row["id"],
                starts_on=row["starts_on"],
                before=row["before"],
                measure=Measure(row["measure"]),
                status=BenefitStatus(row["status"]),
                monthly_amount=row["monthly_amount"],
                reported_at=row["reported_at"],
            )
        )
    return terms


async def write_terms(
    connection: Connection,
    was: Mapping[UUID, Sequence[Term]],
    becomes: Mapping[UUID, Sequence[Term]],
    keys: Mapping[UUID, UUID],
) -> None:
    """Bring the rows from what they were to what they become, and each household to its latest one.

    NOTE the order: rows go, then shrink, then others take the days that became free; the exclusion constraint is
    checked row by row.

    Args:
        connection: in a transaction.
        was: the terms before, by household.
        becomes: the terms now.
        keys: the key a household's first benefit was promised, by household.

    """
    earlier = {term.id: term for terms in was.values() for term in terms}
    left = {term.id for terms in becomes.values() for term in terms}
    gone = [key for key in earlier if key not in left]
    changed = [
        (household, term)
        for household, terms in becomes.items()
        for term in terms
        if term.id is not None and term != earlier[term.id]
    ]
    new = [(household, term) for household, terms in becomes.items() for term in terms if term.id is None]
    if gone:
        await _REMOVE.execute(connection, ids=gone)
    if changed:
        changed.sort(key=lambda one: not _shrinks(earlier[one[1].id], one[1]))
        await _CHANGE.execute(connection, **_CHANGED.bind(_rows(changed, keys)))
    if new:
        await _ADD.execute(connection, **_NEW.bind(_rows(new, keys)))
    if gone or changed or new:
        await _POINT.execute(connection, households=list(becomes))


async def reported(connection: Connection, protocols: Iterable[str]) -> dict[str, datetime]:
    """When INPS's latest report on a household was made, by protocol."""
    rows = await _REPORTED.fetch(connection, protocols=sorted(set(protocols)))
    return {row["inps_protocol"]: row["reported_at"] for row in rows}


def _shrinks(was: Term, becomes: Term) -> bool:
    return becomes.before is not None and (was.before is None or becomes.before < was.before)


def _rows(terms: Iterable[tuple[UUID, Term]], keys: Mapping[UUID, UUID]) -> list[dict[str, Any]]:
    return [
        {
            "id": term.id or keys.get(household),
            "household_id": household,
            "measure": term.measure.value,
            "starts_on": term.starts_on,
            "before": term.before,
            "status": term.status.value,
            "monthly_amount": term.monthly_amount,
            "reported_at": term.reported_at,
        }
        for household, term in terms
    ]


def _batch(name: str) -> Batch:
    return Batch(
        name,
        id=PG_UUID(as_uuid=True),
        household_id=PG_UUID(as_uuid=True),
        measure=Text,
        starts_on=Date,
        before=Date,
        status=Text,
        monthly_amount=Numeric(10, 2),
        reported_at=DateTime(timezone=True),
    )


_HOUSEHOLDS = bindparam("households", type_=ARRAY(PG_UUID(as_uuid=True)))
_TERMS = Statement(
    select(
        Benefit.id,
        Benefit.household_id,
        func.lower(Benefit.period).label("starts_on"),
        func.upper(Benefit.period).label("before"),
        Benefit.measure,
        Benefit.status,
        Benefit.monthly_amount,
        Benefit.reported_at,
    ).where(Benefit.household_id == any_(_HOUSEHOLDS))
)
_REMOVE = Statement(
    delete(Benefit).where(Benefit.id == any_(bindparam("ids", type_=ARRAY(PG_UUID(as_uuid=True)))))
)
_CHANGED = _batch("changed")
_CHANGE = Statement(
    update(Benefit)
    .where(Benefit.id == _CHANGED["id"])
    .values(
        measure=_CHANGED["measure"],
        period=func.daterange(_CHANGED["starts_on"], _CHANGED["before"]),
        status=_CHANGED["status"],
        monthly_amount=_CHANGED["monthly_amount"],
        reported_at=_CHANGED["reported_at"],
    )
)
_NEW = _batch("new")
_ADD = Statement(
    insert(Benefit).from_select(
        ["id", "household_id", "measure", "period", "status", "monthly_amount", "reported_at"],
        select(
            func.coalesce(_NEW["id"], func.uuidv7()),
            _NEW["household_id"],
            _NEW["measure"],
            func.daterange(_NEW["starts_on"], _NEW["before"]),
            _NEW["status"],
            _NEW["monthly_amount"],
            _NEW["reported_at"],
        ).select_from(_NEW.table),
    )
)
_LATEST = (
    select(Benefit.household_id, Benefit.id)
    .where(Benefit.household_id == any_(_HOUSEHOLDS))
    .ext(distinct_on(Benefit.household_id))
    .order_by(Benefit.household_id, Benefit.reported_at.desc(), func.lower(Benefit.period).desc())
    .subquery("latest")
)
_POINT = Statement(
    update(Household)
    .where(Household.id == _LATEST.c.household_id, Household.benefit_id != _LATEST.c.id)
    .values(benefit_id=_LATEST.c.id)
)
_REPORTED = Statement(
    select(Household.inps_protocol, Benefit.reported_at)
    .join(Benefit, Benefit.id == Household.benefit_id)
    .where(Household.inps_protocol == any_(bindparam("protocols", type_=ARRAY(Text))))
)
