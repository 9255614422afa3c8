# SPDX-License-Identifier: EUPL-1.2
"""serviceRDC asked of another hub: what one serves, the other reads; and what is no answer is none."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from lxml import etree

from connectors.exchange import Exchange, Policy
from connectors.rdc import RdcClient, by_password
from connectors.rdc.beneficiaries import TYPES
from connectors.rdc.client import BY_CODE, BY_PROTOCOL
from connectors.soap import CONTENT_TYPE, SoapClient, read_envelope, write_envelope
from connectors.soap.envelope import Element
from hub.errors import UpstreamError, UpstreamInvalid, UpstreamRefused, UpstreamUnavailable
from tests.unit.connectors.test_rdc_beneficiaries import CODE, HOUSEHOLD, SERVICE, Asked, said

PROTOCOL = "INPS-RDC-2020-1"
Spoil = Callable[[bytes], bytes]


class OtherHub:
    """The hub's own service behind a transport in memory; `spoil` has the last word."""

    def __init__(self, data: dict[str, Any], spoil: Spoil = lambda content: content) -> None:
        self.data, self.spoil = data, spoil
        self.requests: list[httpx2.Request] = []
        self.asked: list[Element] = []

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        asked = read_envelope(request.content, charset="utf-8").payload
        self.asked.append(asked)
        answer = await SERVICE.answer(asked, Asked(self.data))
        return httpx2.Response(
            200,
            headers={"Content-Type": CONTENT_TYPE},
            stream=httpx2.ByteStream(self.spoil(write_envelope(answer))),
        )


def exchange_with(hub: OtherHub) -> Exchange:
    return Exchange("HUB", Policy(attempts=1), httpx2.AsyncClient(transport=httpx2.MockTransport(hub)))


def client(hub: OtherHub, exchange: Exchange | None = None) -> RdcClient:
    service = SoapClient(exchange or exchange_with(hub), "http://hub.test/soap/serviceRDC")
    return RdcClient(service, identify=by_password("sil", "parola"))


async def test_what_a_hub_serves_another_reads() -> None:
    hub = OtherHub({"beneficiary": {"household": HOUSEHOLD}, "households": {"nodes": [HOUSEHOLD]}})
    people = await client(hub).by_fiscal_code(CODE)
    assert [one.fiscal_code for one in people] == [CODE, "BNCLCU15H01H501S"]
    assert {one.inps_protocol for one in people} == {PROTOCOL}
    assert (people[0].given_name, people[0].state, people[0].role) == (
        "Anna \ufffd",
        "S SUSPENDED",
        "R OBLIGED",
    )
    assert people[1].born == "2015-06-01"
    assert await client(hub).by_protocol(PROTOCOL) == people
    assert CODE not in repr(people)
    first, second = hub.requests
    assert b64decode(first.headers["authorization"].removeprefix("Basic ")) == b"sil:parola"
    assert first.headers["soapaction"] == f'"{BY_CODE.action}"'
    assert second.headers["soapaction"].endswith('/ricevi_RDC_by_codProtocolloInps"')


async def test_nobody_is_nobody() -> None:
    hub = OtherHub({"beneficiary": None, "households": {"nodes": []}})
    assert await client(hub).by_fiscal_code(CODE) == ()
    assert await client(hub).by_protocol(PROTOCOL) == ()


def instead(was: str, now: str) -> Spoil:
    return lambda content: content.replace(was.encode(), now.encode())


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (instead(">E100<", ">E999<"), UpstreamUnavailable),
        (instead(">E100<", ">E997<"), UpstreamUnavailable),
        (instead(">E100<", ">E001<"), UpstreamRefused),
        (instead(">E100<", ">E555<"), UpstreamRefused),
        (instead(">E100<", "><"), UpstreamInvalid),
        (instead(">E100<", ">bene, grazie<"), UpstreamInvalid),
        (instead(CODE, "BNCLCU15H01H501T"), UpstreamInvalid),
        (instead("cod_ruolo_beneficiario", "cod_altro"), UpstreamInvalid),
        (instead("risposta_RDC_beneficiari", "risposta_altro"), UpstreamInvalid),
        (lambda content: content[:-30], UpstreamInvalid),
    ],
)
async def test_what_is_no_answer_is_none(spoil: Spoil, error: type[UpstreamError]) -> None:
    hub = OtherHub({"beneficiary": {"household": HOUSEHOLD}}, spoil)
    exchange = exchange_with(hub)
    with pytest.raises(error) as raised:
        await client(hub, exchange).by_fiscal_code(CODE)
    assert CODE not in str(raised.value)
    assert exchange.accounts[BY_CODE.name].invalid == (error is UpstreamInvalid)


async def test_another_households_people_are_not_handed_on() -> None:
    hub = OtherHub({"households": {"nodes": [HOUSEHOLD]}})
    exchange = exchange_with(hub)
    with pytest.raises(UpstreamInvalid, match="others"):
        await client(hub, exchange).by_protocol("INPS-RDC-2020-2")
    assert exchange.accounts[BY_PROTOCOL.name].invalid == 1


async def test_questions_are_as_published(shared: Path) -> None:
    published = etree.XMLSchema(etree.parse(shared / "contracts" / "regional" / "rdc.xsd"))
    hub = OtherHub({"beneficiary": None, "households": {"nodes": []}})
    await client(hub).by_fiscal_code(CODE)
    await client(hub).by_protocol(PROTOCOL)
    for asked in hub.asked:
        published.assertValid(etree.fromstring(etree.tostring(asked)))
    assert said(hub.asked[0], "codFiscale") == [CODE]
    actions = {
        one.get("soapAction", "").rpartition("/")[2]
        for one in etree.parse(shared / "contracts" / "regional" / "getRdc.wsdl").iter(
            "{http://schemas.xmlsoap.org/wsdl/soap/}operation"
        )
    }
    assert actions == {BY_CODE.name, BY_PROTOCOL.name}
    assert TYPES in hub.asked[0].tag
