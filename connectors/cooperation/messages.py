# SPDX-License-Identifier: EUPL-1.2
"""The SAP service's elements (sapWS.wsdl; domain.md 6.2): document/literal, no SOAPAction, every leaf a text.

A SAP goes as text: the document, escaped, inside one element. An answer that found nothing has empty elements.
"""

from __future__ import annotations

from typing import Final

from lxml import etree

from connectors.cooperation.records import Holder, Outcome, Verdict
from connectors.sap import NotASap, SapDocument, read_sap
from connectors.sap.regions import SYSTEMS
from connectors.soap import Operation, element
from connectors.soap.envelope import Element
from connectors.xml import XmlRefused

SEND: Final = "invioSAP"
FETCH: Final = "richiestaSAP"
EXISTS: Final = "verificaEsistenzaSAP"
HOLDER: Final = "richiestaCodSAPRegTitolare"
CANCEL: Final = "annullaSAP"
NOTIFY: Final = "notificaSAP"
_READS: Final = frozenset({FETCH, EXISTS, HOLDER})
LONGEST_CODE: Final = 40
LONGEST_MESSAGE: Final = 2_000


class NotAsAgreed(Exception):
    """An answer is not as the contract has it; the text names the part."""


def operation(name: str, namespace: str) -> Operation:
    """One operation. What only reads may be asked again; what was sent twice a region may have taken twice."""
    return Operation(name, f"{{{namespace}}}risposta_{name}", idempotent=name in _READS)


def request(name: str, namespace: str, **leaves: str) -> Element:
    """The element that asks, with its leaves in the published order."""
    asked = etree.Element(f"{{{namespace}}}{name}", nsmap={"types": namespace})
    for leaf, text in leaves.items():
        element(asked, leaf, text)
    return asked


def read_code(answer: Element) -> str | None:
    """`CodiceSAP`; None where there is no SAP."""
    return _code(_leaves(answer, "CodiceSAP")["CodiceSAP"], "CodiceSAP")


def read_holder(answer: Element) -> Holder | None:
    """Whose the SAP is; None where there is none."""
    said = _leaves(answer, "CodiceSAP", "CodiceRegione", "CodiceEnteTitolare")
    code = _code(said["CodiceSAP"], "CodiceSAP")
    body = _code(said["CodiceEnteTitolare"], "CodiceEnteTitolare")
    if code is None:
        return None
    if said["CodiceRegione"] not in SYSTEMS or body is None:
        raise NotAsAgreed("CodiceRegione is none of the SAP's regions, or CodiceEnteTitolare is missing")
    return Holder(code, said["CodiceRegione"], body)


def read_document(answer: Element) -> SapDocument | None:
    """The SAP; None where there is none. It may break rules: `SapDocument.check` says so."""
    text = _leaves(answer, "SAP")["SAP"]
    if not text:
        return None
    try:
        # NOTE what it says of its charset was true before it became text in another document.
        return read_sap(_undeclared(text).encode())
    except (XmlRefused, NotASap) as refused:
        raise NotAsAgreed(f"SAP cannot be read ({refused.code})") from None


def read_verdict(answer: Element, *, with_code: bool = False) -> Verdict:
    """What came of something sent."""
    names = ("Esito", "MessaggioErrore", "CodiceSAP") if with_code else ("Esito", "MessaggioErrore")
    said = _leaves(answer, *names)
    try:
        outcome = Outcome(said["Esito"])
    except ValueError:
        raise NotAsAgreed("Esito is not one of its outcomes") from None
    if outcome is Outcome.X001 and not with_code:  # InvioSAP's alone
        raise NotAsAgreed("Esito is not one of its outcomes")
    message = said["MessaggioErrore"][:LONGEST_MESSAGE] or None
    return Verdict(outcome, message, _code(said.get("CodiceSAP", ""), "CodiceSAP"))


def _leaves(answer: Element, *names: str) -> dict[str, str]:
    """The text of each leaf: these, in this order, and no other."""
    namespace = etree.QName(answer).namespace
    children = [*answer.iterchildren("*")]
    if [one.tag for one in children] != [f"{{{namespace}}}{name}" for name in names]:
        raise NotAsAgreed(f"it has not {', '.join(names)}, once each and in this order")
    if any(len(one) for one in children):
        raise NotAsAgreed("a leaf holds more than text")
    return {name: (one.text or "").strip() for name, one in zip(names, children, strict=True)}


def _code(text: str, name: str) -> str | None:
    if len(text) > LONGEST_CODE or not text.isascii() or not (text.isalnum() or not text):
        raise NotAsAgreed(f"{name} is not a code")
    return text or None


def _undeclared(text: str) -> str:
    """The document without its XML declaration."""
    if not text.startswith("<?xml"):
        return text
    return text.partition("?>")[2].lstrip()
