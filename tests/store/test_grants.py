# SPDX-License-Identifier: EUPL-1.2
"""Grants of a purpose: what agrees adds up, what does not is refused by the database too; every change is kept."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias, cast
from uuid import UUID

import asyncpg
import pytest

from hub.access.actors import Actor
from hub.access.directory import Directory
from hub.access.grants import Grant
from hub.access.registration import (
    NewAgency,
    Registration,
    grant_purpose,
    register,
    register_agency,
    revoke,
    revoke_grant,
    withdraw_client,
)
from hub.access.registry_refusals import (
    AlreadyRegistered,
    GrantsDisagree,
    InvalidRegistration,
    RegistryRefused,
    UnknownAgency,
    UnknownArea,
    UnknownFieldSet,
    UnknownGrant,
    UnknownPurpose,
)
from hub.access.registry_refusals import UnknownClient as NoSuchClient
from hub.access.voucher import Voucher
from hub.errors import Forbidden, Unauthenticated
from hub.store.ambiti import ambiti_of, land_ambiti
from hub.store.announcements import Word
from hub.store.engine import Database
from hub.store.reference.demo import demo_key, load_demo_reference
from hub.store.vocabulary import AccessDoor, AgencyKind, Capability, GrantScope

CLIENT, PURPOSE = UUID(int=1), UUID(int=2)
ROME, LATINA = demo_key("municipality", "H501"), demo_key("municipality", "E472")
TOWN = Registration(
    agency_code="ambito-lt",
    agency_name="Ambito di Latina",
    agency_kind=AgencyKind.MUNICIPALITY,
    client_id=CLIENT,
    purpose_id=PURPOSE,
    purpose="Presa in carico",
    scope=GrantScope.MUNICIPALITY,
    areas=("H501",),
    capabilities=frozenset({Capability.RECORD_EVENTS}),
)
BESIDE = replace(TOWN.grant, scope=GrantScope.AMBITO, areas=("LAZ-1",))
Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


@pytest.fixture
async def registered(owner: Owner) -> Owner:
    await load_demo_reference(owner)
    await land_ambiti(owner, ambiti_of("code,name,region,belfiore_codes\nLAZ-1,Latina,12,E472\n"))
    await register(owner, TOWN)
    return owner


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def nothing_unseen(_permission: object) -> frozenset[str]:
    return frozenset()


def _voucher() -> Voucher:
    return Voucher(CLIENT, PURPOSE, 0, 0, 0, "", None, None, None, None, None, None)


async def test_an_ambito_adds_its_municipalities(registered: Owner, database: Database) -> None:
    word = Word()
    directory = Directory(database.write, Clock(), nothing_unseen, word)
    caller = await directory.caller(_voucher())
    assert (caller.scope.kind, caller.scope.single) == (GrantScope.MUNICIPALITY, True)
    assert caller.municipalities == (ROME,)
    await grant_purpose(registered, "ambito-lt", PURPOSE, "Presa in carico", BESIDE)
    word.come()  # as the database says it
    caller = await directory.caller(_voucher())
    assert (caller.scope.kind, caller.scope.single) == (GrantScope.MUNICIPALITY, False)
    assert set(caller.municipalities) == {ROME, LATINA}
    assert caller.capabilities == {Capability.RECORD_EVENTS}


@pytest.mark.parametrize(
    "other",
    [
        replace(TOWN.grant, scope=GrantScope.REGION, areas=("12",)),
        replace(TOWN.grant, scope=GrantScope.NATIONAL, areas=()),
        replace(BESIDE, field_set="region"),
        replace(BESIDE, fields=frozenset({"Beneficiary.sex"})),
        replace(BESIDE, capabilities=frozenset()),
        replace(BESIDE, valid_from=datetime.now(UTC) + timedelta(days=3), field_set="region"),
    ],
)
async def test_grants_that_hold_together_agree(registered: Owner, other: Grant) -> None:
    with pytest.raises(GrantsDisagree):
        await grant_purpose(registered, "ambito-lt", PURPOSE, "Presa in carico", other)
    assert await registered.fetchval("SELECT count(*) FROM access_grant WHERE purpose_id = $1", PURPOSE) == 1
    columns = "purpose_id, scope, field_set, fields, capabilities, valid_from"
    with pytest.raises(asyncpg.ExclusionViolationError):
        await registered.execute(
            f"INSERT INTO access_grant ({columns}) VALUES ($1, $2, $3, $4, $5, coalesce($6, now()))",
            PURPOSE, other.scope.value, other.field_set, list(other.fields),
            [one.value for one in other.capabilities], other.valid_from,
        )  # fmt: skip


async def test_one_after_the_other_they_need_not(registered: Owner, database: Database) -> None:
    """A change of terms may be granted ahead: the old grant ends in the moment the new one begins."""
    moment = await registered.fetchval("SELECT now() + interval '1.5 second'")
    await revoke(registered, PURPOSE)
    now = replace(TOWN.grant, valid_to=moment)
    then = replace(TOWN.grant, scope=GrantScope.REGION, areas=("12",), valid_from=moment)
    for grant in (now, then):
        await grant_purpose(registered, "ambito-lt", PURPOSE, "Presa in carico", grant)
    clock = Clock()
    directory = Directory(database.write, clock, nothing_unseen, Word())
    assert (await directory.caller(_voucher())).scope.kind is GrantScope.MUNICIPALITY
    assert directory.remembered(_voucher()) is not None
    clock.now = 1.5  # sooner than what is remembered of a caller is forgotten
    assert directory.remembered(_voucher()) is None
    await registered.execute("SELECT pg_sleep_until($1)", moment)
    assert (await directory.caller(_voucher())).scope.kind is GrantScope.REGION


async def test_what_is_remembered_is_forgotten(registered: Owner, database: Database) -> None:
    clock, word = Clock(), Word()
    directory = Directory(database.write, clock, nothing_unseen, word)
    caller = await directory.caller(_voucher())
    assert directory.remembered(_voucher()) is caller
    word.come()
    assert directory.remembered(_voucher()) is None
    await directory.caller(_voucher())
    clock.now = 1.99
    assert directory.remembered(_voucher()) is not None
    clock.now = 2.0
    assert directory.remembered(_voucher()) is None


async def test_what_changes_while_a_caller_is_looked_up_is_looked_up_again(
    registered: Owner, database: Database
) -> None:
    word = Word()

    class Pool:
        @asynccontextmanager
        async def acquire(self) -> AsyncIterator[Any]:
            async with database.write.acquire() as connection:
                yield connection
                word.come()

    directory = Directory(cast("Any", Pool()), Clock(), nothing_unseen, word)
    await directory.caller(_voucher())
    assert directory.remembered(_voucher()) is None


async def test_every_command_twice_is_as_once(registered: Owner) -> None:
    key = await grant_purpose(registered, "ambito-lt", PURPOSE, "Presa in carico", BESIDE)
    agency = NewAgency(
        code="ambito-lt", name="Ambito di Latina", kind=AgencyKind.MUNICIPALITY, clients=(CLIENT,)
    )
    before = await registered.fetchval("SELECT count(*) FROM access_change")
    assert await grant_purpose(registered, "ambito-lt", PURPOSE, "Presa in carico", BESIDE) == key
    await register_agency(registered, agency)
    assert await registered.fetchval("SELECT count(*) FROM access_change") == before
    assert (await revoke_grant(registered, key), await revoke_grant(registered, key)) == (1, 0)
    assert (await revoke(registered, PURPOSE), await revoke(registered, PURPOSE)) == (1, 0)
    for _ in range(2):
        await withdraw_client(registered, CLIENT)
    assert await registered.fetchval("SELECT count(*) FROM access_change") == before + 3


async def test_registering_again_ends_other_grants_and_keeps_the_same(registered: Owner) -> None:
    await register(registered, TOWN)
    assert await registered.fetchval("SELECT count(*) FROM access_grant WHERE purpose_id = $1", PURPOSE) == 1
    await register(registered, replace(TOWN, areas=("E472",)))
    grants = (
        "SELECT count(*) FILTER (WHERE revoked_at IS NULL), count(*) FROM access_grant WHERE purpose_id = $1"
    )
    assert tuple(await registered.fetchrow(grants, PURPOSE) or ()) == (1, 2)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"areas": ("H501", "Z999")}, UnknownArea),
        ({"scope": GrantScope.AMBITO, "areas": ("nessuno",)}, UnknownArea),
        ({"field_set": "nessuno"}, UnknownFieldSet),
        ({"valid_to": datetime(2020, 1, 1, tzinfo=UTC)}, InvalidRegistration),
        ({"scope": GrantScope.AGGREGATE, "areas": ()}, InvalidRegistration),  # with RECORD_EVENTS
        ({"scope": GrantScope.OWN}, InvalidRegistration),
        (
            {"valid_from": datetime(2030, 1, 2, tzinfo=UTC), "valid_to": datetime(2030, 1, 1, tzinfo=UTC)},
            InvalidRegistration,
        ),
    ],
)
async def test_a_grant_that_cannot_be(
    registered: Owner, change: dict[str, Any], refusal: type[RegistryRefused]
) -> None:
    changes = await registered.fetchval("SELECT count(*) FROM access_change")
    with pytest.raises(refusal):
        await grant_purpose(registered, "ambito-lt", UUID(int=9), "Altro", replace(TOWN.grant, **change))
    assert await registered.fetchval("SELECT count(*) FROM purpose WHERE purpose_id = $1", UUID(int=9)) == 0
    assert await registered.fetchval("SELECT count(*) FROM access_change") == changes


async def test_what_is_not_there_is_named(registered: Owner) -> None:
    with pytest.raises(UnknownAgency):
        await grant_purpose(registered, "nobody", PURPOSE, "x", TOWN.grant)
    with pytest.raises(AlreadyRegistered):
        await grant_purpose(registered, "inps", PURPOSE, "x", TOWN.grant)
    with pytest.raises(AlreadyRegistered):
        await register_agency(
            registered, NewAgency(code="inps", name="INPS", kind=AgencyKind.INPS, clients=(CLIENT,))
        )
    with pytest.raises(UnknownPurpose):
        await revoke(registered, UUID(int=9))
    with pytest.raises(UnknownGrant):
        await revoke_grant(registered, UUID(int=9))
    with pytest.raises(NoSuchClient):
        await withdraw_client(registered, UUID(int=9))
    for code, kind in (("citizens", AgencyKind.HUB), ("people", AgencyKind.CITIZENS)):
        with pytest.raises(InvalidRegistration):
            await register_agency(registered, NewAgency(code=code, name="x", kind=kind))


async def test_another_agency_s_withdrawn_client_stays_withdrawn(registered: Owner) -> None:
    await withdraw_client(registered, CLIENT)
    with pytest.raises(AlreadyRegistered):
        await register_agency(
            registered, NewAgency(code="inps", name="INPS", kind=AgencyKind.INPS, clients=(CLIENT,))
        )
    withdrawn = "SELECT revoked_at IS NOT NULL FROM agency_client WHERE client_id = $1"
    assert await registered.fetchval(withdrawn, CLIENT)


async def test_a_withdrawn_client_and_an_ended_grant_are_refused(
    registered: Owner, database: Database
) -> None:
    word = Word()
    directory = Directory(database.write, Clock(), nothing_unseen, word)
    await revoke(registered, PURPOSE)
    with pytest.raises(Forbidden, match="no grant in force"):
        await directory.caller(_voucher())
    await withdraw_client(registered, CLIENT)
    word.come()  # as the database says it
    with pytest.raises(Unauthenticated, match="withdrawn"):
        await directory.caller(_voucher())


# ── every change is kept, and said ────────────────────────────────────────────────────────────────────


async def test_a_change_is_kept_with_who_made_it(registered: Owner, database: Database) -> None:
    async with (
        database.write.acquire() as connection
    ):  # as the hub's role, which may add to the record and no more
        actor = Actor(AccessDoor.API, "hub", UUID(int=7), "op-1")
        key = await grant_purpose(connection, "ambito-lt", PURPOSE, "Presa in carico", BESIDE, actor=actor)
        await revoke_grant(connection, key)
    rows = await registered.fetch(
        "SELECT * FROM access_change WHERE subject = 'access_grant' AND (after->>'id')::uuid = $1 ORDER BY id",
        key,
    )
    assert [(row["action"], row["door"]) for row in rows] == [("ADDED", "API"), ("CHANGED", "COMMAND_LINE")]
    assert (rows[0]["agency_code"], rows[0]["purpose_id"], rows[0]["operator"]) == (
        "hub",
        UUID(int=7),
        "op-1",
    )
    assert rows[0]["before"] is None
    before, after = json.loads(rows[1]["before"]), json.loads(rows[1]["after"])
    assert before["revoked_at"] is None
    assert after["revoked_at"] is not None
    assert before | {"revoked_at": ""} == after | {"revoked_at": ""}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE agency SET pdnd_consumer_id = uuidv4() WHERE code = 'ambito-lt'",
        "UPDATE agency_client SET revoked_at = now()",
        "UPDATE purpose SET description = 'other'",
        "UPDATE access_grant SET valid_to = now() + interval '1 day'",
        "DELETE FROM access_grant_area",
        "UPDATE field_set SET fields = '{Beneficiary.*}' WHERE name = 'municipality'",
        "DELETE FROM ambito",
        "UPDATE ambito SET name = 'x'",
        "DELETE FROM ambito_municipality",
        "INSERT INTO ambito_municipality SELECT id, 'LAZ-1' FROM municipality WHERE belfiore_code = 'H501'",
        "TRUNCATE access_grant_area",
    ],
)
async def test_whoever_changes_a_table_is_recorded_and_heard(registered: Owner, change: str) -> None:
    said: list[str] = []
    await registered.add_listener("snodo_access", lambda *word: said.append(str(word[2])))
    last = await registered.fetchval("SELECT max(id::text) FROM access_change")
    await registered.execute(change)
    kept = await registered.fetch("SELECT * FROM access_change WHERE id::text > $1", last)
    assert kept
    assert {(row["door"], row["operator"]) for row in kept} == {
        ("DATABASE", await registered.fetchval("SELECT session_user"))
    }
    await registered.execute("SELECT 1")
    assert said


async def test_what_changes_nothing_is_not_said(registered: Owner) -> None:
    before = await registered.fetchval("SELECT count(*) FROM access_change")
    await registered.execute("UPDATE access_grant SET valid_to = valid_to; UPDATE agency SET name = name")
    assert await registered.fetchval("SELECT count(*) FROM access_change") == before
