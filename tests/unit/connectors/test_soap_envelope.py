# SPDX-License-Identifier: EUPL-1.2
"""SOAP 1.1 messages: read, refused, written; what XML cannot hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from connectors.soap import FaultCode, SoapRefused, element, read_envelope, write_envelope, write_fault
from connectors.soap.envelope import ENVELOPE, NEXT
from connectors.xml import XmlRefused

PAYLOAD = '<t:ask xmlns:t="urn:t"><t:code>1</t:code></t:ask>'


def message(body: str = PAYLOAD, header: str = "", version: str = ENVELOPE) -> bytes:
    return f'<e:Envelope xmlns:e="{version}">{header}<e:Body>{body}</e:Body></e:Envelope>'.encode()


def header(attributes: str) -> str:
    return f'<e:Header><x:token xmlns:x="urn:x" {attributes}>1</x:token></e:Header>'


def test_a_request_is_read() -> None:
    read = read_envelope(message(f"<!-- mine --> {PAYLOAD} ", header("")))
    assert read.payload.tag == "{urn:t}ask"
    assert [one.tag for one in read.headers] == ["{urn:x}token"]


@pytest.mark.parametrize(
    ("attributes", "is_refused"),
    [
        ('e:mustUnderstand="1"', True),
        ('e:mustUnderstand="1" e:actor=""', True),
        (f'e:mustUnderstand="1" e:actor="{NEXT}"', True),
        ('e:mustUnderstand="1" e:actor="http://www.cnipa.it/eGov_it/portadominio"', False),
        ('e:mustUnderstand="0"', False),
        ("", False),
    ],
)
def test_a_header_that_must_be_understood_is_not_passed_over(attributes: str, is_refused: bool) -> None:
    content = message(header=header(attributes))
    if not is_refused:
        read_envelope(content)
        return
    with pytest.raises(SoapRefused) as refused:
        read_envelope(content)
    assert refused.value.fault is FaultCode.MUST_UNDERSTAND


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (message(version="http://www.w3.org/2003/05/soap-envelope"), FaultCode.VERSION_MISMATCH),
        (b"<ask/>", FaultCode.CLIENT),
        (message(""), FaultCode.CLIENT),
        (message("text"), FaultCode.CLIENT),
        (message(PAYLOAD + PAYLOAD), FaultCode.CLIENT),
        (message(PAYLOAD).replace(b"e:Body", b"e:Trunk"), FaultCode.CLIENT),
        (message(PAYLOAD, "<e:Header/><e:Header/>"), FaultCode.CLIENT),
    ],
)
def test_what_is_no_request_is_refused(content: bytes, fault: FaultCode) -> None:
    with pytest.raises(SoapRefused) as refused:
        read_envelope(content)
    assert refused.value.fault is fault


def test_what_could_hurt_is_refused() -> None:
    bomb = b'<!DOCTYPE e [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>' + message("<a>&b;</a>")
    with pytest.raises(XmlRefused):
        read_envelope(bomb)


@given(st.text(max_size=20))
def test_whatever_a_text_holds_can_be_written(text: str) -> None:
    answer = etree.Element("{urn:t}answer")
    element(answer, "name", text)
    read = read_envelope(write_envelope(answer)).payload.findtext("{urn:t}name") or ""
    # NOTE a lone surrogate is no character: what a text of the database can never hold either.
    expected = [
        c if c in "\t\n\r" or " " <= c < "\ud800" or "\ue000" <= c < "\ufffe" or c > "\uffff" else "\ufffd"
        for c in text
    ]
    assert read == "".join(expected)


def test_a_fault_says_whose_it_is() -> None:
    fault = read_envelope(write_fault(FaultCode.CLIENT, "No such \x01 operation.")).payload
    assert fault.tag == f"{{{ENVELOPE}}}Fault"
    assert fault.findtext("faultstring") == "No such \ufffd operation."
    prefix, _, code = (fault.findtext("faultcode") or "").partition(":")
    assert (fault.nsmap[prefix], code) == (ENVELOPE, "Client")
