# SPDX-License-Identifier: EUPL-1.2
"""INPS's and the region's services: what they answer, and that every way to tamper is refused for its own reason."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse

from connectors.inps import PaymentState
from connectors.pdnd import EServiceAccess, Operator
from connectors.simulators.demo_world import ROME_PROTOCOL
from connectors.simulators.pdnd import issue_voucher
from connectors.simulators.registry import INPS_AUDIENCE, REGION_AUDIENCE
from hub.errors import UpstreamInvalid, UpstreamRefused, UpstreamUnavailable

if TYPE_CHECKING:
    from types import SimpleNamespace

    from tests.flows.inbound.conftest import Agencies

Headers = dict[str, str]
PAYMENT, LISTED, PACTS = "stato-pagamento/ricerca", "domande-ammesse/ricerca", "patti/ricerca"
BODIES: dict[str, dict[str, Any]] = {
    PAYMENT: {"cod_protocollo_inps": ROME_PROTOCOL},
    LISTED: {"limite": 5},
    PACTS: {"limit": 5},
}


async def test_a_payment_is_told_with_its_day_and_amount(agencies: Agencies, operator: Operator) -> None:
    status = await agencies.inps_connector().payment_status(ROME_PROTOCOL, operator)
    assert status is not None
    assert (status.state, status.last_payment_on) == (PaymentState.PAID, date(2026, 8, 27))
    assert status.last_amount == Decimal("541.67")
    assert (status.suspended_on, status.suspension_reason) == (None, None)
    assert agencies.inps.operators == [("stato-pagamento", "op-4711")]


async def test_a_suspended_payment_is_told_with_its_reason(agencies: Agencies, operator: Operator) -> None:
    suspended = next(p for p, one in agencies.world.inps.payments.items() if one.state == "SOSPESO")
    status = await agencies.inps_connector().payment_status(suspended, operator)
    assert status is not None
    assert status.state is PaymentState.SUSPENDED
    assert (status.suspended_on, status.suspension_reason) == (
        date(2026, 9, 1),
        "Convocazione senza risposta",
    )


async def test_an_unknown_protocol_has_no_payment(agencies: Agencies, operator: Operator) -> None:
    assert await agencies.inps_connector().payment_status("INPS-ADI-0000-0", operator) is None


async def test_no_protocol_and_no_cursor_is_in_a_url(agencies: Agencies, operator: Operator) -> None:
    urls: list[str] = []

    async def watch(request: Any) -> None:
        urls.append(str(request.url))

    agencies.http.event_hooks = {"request": [watch]}
    inps = agencies.inps_connector()
    page = await inps.admitted_households(None, 5)
    await inps.admitted_households(page.watermark, 5)
    await inps.payment_status(ROME_PROTOCOL, operator)
    paths = {url.partition(agencies.urls["inps"])[2] for url in urls if url.startswith(agencies.urls["inps"])}
    assert paths == {f"/{LISTED}", f"/{PAYMENT}"}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"Esito": "DATABASE_OFFLINE"}, UpstreamUnavailable),
        ({"Esito": "ERRORE_INTERNO"}, UpstreamUnavailable),
        ({"Esito": "RICHIESTA_INVALIDA"}, UpstreamRefused),
        ({"Esito": "BOH"}, UpstreamInvalid),
        ({"pagamento": {}}, UpstreamInvalid),
        ({"Esito": "OK", "pagamento": []}, UpstreamInvalid),
        (
            {"Esito": "OK", "pagamento": {"cod_protocollo_inps": "another", "stato": "EROGATO"}},
            UpstreamInvalid,
        ),
        ({"Esito": "OK", "pagamento": {"cod_protocollo_inps": ROME_PROTOCOL, "stato": "?"}}, UpstreamInvalid),
        (
            {
                "Esito": "OK",
                "pagamento": {
                    "cod_protocollo_inps": ROME_PROTOCOL,
                    "stato": "EROGATO",
                    "dtt_ultimo_pagamento": "2026-08-27",
                    "importo_ultimo_pagamento": "-5.00",
                },
            },
            UpstreamInvalid,
        ),
        ([], UpstreamInvalid),
    ],
)
async def test_an_answer_that_is_no_answer_is_an_error_of_its_kind(
    agencies: Agencies, operator: Operator, sockets: SimpleNamespace, answer: Any, error: type[Exception]
) -> None:
    sockets.inps.agency = answering(answer)
    with pytest.raises(error) as raised:
        await agencies.inps_connector().payment_status(ROME_PROTOCOL, operator)
    assert ROME_PROTOCOL not in str(raised.value)


@pytest.mark.parametrize(
    "answer",
    [
        {"Esito": "OK"},
        {"Esito": "DATI_NON_TROVATI"},
        {"Esito": "OK", "domande": {}, "cursore": "a", "altre": False},
        {"Esito": "OK", "domande": [{}] * 6, "cursore": "a", "altre": False},
        {"Esito": "OK", "domande": [{}], "altre": False},
        {"Esito": "OK", "domande": [], "cursore": "here", "altre": True},
        {"Esito": "OK", "domande": [], "cursore": 7, "altre": False},
        {"Esito": "OK", "domande": [], "cursore": "a" * 201, "altre": False},
        {"Esito": "OK", "domande": [], "cursore": "a", "altre": "no"},
    ],
)
async def test_a_page_that_is_no_page_is_refused_whole(
    agencies: Agencies, sockets: SimpleNamespace, answer: Any
) -> None:
    sockets.inps.agency = answering(answer)
    with pytest.raises(UpstreamInvalid):
        await agencies.inps_connector().admitted_households("here", 5)


def answering(content: Any) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await Request(scope, receive).body()
        await JSONResponse(content)(scope, receive, send)

    return app


# ── tampering ─────────────────────────────────────────────────────────────────────────────────────────


async def secured(agencies: Agencies, path: str, body: bytes, operator: Operator) -> Headers:
    """The headers of a good request."""
    name, audience = ("region", REGION_AUDIENCE) if path == PACTS else ("inps", INPS_AUDIENCE)
    access = EServiceAccess(
        agencies.identity,
        agencies.passes(),
        purpose_id=agencies.purpose(name),
        audiences=[audience],
        now=agencies.now,
    )
    return dict((await access.secure(body, operator=operator if path == PAYMENT else None)).headers)


async def send(agencies: Agencies, path: str, headers: Headers, body: bytes) -> tuple[int, str]:
    """Status, and the one reason the simulator noted."""
    service = agencies.region if path == PACTS else agencies.inps
    base = agencies.urls["region" if path == PACTS else "inps"]
    service.refusals.clear()
    response = await agencies.http.post(f"{base}/{path}", headers=headers, content=body)
    if response.status_code != 200:
        assert response.headers["content-type"] == "application/problem+json"
        assert ROME_PROTOCOL not in response.text
    return response.status_code, ", ".join(service.refusals)


def digest(body: bytes) -> str:
    return "SHA-256=" + base64.b64encode(hashlib.sha256(body).digest()).decode()


def without(name: str) -> Callable[[Headers, bytes], tuple[Headers, bytes]]:
    return lambda headers, body: ({k: v for k, v in headers.items() if k != name}, body)


def another_body(headers: Headers, body: bytes) -> tuple[Headers, bytes]:
    return headers, body + b" "


def another_body_with_its_digest(headers: Headers, body: bytes) -> tuple[Headers, bytes]:
    return {**headers, "Digest": digest(body + b" ")}, body + b" "


def another_type(headers: Headers, body: bytes) -> tuple[Headers, bytes]:
    return {**headers, "Content-Type": "application/json; charset=utf-8"}, body


def a_bent_voucher(headers: Headers, body: bytes) -> tuple[Headers, bytes]:
    token = headers["Authorization"]
    middle = len(token) // 2
    return {
        **headers,
        "Authorization": token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :],
    }, body


@pytest.mark.parametrize("path", [PAYMENT, LISTED, PACTS])
@pytest.mark.parametrize(
    ("tamper", "status", "reason"),
    [
        (without("Authorization"), 401, "voucher: missing"),
        (a_bent_voucher, 401, "voucher: invalid"),
        (without("Digest"), 400, "digest: missing"),
        (another_body, 400, "digest: value"),
        (another_body_with_its_digest, 400, "signature: signed_headers.digest"),
        (another_type, 400, "signature: signed_headers.content-type"),
        (without("Agid-JWT-Signature"), 400, "signature: missing"),
    ],
)
async def test_a_request_that_was_tampered_with_is_refused(
    agencies: Agencies,
    operator: Operator,
    path: str,
    tamper: Callable[[Headers, bytes], tuple[Headers, bytes]],
    status: int,
    reason: str,
) -> None:
    body = json.dumps(BODIES[path]).encode()
    headers, sent = tamper(await secured(agencies, path, body, operator), body)
    assert await send(agencies, path, headers, sent) == (status, reason)


@pytest.mark.parametrize("path", [PAYMENT, LISTED, PACTS])
async def test_a_request_is_taken_once(agencies: Agencies, operator: Operator, path: str) -> None:
    body = json.dumps(BODIES[path]).encode()
    headers = await secured(agencies, path, body, operator)
    assert await send(agencies, path, headers, body) == (200, "")
    assert await send(agencies, path, headers, body) == (400, "signature: jti")


async def test_a_payment_is_not_told_without_the_operators_evidence(
    agencies: Agencies, operator: Operator
) -> None:
    body = json.dumps(BODIES[PAYMENT]).encode()
    headers = await secured(agencies, PAYMENT, body, operator)
    bare = {name: value for name, value in headers.items() if name != "Agid-JWT-TrackingEvidence"}
    assert await send(agencies, PAYMENT, bare, body) == (400, "evidence: missing")
    unbound = await secured(agencies, LISTED, body, operator)
    swapped = {**unbound, "Agid-JWT-TrackingEvidence": headers["Agid-JWT-TrackingEvidence"]}
    assert await send(agencies, PAYMENT, swapped, body) == (400, "evidence: unbound")
    assert agencies.inps.operators == []


@pytest.mark.parametrize(("path", "other"), [(LISTED, "region"), (PACTS, "inps"), (LISTED, "anpr")])
async def test_a_voucher_for_another_agency_opens_nothing(
    agencies: Agencies, operator: Operator, path: str, other: str
) -> None:
    body = json.dumps(BODIES[path]).encode()
    headers = await secured(agencies, path, body, operator)
    voucher = issue_voucher(agencies.registry, agencies.keys, "hub", now=agencies.now(), eservice=other)
    headers["Authorization"] = f"Bearer {voucher}"
    assert await send(agencies, path, headers, body) == (401, "voucher: aud")


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        (PAYMENT, "{}", "body: required cod_protocollo_inps"),
        (PAYMENT, '{"cod_protocollo_inps": "a b"}', "body: cod_protocollo_inps: not a protocol"),
        (PAYMENT, '{"cod_protocollo_inps": 7}', "body: cod_protocollo_inps: not a protocol"),
        (PAYMENT, '{"cod_protocollo_inps": "A", "cod_fiscale": "B"}', "body: unknown members"),
        (PAYMENT, '{"cod_protocollo_inps": "A", "cod_protocollo_inps": "B"}', "body: a member stands twice"),
        (PAYMENT, "[]", "body: not an object"),
        (LISTED, "{", "body: not JSON"),
        (LISTED, "[" * 100_000, "body: not JSON"),
        (LISTED, '{"limite": 0}', "body: limite: not a whole number between 1 and 1000"),
        (LISTED, '{"limite": 1001}', "body: limite: not a whole number between 1 and 1000"),
        (LISTED, '{"limite": true}', "body: limite: not a whole number between 1 and 1000"),
        (LISTED, '{"limite": "5"}', "body: limite: not a whole number between 1 and 1000"),
        (LISTED, '{"limite": 5, "cursore": "ammesse-000000042"}', "body: cursore: not a cursor of this list"),
        (LISTED, '{"limite": 5, "cursore": "patti-000000001"}', "body: cursore: not a cursor of this list"),
        (LISTED, '{"limite": 5, "cursore": null}', "body: cursore: not a cursor of this list"),
        (PACTS, '{"limit": 5, "cursor": "ammesse-000000001"}', "body: cursor: not a cursor of this list"),
        (PACTS, '{"limite": 5}', "body: required limit"),
    ],
)
async def test_a_body_that_does_not_conform_is_refused(
    agencies: Agencies, operator: Operator, path: str, body: str, reason: str
) -> None:
    content = body.encode()
    headers = await secured(agencies, path, content, operator)
    assert await send(agencies, path, headers, content) == (400, reason)


@pytest.mark.parametrize("limit", [1, 7, 41, 100])
async def test_pages_hold_every_record_once_in_order(agencies: Agencies, limit: int) -> None:
    inps, after, more, keys = agencies.inps_connector(), None, True, []
    while more:
        page = await inps.admitted_households(after, limit)
        keys += [record.key for record in page.records]
        after, more = page.watermark, page.more
    assert keys == [one.protocol for one in agencies.world.inps.admissions]
    end = await inps.admitted_households(after, limit)
    assert (end.records, end.watermark, end.more) == ((), after, False)
