# SPDX-License-Identifier: EUPL-1.2
"""XML: a root with one element for each record, members as elements of their names; read whole, by the one parser there is.

<patti><patto><idPatto>4711</idPatto> … <ultimoEvento><evento>02</evento> … </ultimoEvento></patto></patti>
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any, cast

from lxml import etree

from connectors.file_exchange.configuration import Encoding
from connectors.file_exchange.limits import FileLimits
from connectors.file_exchange.lines import Row, Unreadable
from connectors.file_exchange.refusals import FileRefused, WholeRefusal
from connectors.file_exchange.shapes import Shape
from connectors.xml import XmlLimits, XmlRefused, read_xml

_CHARSETS = {
    Encoding.UTF_8: "utf-8",
    Encoding.UTF_8_SIG: "utf-8",
    Encoding.CP1252: "windows-1252",
}
DEEPEST = 8
"""Elements inside each other: no record of ours is half as deep."""


class _Twice(Exception):
    """A member stands twice in a record."""


class XmlRecords:
    """The records of one document."""

    unknown: tuple[str, ...] = ()

    def __init__(self, file: IO[bytes], shape: Shape, encoding: Encoding, limits: FileLimits) -> None:
        """Read the document.

        Raises:
            FileRefused: it is none, or has more than agreed.

        """
        self._shape = shape
        content = file.read(limits.xml + 1)
        try:
            root = read_xml(
                content,
                charset=_CHARSETS[encoding],
                limits=XmlLimits(bytes=limits.xml, depth=DEEPEST),
            )
        except XmlRefused as refused:
            raise FileRefused(WholeRefusal.XML_REFUSED, refused.message) from None
        self._records = _elements(root)
        if len(self._records) > limits.records:
            raise FileRefused(
                WholeRefusal.TOO_MANY_RECORDS, f"The file has more than {limits.records} records."
            )
        self.total = len(self._records)

    def rows(self) -> Iterator[Row]:
        """The records, in the document's order."""
        for one in self._records:
            yield Row(_line(one), self._record(one))

    def _record(self, element: etree._Element) -> dict[str, Any] | Unreadable:
        if _name(element) != self._shape.element:
            return Unreadable(f"The record is not an element {self._shape.element}.", _kept(element))
        try:
            return self._object(element, "")
        except _Twice:
            return Unreadable("A member stands twice in the record.", _kept(element))

    def _object(self, element: etree._Element, path: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for child in _elements(element):
            name = _name(child)
            if name in found:
                raise _Twice
            found[name] = self._value(child, f"{path}{name}")
        return found

    def _value(self, element: etree._Element, path: str) -> Any:
        if path in self._shape.listed:
            item = self._shape.listed[path].element
            # What is no item is handed on as its text: the list is refused for what is in it, by name.
            if _text(element).strip():
                return _text(element)
            return [
                self._object(one, f"{path}.item.") if _name(one) == item else _text(one)
                for one in _elements(element)
            ]
        if len(element):
            return self._object(element, f"{path}.")
        return self._shape.value(path, _text(element))


def _elements(element: etree._Element) -> list[etree._Element]:
    """The children that are elements: no comments, no instructions."""
    return list(element.iterchildren("*"))


def _line(element: etree._Element) -> int:
    return cast("int | None", element.sourceline) or 0


def _name(element: etree._Element) -> str:
    return etree.QName(element).localname


def _text(element: etree._Element) -> str:
    return element.text or ""


def _kept(element: etree._Element) -> dict[str, Any]:
    return {"value": etree.tostring(element, encoding="unicode", with_tail=False)}
