# SPDX-License-Identifier: EUPL-1.2
"""A region's SAP service over real HTTP: asked, sent to, in trouble, and against the published description."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime
from pathlib import Path

import httpx2
import pytest
from lxml import etree
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connectors.breaker import BreakerPolicy, State
from connectors.cooperation import CooperatingRegion, Outcome, SapConnector
from connectors.cooperation.configuration import EGov
from connectors.cooperation.envelopes import Envelopes
from connectors.cooperation.messages import EXISTS, operation, request
from connectors.exchange import Exchange, Policy
from connectors.sap import SapRefused, read_sap
from connectors.sap.records import Submission
from connectors.simulators.cooperating_region import (
    NAMESPACE,
    OPERATION,
    PATH,
    CooperatingRegionSimulator,
    Parties,
)
from connectors.simulators.faults import EVERY, Fault, FaultKind
from connectors.simulators.serving import serve
from connectors.soap import write_envelope
from hub.errors import UpstreamError, UpstreamInvalid, UpstreamRefused, UpstreamUnavailable
from tests.unit.connectors.sap_documents import GOOD, canonical

PERSON, CODE = "RSSMRA80A01H501U", "AA28868621H"
STRANGER = "PRVGNN90R10H501Q"
PARTIES = EGov("Nazionale", "SPCNazionale", "UMBRIA")
SIMULATED = GOOD.partition("?>")[2].strip()
NOW = datetime(2026, 9, 21, 9, 0, tzinfo=UTC)


class Region:
    """A region on a socket, the hub's connector to it, and what passed between them."""

    def __init__(self) -> None:
        self.simulator = CooperatingRegionSimulator(
            [SIMULATED], parties=Parties("Nazionale", "UMBRIA"), region="19"
        )
        self.instead: ASGIApp | None = None
        self.passed: list[tuple[bytes, bytes]] = []
        self.number = 0
        self.address = ""
        self.http = httpx2.AsyncClient(verify=False)
        self.exchange: Exchange | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked, answered = bytearray(), bytearray()

        async def receiving() -> Message:
            message = await receive()
            asked.extend(message.get("body", b""))
            return message

        async def sending(message: Message) -> None:
            answered.extend(message.get("body", b""))
            await send(message)

        await (self.instead or self.simulator.app)(scope, receiving, sending)
        self.passed.append((bytes(asked), bytes(answered)))

    def connector(self, policy: Policy | None = None, *, egov: EGov | None = PARTIES) -> SapConnector:
        region = CooperatingRegion("10", self.address + PATH, NAMESPACE, egov=egov)
        self.exchange = Exchange("REGION-10", policy or Policy(), self.http)
        return SapConnector(region, self.exchange, Envelopes(egov, now=lambda: NOW, number=self.draw))

    def draw(self) -> int:
        self.number += 1
        return self.number


@pytest.fixture
async def region() -> AsyncIterator[Region]:
    made = Region()
    async with serve({"region": made}) as urls, made.http:
        made.address = urls["region"]
        yield made


async def test_a_persons_sap_is_found_and_fetched_without_loss(region: Region) -> None:
    connector = region.connector()
    assert await connector.existing(PERSON) == CODE
    found = await connector.of_person(PERSON)
    assert found is not None
    assert canonical(found.to_bytes()) == canonical(GOOD.encode())
    assert found.problems == ()
    holder = await connector.holder(PERSON)
    assert holder is not None
    assert (holder.sap_code, holder.region, holder.body) == (CODE, "19", "H501C000523")
    assert region.simulator.refusals == []


async def test_who_has_none_has_none(region: Region) -> None:
    connector = region.connector()
    assert await connector.existing(STRANGER) is None
    assert await connector.of_person(STRANGER) is None
    assert await connector.holder(STRANGER) is None
    assert await connector.fetch("ZZ99999999Z") is None


async def test_a_document_that_changed_is_sent_and_read_back(region: Region) -> None:
    connector = region.connector()
    found = await connector.of_person(PERSON)
    assert found is not None
    changed = found.with_section(
        Submission(
            updated_on=date(2026, 9, 21),
            identifier=CODE,
            holder="H501C000523",
            birth_date=date(1980, 1, 1),
        )
    )
    verdict = await connector.send(changed)
    assert (verdict.outcome, verdict.sap_code, verdict.message) == (Outcome.OK, CODE, None)
    again = await connector.fetch(CODE)
    assert again is not None
    assert canonical(again.to_bytes()) == canonical(changed.to_bytes())
    assert again.sap.submission.updated_on == date(2026, 9, 21)


