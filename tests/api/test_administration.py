# SPDX-License-Identifier: EUPL-1.2
"""Administrators register, grant and revoke by the API; nobody else does; what they did is kept, and is read by who may."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from tests.api.test_websocket import QUESTION, welcomed

if TYPE_CHECKING:
    from tests.api.conftest import Opener, Service

CLIENT, PURPOSE = "00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"
REGISTER = "mutation ($i: RegisterAgencyInput!) { r: registerAgency(input: $i) { agency { code kind consumerId clients { clientId withdrawnAt } } userErrors { code message path } } }"
GRANT = "mutation ($i: GrantPurposeInput!) { r: grantPurpose(input: $i) { grant { id scope areas fieldSet fields capabilities inForce validTo } agency { code } userErrors { code message path } } }"
REVOKE = "mutation ($i: RevokeGrantInput!) { r: revokeGrant(input: $i) { ended userErrors { code message path } } }"
WITHDRAW = "mutation ($i: WithdrawClientInput!) { r: withdrawClient(input: $i) { clientId userErrors { code path } } }"
DEFINE = "mutation ($i: DefineFieldSetInput!) { r: defineFieldSet(input: $i) { fieldSet { name fields } userErrors { code message path } } }"
LIMIT = "mutation ($i: SetCallLimitsInput!) { r: setCallLimits(input: $i) { limits { purposeId perMinute perDay usedToday consumerPerDay consumerUsedToday } userErrors { code message path } } }"
TOWN = {"code": "comune-h501-b", "name": "Comune di Roma", "kind": "MUNICIPALITY", "clientIds": [CLIENT]}
GIVEN = {
    "agencyCode": "comune-h501-b", "purposeId": PURPOSE, "description": "Presa in carico", "scope": "MUNICIPALITY",
    "areas": ["H501"], "capabilities": ["RECORD_EVENTS"],
}  # fmt: skip


@pytest.fixture(scope="module")
async def hub(open_hub: Opener) -> AsyncIterator[Service]:
    async with open_hub("administered", sequencer=False) as service:
        yield service


async def done(hub: Service, mutation: str, **given: Any) -> Any:
    answer = (await hub(mutation, as_="admin", i=given)).data["r"]
    assert answer.pop("userErrors") == []
    return answer


async def refused(hub: Service, mutation: str, **given: Any) -> tuple[str, list[str]]:
    answer = (await hub(mutation, as_="admin", i=given)).data["r"]
    (error,) = answer.pop("userErrors")
    assert set(answer.values()) == {None}
    return error["code"], error["path"]


async def test_an_agency_from_nothing_to_nothing(hub: Service) -> None:
    assert (await done(hub, REGISTER, **TOWN))["agency"] == {
        "code": "comune-h501-b", "kind": "MUNICIPALITY", "consumerId": None,
        "clients": [{"clientId": CLIENT, "withdrawnAt": None}],
    }  # fmt: skip
    first = await done(hub, GRANT, **GIVEN)
    assert (await done(hub, GRANT, **GIVEN)) == first, "the same grant is found again"
    grant = first["grant"]
    assert (grant["scope"], grant["areas"], grant["inForce"]) == ("MUNICIPALITY", ["H501"], True)
    assert (grant["fieldSet"], grant["capabilities"]) == ("municipality", ["RECORD_EVENTS"])
    second = await done(
        hub, GRANT, **{**GIVEN, "scope": "AMBITO", "areas": ["LAZ-1"], "validTo": "2099-01-01T00:00:00+01:00"}
    )
    assert second["grant"]["validTo"] == "2098-12-31T23:00:00+00:00"
    query = '{ agency(code: "comune-h501-b") { purposes { purposeId grants { id scope areas revokedAt } } } agencies(first: 1000) { code } }'
    found = (await hub(query, as_="admin")).data
    (purpose,) = found["agency"]["purposes"]
    assert {one["id"] for one in purpose["grants"]} == {grant["id"], second["grant"]["id"]}
    codes = [one["code"] for one in found["agencies"]]
    assert "comune-h501-b" in codes
    assert codes == sorted(codes)
    after = (
        await hub("query ($a: String!) { agencies(first: 1, after: $a) { code } }", as_="admin", a=codes[3])
    ).data
    assert [one["code"] for one in after["agencies"]] == codes[4:5]
    assert await done(hub, REVOKE, grantId=grant["id"]) == {"ended": 1}
    assert await done(hub, REVOKE, grantId=grant["id"]) == {"ended": 0}
    assert await done(hub, REVOKE, purposeId=PURPOSE) == {"ended": 1}
    for _ in range(2):
        assert await done(hub, WITHDRAW, clientId=CLIENT) == {"clientId": CLIENT}
    withdrawn = (await hub('{ agency(code: "comune-h501-b") { clients { withdrawnAt } } }', as_="admin")).data
    assert withdrawn["agency"]["clients"][0]["withdrawnAt"]


async def test_a_field_set(hub: Service) -> None:
    given = {
        "name": "matching",
        "description": "Incrocio",
        "fields": ["JobOffer.title", "Beneficiary.*", "JobOffer.title"],
    }
    assert (await done(hub, DEFINE, **given))["fieldSet"] == {
        "name": "matching",
        "fields": ["Beneficiary.*", "JobOffer.title"],
    }
    listed = (await hub("{ fieldSets { name fields } }", as_="admin")).data["fieldSets"]
    assert {"name": "matching", "fields": ["Beneficiary.*", "JobOffer.title"]} in listed
    granted = await done(hub, REGISTER, **{**TOWN, "code": "matching", "clientIds": []})
    assert granted["agency"]["clients"] == []
    found = await done(
        hub,
        GRANT,
        **{
            **GIVEN,
            "agencyCode": "matching",
            "purposeId": "00000000-0000-4000-8000-00000000000c",
            "fieldSet": "matching",
            "fields": ["Pact.status"],
        },
    )
    assert (found["grant"]["fieldSet"], found["grant"]["fields"]) == ("matching", ["Pact.status"])


async def test_how_often_a_consumer_may_ask(hub: Service) -> None:
    purpose = hub.registry.consumer("region").purpose_for("hub").purpose_id
    assert (await hub("{ __typename }", as_="region")).status == 200
    code = await hub.owner.fetchval(
        "SELECT code FROM agency JOIN purpose ON id = agency_id WHERE purpose_id = $1", UUID(purpose)
    )
    default, day = hub.settings.calls_per_minute, hub.settings.calls_per_day
    (as_it_was,) = (await done(hub, LIMIT, agencyCode=code))["limits"]
    assert (as_it_was["purposeId"], as_it_was["perMinute"], as_it_was["perDay"]) == (purpose, default, None)
    assert (as_it_was["consumerPerDay"], as_it_was["usedToday"] > 0) == (day, True)
    (set_,) = (await done(hub, LIMIT, agencyCode=code, perMinute=30, perDay="5000000000"))["limits"]
    assert (set_["perMinute"], set_["perDay"], set_["consumerPerDay"]) == (30, None, 5_000_000_000)
    (own,) = (await done(hub, LIMIT, agencyCode=code, purposeId=purpose, perDay=700, perMinute=None))[
        "limits"
    ]
    assert (own["perMinute"], own["perDay"]) == (30, 700)
    (back,) = (await done(hub, LIMIT, agencyCode=code, toDefault=True))["limits"]
    assert (back["perMinute"], back["perDay"], back["consumerPerDay"]) == (default, None, day)
    (citizens,) = (await done(hub, LIMIT, agencyCode="citizens"))["limits"]
    assert citizens["consumerPerDay"] is None
    (own,) = (await done(hub, LIMIT, agencyCode="citizens", perDay=citizens["perDay"] + 1))["limits"]
    assert own["perDay"] == citizens["perDay"] + 1
    assert (await done(hub, LIMIT, agencyCode="citizens", toDefault=True))["limits"] == [citizens]
    query = "{ accessChanges(first: 1) { nodes { door agencyCode subject } } }"
    (change,) = (await hub(query, as_="dpo")).data["accessChanges"]["nodes"]
    assert (change["door"], change["agencyCode"]) == ("API", "snodo-admin")


async def test_what_is_refused_says_why_and_where(hub: Service) -> None:
    granted = {**GIVEN, "agencyCode": "inps", "purposeId": "00000000-0000-4000-8000-00000000000d"}
    for mutation, given, expected in (
        (REGISTER, {**TOWN, "code": "Roma"}, ("INVALID_REGISTRATION", ["input", "code"])),
        (REGISTER, {**TOWN, "clientIds": ["x"]}, ("INVALID_REGISTRATION", ["input", "clientIds"])),
        (REGISTER, {**TOWN, "code": "other", "clientIds": [hub.registry.consumer("inps").client_id]}, ("ALREADY_REGISTERED", ["input", "clientId"])),
        (REGISTER, {**TOWN, "code": "other", "clientIds": [], "consumerId": hub.registry.consumer("inps").organisation_id}, ("ALREADY_REGISTERED", ["input", "consumerId"])),
        (REGISTER, {**TOWN, "code": "citizens", "clientIds": []}, ("INVALID_REGISTRATION", ["input", "code"])),
        (GRANT, {**granted, "agencyCode": "nobody"}, ("UNKNOWN_AGENCY", ["input", "agencyCode"])),
        (GRANT, {**granted, "areas": ["Z999"]}, ("UNKNOWN_AREA", ["input", "areas"])),
        (GRANT, {**granted, "areas": []}, ("INVALID_REGISTRATION", ["input", "areas"])),
        (GRANT, {**granted, "fieldSet": "none"}, ("UNKNOWN_FIELD_SET", ["input", "fieldSet"])),
        (GRANT, {**granted, "fields": ["Beneficiary.salary"]}, ("UNKNOWN_FIELD", ["input", "fields"])),
        (GRANT, {**granted, "capabilities": ["REPORT_OUTCOMES"]}, ("INVALID_REGISTRATION", ["input", "capabilities"])),
        (GRANT, {**granted, "purposeId": hub.registry.consumer("inps").purpose_for("hub").purpose_id}, ("GRANTS_DISAGREE", ["input", "purposeId"])),
        (REVOKE, {"grantId": "gnt_" + "0" * 32}, ("UNKNOWN_GRANT", ["input", "grantId"])),
        (REVOKE, {"grantId": "ben_" + "0" * 32}, ("UNKNOWN_GRANT", ["input", "grantId"])),
        (REVOKE, {}, ("INVALID_REGISTRATION", ["input", "grantId"])),
        (REVOKE, {"purposeId": CLIENT}, ("UNKNOWN_PURPOSE", ["input", "purposeId"])),
        (LIMIT, {"agencyCode": "nobody", "perDay": 1}, ("UNKNOWN_AGENCY", ["input", "agencyCode"])),
        (LIMIT, {"agencyCode": "inps", "purposeId": CLIENT, "perDay": 1}, ("UNKNOWN_PURPOSE", ["input", "purposeId"])),
        (LIMIT, {"agencyCode": "inps", "purposeId": "x"}, ("INVALID_REGISTRATION", ["input", "purposeId"])),
        (LIMIT, {"agencyCode": "inps", "perMinute": 0}, ("INVALID_REGISTRATION", ["input", "perMinute"])),
        (LIMIT, {"agencyCode": "inps", "perDay": "9000000000000000"}, ("INVALID_REGISTRATION", ["input", "perDay"])),
        (WITHDRAW, {"clientId": "x"}, ("UNKNOWN_CLIENT", ["input", "clientId"])),
        (DEFINE, {"name": "No", "description": "x", "fields": []}, ("INVALID_REGISTRATION", ["input", "name"])),
        (DEFINE, {"name": "no", "description": " ", "fields": []}, ("INVALID_REGISTRATION", ["input", "description"])),
        (DEFINE, {"name": "no", "description": "x", "fields": ["Beneficiary.salary"]}, ("UNKNOWN_FIELD", ["input", "fields"])),
    ):  # fmt: skip
        assert await refused(hub, mutation, **given) == expected, given


@pytest.mark.parametrize("caller", ["centre", "inps", "ministry", "dpo"])
async def test_nobody_else_does(hub: Service, caller: str) -> None:
    """Refused before anything runs: what stands beside it in the document too."""
    changes = await hub.owner.fetchval("SELECT count(*) FROM access_change")
    for query, given in (
        ("{ pacts { totalCount } agencies { code } }", None),
        ('{ agency(code: "inps") { name } }', None),
        ("{ fieldSets { name } }", None),
        (REGISTER, TOWN),
        (GRANT, GIVEN),
        (REVOKE, {"purposeId": hub.registry.consumer("inps").purpose_for("hub").purpose_id}),
        (WITHDRAW, {"clientId": hub.registry.consumer("inps").client_id}),
        (DEFINE, {"name": "mine", "description": "x", "fields": ["Beneficiary.*"]}),
        (LIMIT, {"agencyCode": "inps", "perMinute": 1}),
    ):
        answer = await (hub(query, as_=caller) if given is None else hub(query, as_=caller, i=given))
        assert (answer.status, answer.codes, "data" in answer.json) == (403, ["FORBIDDEN"], False)
        assert answer.json["errors"][0]["extensions"]["requires"] == "ADMINISTER"
    assert await hub.owner.fetchval("SELECT count(*) FROM access_change") == changes


async def test_changes_are_read_by_who_may(hub: Service) -> None:
    await done(hub, DEFINE, name="kept", description="x", fields=["JobOffer.title"])
    await done(hub, DEFINE, name="kept", description="x", fields=["JobOffer.status"])
    query = "{ accessChanges(first: 2) { nodes { at door agencyCode purposeId operator subject action before after } pageInfo { endCursor hasNextPage } } }"
    page = (await hub(query, as_="dpo")).data["accessChanges"]
    changed, added = page["nodes"]
    assert (changed["action"], added["action"], changed["subject"]) == ("CHANGED", "ADDED", "field_set")
    assert (changed["before"]["fields"], changed["after"]["fields"]) == (
        ["JobOffer.title"],
        ["JobOffer.status"],
    )
    assert added["before"] is None
    admin = hub.registry.consumer("admin").purpose_for("hub").purpose_id
    assert (changed["door"], changed["agencyCode"], UUID(changed["purposeId"])) == (
        "API",
        "snodo-admin",
        UUID(admin),
    )
    more = await hub(
        "query ($a: String!) { accessChanges(first: 1, after: $a) { nodes { subject } } }",
        as_="dpo",
        a=page["pageInfo"]["endCursor"],
    )
    assert len(more.data["accessChanges"]["nodes"]) == 1
    answer = await hub(query, as_="admin")
    assert (answer.status, answer.json["errors"][0]["extensions"]["requires"]) == (403, "READ_ACCESS_LOG")


async def test_a_revoked_grant_ends_in_every_hub_at_once(open_hub: Opener) -> None:
    """The hub that is told tells the others: a socket there ends, though it says nothing."""
    async with open_hub("told", sequencer=False) as hub, welcomed(hub) as client:
        assert (await client.ask("1", QUESTION))[0]["type"] == "next"
        assert (await hub("{ __typename }")).status == 200, "and is remembered"
        purpose = hub.registry.consumer("centre").purpose_for("hub").purpose_id
        assert await done(hub, REVOKE, purposeId=purpose) == {"ended": 1}
        assert (await client.end())[0] == 4403
        assert (await hub("{ __typename }")).codes == ["FORBIDDEN"]
