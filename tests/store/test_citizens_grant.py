# SPDX-License-Identifier: EUPL-1.2
"""The people themselves: one agency, one purpose, one scope; what would widen it is refused, by the database too."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import pytest

from hub.access.grants import Grant
from hub.access.registration import grant_purpose, register, revoke, set_demands
from hub.access.registry_refusals import AlreadyRegistered, InvalidRegistration, RegistryRefused
from hub.store.reference.agency_codes import CITIZENS_AGENCY_CODE, CITIZENS_AGENCY_ID, CITIZENS_PURPOSE_ID
from hub.store.vocabulary import AgencyKind, Capability, Demand, GrantScope
from tests.store.test_registration import LAZIO

Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
PURPOSE = UUID(CITIZENS_PURPOSE_ID)
OWN = Grant(scope=GrantScope.SELF, field_set="citizen")


@pytest.mark.parametrize(
    "statement",
    [
        f"INSERT INTO purpose (purpose_id, agency_id, description) VALUES (uuidv7(), '{CITIZENS_AGENCY_ID}', 'x')",
        f"UPDATE purpose SET agency_id = (SELECT id FROM agency WHERE code = 'regione-12') WHERE purpose_id = '{PURPOSE}'",
        f"UPDATE purpose SET agency_id = '{CITIZENS_AGENCY_ID}' WHERE purpose_id <> '{PURPOSE}'",
        f"UPDATE access_grant SET scope = 'NATIONAL' WHERE purpose_id = '{PURPOSE}'",
        f"INSERT INTO access_grant (purpose_id, scope, field_set) VALUES ('{PURPOSE}', 'NATIONAL', 'citizen')",
        f"UPDATE access_grant SET scope = 'SELF' WHERE purpose_id <> '{PURPOSE}'",
        *(
            f"UPDATE access_grant SET capabilities = '{{{capability}}}' WHERE purpose_id = '{PURPOSE}'"
            for capability in Capability
        ),
        f"INSERT INTO agency_client (client_id, agency_id) VALUES (uuidv7(), '{CITIZENS_AGENCY_ID}')",
        *(f"UPDATE agency SET demands = '{{{demand}}}' WHERE kind = 'CITIZENS'" for demand in Demand),
        "UPDATE agency SET kind = 'HUB' WHERE kind = 'CITIZENS'",
        "UPDATE agency SET kind = 'CITIZENS' WHERE code = 'regione-12'",
        "UPDATE agency SET code = 'people' WHERE kind = 'CITIZENS'",
        "UPDATE agency SET pdnd_consumer_id = uuidv7() WHERE kind = 'CITIZENS'",
        "INSERT INTO agency (code, name, kind) VALUES ('people', 'x', 'CITIZENS')",
    ],
)
async def test_the_database_refuses(owner: Owner, statement: str) -> None:
    await register(owner, LAZIO)
    with pytest.raises(asyncpg.CheckViolationError, match=r"citizens|access_grant_capability_scope"):
        await owner.execute(statement)


@pytest.mark.parametrize(
    ("change", "refusal", "about"),
    [
        ({"agency_code": CITIZENS_AGENCY_CODE, "purpose_id": UUID(int=9)}, InvalidRegistration, "purpose_id"),
        ({"agency_code": "regione-12"}, AlreadyRegistered, "purpose_id"),
        ({"agency_code": "regione-12", "purpose_id": UUID(int=9)}, InvalidRegistration, "scope"),
        ({"grant": replace(OWN, scope=GrantScope.NATIONAL)}, InvalidRegistration, "scope"),
        (
            {"grant": replace(OWN, capabilities=frozenset({Capability.READ_ACCESS_LOG}))},
            InvalidRegistration,
            "capabilities",
        ),
    ],
)
async def test_who_registers_is_told(
    owner: Owner, change: dict[str, Any], refusal: type[RegistryRefused], about: str
) -> None:
    await register(owner, LAZIO)
    given: dict[str, Any] = {"agency_code": CITIZENS_AGENCY_CODE, "purpose_id": PURPOSE, "grant": OWN}
    given |= change
    with pytest.raises(refusal) as refused:
        await grant_purpose(owner, given["agency_code"], given["purpose_id"], "x", given["grant"])
    assert refused.value.about == about


async def test_nothing_more_is_demanded(owner: Owner) -> None:
    with pytest.raises(InvalidRegistration, match="token"):
        await set_demands(owner, CITIZENS_AGENCY_CODE, frozenset({Demand.EVIDENCE}))
    await set_demands(owner, CITIZENS_AGENCY_CODE, frozenset())


async def test_the_door_is_closed_and_opened_again(owner: Owner) -> None:
    assert await revoke(owner, PURPOSE) == 1
    await grant_purpose(owner, CITIZENS_AGENCY_CODE, PURPOSE, "Accesso ai propri dati", OWN)
    held = "SELECT scope FROM access_grant WHERE purpose_id = $1 AND revoked_at IS NULL"
    assert await owner.fetchval(held, PURPOSE) == "SELF"
    kinds = "SELECT count(*) FROM agency WHERE kind = $1"
    assert await owner.fetchval(kinds, AgencyKind.CITIZENS.value) == 1