async def test_a_document_that_breaks_a_rule_is_not_sent(region: Region) -> None:
    broken = read_sap(GOOD.replace(PERSON, "RSSMRA80A01H501X").encode())
    with pytest.raises(SapRefused):
        await region.connector().send(broken)
    assert region.simulator.faults.calls(OPERATION) == 0


@pytest.mark.parametrize("outcome", ["KO", "X001"])
async def test_what_the_region_does_not_take_is_a_verdict(region: Region, outcome: str) -> None:
    region.simulator.verdict = outcome
    connector = region.connector()
    for verdict in (
        await connector.send(read_sap(GOOD.encode())),
        *(
            (await connector.notify(CODE, "trasferimento"), await connector.cancel(CODE))
            if outcome == "KO"
            else ()
        ),
    ):
        assert (verdict.outcome, verdict.message) == (Outcome(outcome), "SAP non accettata")
        assert "SAP" not in repr(verdict), "a region's words may name somebody"


async def test_a_region_is_notified_and_a_sap_taken_back(region: Region) -> None:
    connector = region.connector()
    assert (await connector.notify(CODE, "trasferimento")).outcome is Outcome.OK
    assert region.simulator.notified == [(CODE, "trasferimento")]
    assert (await connector.notify("ZZ99999999Z", "trasferimento")).outcome is Outcome.KO
    assert (await connector.cancel(CODE)).outcome is Outcome.OK
    assert await connector.existing(PERSON) is None


# ── the envelope ──────────────────────────────────────────────────────────────────────────────────────


async def test_every_message_has_a_header_of_its_own_also_when_it_is_asked_again(region: Region) -> None:
    region.simulator.faults.set(EVERY, Fault(FaultKind.SOAP_FAULT, times=1))
    assert await region.connector().existing(PERSON) == CODE
    assert region.number == 2
    assert region.simulator.refusals == []
    sent = region.passed[-1][0].decode()
    assert "Nazionale_SPCNazionale_0000002_2026-09-21_11:00" in sent, "by the gateway's clock, in Rome"
    assert "VerificaEsistenzaSAP" in sent


async def test_a_message_that_was_seen_is_refused(region: Region) -> None:
    connector = region.connector()
    assert await connector.existing(PERSON)
    region.number = 0
    with pytest.raises(UpstreamRefused) as refused:
        await connector.existing(PERSON)
    assert refused.value.extensions["fault"] == "Client"
    assert region.simulator.refusals == ["Identificatore was seen before"]


@pytest.mark.parametrize(
    ("egov", "reason"),
    [
        (None, "Intestazione"),
        (EGov("LAZIO", "SPCNazionale", "UMBRIA"), "Mittente"),
        (EGov("Nazionale", "SPCNazionale", "LAZIO"), "Destinatario"),
        (EGov("Nazionale", "SPCNazionale", "UMBRIA", "Altro"), "Servizio"),
    ],
)
async def test_a_message_for_somebody_else_is_refused(region: Region, egov: EGov | None, reason: str) -> None:
    with pytest.raises(UpstreamRefused):
        await region.connector(egov=egov).existing(PERSON)
    assert region.simulator.refusals == [reason]


async def test_behind_a_gateway_there_is_no_header(region: Region) -> None:
    region.simulator._parties = None
    assert await region.connector(egov=None).existing(PERSON) == CODE
    assert b"Header" not in region.passed[-1][0]


# ── trouble ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(FaultKind.SOAP_FAULT), UpstreamUnavailable),
        (Fault(FaultKind.ERROR), UpstreamUnavailable),
        (Fault(FaultKind.UNAVAILABLE), UpstreamUnavailable),
        (Fault(FaultKind.OVER_LIMIT), UpstreamUnavailable),
        (Fault(FaultKind.DROP), UpstreamUnavailable),
        (Fault(FaultKind.HANG), UpstreamUnavailable),
        (Fault(FaultKind.HTML), UpstreamInvalid),
        (Fault(FaultKind.WRONG_TYPE), UpstreamInvalid),
        (Fault(FaultKind.TRUNCATED), UpstreamInvalid),
    ],
    ids=lambda value: value.kind.value if isinstance(value, Fault) else "",
)
async def test_trouble_is_an_error_of_its_kind(
    region: Region, fault: Fault, error: type[UpstreamError]
) -> None:
    region.simulator.faults.set(EVERY, fault)
    policy = Policy(attempts=1, attempt_timeout=0.2, deadline=1) if fault.kind is FaultKind.HANG else Policy()
    with pytest.raises(error) as raised:
        await region.connector(policy).of_person(PERSON)
    assert raised.value.agency == "REGION-10"
    assert PERSON not in str(raised.value)
    region.simulator.faults.clear()
    assert await region.connector().existing(PERSON)


