# SPDX-License-Identifier: EUPL-1.2
"""Who may ask at all: vouchers that do not hold, callers the hub does not know, and grants that have ended."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from connectors.simulators.jws import sign
from connectors.simulators.keys import PDND
from connectors.simulators.pdnd import issue_voucher

if TYPE_CHECKING:
    from tests.api.conftest import Answer, Service

QUERY = {"query": "{ beneficiaries { totalCount } }"}


async def _with(ask: Service, authorization: str | None, **headers: str) -> Answer:
    given = {} if authorization is None else {"authorization": authorization}
    return await ask.send(json=QUERY, headers={**given, **headers})


def _claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Basic YTpi", "bearer", "Token x", "DPoP x"])
async def test_no_voucher(authorization: str | None, ask: Service) -> None:
    answer = await _with(ask, authorization)
    assert (answer.status, answer.codes) == (401, ["UNAUTHENTICATED"])
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json.keys() == {"errors"}


@pytest.mark.parametrize(
    "token", ["x", "a.b", "a.b.c", "..", "a.b.c.d.e", "é.é.é", "x" * 9_000, "null.null.null"]
)
async def test_a_malformed_voucher(token: str, ask: Service) -> None:
    answer = await ask.send(json=QUERY, headers={"authorization": f"Bearer {token}".encode()})
    assert (answer.status, answer.codes) == (401, ["UNAUTHENTICATED"])


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_a_good_voucher(scheme: str, ask: Service) -> None:
    assert (await _with(ask, f"{scheme} {ask.token('centre')}")).status == 200


async def _refused(ask: Service, token: str, check: str, status: int = 401) -> None:
    for _ in range(2):
        answer = await _with(ask, f"Bearer {token}")
        assert answer.status == status
        assert answer.json["errors"][0]["extensions"]["check"] == check
        assert answer.codes == ["UNAUTHENTICATED" if status == 401 else "FORBIDDEN"]
        assert token not in answer.body.decode()
        assert token.rpartition(".")[2] not in answer.body.decode()


async def test_an_expired_voucher(ask: Service) -> None:
    await _refused(ask, issue_voucher(ask.registry, ask.keys, "centre", now=time.time() - 700), "expired")


async def test_a_voucher_of_tomorrow(ask: Service) -> None:
    await _refused(
        ask, issue_voucher(ask.registry, ask.keys, "centre", now=time.time() + 86_400), "not_yet_valid"
    )


async def test_a_voucher_for_another_audience(ask: Service) -> None:
    await _refused(ask, issue_voucher(ask.registry, ask.keys, "hub", eservice="anpr"), "audience")


async def test_a_voucher_signed_by_another_key(ask: Service) -> None:
    claims = _claims(ask.token("centre"))
    header = {"alg": "RS256", "typ": "at+jwt", "kid": ask.keys.kid(PDND)}
    await _refused(ask, sign(header, claims, generate_private_key(65537, 2048)), "signature")
    await _refused(ask, sign({**header, "kid": "unknown"}, claims, ask.keys.private["centre"]), "key")


async def test_a_changed_voucher(ask: Service) -> None:
    header, payload, signature = ask.token("centre").split(".")
    claims = {**_claims(ask.token("centre")), "purposeId": _claims(ask.token("inps"))["purposeId"]}
    changed = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    await _refused(ask, f"{header}.{changed}.{signature}", "signature")
    await _refused(ask, f"{header}.{payload}.{'A' * 342}", "signature")


async def test_a_client_the_hub_does_not_know(ask: Service) -> None:
    await _refused(ask, ask.token("stranger"), "client")


async def test_a_purpose_whose_grant_has_ended(ask: Service) -> None:
    await _refused(ask, ask.token("revoked"), "purpose", status=403)


async def test_another_agencys_purpose(ask: Service) -> None:
    claims = {**_claims(ask.token("centre")), "purposeId": _claims(ask.token("inps"))["purposeId"]}
    header = {"alg": "RS256", "typ": "at+jwt", "kid": ask.keys.kid(PDND)}
    await _refused(ask, sign(header, claims, ask.keys.private[PDND]), "purpose", status=403)


async def test_a_client_of_another_organisation(ask: Service) -> None:
    header = {"alg": "RS256", "typ": "at+jwt", "kid": ask.keys.kid(PDND)}
    claims = _claims(ask.token("centre"))
    assert (await _with(ask, f"Bearer {ask.token('centre')}")).status == 200, "remembered"
    other = {**claims, "consumerId": _claims(ask.token("inps"))["consumerId"]}
    await _refused(ask, sign(header, other, ask.keys.private[PDND]), "consumer")
    unnamed = {name: value for name, value in claims.items() if name != "consumerId"}
    assert (await _with(ask, f"Bearer {sign(header, unnamed, ask.keys.private[PDND])}")).status == 200


async def test_grants_end_and_begin_within_seconds(writable: Service) -> None:
    """What the hub remembers of a caller, it remembers for two seconds."""
    directory = writable.hub._graphql._authenticator._directory
    assert (await writable("{ __typename }", as_="east")).status == 200
    purpose = writable.registry.consumer("east").purpose_for("hub").purpose_id
    for change, status in (
        ("UPDATE access_grant SET revoked_at = now() WHERE purpose_id = $1", 403),
        ("UPDATE access_grant SET revoked_at = NULL, valid_from = now() + interval '1 day' WHERE purpose_id = $1", 403),
        ("UPDATE access_grant SET valid_from = now() - interval '2 day', valid_to = now() WHERE purpose_id = $1", 403),
        ("UPDATE access_grant SET valid_to = NULL WHERE purpose_id = $1", 200),
        ("UPDATE purpose SET revoked_at = now() WHERE purpose_id = $1", 403),
        ("UPDATE purpose SET revoked_at = NULL WHERE purpose_id = $1", 200),
        ("UPDATE agency_client SET revoked_at = now() WHERE agency_id = (SELECT agency_id FROM purpose WHERE purpose_id = $1)", 401),
        ("UPDATE agency_client SET revoked_at = NULL WHERE agency_id = (SELECT agency_id FROM purpose WHERE purpose_id = $1)", 200),
    ):  # fmt: skip
        await writable.owner.execute(change, purpose)
        directory._known.clear()
        assert (await writable("{ __typename }", as_="east")).status == status, change


@pytest.mark.parametrize("caller", ["centre", "two-towns", "two-regions", "nowhere"])
async def test_the_feed_is_for_who_is_granted_it(caller: str, ask: Service) -> None:
    for query in (
        "{ conditionalityFeed { endCursor } }",
        "{ pacts { totalCount } feed: conditionalityFeed { entries { fiscalCode } } __schema { queryType { name } } }",
        "query ($b: Boolean = true) { ...F @include(if: $b) } fragment F on Query { conditionalityFeed { hasMore } }",
    ):
        answer = await ask(query, as_=caller)
        assert (answer.status, answer.codes) == (403, ["FORBIDDEN"])
        assert answer.json["errors"][0]["extensions"]["requires"] == "READ_FEED"
        assert "data" not in answer.json
    skipped = await ask(
        "query ($b: Boolean = true) { conditionalityFeed @skip(if: $b) { endCursor } __typename }", as_=caller
    )
    assert skipped.data == {"__typename": "Query"}
