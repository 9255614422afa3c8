# SPDX-License-Identifier: EUPL-1.2
"""A communication's document becomes a hire or an annulment, or is refused: with the place that is wrong, and never what stands there."""

from __future__ import annotations

import re
from datetime import date

from lxml import etree

from connectors.communications.shapes import KINDS, OTHER_FACTS, SHAPES, Shape, Tells
from hub.errors import InvalidInput
from hub.ledger.communications import (
    CODE_SAID,
    COMMUNICATION_CODE,
    CONTRACT_TYPE,
    Annulment,
    Hire,
    Told,
)
from hub.store.fiscal_code import InvalidFiscalCode, parse_fiscal_code

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_INSTANCE = "{http://www.w3.org/2001/XMLSchema-instance}"


class CommunicationRefused(InvalidInput):
    """The document is no communication of a hire that can be read."""

    code = "COMMUNICATION_REFUSED"

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message, field=field)


class NotAHire(CommunicationRefused):
    """The communication is of something else than a hire, its correction or its annulment."""

    code = "NOT_A_HIRE"


def code_of(root: etree._Element) -> str | None:
    """The communication's code, where it can be read: what a refused one is known by."""
    code = root.get("codiceComunicazione", "")
    return code if COMMUNICATION_CODE.fullmatch(code) else None


def read_communication(root: etree._Element) -> Told:
    """What a communication tells: of a hire, first or corrected, or that an earlier one is annulled.

    Raises:
        NotAHire: it is of an extension, a change or an end.
        CommunicationRefused: it is of neither model, a member is missing, unknown or there twice, or its value is none.

    """
    shape = SHAPES.get(str(root.tag))
    if shape is None:
        raise CommunicationRefused(
            "/", "The document is neither a UniLav nor a UniSomm of the Ministry of Labour."
        )
    document = _Document(root, shape)
    tells = document.tells()
    document.check_known()
    code = code_of(root)
    if code is None:
        raise CommunicationRefused(document.path("@codiceComunicazione"), CODE_SAID)
    worker = document.fiscal_code(*_WORKERS_CODE)
    if tells is Tells.ANNULMENT:
        return Annulment(code, shape.kind, worker, replaces=document.earlier_code())
    begins, ends = document.day(shape.begins), document.optional_day(shape.ends)
    if ends is not None and ends < begins:
        raise CommunicationRefused(
            document.path(*shape.relation, f"@{shape.ends}"), "The relationship ends before it begins."
        )
    return Hire(
        code=code,
        kind=shape.kind,
        fiscal_code=worker,
        employer_code=document.fiscal_code(*shape.employer, "@codiceFiscale"),
        starts_on=begins,
        ends_on=ends,
        contract_type=document.contract_type(),
        replaces=document.earlier_code() if tells is Tells.CORRECTION else None,
    )


_WORKERS_CODE = ("Lavoratore", "AnagraficaCompleta", "codice-fiscale")


class _Document:
    """A document of one model, asked by paths."""

    def __init__(self, root: etree._Element, shape: Shape) -> None:
        self._root = root
        self._shape = shape

    def path(self, *names: str) -> str:
        """A place as it is told: names of the model alone."""
        return "/".join((self._shape.root, *names))

    def tells(self) -> Tells:
        """What it tells of. An annulment need not say again what it annuls."""
        shape = self._shape
        tells = KINDS.get(self.text("TipoComunicazione"))
        if tells is None:
            raise NotAHire(
                self.path("TipoComunicazione"),
                f"The kind of communication is none of those that tell of a hire, correct or annul one: {', '.join(KINDS)}.",
            )
        names = {etree.QName(child).localname for child in self._root.iterchildren("{*}*")}
        is_hire = tells is Tells.ANNULMENT or self._at(shape.present) is not None
        if names & OTHER_FACTS or not is_hire:
            raise NotAHire(
                self.path(*shape.present),
                "The communication is of an extension, a change or an end of work, not of its beginning.",
            )
        return tells

    def earlier_code(self) -> str:
        """The code of the communication that this one corrects or annuls."""
        names = ("@codiceComunicazionePrecedente",)
        code = self._value(names)
        if not COMMUNICATION_CODE.fullmatch(code) or code == self._root.get("codiceComunicazione"):
            raise CommunicationRefused(
                self.path(*names),
                "What corrects or annuls a communication names it by its code, and has another itself.",
            )
        return code

    def check_known(self) -> None:
        """Refuse a member that is not known, of a place that is read."""
        for place, known in self._shape.known.items():
            element = self._at(tuple(place.split("/")) if place else ())
            if element is None:
                continue
            attributes = {f"@{name}" for name in map(str, element.attrib) if not name.startswith(_INSTANCE)}
            children = {self._local(child) for child in element.iterchildren("{*}*")}
            if not attributes | children <= known:
                # NOTE not said back: its name is the sender's.
                raise CommunicationRefused(
                    self.path(*filter(None, [place])),
                    "The place has a member that is not of the published model, and could mean that this is no hire.",
                )

    def day(self, name: str) -> date:
        """The day in an attribute of the relationship."""
        found = self.optional_day(name)
        if found is None:
            raise self._missing((*self._shape.relation, f"@{name}"))
        return found

    def optional_day(self, name: str) -> date | None:
        """The same, None where it is absent or empty."""
        names = (*self._shape.relation, f"@{name}")
        written = self._value(names)
        if not written:
            return None
        try:
            if not _DAY.fullmatch(written):
                raise ValueError
            return date.fromisoformat(written)
        except ValueError:
            raise CommunicationRefused(self.path(*names), "The value is not a day: YYYY-MM-DD.") from None

    def fiscal_code(self, *names: str) -> str:
        """A fiscal code, in its one written form."""
        try:
            return parse_fiscal_code(self.text(*names))
        except InvalidFiscalCode as error:
            raise CommunicationRefused(self.path(*names), error.message) from None

    def contract_type(self) -> str | None:
        """The type of contract, where it is said."""
        names = (*self._shape.relation, "@TipologiaContrattuale")
        written = self._value(names)
        if not written:
            return None
        if not CONTRACT_TYPE.fullmatch(written):
            raise CommunicationRefused(self.path(*names), "A type of contract is as A.01.00.")
        return written

    def text(self, *names: str) -> str:
        """A text that must be there."""
        written = self._value(names)
        if not written:
            raise self._missing(names)
        return written

    def _missing(self, names: tuple[str, ...]) -> CommunicationRefused:
        return CommunicationRefused(self.path(*names), "The member is missing or empty.")

    def _value(self, names: tuple[str, ...]) -> str:
        """The text of an element that has no other inside, or of an attribute; empty where there is none."""
        if names[-1].startswith("@"):
            element = self._at(names[:-1])
            return "" if element is None else (element.get(names[-1][1:]) or "").strip()
        element = self._at(names)
        if element is None:
            return ""
        if len(element):
            raise CommunicationRefused(self.path(*names), "The element has others inside, or comments.")
        return (element.text or "").strip()

    def _at(self, names: tuple[str, ...]) -> etree._Element | None:
        """The element at a path; one that is there twice is refused."""
        element = self._root
        for depth, name in enumerate(names):
            found = element.findall(f"{{{self._shape.namespace}}}{name}")
            if len(found) > 1:
                raise CommunicationRefused(
                    self.path(*names[: depth + 1]), "The element is there more than once."
                )
            if not found:
                return None
            element = found[0]
        return element

    def _local(self, element: etree._Element) -> str:
        """A child's name within the model; of another namespace one that is never known."""
        name = etree.QName(element)
        return name.localname if name.namespace == self._shape.namespace else f"{{}}{name.localname}"
