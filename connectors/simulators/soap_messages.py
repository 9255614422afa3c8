# SPDX-License-Identifier: EUPL-1.2
"""What a SOAP 1.1 service checks of a message, and the faults it answers with: what the simulated services have in common.

Written from the W3C's note, not from the hub's client.
"""

from __future__ import annotations

from typing import TypeAlias
from xml.sax.saxutils import escape

from lxml import etree
from starlette.responses import Response

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
MEDIA = "text/xml; charset=utf-8"
Element: TypeAlias = etree._Element  # noqa: SLF001 (lxml has no other name for it)


class NotConform(Exception):
    """The message is none of this service's; the text names the part."""


def read_message(media_type: str, body: bytes) -> tuple[dict[str, Element], Element]:
    """The header blocks by tag, and the element in the body.

    Raises:
        NotConform: it is no SOAP 1.1 message with one element in its body.

    """
    if media_type.replace(" ", "").lower() != MEDIA.replace(" ", ""):
        raise NotConform("content-type")
    try:
        root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        raise NotConform("not XML") from None
    parts = [*root]
    if root.tag != f"{{{ENVELOPE}}}Envelope" or [one.tag for one in parts] not in (
        [f"{{{ENVELOPE}}}Body"],
        [f"{{{ENVELOPE}}}Header", f"{{{ENVELOPE}}}Body"],
    ):
        raise NotConform("no envelope")
    if len(parts[-1]) != 1:
        raise NotConform("Body")
    blocks = {str(one.tag): one for one in parts[0]} if len(parts) == 2 else {}
    return blocks, parts[-1][0]


def texts(parent: Element, namespace: str, *names: str) -> dict[str, str]:
    """The text of each child: these names, in this order, no other; a name that ends with `?` may be absent.

    Raises:
        NotConform: one is missing, another is there, or one holds more than text.

    """
    found: dict[str, str] = {}
    children = [*parent]
    for name in names:
        tag = f"{{{namespace}}}{name.removesuffix('?')}"
        if children and children[0].tag == tag:
            child = children.pop(0)
            if len(child):
                raise NotConform(f"{name} holds elements")
            found[name.removesuffix("?")] = child.text or ""
        elif not name.endswith("?"):
            raise NotConform(f"{name} is missing")
    if children:
        raise NotConform("an element that is not in the contract")
    return found


def envelope(payload: str) -> Response:
    """The answer with this element in its body."""
    content = f'<s:Envelope xmlns:s="{ENVELOPE}"><s:Body>{payload}</s:Body></s:Envelope>'
    return Response(content.encode(), media_type=MEDIA, headers={"Cache-Control": "no-store"})


def fault(code: str, sentence: str) -> Response:
    """A fault: HTTP 500 (section 6.2)."""
    content = (
        f'<s:Envelope xmlns:s="{ENVELOPE}"><s:Body><s:Fault><faultcode>s:{code}</faultcode>'
        f"<faultstring>{escape(sentence)}</faultstring></s:Fault></s:Body></s:Envelope>"
    )
    return Response(content.encode(), 500, media_type=MEDIA)
