# SPDX-License-Identifier: EUPL-1.2
"""Declarations put into a database by plain SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
from asyncpg import Range

Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

WHOLE: Mapping[str, Any] = {
    "isee": Decimal("4000.00"),
    "family_income": Decimal("1000.00"),
    "home_value": Decimal(0),
    "other_real_estate": Decimal(0),
    "movable_assets": Decimal(0),
    "annual_rent": Decimal("3000.00"),
    "annual_mortgage": Decimal(0),
    "boats_and_aircraft": 0,
    "vehicles_known": True,
    "stay_title": "CITIZEN",
    "stays": [Range(date(1980, 1, 1), None)],
    "pension_of_citizenship": False,
}
"""A household that meets every requirement that does not hang on its members."""

PLAIN: Mapping[str, Any] = {
    "disability": "NONE",
    "disadvantaged": False,
    "in_child_allowance": False,
    "in_public_structure": False,
    "cares_for_minors": False,
    "caring_for_severely_disabled": False,
    "employed": False,
    "self_employed": False,
    "work_income": Decimal(0),
    "regular_studies": False,
    "compulsory_schooling": True,
    "direct_pension": False,
    "disabled": False,
    "grave_illness": False,
    "protected_from_violence": False,
    "parental_responsibility": True,
}
"""A member of whom all is known, and nothing frees it."""


_NUMBERS = count(1)


async def declare(
    owner: Owner,
    household: UUID,
    members: Mapping[UUID, Mapping[str, Any]],
    *,
    vehicles: Sequence[tuple[str, int, date]] = (),
    starts_on: date = date(2026, 1, 1),
    ends_on: date | None = date(2026, 12, 31),
    as_of: date | None = None,
    **facts: Any,
) -> UUID:
    """Tell, as INPS, what `facts` add to a whole declaration; the members by their keys."""
    told = {**WHOLE, **facts}
    values = {
        "household_id": household,
        "source_agency_id": await owner.fetchval("SELECT id FROM agency WHERE code = 'inps'"),
        "external_id": f"test-{next(_NUMBERS)}",
        "as_of": as_of or starts_on,
        "starts_on": starts_on,
        "ends_on": ends_on,
        **told,
    }
    key: UUID = await _insert(owner, "household_declaration", values, " RETURNING id")
    for member, known in members.items():
        await _insert(owner, "declared_member", {"declaration_id": key, "beneficiary_id": member, **known})
    for number, (kind, displacement, registered) in enumerate(vehicles, 1):
        row = {"number": number, "kind": kind, "displacement": displacement, "first_registered": registered}
        await _insert(owner, "declared_vehicle", {"declaration_id": key, **row})
    return key


async def _insert(owner: Owner, table: str, values: Mapping[str, Any], then: str = "") -> Any:
    places = ", ".join(f"${place}" for place in range(1, len(values) + 1))
    return await owner.fetchval(
        f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places}){then}", *values.values()
    )