async def test_what_is_sent_is_sent_once_whatever_comes_back(region: Region) -> None:
    region.simulator.faults.set(EVERY, Fault(FaultKind.SOAP_FAULT))
    connector = region.connector()
    for call in (
        connector.send(read_sap(GOOD.encode())),
        connector.notify(CODE, "x"),
        connector.cancel(CODE),
    ):
        before = region.simulator.faults.calls(OPERATION)
        with pytest.raises(UpstreamUnavailable):
            await call
        assert region.simulator.faults.calls(OPERATION) == before + 1


async def test_a_breaker_is_the_operations_own_and_refusals_do_not_open_it(region: Region) -> None:
    policy = Policy(attempts=1, breaker=BreakerPolicy(least_calls=3, open_for=60, trials=1))
    connector = region.connector(policy)
    for _ in range(4):
        with pytest.raises(UpstreamRefused):
            await connector.existing("nobody")
    region.simulator.faults.set(EVERY, Fault(FaultKind.SOAP_FAULT))
    for _ in range(4):
        with pytest.raises(UpstreamUnavailable):
            await connector.fetch(CODE)
    region.simulator.faults.clear()
    assert region.exchange is not None
    assert region.exchange.states == {EXISTS: State.CLOSED, "richiestaSAP": State.OPEN}
    assert await connector.existing(PERSON)


def _answering(name: str, content: str) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await Request(scope, receive).body()
        message = (
            '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
            f'<risposta_{name} xmlns="{NAMESPACE}">{content}</risposta_{name}></s:Body></s:Envelope>'
        )
        await Response(message.encode(), media_type="text/xml; charset=utf-8")(scope, receive, send)

    return app


BOMB = '&lt;!DOCTYPE a [&lt;!ENTITY b "c">]&gt;&lt;lavoratore&gt;&amp;b;&lt;/lavoratore&gt;'


@pytest.mark.parametrize(
    ("name", "content", "ask"),
    [
        ("richiestaSAP", f"<SAP>{BOMB}</SAP>", lambda one: one.fetch(CODE)),
        ("richiestaSAP", "<SAP>&lt;lavoratore&gt;</SAP>", lambda one: one.fetch(CODE)),
        ("richiestaSAP", "<SAP>&lt;altro/&gt;</SAP>", lambda one: one.fetch(CODE)),
        ("richiestaSAP", "<SAP><lavoratore/></SAP>", lambda one: one.fetch(CODE)),
        ("richiestaSAP", "<SAP/><SAP/>", lambda one: one.fetch(CODE)),
        ("richiestaSAP", "", lambda one: one.fetch(CODE)),
        ("verificaEsistenzaSAP", "<CodiceSAP>a b</CodiceSAP>", lambda one: one.existing(PERSON)),
        ("verificaEsistenzaSAP", f"<CodiceSAP>{'A' * 41}</CodiceSAP>", lambda one: one.existing(PERSON)),
        (
            "richiestaCodSAPRegTitolare",
            "<CodiceSAP>A1</CodiceSAP><CodiceRegione>99</CodiceRegione><CodiceEnteTitolare>B1</CodiceEnteTitolare>",
            lambda one: one.holder(PERSON),
        ),
        (
            "richiestaCodSAPRegTitolare",
            "<CodiceRegione>19</CodiceRegione><CodiceSAP>A1</CodiceSAP><CodiceEnteTitolare>B1</CodiceEnteTitolare>",
            lambda one: one.holder(PERSON),
        ),
        ("notificaSAP", "<Esito>BOH</Esito><MessaggioErrore/>", lambda one: one.notify(CODE, "x")),
        ("notificaSAP", "<Esito>OK</Esito>", lambda one: one.notify(CODE, "x")),
        ("annullaSAP", "<MessaggioErrore/><Esito>OK</Esito>", lambda one: one.cancel(CODE)),
        (
            "invioSAP",
            "<Esito>OK</Esito><MessaggioErrore/>",
            lambda one: one.send(read_sap(GOOD.encode())),
        ),
    ],
)
async def test_an_answer_that_is_not_as_agreed_is_refused(
    region: Region, name: str, content: str, ask: Callable[[SapConnector], object]
) -> None:
    region.instead = _answering(name, content)
    with pytest.raises(UpstreamInvalid):
        await ask(region.connector())  # type: ignore[misc]
    assert region.exchange is not None
    assert region.exchange.accounts[name].invalid == 1


