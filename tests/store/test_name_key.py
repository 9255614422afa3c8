# SPDX-License-Identifier: EUPL-1.2
"""Names are compared without what registries and people write differently."""

from __future__ import annotations

import unicodedata

import asyncpg
import pytest

from hub.store.engine import Database


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Nicolò", "nicolo"),
        ("NICOLO'", "nicolo"),
        ("Nicolò".encode().decode(), "nicolo"),
        ("D'Angelo", "dangelo"),
        ("D’ANGELO", "dangelo"),
        ("De Luca", "de luca"),
        ("Dell`Acqua", "dellacqua"),
        ("Müller-Groß", "muller-gross"),
        ("Þórðarson", "thordarson"),
        ("Łukasz", "lukasz"),
        ("ΑΘΗΝΑ", "αθηνα"),
        ("", ""),
        ("🦊", "🦊"),
    ],
)
async def test_keys(name: str, key: str, owner: asyncpg.Connection[asyncpg.Record]) -> None:
    for form in ("NFC", "NFD"):
        assert await owner.fetchval("SELECT name_key($1)", unicodedata.normalize(form, name)) == key


async def test_the_hubs_role_has_what_it_takes(database: Database) -> None:
    assert await database.write.fetchval("SELECT name_key('È') || distance_km(0, 0, 0, 0)::text") == "e0"


async def test_a_degree_of_latitude(owner: asyncpg.Connection[asyncpg.Record]) -> None:
    """Wider than the band of latitudes a search by distance looks through."""
    assert 111.1 < await owner.fetchval("SELECT distance_km(41, 12, 42, 12)") < 111.3
    assert 523 < await owner.fetchval("SELECT distance_km(41.9, 12.5, 45.07, 7.69)") < 525
