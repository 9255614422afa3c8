# SPDX-License-Identifier: EUPL-1.2
"""The SOAP client over a transport in memory: what goes out, whose failure an answer is, and what is no answer at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from connectors.breaker import BreakerPolicy, State
from connectors.exchange import Exchange, Policy
from connectors.soap import (
    CONTENT_TYPE,
    Credentials,
    Fault,
    FaultCode,
    Operation,
    SoapClient,
    element,
    read_envelope,
    read_fault,
)
from connectors.soap.envelope import ENVELOPE, Element
from connectors.xml import XmlLimits
from hub.errors import UpstreamError, UpstreamInvalid, UpstreamRefused, UpstreamUnavailable

ASK = Operation("ask", "{urn:t}answer", "urn:t/ask")
SEND = Operation("send", "{urn:t}sent", idempotent=False)
ANSWER = '<t:answer xmlns:t="urn:t"><t:said>yes</t:said></t:answer>'
PERSON = "RSSMRA80A01H501U"
FRAGILE = BreakerPolicy(least_calls=2, failure_rate=0.5, open_for=60.0, trials=1)


def envelope(body: str, header: str = "") -> bytes:
    return f'<e:Envelope xmlns:e="{ENVELOPE}">{header}<e:Body>{body}</e:Body></e:Envelope>'.encode()


def fault(code: str, more: str = "") -> bytes:
    return envelope(
        f"<e:Fault {more}><faultcode>{code}</faultcode><faultstring>{PERSON} is unknown</faultstring></e:Fault>"
    )


def reply(content: bytes, status: int = 200, media: str | None = CONTENT_TYPE) -> httpx2.Response:
    headers = {} if media is None else {"Content-Type": media}
    return httpx2.Response(status, headers=headers, stream=httpx2.ByteStream(content))


class Agency:
    """Answers every request alike; keeps them."""

    def __init__(self, make: Callable[[], httpx2.Response]) -> None:
        self.make = make
        self.requests: list[httpx2.Request] = []

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        await asyncio.sleep(0)
        return self.make()


def _canonical(one: Element) -> bytes:
    return etree.tostring(one, method="c14n", exclusive=True)


async def _no_sleep(_seconds: float) -> None:
    return None


def connected(agency: Agency, breaker: BreakerPolicy | None = None) -> tuple[SoapClient, Exchange]:
    exchange = Exchange(
        "TEST",
        Policy(breaker=breaker or BreakerPolicy()),
        httpx2.AsyncClient(transport=httpx2.MockTransport(agency)),
        sleep=_no_sleep,
    )
    return SoapClient(exchange, "http://agency.test/soap", limits=XmlLimits(bytes=20_000)), exchange


def question(text: str = PERSON) -> Element:
    asked = etree.Element("{urn:t}ask", nsmap={"t": "urn:t"})
    element(asked, "code", text)
    return asked


async def test_an_operation_is_asked_and_answered() -> None:
    agency = Agency(lambda: reply(envelope(ANSWER)))
    client, _ = connected(agency)
    asked = question()
    block = etree.Element("{urn:x}who")
    answer = await client.call(ASK, asked, blocks=lambda: (block,))
    assert answer.tag == ASK.answer
    assert answer.findtext("{urn:t}said") == "yes"
    (request,) = agency.requests
    assert (request.method, request.headers["content-type"]) == ("POST", CONTENT_TYPE)
    assert request.headers["soapaction"] == '"urn:t/ask"'
    sent = read_envelope(request.content, charset="utf-8")
    assert _canonical(sent.payload) == _canonical(question())
    assert [one.tag for one in sent.headers] == ["{urn:x}who"]
    assert asked.getparent() is None, "the caller's element is still the caller's"


async def test_an_operation_without_an_action_says_so() -> None:
    agency = Agency(lambda: reply(envelope('<t:sent xmlns:t="urn:t"/>')))
    await connected(agency)[0].call(SEND, question())
    assert agency.requests[0].headers["soapaction"] == '""'


async def test_credentials_are_made_for_the_bytes_that_are_sent_and_for_each_attempt() -> None:
    agency = Agency(lambda: reply(fault("e:Server"), 500))
    seen: list[bytes] = []
    made = 0

    async def identify(body: bytes) -> Credentials:
        seen.append(body)
        return Credentials({"Authorization": f"Bearer {len(seen)}"})

    def blocks() -> tuple[Element, ...]:
        nonlocal made
        made += 1
        return (element(etree.Element("{urn:x}all"), f"n{made}"),)

    with pytest.raises(UpstreamUnavailable):
        await connected(agency)[0].call(ASK, question(), identify=identify, blocks=blocks)
    assert [one.content for one in agency.requests] == seen
    assert [one.headers["authorization"] for one in agency.requests] == ["Bearer 1", "Bearer 2", "Bearer 3"]
    assert len(set(seen)) == 3, "each attempt has header blocks of its own"


async def test_what_is_not_idempotent_is_tried_once() -> None:
    agency = Agency(lambda: reply(fault("e:Server"), 500))
    with pytest.raises(UpstreamUnavailable):
        await connected(agency)[0].call(SEND, question())
    assert len(agency.requests) == 1


async def test_a_401_is_told_to_whoever_gave_the_credentials() -> None:
    told: list[int] = []

    async def identify(_body: bytes) -> Credentials:
        return Credentials({}, lambda: told.append(1))

    agency = Agency(lambda: reply(b"", 401, None))
    with pytest.raises(UpstreamRefused) as refused:
        await connected(agency)[0].call(ASK, question(), identify=identify)
    assert refused.value.extensions["status"] == 401
    assert told == [1]


async def test_equal_questions_of_one_asker_are_one_call_and_of_two_are_two() -> None:
    agency = Agency(lambda: reply(envelope(ANSWER)))
    client, _ = connected(agency)
    await asyncio.gather(*(client.call(ASK, question(), asker="one") for _ in range(5)))
    assert len(agency.requests) == 1
    await asyncio.gather(
        client.call(ASK, question(), asker="one"),
        client.call(ASK, question(), asker="two"),
        client.call(ASK, question("other"), asker="one"),
    )
    assert len(agency.requests) == 4


@pytest.mark.parametrize(
    ("make", "error", "counts"),
    [
        (lambda: reply(fault("e:Client"), 500), UpstreamRefused, False),
        (lambda: reply(fault("Client"), 500), UpstreamRefused, False),
        (lambda: reply(fault("e:Client.Authentication"), 500), UpstreamRefused, False),
        (lambda: reply(fault("e:MustUnderstand"), 500), UpstreamRefused, False),
        (lambda: reply(fault("e:VersionMismatch"), 500), UpstreamRefused, False),
        (lambda: reply(fault("e:Client"), 200), UpstreamRefused, False),
        (lambda: reply(fault("e:Server"), 500), UpstreamUnavailable, True),
        (lambda: reply(fault("e:Server"), 200), UpstreamUnavailable, True),
        (lambda: reply(fault("e:Server.Busy"), 500), UpstreamUnavailable, True),
        (
            lambda: reply(fault("w:InternalServiceFault", 'xmlns:w="urn:wcf"'), 500),
            UpstreamUnavailable,
            True,
        ),
        (lambda: reply(fault("w:Client", 'xmlns:w="urn:wcf"'), 500), UpstreamUnavailable, True),
        (lambda: reply(fault(""), 500), UpstreamUnavailable, True),
        (lambda: reply(envelope(ANSWER), 500), UpstreamUnavailable, True),
        (lambda: reply(b"<html>", 500, "text/html"), UpstreamUnavailable, True),
        (lambda: reply(b"", 502, None), UpstreamUnavailable, True),
        (lambda: reply(fault("e:Client"), 503), UpstreamUnavailable, True),
        (lambda: reply(b"", 404, None), UpstreamRefused, False),
        (lambda: reply(fault("e:Client"), 400), UpstreamRefused, False),
        (lambda: reply(b"", 302, None), UpstreamInvalid, False),
        (lambda: reply(envelope(ANSWER), 202), UpstreamInvalid, False),
    ],
)
async def test_whose_failure_an_answer_is(
    make: Callable[[], httpx2.Response], error: type[UpstreamError], counts: bool
) -> None:
    client, exchange = connected(Agency(make), FRAGILE)
    for _ in range(3):
        with pytest.raises(UpstreamError) as raised:
            await client.call(ASK, question())
    assert isinstance(raised.value, error)
    assert raised.value.agency == "TEST"
    assert PERSON not in str(raised.value)
    assert exchange.states["ask"] is (State.OPEN if counts else State.CLOSED)


async def test_an_answer_may_tell_of_a_failure_itself() -> None:
    client, exchange = connected(Agency(lambda: reply(envelope(ANSWER))), FRAGILE)
    for _ in range(2):
        with pytest.raises(UpstreamUnavailable):
            await client.call(ASK, question(), failing=lambda one: one.findtext("{urn:t}said") == "yes")
    assert exchange.states["ask"] is State.OPEN


BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY c "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    + envelope('<t:answer xmlns:t="urn:t">&c;</t:answer>')
)
OUTSIDE = b'<!DOCTYPE b [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + envelope(
    '<t:answer xmlns:t="urn:t">&a;</t:answer>'
)


@pytest.mark.parametrize(
    ("content", "media"),
    [
        (BOMB, CONTENT_TYPE),
        (OUTSIDE, CONTENT_TYPE),
        (envelope(ANSWER)[:-20], CONTENT_TYPE),
        (envelope(ANSWER), "text/xml; charset=utf-16"),
        (envelope(ANSWER).decode().encode("utf-16"), CONTENT_TYPE),
        (envelope('<t:answer xmlns:t="urn:t">\u00e0</t:answer>').decode().encode("iso-8859-1"), CONTENT_TYPE),
        (envelope(ANSWER), "application/json"),
        (envelope(ANSWER), None),
        (envelope(ANSWER), "application/soap+xml"),
        (b"", CONTENT_TYPE),
        (ANSWER.encode(), CONTENT_TYPE),
        (envelope(""), CONTENT_TYPE),
        (envelope(ANSWER + ANSWER), CONTENT_TYPE),
        (envelope('<t:another xmlns:t="urn:t"/>'), CONTENT_TYPE),
        (envelope("<answer/>"), CONTENT_TYPE),
        (envelope(ANSWER, '<e:Header><x:t xmlns:x="urn:x" e:mustUnderstand="1"/></e:Header>'), CONTENT_TYPE),
        (envelope("<a>" * 100 + "</a>" * 100), CONTENT_TYPE),
        (envelope(f"<a>{'x' * 30_000}</a>"), CONTENT_TYPE),
        (
            envelope(ANSWER).replace(ENVELOPE.encode(), b"http://www.w3.org/2003/05/soap-envelope"),
            CONTENT_TYPE,
        ),
    ],
)
async def test_what_is_no_answer_is_refused_once_and_quotes_nothing(
    content: bytes, media: str | None
) -> None:
    agency = Agency(lambda: reply(content, 200, media))
    client, exchange = connected(agency, FRAGILE)
    with pytest.raises(UpstreamInvalid) as refused:
        await client.call(ASK, question())
    assert len(agency.requests) == 1, "a second attempt would bring the same"
    assert exchange.states["ask"] is State.CLOSED
    assert exchange.accounts["ask"].invalid == 1
    assert "root:" not in str(refused.value)
    assert PERSON not in str(refused.value)


async def test_a_compressed_answer_and_one_beyond_the_cap_are_refused() -> None:
    squeezed = Agency(
        lambda: httpx2.Response(
            200,
            headers={"Content-Type": CONTENT_TYPE, "Content-Encoding": "gzip"},
            stream=httpx2.ByteStream(b"\x1f\x8b cut"),
        )
    )
    with pytest.raises(UpstreamInvalid, match="compressed"):
        await connected(squeezed)[0].call(ASK, question())


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=200))
async def test_every_text_goes_out_and_comes_back(text: str) -> None:
    async def echo(request: httpx2.Request) -> httpx2.Response:
        asked = read_envelope(request.content, charset="utf-8").payload
        answer = etree.Element(ASK.answer)
        answer.append(asked)
        return reply(envelope(etree.tostring(answer).decode()))

    exchange = Exchange("TEST", Policy(), httpx2.AsyncClient(transport=httpx2.MockTransport(echo)))
    answer = await SoapClient(exchange, "http://agency.test/").call(ASK, question(text))
    asked = question(text)
    assert answer[0].findtext("{urn:t}code") == asked.findtext("{urn:t}code")


@given(
    st.text(
        st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"),
        max_size=30,
    )
)
def test_a_code_that_is_none_of_the_four_is_no_refusal(text: str) -> None:
    made = etree.Element(f"{{{ENVELOPE}}}Fault")
    etree.SubElement(made, "faultcode").text = text
    found = read_fault(made)
    assert found is not None
    said = text.strip().rpartition(":")[2].partition(".")[0]
    assert found.is_refusal is (
        ":" not in text.strip() and said in {"Client", "MustUnderstand", "VersionMismatch"}
    )


def test_what_is_no_fault_is_none() -> None:
    assert read_fault(question()) is None
    assert read_fault(etree.Element(f"{{{ENVELOPE}}}Fault")) == Fault(None)
    assert Fault(FaultCode.CLIENT).word == "Client"
