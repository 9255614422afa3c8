# SPDX-License-Identifier: EUPL-1.2
"""Whatever is wrong with what a consumer signs is refused, each with its own reason; what is right is taken, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.api.hostile_signatures import (
    EVIDENCE,
    HOSTILE_EVIDENCE,
    HOSTILE_SIGNATURES,
    SIGNATURE,
    Forge,
    Hostile,
    Request,
)

if TYPE_CHECKING:
    from tests.api.conftest import Answer, Service


async def send(ask: Service, request: Request) -> Answer:
    headers = {name: value.encode() for name, value in request.headers.items()}
    return await ask.send(content=request.body, headers=headers)


def forge(ask: Service) -> Forge:
    return Forge(ask.registry, ask.keys)


async def refused(ask: Service, hostile: Hostile, header: str) -> str:
    request = hostile.make(forge(ask))
    answer = await send(ask, request)
    assert (answer.status, answer.codes) == (401, ["UNAUTHENTICATED"]), answer.body
    [error] = answer.json["errors"]
    told = error["extensions"]
    assert (told["check"], told["claim"], told["header"]) == (hostile.check, hostile.claim, header)
    assert told["expected"] in error["message"]
    assert told["received"] in error["message"]
    for secret in (request.headers.get(SIGNATURE), request.headers.get(EVIDENCE)):
        assert not secret or len(secret) < 10 or secret not in answer.body.decode()
    message: str = error["message"]
    return message


@pytest.mark.parametrize("name", HOSTILE_EVIDENCE)
async def test_hostile_evidence(name: str, ask: Service) -> None:
    message = await refused(ask, HOSTILE_EVIDENCE[name], EVIDENCE)
    for person in ("op-4711", "boss", "root"):
        assert person not in message


@pytest.mark.parametrize("name", HOSTILE_SIGNATURES)
async def test_hostile_signatures(name: str, ask: Service) -> None:
    await refused(ask, HOSTILE_SIGNATURES[name], SIGNATURE)


async def test_good_evidence(ask: Service) -> None:
    made = forge(ask)
    for claims in ({}, {"nbf": ...}, {"sub": ...}, {"aud": ["https://x.example", "https://snodo.example/graphql"]},
                   {"dnonce": 1234567890123}, {"userID": "è@comune.example"}):  # fmt: skip
        request = made.with_evidence(made.evidence(**claims))
        assert (await send(ask, request)).status == 200, claims
        assert (await send(ask, request)).status == 200, "with its voucher it is used again"


async def test_evidence_goes_with_one_voucher(ask: Service) -> None:
    made = forge(ask)
    evidence = made.evidence()
    first, other = made.with_evidence(evidence), made.with_evidence(evidence)
    for request, status in ((first, 200), (other, 401), (first, 200), (other, 401)):
        assert (await send(ask, request)).status == status
        verifier = ask.hub._graphql._authenticator._evidence
        verifier._verified.clear()  # as in another process
    told = (await send(ask, other)).json["errors"][0]["extensions"]
    assert (told["check"], told["claim"]) == ("replayed", "jti")


async def test_evidence_as_some_spell_it(ask: Service) -> None:
    made = forge(ask)
    assert (await send(ask, made.with_evidence(made.evidence(), "Agid-JWT-Tracking-Evidence"))).status == 200
    wrong = made.with_evidence(made.resigned(made.evidence(), "inps"), "Agid-JWT-Tracking-Evidence")
    assert (await send(ask, wrong)).status == 401


async def test_a_good_signature_is_taken_once(ask: Service) -> None:
    made = forge(ask)
    for request in (
        made.signed(),
        made.signed(iss=..., sub=..., nbf=...),
        made.over(made.signed(signed_headers=[{"digest": made.signed().headers["Digest"]}, {"content-type": "application/json"}, {"x-correlation-id": "7"}]), x_correlation_id="7"),
    ):  # fmt: skip
        assert (await send(ask, request)).status == 200
        again = await send(ask, request)
        assert again.status == 401
        assert (
            again.json["errors"][0]["extensions"]["check"],
            again.json["errors"][0]["extensions"]["claim"],
        ) == ("replayed", "jti")


async def test_a_refused_signature_is_not_spent(ask: Service) -> None:
    made = forge(ask)
    good = made.signed()
    assert (await send(ask, Request(good.headers, good.body + b" "))).status == 401
    assert (await send(ask, good)).status == 200


async def test_two_clients_may_use_one_jti(ask: Service) -> None:
    for who in ("centre", "inps"):
        made = Forge(ask.registry, ask.keys, who)
        assert (await send(ask, made.signed(jti="the-same"))).status == 200


async def test_get_signs_the_empty_body(ask: Service) -> None:
    made = forge(ask)
    good = made.signed(b"", content_type=None)
    del good.headers["Content-Type"]
    answer = await ask.send("GET", "/graphql?query=%7B__typename%7D", headers=good.headers)
    assert answer.status == 200, answer.body
    other = made.signed(b"x", content_type=None)
    del other.headers["Content-Type"]
    assert (await ask.send("GET", "/graphql?query=%7B__typename%7D", headers=other.headers)).status == 401


async def test_a_digest_alone_is_compared(ask: Service) -> None:
    made = forge(ask)
    assert (await send(ask, made.over(made.signed(), SIGNATURE))).status == 200


def test_the_tables_are_long_enough() -> None:
    assert len(HOSTILE_EVIDENCE) + len(HOSTILE_SIGNATURES) >= 90
    for table in (HOSTILE_EVIDENCE, HOSTILE_SIGNATURES):
        assert len({(one.check, one.claim) for one in table.values()}) >= 20
