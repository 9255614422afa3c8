# SPDX-License-Identifier: EUPL-1.2
"""XML 1.0 from outside: bytes become an element, or are refused. No refusal holds anything of the content.

The text is decoded here, strictly, and handed to the parser as UTF-8 without its declaration: what is looked for in the text is
what the parser reads, in whatever charset it came. A document type declaration is the one door to entities, external files and
default attributes, so one is refused by its first letters, before anything is parsed; libxml2's own switches stay off besides, and
what it made is asked once more whether there was one.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

from lxml import etree

from hub.errors import InvalidInput

CHARSETS = {
    "utf-8": "utf-8",
    "us-ascii": "ascii",
    "iso-8859-1": "iso-8859-1",
    "iso-8859-15": "iso-8859-15",
    "windows-1252": "cp1252",
}
"""Charsets that are read, by IANA's names in lower case: those in which ASCII is itself, which the labour systems send."""

_DECLARATION = re.compile(
    rb"""<\?xml\s+version\s*=\s*(["'])1\.0\1
        (?:\s+encoding\s*=\s*(["'])(?P<charset>[A-Za-z][A-Za-z0-9._-]{0,39})\2)?
        (?:\s+standalone\s*=\s*(["'])(?:yes|no)\4)?\s*\?>""",
    re.VERBOSE,
)
_BEGINS_DECLARATION = re.compile(rb"<\?xml[\s?]")
_OTHER_MARKS = (
    codecs.BOM_UTF16_LE,
    codecs.BOM_UTF16_BE,
    codecs.BOM_UTF32_BE,
)  # UTF-32's other begins as UTF-16's
_BLANK = " \t\r\n"


@dataclass(frozen=True, slots=True)
class XmlLimits:
    """How large a document may be: bytes, and elements inside each other."""

    bytes: int = 1_000_000
    depth: int = 64


class XmlRefused(InvalidInput):
    """The XML cannot be read."""

    code = "XML_REFUSED"


class XmlTooLarge(XmlRefused):
    """The XML has more bytes than are read."""

    code = "XML_TOO_LARGE"
    status: ClassVar[int] = 413


class XmlTooDeep(XmlRefused):
    """The XML has elements nested deeper than are read."""

    code = "XML_TOO_DEEP"


class XmlDoctypeRefused(XmlRefused):
    """The XML has a document type declaration (DOCTYPE), and none is read: send the document without it."""

    code = "XML_DOCTYPE"


class XmlCharsetRefused(XmlRefused):
    """The XML is not in a charset that is read, or not in the one it says: send it in UTF-8."""

    code = "XML_CHARSET"


class XmlNotWellFormed(XmlRefused):
    """The XML is not well-formed, or is cut short."""

    code = "XML_NOT_WELL_FORMED"


def read_xml(
    content: bytes, *, charset: str | None = None, limits: XmlLimits | None = None
) -> etree._Element:
    """The root element of a document.

    Args:
        content: the document's bytes.
        charset: as whatever carried it says (`Content-Type`); the document may say the same, or nothing.
        limits: how large it may be; 1,000,000 bytes and 64 levels where nothing else is said.

    Raises:
        XmlRefused: one of its kinds says why; none holds anything of the content.

    """
    limits = limits or XmlLimits()
    if len(content) > limits.bytes:
        raise XmlTooLarge(
            f"The XML has {len(content)} bytes; at most {limits.bytes} are read.", limit=limits.bytes
        )
    text = _decoded(content, charset)
    if _has_doctype(text):
        raise XmlDoctypeRefused
    root = _parsed(text)
    if (
        root.getroottree().docinfo.internalDTD is not None
    ):  # a way past the first letters that nobody has thought of
        raise XmlDoctypeRefused
    if _deeper_than(limits.depth)(root):
        raise XmlTooDeep(f"The XML nests elements deeper than {limits.depth} levels.", limit=limits.depth)
    return root


def _decoded(content: bytes, carried: str | None) -> str:
    """The text after its declaration."""
    if content.startswith(_OTHER_MARKS) or b"\x00" in content:
        raise XmlCharsetRefused  # XML has no U+0000 in any charset; those that write zeros for other letters are not read
    marked = content.startswith(codecs.BOM_UTF8)
    body = content[len(codecs.BOM_UTF8) :] if marked else content
    declared: str | None = None
    if (found := _DECLARATION.match(body)) is not None:
        declared = None if found["charset"] is None else found["charset"].decode("ascii")
        # NOTE its lines stay lines, so that a fault is told by the line the sender finds it on.
        body = b"\n" * body.count(b"\n", 0, found.end()) + body[found.end() :]
    elif _BEGINS_DECLARATION.match(body):
        raise XmlNotWellFormed("The XML declaration is not one of XML 1.0.")
    said = {name.lower() for name in (declared, carried, "utf-8" if marked else None) if name is not None}
    if len(said) > 1:
        raise XmlCharsetRefused("The XML and what carried it say different charsets.")
    codec = CHARSETS.get(said.pop() if said else "utf-8")
    if codec is None:
        raise XmlCharsetRefused(
            f"The XML is in a charset that is not read; these are: {', '.join(CHARSETS)}."
        )
    try:
        text = body.decode(codec)
    except UnicodeDecodeError:
        raise XmlCharsetRefused("The XML is not in the charset it says.") from None
    # NOTE libxml2 takes a mark off whatever it is told of the charset, and would then begin elsewhere than `_has_doctype` does.
    if text.startswith("\ufeff"):
        raise XmlNotWellFormed(
            "The XML has a byte order mark where its first element should be: line 1.", line=1
        )
    return text


def _has_doctype(text: str) -> bool:
    """Whether a document type declaration stands before the root: after blanks, comments and instructions alone."""
    at, end = 0, len(text)
    while at < end:
        while at < end and text[at] in _BLANK:
            at += 1
        if text.startswith("<!--", at):
            closes = text.find("-->", at + 4)
        elif text.startswith("<?", at):
            closes = text.find("?>", at + 2) + 1
        else:
            return text.startswith("<!", at)
        if closes <= 0:
            return False  # it never closes: the parser says so
        at = text.index(">", closes) + 1
    return False


def _parsed(text: str) -> etree._Element:
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        recover=False,
        collect_ids=False,
    )
    try:
        return etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        # NOTE libxml2's message quotes the document: only where it stopped is told.
        raise XmlNotWellFormed(
            f"The XML is not well-formed, or is cut short: line {error.lineno}.", line=error.lineno
        ) from None


@cache
def _deeper_than(depth: int) -> etree.XPath:
    """Whether an element stands below so many others; one look of libxml2's own."""
    return etree.XPath(f"boolean(/{'*/' * depth}*)")
