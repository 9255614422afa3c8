# SPDX-License-Identifier: EUPL-1.2
"""Each way to tamper with a request is refused, and for its own reason."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from connectors.anpr import UseCase
from connectors.anpr.questions import question
from connectors.pdnd import ClientIdentity, Operator
from connectors.simulators.jws import decode_segment, sign
from connectors.simulators.keys import PDND
from connectors.simulators.registry import ANPR_AUDIENCES, demo_id

if TYPE_CHECKING:
    from tests.flows.connectors.conftest import World


SIGNATURE, EVIDENCE = "Agid-JWT-Signature", "Agid-JWT-TrackingEvidence"
PATH = "/C030-servizioAccertamentoIdUnicoNazionale/v1/anpr-service-e002"
Headers = dict[str, str]


def body_of(world: World, **change: Any) -> bytes:
    del world
    content = json.loads(
        question(
            UseCase.NATIONAL_ID,
            operation_id="1782147770366",
            reason="prova",
            as_of=date(2026, 3, 1),
            fiscal_code="PRVGNN90R10H501Q",
        )
    )
    return json.dumps({**content, **change}).encode()


async def secured(world: World, operator: Operator, body: bytes) -> Headers:
    """The headers of a good request to C030."""
    secure = await world.access().secure(
        body, operator=operator, content_encoding="UTF-8", audience=ANPR_AUDIENCES["C030"]
    )
    return dict(secure.headers)


async def send(world: World, headers: Headers, body: bytes, path: str = PATH) -> httpx2.Response:
    return await world.http.post(world.urls["anpr"] + path, headers=headers, content=body)


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    header, claims = (json.loads(decode_segment(one)) for one in token.split(".")[:2])
    return header, claims


def resigned(world: World, token: str, by: str, **claims: Any) -> str:
    """The same token with other claims (None removes one), signed anew by a key of the demo world."""
    header, old = parts(token)
    merged = {name: value for name, value in {**old, **claims}.items() if value is not None}
    return sign(header, merged, world.keys.private[by])


def with_voucher(world: World, headers: Headers, by: str = PDND, **claims: Any) -> None:
    token = headers["Authorization"].removeprefix("Bearer ")
    headers["Authorization"] = f"Bearer {resigned(world, token, by, **claims)}"


def with_signature(world: World, headers: Headers, by: str = "hub", **claims: Any) -> None:
    headers[SIGNATURE] = resigned(world, headers[SIGNATURE], by, **claims)


def with_evidence(world: World, headers: Headers, by: str = "hub", **claims: Any) -> None:
    """Another evidence, and a voucher that is bound to it: so its own claims are what is looked at."""
    headers[EVIDENCE] = resigned(world, headers[EVIDENCE], by, **claims)
    digest = hashlib.sha256(headers[EVIDENCE].encode()).hexdigest()
    with_voucher(world, headers, digest={"alg": "SHA256", "value": digest})


def with_typ(world: World, headers: Headers, typ: str) -> None:
    header, claims = parts(headers["Authorization"].removeprefix("Bearer "))
    headers["Authorization"] = f"Bearer {sign({**header, 'typ': typ}, claims, world.keys.private[PDND])}"


def unsigned(world: World, headers: Headers) -> None:
    header, claims = parts(headers["Authorization"].removeprefix("Bearer "))
    token = sign({**header, "alg": "none"}, claims, world.keys.private[PDND])
    headers["Authorization"] = f"Bearer {token.rpartition('.')[0]}."


async def test_untouched_it_passes(world: World, operator: Operator) -> None:
    body = body_of(world)
    answer = await send(world, await secured(world, operator, body), body)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert world.anpr.refusals == []


Tamper = Callable[["World", Headers], object]
EXPIRED: dict[str, Any] = {"iat": 1_789_990_000, "nbf": 1_789_990_000, "exp": 1_790_000_000}


@pytest.mark.parametrize(
    ("tamper", "refusal"),
    [
        pytest.param(lambda w, h: h.pop("Authorization"), "voucher: missing", id="no voucher"),
        pytest.param(lambda w, h: h.update(Authorization="Basic eDp5"), "voucher: missing", id="not bearer"),
        pytest.param(lambda w, h: h.update(Authorization="Bearer x"), "voucher: invalid", id="no JWT"),
        pytest.param(lambda w, h: with_voucher(w, h, by="hub"), "voucher: invalid", id="voucher by us"),
        pytest.param(unsigned, "voucher: invalid", id="alg none"),
        pytest.param(lambda w, h: with_typ(w, h, "JWT"), "voucher: typ", id="not at+jwt"),
        pytest.param(lambda w, h: with_voucher(w, h, **EXPIRED), "voucher: expired", id="voucher expired"),
        pytest.param(
            lambda w, h: with_voucher(w, h, nbf=1_790_000_001), "voucher: nbf", id="voucher too soon"
        ),
        pytest.param(lambda w, h: with_voucher(w, h, exp=None), "voucher: exp", id="voucher without end"),
        pytest.param(
            lambda w, h: with_voucher(w, h, aud=ANPR_AUDIENCES["C021"]), "voucher: aud", id="other audience"
        ),
        pytest.param(
            lambda w, h: with_voucher(w, h, iss="uat.interop.pagopa.it"), "voucher: iss", id="issuer"
        ),
        pytest.param(
            lambda w, h: with_voucher(w, h, purposeId=demo_id("purpose", "hub", "inps")),
            "voucher: purposeId",
            id="purpose of another e-service",
        ),
        pytest.param(
            lambda w, h: with_voucher(w, h, client_id=demo_id("client", "nobody")),
            "voucher: client_id",
            id="unknown client",
        ),
        pytest.param(
            lambda w, h: with_voucher(w, h, sub="x"), "voucher: client_id", id="sub is not the client"
        ),
        pytest.param(
            lambda w, h: with_voucher(w, h, eserviceId=demo_id("eservice", "inps")),
            "voucher: eserviceId",
            id="another e-service",
        ),
        pytest.param(
            lambda w, h: with_voucher(w, h, producerId=demo_id("organisation", "inps")),
            "voucher: producerId",
            id="another producer",
        ),
        pytest.param(lambda w, h: h.pop("Digest"), "digest: missing", id="no digest"),
        pytest.param(
            lambda w, h: h.update(Digest="SHA-256=" + base64.b64encode(bytes(32)).decode()),
            "digest: value",
            id="wrong digest",
        ),
        pytest.param(lambda w, h: h.update(Digest="SHA-512=eA=="), "digest: algorithm", id="other algorithm"),
        pytest.param(lambda w, h: h.pop(SIGNATURE), "signature: missing", id="no signature"),
        pytest.param(
            lambda w, h: with_signature(w, h, by="centre"), "signature: invalid", id="by another key"
        ),
        pytest.param(
            lambda w, h: h.update(
                {
                    SIGNATURE: sign(
                        {"alg": "RS256", "typ": "JWT", "kid": w.keys.kid("centre")},
                        parts(h[SIGNATURE])[1],
                        w.keys.private["centre"],
                    )
                }
            ),
            "signature: kid",
            id="another client's key under its own name",
        ),
        pytest.param(
            lambda w, h: with_signature(w, h, aud=ANPR_AUDIENCES["C020"]),
            "signature: aud",
            id="signed for C020",
        ),
        pytest.param(
            lambda w, h: with_signature(w, h, **EXPIRED), "signature: expired", id="signature expired"
        ),
        pytest.param(
            lambda w, h: with_signature(w, h, iat=1_790_000_001), "signature: iat", id="future signature"
        ),
        pytest.param(
            lambda w, h: with_signature(w, h, jti=None), "signature: jti", id="signature without jti"
        ),
        pytest.param(lambda w, h: with_signature(w, h, iss="x"), "signature: iss", id="signature of another"),
        pytest.param(
            lambda w, h: with_signature(w, h, signed_headers=None),
            "signature: signed_headers",
            id="signs nothing",
        ),
        pytest.param(
            lambda w, h: with_signature(w, h, signed_headers=[{"digest": h["Digest"]}]),
            "signature: signed_headers.content-type",
            id="content-type not signed",
        ),
        pytest.param(
            lambda w, h: with_signature(
                w, h, signed_headers=[{"digest": h["Digest"]}, {"content-type": "application/json"}]
            ),
            "signature: signed_headers.content-encoding",
            id="content-encoding not signed",
        ),
        pytest.param(
            lambda w, h: h.update({"Content-Type": "text/plain"}),
            "signature: signed_headers.content-type",
            id="content-type changed after signing",
        ),
        pytest.param(lambda w, h: h.pop(EVIDENCE), "evidence: missing", id="no evidence"),
        pytest.param(
            lambda w, h: with_voucher(w, h, digest=None),
            "evidence: unbound",
            id="voucher bound to no evidence",
        ),
        pytest.param(
            lambda w, h: h.update({EVIDENCE: resigned(w, h[EVIDENCE], "hub", userID="op-0815")}),
            "evidence: digest",
            id="evidence swapped",
        ),
        pytest.param(
            lambda w, h: with_evidence(w, h, by="centre"), "evidence: invalid", id="evidence by another"
        ),
        pytest.param(
            lambda w, h: with_evidence(w, h, userID=None), "evidence: userID", id="nobody's evidence"
        ),
        pytest.param(
            lambda w, h: with_evidence(w, h, userLocation=""), "evidence: userLocation", id="nowhere"
        ),
        pytest.param(lambda w, h: with_evidence(w, h, LoA=2), "evidence: LoA", id="level is no text"),
        pytest.param(
            lambda w, h: with_evidence(w, h, aud=[ANPR_AUDIENCES["C021"]]),
            "evidence: aud",
            id="evidence for C021",
        ),
        pytest.param(
            lambda w, h: with_evidence(w, h, purposeId=demo_id("purpose", "hub", "inps")),
            "evidence: purposeId",
            id="evidence of another purpose",
        ),
        pytest.param(lambda w, h: with_evidence(w, h, **EXPIRED), "evidence: expired", id="evidence expired"),
        pytest.param(lambda w, h: with_evidence(w, h, jti=None), "evidence: jti", id="evidence without jti"),
    ],
)
async def test_tampered_it_is_refused(world: World, operator: Operator, tamper: Tamper, refusal: str) -> None:
    body = body_of(world)
    headers = await secured(world, operator, body)
    tamper(world, headers)
    answer = await send(world, headers, body)
    assert world.anpr.refusals == [refusal]
    assert answer.status_code == (401 if refusal.startswith("voucher") else 400)
    fault = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert fault["type"] == f"https://govway.org/handling-errors/{fault['status']}/{fault['title']}.html"
    assert refusal.partition(": ")[2] not in fault["detail"].split(), (
        "the wire does not say which check failed"
    )
    assert world.anpr.operators == []


async def test_a_body_altered_after_signing(world: World, operator: Operator) -> None:
    headers = await secured(world, operator, body_of(world))
    await send(world, headers, body_of(world, idOperazioneClient="2"))
    assert world.anpr.refusals == ["digest: value"]


async def test_a_body_altered_with_its_digest(world: World, operator: Operator) -> None:
    headers = await secured(world, operator, body_of(world))
    altered = body_of(world, idOperazioneClient="2")
    headers["Digest"] = "SHA-256=" + base64.b64encode(hashlib.sha256(altered).digest()).decode()
    await send(world, headers, altered)
    assert world.anpr.refusals == ["signature: signed_headers.digest"]


async def test_a_request_sent_twice(world: World, operator: Operator) -> None:
    body = body_of(world)
    headers = await secured(world, operator, body)
    assert (await send(world, headers, body)).status_code == 200
    assert (await send(world, headers, body)).status_code == 400
    assert world.anpr.refusals == ["signature: jti"]


async def test_an_evidence_carried_over_to_another_voucher(world: World, operator: Operator) -> None:
    access = world.access()

    async def request() -> Headers:
        secure = await access.secure(
            body_of(world), operator=operator, content_encoding="UTF-8", audience=ANPR_AUDIENCES["C030"]
        )
        return dict(secure.headers)

    assert (await send(world, await request(), body_of(world))).status_code == 200
    carried = await request()
    with_voucher(world, carried, jti="another-voucher")
    assert (await send(world, carried, body_of(world))).status_code == 400
    assert world.anpr.refusals == ["evidence: jti"]
    assert (await send(world, await request(), body_of(world))).status_code == 200, (
        "its own voucher still serves"
    )


async def test_a_request_for_one_service_sent_to_another(world: World, operator: Operator) -> None:
    body = body_of(world)
    headers = await secured(world, operator, body)
    await send(world, headers, body, "/C020-servizioAccertamentoResidenza/v1/anpr-service-e002")
    assert world.anpr.refusals == ["signature: aud"]


async def test_another_use_case_than_the_address_says(world: World, operator: Operator) -> None:
    details = {"dataRiferimentoRichiesta": "2026-03-01", "motivoRichiesta": "prova", "casoUso": "C020"}
    body = body_of(world, datiRichiesta=details)
    answer = await send(world, await secured(world, operator, body), body)
    assert (answer.status_code, answer.json()["title"]) == (400, "InvalidRequestContent")
    assert world.anpr.refusals == ["casoUso: not the use case of this service"]


async def test_a_dashed_uuid_is_no_operation_id(world: World, operator: Operator) -> None:
    body = body_of(world, idOperazioneClient="0c7c6d0e-1111-4111-8111-111111111111")
    assert (await send(world, await secured(world, operator, body), body)).json()[
        "title"
    ] == "InvalidRequestContent"


async def test_a_repeated_operation_id_gets_the_earlier_answer(world: World, operator: Operator) -> None:
    first = await send(world, await secured(world, operator, body_of(world)), body_of(world))
    other = body_of(world, criteriRicerca={"codiceFiscale": "NRECLD90R50H501G"})
    second = await send(world, await secured(world, operator, other), other)
    assert second.content == first.content


async def test_c020_asks_for_the_national_id(world: World, operator: Operator) -> None:
    body = question(
        UseCase.RESIDENCE,
        operation_id="1",
        reason="prova",
        as_of=date(2026, 3, 1),
        fiscal_code="PRVGNN90R10H501Q",
    )
    secure = await world.access().secure(
        body, operator=operator, content_encoding="UTF-8", audience=ANPR_AUDIENCES["C020"]
    )
    path = "/C020-servizioAccertamentoResidenza/v1/anpr-service-e002"
    answer = await send(world, dict(secure.headers), body, path)
    assert answer.status_code == 400
    assert [error["codiceErroreAnomalia"] for error in answer.json()["listaErrori"]] == ["EN081"]


async def test_a_signed_body_of_another_type(world: World, operator: Operator) -> None:
    secure = await world.access().secure(
        body_of(world), operator=operator, content_type="text/json", audience=ANPR_AUDIENCES["C030"]
    )
    await send(world, dict(secure.headers), body_of(world))
    assert world.anpr.refusals == ["body: content-type"]


async def test_another_consumers_operator_cannot_borrow_the_hubs_voucher(
    world: World, operator: Operator
) -> None:
    """A stolen voucher without the client's key: nothing can be signed with it."""
    thief = ClientIdentity.from_pem(world.identity.client_id, world.keys.path("centre"))
    body = body_of(world)
    headers = await secured(world, operator, body)
    headers[SIGNATURE] = thief.sign(parts(headers[SIGNATURE])[1])
    await send(world, headers, body)
    assert world.anpr.refusals == ["signature: kid"]