async def test_a_sap_of_another_code_is_not_handed_on(region: Region) -> None:
    region.simulator.by_code["ZZ99999999Z"] = SIMULATED
    with pytest.raises(UpstreamInvalid, match="another than was asked for") as raised:
        await region.connector().fetch("ZZ99999999Z")
    assert CODE not in str(raised.value)
    assert region.exchange is not None
    assert region.exchange.accounts["richiestaSAP"].invalid == 1


async def test_a_sap_of_somebody_else_is_not_handed_on(region: Region) -> None:
    other = SIMULATED.replace(PERSON, STRANGER)
    region.simulator.by_code[CODE] = SIMULATED
    connector = region.connector()
    assert await connector.existing(PERSON) == CODE

    async def swapped(scope: Scope, receive: Receive, send: Send) -> None:
        region.simulator.by_code[CODE] = other if region.passed[1:] else SIMULATED
        await region.simulator.app(scope, receive, send)

    region.passed.clear()
    region.passed.append((b"", b""))
    region.instead = swapped
    with pytest.raises(UpstreamInvalid, match="somebody else"):
        await connector.of_person(PERSON)


# ── the published description ─────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="session")
def published(shared: Path) -> etree.XMLSchema:
    """The types of sapWS.wsdl, under the namespace of the region here: each gateway has its own."""
    text = (shared / "contracts" / "regional" / "sapWS.wsdl").read_text(encoding="utf-8")
    root = etree.fromstring(text.encode())
    found = root.find(".//{http://www.w3.org/2001/XMLSchema}schema")
    assert found is not None
    theirs = str(found.get("targetNamespace"))
    return etree.XMLSchema(
        etree.fromstring(etree.tostring(found).replace(theirs.encode(), NAMESPACE.encode()))
    )


async def test_every_message_is_as_published(region: Region, published: etree.XMLSchema) -> None:
    connector = region.connector()
    await connector.of_person(PERSON)
    await connector.holder(PERSON)
    await connector.existing(STRANGER)
    await connector.send(read_sap(GOOD.encode()))
    await connector.notify(CODE, "trasferimento")
    await connector.cancel("ZZ99999999Z")
    assert len(region.passed) == 7
    for message in (one for both in region.passed for one in both):
        body = etree.fromstring(message).find("{http://schemas.xmlsoap.org/soap/envelope/}Body")
        assert body is not None
        published.assertValid(etree.ElementTree(body[0]))


def test_the_check_can_fail(published: etree.XMLSchema) -> None:
    wrong = request(EXISTS, NAMESPACE, CodiceFiscale=PERSON, Altro="x")
    assert not published.validate(etree.ElementTree(wrong))


def test_the_operations_are_those_of_the_published_description(shared: Path) -> None:
    root = etree.parse(shared / "contracts" / "regional" / "sapWS.wsdl").getroot()
    wsdl = {"w": "http://schemas.xmlsoap.org/wsdl/", "s": "http://schemas.xmlsoap.org/wsdl/soap/"}
    theirs = {one.get("name") for one in root.iterfind("w:binding/w:operation", wsdl)}
    ours = {"invioSAP", "richiestaSAP", EXISTS, "richiestaCodSAPRegTitolare", "annullaSAP", "notificaSAP"}
    assert ours <= theirs
    assert theirs - ours == {"recuperaListaSAPNonAttive", "richiestaSAP_N00_A02"}
    assert not [
        one for one in root.iterfind("w:binding/w:operation/s:operation", wsdl) if one.get("soapAction")
    ]


async def test_a_question_that_is_not_conform_is_a_fault_of_the_client(region: Region) -> None:
    region.simulator._parties = None
    for payload, reason in (
        (request("altro", NAMESPACE), "no operation of this service"),
        (request(EXISTS, NAMESPACE, CodiceFiscale="x"), "CodiceFiscale"),
        (request(EXISTS, NAMESPACE), "CodiceFiscale is missing"),
        (
            request("richiestaSAP", NAMESPACE, CodiceSAP=CODE, Altro="x"),
            "an element that is not in the contract",
        ),
        (request("invioSAP", NAMESPACE, SAP="<altro/>"), "SAP: no lavoratore"),
        (request("invioSAP", NAMESPACE, SAP="<lavoratore"), "SAP: not XML"),
    ):
        region.simulator.refusals.clear()
        answer = await region.http.post(
            region.address + PATH,
            content=write_envelope(payload),
            headers={"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'},
        )
        assert (answer.status_code, region.simulator.refusals) == (500, [reason])


def test_reading_may_be_asked_again_and_sending_may_not() -> None:
    assert operation(EXISTS, NAMESPACE).idempotent
    assert not operation("invioSAP", NAMESPACE).idempotent
