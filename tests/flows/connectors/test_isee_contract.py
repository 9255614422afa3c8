# SPDX-License-Identifier: EUPL-1.2
"""ConsultazioneISEE against INPS's published WSDL and XSD: what the hub sends, and what the simulator answers."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path
from types import SimpleNamespace

import pytest
from lxml import etree
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connectors.isee import IndicatorKind
from connectors.isee.questions import ATTESTATION, INDICATOR, SERVICE
from connectors.pdnd import Operator
from connectors.simulators.isee import PATH
from tests.flows.connectors.conftest import TODAY, World

WSDL = {
    "w": "http://schemas.xmlsoap.org/wsdl/",
    "s": "http://schemas.xmlsoap.org/wsdl/soap/",
}


class Recorder:
    """What passed between the socket and INPS, byte for byte."""

    def __init__(self, agency: ASGIApp) -> None:
        self._agency = agency
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[bytes] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked, answered = bytearray(), bytearray()

        async def receiving() -> Message:
            message = await receive()
            asked.extend(message.get("body", b""))
            return message

        async def sending(message: Message) -> None:
            answered.extend(message.get("body", b""))
            await send(message)

        await self._agency(scope, receiving, sending)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.requests.append((headers, bytes(asked)))
        self.answers.append(bytes(answered))


def _schema(shared: Path, name: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(shared / "contracts" / "inps" / name))


def _payload(message: bytes) -> etree._ElementTree:
    body = etree.fromstring(message).find("{http://schemas.xmlsoap.org/soap/envelope/}Body")
    assert body is not None
    return etree.ElementTree(body[0])


@pytest.fixture
def recorder(world: World, sockets: SimpleNamespace) -> Recorder:
    recording = Recorder(world.isee.app)
    sockets.isee.agency = recording
    return recording


async def test_every_question_and_answer_is_as_published(
    shared: Path, world: World, operator: Operator, recorder: Recorder
) -> None:
    service = _schema(shared, "ConsultazioneISEE_v2.8_PDND.xsd")
    documents = {
        "XmlEsitoAttestazione": _schema(shared, "ISEE_EsitoConsultazioneAttestazione.xsd"),
        "XmlEsitoIndicatore": _schema(shared, "ISEE_EsitoConsultazioneIndicatore.xsd"),
    }
    connector = world.isee_connector()
    for household in world.demo.households:
        code = household.people[0].fiscal_code
        await connector.attestation([code], operator, TODAY)
        await connector.indicator(IndicatorKind.ORDINARY, code, operator, TODAY)
    assert len(recorder.requests) == 2 * len(world.demo.households)
    carried = dict.fromkeys(documents, 0)
    for (_, asked), answered in zip(recorder.requests, recorder.answers, strict=True):
        service.assertValid(_payload(asked))
        answer = _payload(answered)
        service.assertValid(answer)
        for name, schema in documents.items():
            for one in answer.iter(f"{{{SERVICE}}}{name}"):
                schema.assertValid(etree.ElementTree(etree.fromstring(b64decode(one.text or ""))))
                carried[name] += 1
    assert min(carried.values()) > 20


async def test_the_operations_are_those_of_the_published_description(
    shared: Path, world: World, operator: Operator, recorder: Recorder
) -> None:
    root = etree.parse(shared / "contracts" / "inps" / "ConsultazioneISEE_v2.8_PDND.wsdl").getroot()
    actions = {
        one.get("name"): one.find("s:operation", WSDL).get("soapAction")  # type: ignore[union-attr]
        for one in root.iterfind("w:binding/w:operation", WSDL)
    }
    assert actions == {one.name: one.action for one in (ATTESTATION, INDICATOR)}
    address = root.find("w:service/w:port/s:address", WSDL)
    assert address is not None
    assert str(address.get("location")).endswith(PATH)
    code = world.demo.person.fiscal_code
    await world.isee_connector().attestation([code], operator, TODAY)
    ((headers, _),) = recorder.requests
    assert headers["soapaction"] == f'"{actions["ConsultazioneAttestazione"]}"'
    assert headers["content-type"].startswith("text/xml")
    assert headers["authorization"].startswith("Bearer ")


def test_the_check_can_fail(shared: Path) -> None:
    schema = _schema(shared, "ConsultazioneISEE_v2.8_PDND.xsd")
    wrong = f'<ConsultazioneAttestazione xmlns="{SERVICE}"><request><RicercaCF/></request></ConsultazioneAttestazione>'
    assert not schema.validate(etree.ElementTree(etree.fromstring(wrong)))
