# SPDX-License-Identifier: EUPL-1.2
"""Coordinates land on the municipalities that are named, and on no others."""

from __future__ import annotations

import asyncpg
import pytest

from hub.store.municipalities.coordinates import CoordinatesReport, Place, land_coordinates
from hub.store.reference.demo import demo_municipalities, load_demo_reference


async def test_coordinates_land(owner: asyncpg.Connection[asyncpg.Record]) -> None:
    await load_demo_reference(owner)
    await owner.execute("UPDATE municipality SET latitude = NULL, longitude = NULL")
    places = (Place("H501", 41.9, 12.5), Place("Z999", 41.0, 12.0))
    whole = len(demo_municipalities())
    assert await land_coordinates(owner, places) == CoordinatesReport(2, 1, 1, whole - 1)
    assert await land_coordinates(owner, places) == CoordinatesReport(2, 0, 1, whole - 1)
    named = await owner.fetch("SELECT belfiore_code FROM municipality WHERE latitude = 41.9")
    assert [row["belfiore_code"] for row in named] == ["H501"]


async def test_the_demo_gives_its_own_where_there_are_none(owner: asyncpg.Connection[asyncpg.Record]) -> None:
    await load_demo_reference(owner)
    assert await owner.fetchval("SELECT count(*) FROM municipality WHERE latitude IS NULL") == 0
    await land_coordinates(owner, (Place("H501", 41.9, 12.5),))
    await owner.execute(
        "UPDATE municipality SET latitude = NULL, longitude = NULL WHERE belfiore_code = 'F205'"
    )
    await load_demo_reference(owner)
    kept = await owner.fetch(
        "SELECT latitude FROM municipality WHERE belfiore_code IN ('H501', 'F205') ORDER BY 1"
    )
    assert [row["latitude"] for row in kept] == [41.9, 45.46]


@pytest.mark.parametrize(
    ("latitude", "longitude"), [(41, None), (None, 12), (91, 12), (41, 181), ("NaN", 12)]
)
async def test_half_a_place_is_none(
    latitude: object, longitude: object, owner: asyncpg.Connection[asyncpg.Record]
) -> None:
    await load_demo_reference(owner)
    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute(
            "UPDATE municipality SET latitude = $1, longitude = $2",
            *(None if value is None else float(value) for value in (latitude, longitude)),  # type: ignore[arg-type]
        )
