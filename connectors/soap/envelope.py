# SPDX-License-Identifier: EUPL-1.2
"""SOAP 1.1 messages: envelope, header blocks, one element in the body; faults (W3C Note of 8 May 2000)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final

from lxml import etree

from connectors.xml import XmlLimits, read_xml
from hub.errors import InvalidInput

ENVELOPE: Final = "http://schemas.xmlsoap.org/soap/envelope/"
NEXT: Final = "http://schemas.xmlsoap.org/soap/actor/next"
_ENVELOPE, _HEADER, _BODY = (f"{{{ENVELOPE}}}{name}" for name in ("Envelope", "Header", "Body"))
_MUST, _ACTOR = f"{{{ENVELOPE}}}mustUnderstand", f"{{{ENVELOPE}}}actor"
# XML 1.0, section 2.2: what no document may hold, not even as a reference.
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Element = etree._Element  # noqa: SLF001 (lxml has no other name for it)


class FaultCode(StrEnum):
    """Whose fault it is (section 4.4.1)."""

    VERSION_MISMATCH = "VersionMismatch"
    MUST_UNDERSTAND = "MustUnderstand"
    CLIENT = "Client"
    SERVER = "Server"


class SoapRefused(InvalidInput):
    """The message is no SOAP 1.1 request of this service."""

    code: ClassVar[str] = "SOAP_REFUSED"

    def __init__(self, message: str | None = None, fault: FaultCode = FaultCode.CLIENT) -> None:
        self.fault = fault
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Message:
    """A message: the one element of its body, and the blocks of its header."""

    payload: Element
    headers: tuple[Element, ...] = ()


def read_envelope(content: bytes, *, charset: str | None = None, limits: XmlLimits | None = None) -> Message:
    """Read a request. Blocks meant for somebody else on the way (another `actor`) are left as they are.

    Args:
        content: of the HTTP body.
        charset: as `Content-Type` says.
        limits: how large it may be.

    Raises:
        XmlRefused: it is no XML, or none that is read.
        SoapRefused: it is another version's, has not one element in its body, or demands that a header be understood that is not.

    """
    root = read_xml(content, charset=charset, limits=limits)
    if root.tag != _ENVELOPE:
        if etree.QName(root).localname == "Envelope":
            raise SoapRefused("The envelope is not SOAP 1.1's.", FaultCode.VERSION_MISMATCH)
        raise SoapRefused("The document is no SOAP envelope.")
    headers, bodies = root.findall(_HEADER), root.findall(_BODY)
    if len(headers) > 1 or len(bodies) != 1:
        raise SoapRefused("A SOAP envelope has at most one Header, and one Body.")
    blocks = _elements(headers[0]) if headers else ()
    for block in blocks:
        # NOTE the e-Gov header is the domain gateways': its actor says so.
        if block.get(_MUST) in ("1", "true") and block.get(_ACTOR) in (None, "", NEXT):
            raise SoapRefused(
                "A header block that must be understood is not known to this service.",
                FaultCode.MUST_UNDERSTAND,
            )
    content_of_body = _elements(bodies[0])
    if len(content_of_body) != 1:
        raise SoapRefused("The Body of a request has one element.")
    return Message(content_of_body[0], blocks)


def write_envelope(payload: Element, headers: Sequence[Element] = ()) -> bytes:
    """A message, in UTF-8. Takes the elements into itself."""
    root = etree.Element(_ENVELOPE, nsmap={"soapenv": ENVELOPE})
    if headers:
        etree.SubElement(root, _HEADER).extend(headers)
    etree.SubElement(root, _BODY).append(payload)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def write_fault(code: FaultCode, sentence: str) -> bytes:
    """A message that says what went wrong; `sentence` is shown to people."""
    fault = etree.Element(f"{{{ENVELOPE}}}Fault", nsmap={"soapenv": ENVELOPE})
    # NOTE these two are of no namespace (section 4.4); the code is a qualified name.
    etree.SubElement(fault, "faultcode").text = f"soapenv:{code}"
    etree.SubElement(fault, "faultstring").text = written(sentence)
    return write_envelope(fault)


def element(parent: Element, name: str, text: str | None = None) -> Element:
    """A new last child of the parent's namespace."""
    made = etree.SubElement(parent, f"{{{etree.QName(parent).namespace}}}{name}")
    if text is not None:
        made.text = written(text)
    return made


def written(text: str) -> str:
    """A text as XML can hold it: what no document may hold, control characters for the most part, becomes U+FFFD."""
    return _UNWRITABLE.sub("\ufffd", text)


def _elements(parent: Element) -> tuple[Element, ...]:
    return tuple(parent.iterchildren("*"))
