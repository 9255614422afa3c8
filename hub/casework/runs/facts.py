# SPDX-License-Identifier: EUPL-1.2
"""Whether the facts a run rests on are still those: a digest of everything stored that an assessment reads.

Reckoned by PostgreSQL from the rows' own values, so that neither a clock nor whoever wrote them need be believed; a row that is written
again as it was changes nothing. Two states that differ in a row differ in their digests but by a chance of 2⁻⁶⁴.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Text,
    bindparam,
    cast,
    func,
    literal_column,
    select,
)

from hub.measures.measure import Measure
from hub.store.base import table_of
from hub.store.statement import Connection, Statement
from hub.store.tables import (
    Beneficiary,
    DeclaredMember,
    DeclaredVehicle,
    Household,
    HouseholdDeclaration,
)

_household = table_of(Household)
_person = table_of(Beneficiary)
_declaration = table_of(HouseholdDeclaration)
_member = table_of(DeclaredMember)
_vehicle = table_of(DeclaredVehicle)


async def facts_digest(connection: Connection, measure: Measure) -> bytes:
    """The SHA-256 over what is stored of a measure's households, their members, and what was declared of them."""
    digest = hashlib.sha256()
    for statement in _statements():
        row = await statement.fetchrow(connection, measure=measure.value)
        assert row is not None
        digest.update(f"{row['rows']} {row['total']}\n".encode())
    return digest.digest()


@cache
def _statements() -> tuple[Statement, ...]:
    return tuple(_sums())


def _sums() -> Iterator[Statement]:
    """Rows and the sum of their hashes, table by table: the order in which they are read does not matter."""
    declared = _household.join(_declaration, _declaration.c.household_id == _household.c.id)
    yield _sum(_household, [_household.c.id, _household.c.applicant_id])
    # NOTE of the member's row only what an assessment reads: it is also written when a convocation is, all day long.
    yield _sum(
        _household.join(_person, _person.c.household_id == _household.c.id),
        [_household.c.id, _person.c.id, _person.c.birth_date],
    )
    yield _sum(declared, list(_declaration.c))
    for told in (_member, _vehicle):
        yield _sum(declared.join(told, told.c.declaration_id == _declaration.c.id), list(told.c))


def _sum(rows: FromClause, columns: list[ColumnElement[object]]) -> Statement:
    hashed = func.hash_record_extended(func.row(*columns), literal_column("0", BigInteger), type_=BigInteger)
    return Statement(
        select(func.count().label("rows"), cast(func.sum(hashed), Text).label("total"))
        .select_from(rows)
        .where(_household.c.measure == bindparam("measure", type_=Text))
    )
