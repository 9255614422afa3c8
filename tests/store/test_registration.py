# SPDX-License-Identifier: EUPL-1.2
"""Registering a consumer: what is refused before anything is written."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from hub.access.registration import Registration, register, set_demands
from hub.access.registry_refusals import InvalidRegistration, UnknownAgency
from hub.store.vocabulary import AgencyKind, Capability, Demand, GrantScope

LAZIO = Registration(
    agency_code="regione-12",
    agency_name="Regione Lazio",
    agency_kind=AgencyKind.REGION,
    client_id=UUID(int=1),
    purpose_id=UUID(int=2),
    purpose="Lavoro",
    scope=GrantScope.REGION,
    areas=("12",),
)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        *(({"agency_code": code}, "code") for code in ("", "Regione", "-x", "a b", "a_b", "x" * 64, "a\n")),
        ({"scope": GrantScope.NATIONAL}, "name no area"),
        *(
            ({"scope": scope, "areas": ()}, "reaches nothing")
            for scope in (GrantScope.CENTRE, GrantScope.MUNICIPALITY, GrantScope.REGION)
        ),
        (
            {
                "scope": GrantScope.CENTRE,
                "areas": ("H501C900031",),
                "capabilities": frozenset({Capability.READ_FEED}),
            },
            "READ_FEED",
        ),
        ({"capabilities": frozenset({Capability.REPORT_OUTCOMES})}, "REPORT_OUTCOMES"),
    ],
)
async def test_what_cannot_be_is_refused(
    owner: asyncpg.Connection[asyncpg.Record], change: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidRegistration, match=said):
        await register(owner, replace(LAZIO, **change))
    assert await owner.fetchval("SELECT count(*) FROM agency WHERE kind <> 'CITIZENS'") == 0


async def test_registering_again_follows_the_kind_and_keeps_the_organisation(
    owner: asyncpg.Connection[asyncpg.Record],
) -> None:
    organisation = UUID(int=3)
    await register(owner, replace(LAZIO, consumer_id=organisation))
    await register(owner, replace(LAZIO, agency_kind=AgencyKind.ACCREDITED))
    row = await owner.fetchrow("SELECT kind, pdnd_consumer_id FROM agency WHERE code = $1", LAZIO.agency_code)
    assert row is not None
    assert tuple(row) == ("ACCREDITED", organisation)


async def demanded(owner: asyncpg.Connection[asyncpg.Record]) -> set[str]:
    found = await owner.fetchval("SELECT demands FROM agency WHERE code = $1", LAZIO.agency_code)
    return set(found)


async def test_what_is_demanded_is_said_once_and_stays(owner: asyncpg.Connection[asyncpg.Record]) -> None:
    usual, more = frozenset({Demand.EVIDENCE}), frozenset({Demand.SIGNATURE, Demand.SIGNED_ANSWERS})
    await register(owner, replace(LAZIO, new_demands=usual))
    assert await demanded(owner) == {"EVIDENCE"}
    await register(owner, replace(LAZIO, demands=more, new_demands=usual))
    assert await demanded(owner) == {"SIGNATURE", "SIGNED_ANSWERS"}
    await register(owner, replace(LAZIO, new_demands=usual))
    assert await demanded(owner) == {"SIGNATURE", "SIGNED_ANSWERS"}, "the usual is for new ones"
    await register(owner, replace(LAZIO, demands=frozenset(), new_demands=usual))
    assert await demanded(owner) == set()


async def test_what_is_demanded_is_said_anew(owner: asyncpg.Connection[asyncpg.Record]) -> None:
    await register(owner, LAZIO)
    for words in ({Demand.DPOP, Demand.SINGLE_USE}, {Demand.EVIDENCE}, set()):
        await set_demands(owner, LAZIO.agency_code, frozenset(words))
        assert await demanded(owner) == {word.value for word in words}
    with pytest.raises(UnknownAgency, match="nobody"):
        await set_demands(owner, "nobody", frozenset())


async def test_the_database_knows_the_words(owner: asyncpg.Connection[asyncpg.Record]) -> None:
    await register(owner, LAZIO)
    for word in Demand:
        await owner.execute("UPDATE agency SET demands = $1 WHERE code = $2", [word.value], LAZIO.agency_code)
    with pytest.raises(asyncpg.CheckViolationError, match="agency_demands_check"):
        await owner.execute(
            "UPDATE agency SET demands = ARRAY['SIGNATURES'] WHERE code = $1", LAZIO.agency_code
        )
