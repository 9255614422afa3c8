# SPDX-License-Identifier: EUPL-1.2
"""Mandatory communications read: the two published shapes, and everything that is no hire or not what is known."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from lxml import etree

from connectors.communications import CommunicationRefused, NotAHire, code_of, read_communication
from connectors.communications.shapes import UNILAV, UNISOMM, Shape
from connectors.xml import read_xml
from hub.ledger.communications import Annulment, Hire, Told
from hub.store.vocabulary import CommunicationKind
from tests.unit.connectors.communication_documents import VALUES, unilav, unisomm

Write = Callable[..., str]
BOTH = pytest.mark.parametrize("write", [unilav, unisomm])


def read(document: str) -> Told:
    return read_communication(read_xml(document.encode()))


def refused(document: str, kind: type[CommunicationRefused] = CommunicationRefused) -> CommunicationRefused:
    with pytest.raises(kind) as error:
        read(document)
    assert type(error.value) is kind
    for value in (*VALUES.values(), "ACME", "NOME", "Roma", "SECRET"):
        assert len(value) < 4 or value not in error.value.message
        assert len(value) < 4 or value not in str(error.value.extensions)
    return error.value


@pytest.mark.parametrize(
    ("write", "kind"), [(unilav, CommunicationKind.UNILAV), (unisomm, CommunicationKind.UNISOMM)]
)
def test_a_hire_is_what_the_document_says(write: Write, kind: CommunicationKind) -> None:
    assert read(write()) == Hire(
        "1200000000000001", kind, "RSSMRA80A01H501U", "12345678903",
        date(2026, 9, 10), date(2026, 12, 31), "A.02.00",
    )  # fmt: skip
    permanent = read(write(more="", worker=" rssmra80a01h501u\n", employer="RSSMRA80A01H501U"))
    assert isinstance(permanent, Hire)
    assert (permanent.ends_on, permanent.contract_type) == (None, None)
    assert permanent.fiscal_code == permanent.employer_code == "RSSMRA80A01H501U"


@BOTH
@pytest.mark.parametrize("kind", ["01", "06", "07", "08", "09"])
def test_every_kind_that_tells_of_a_hire_is_taken(write: Write, kind: str) -> None:
    assert read(write(kind=kind)).code == VALUES["code"]


@BOTH
@pytest.mark.parametrize("kind", ["02", "05", "1", "10", "001", "SECRET"])
def test_another_kind_is_no_hire(write: Write, kind: str) -> None:
    error = refused(write(kind=kind), NotAHire)
    assert error.field.endswith("/TipoComunicazione")


EARLIER = "1200000000000002"


@BOTH
def test_a_correction_is_a_hire_that_names_an_earlier_one(write: Write) -> None:
    first, correction = read(write()), read(write(kind="03", earlier=EARLIER))
    assert isinstance(first, Hire)
    assert correction == replace(first, replaces=EARLIER)
    # What completes an urgent communication may name that one: it is no hire that came before.
    assert read(write(kind="07", earlier=EARLIER)) == first


@pytest.mark.parametrize(
    ("write", "kind"), [(unilav, CommunicationKind.UNILAV), (unisomm, CommunicationKind.UNISOMM)]
)
def test_an_annulment_names_the_one_it_annuls(write: Write, kind: CommunicationKind) -> None:
    annulment = Annulment(VALUES["code"], kind, VALUES["worker"], EARLIER)
    assert read(write(kind="04", earlier=EARLIER)) == annulment
    without = re.sub(
        "(?s)<(InizioRapporto|DittaUtilizzatrice) .*</\\1>", "", write(kind="04", earlier=EARLIER)
    )
    assert "dataInizioMissione" not in without
    assert read(without) == annulment, "it need not say again what it annuls"


@BOTH
@pytest.mark.parametrize("kind", ["03", "04"])
@pytest.mark.parametrize(
    "earlier", [{}, {"earlier": "0" * 16}, {"earlier": "SECRET"}, {"earlier": VALUES["code"]}]
)
def test_what_corrects_or_annuls_and_names_no_other_is_refused(
    write: Write, kind: str, earlier: dict[str, str]
) -> None:
    assert refused(write(kind=kind, **earlier)).field.endswith("/@codiceComunicazionePrecedente")


@pytest.mark.parametrize("kind", ["03", "04"])
def test_what_corrects_or_annuls_an_extension_is_of_no_hire(kind: str) -> None:
    beside = unilav(kind=kind, earlier=EARLIER).replace(
        "<TipoComunicazione>", "<Proroga/><TipoComunicazione>"
    )
    refused(beside, NotAHire)


@BOTH
def test_a_kind_that_is_not_said_is_refused(write: Write) -> None:
    assert refused(write(kind="")).field.endswith("/TipoComunicazione")
    without = re.sub("<TipoComunicazione>.*</TipoComunicazione>", "", write())
    assert refused(without).field.endswith("/TipoComunicazione")


@pytest.mark.parametrize("name", ["Proroga", "Trasformazione", "Cessazione"])
def test_an_extension_a_change_and_an_end_are_no_hires(name: str) -> None:
    begun = unilav().replace("InizioRapporto", name)
    refused(begun, NotAHire)
    beside = unilav().replace("<TipoComunicazione>", f"<{name}/><TipoComunicazione>")
    refused(beside, NotAHire)
    extended = unisomm().replace("<Inizio ", "<Proroga ").replace("</Inizio>", "</Proroga>")
    refused(extended, NotAHire)


CHANGES = {
    "a root of another namespace": ("servizi.lavoro.gov.it/uni", "example.org/uni"),
    "no code": (' codiceComunicazione="1200000000000001"', ""),
    "a short code": ('"1200000000000001"', '"120000000000001"'),
    "a code of zeros": ('"1200000000000001"', '"0000000000000000"'),
    "a code with a sign": ('"1200000000000001"', '"120000000000000-"'),
    "no fiscal code": ("<codice-fiscale>RSSMRA80A01H501U</codice-fiscale>", ""),
    "a wrong check letter": ("RSSMRA80A01H501U", "RSSMRA80A01H501A"),
    "a fiscal code that a comment parts": ("RSSMRA80A01H501U", "RSSMRA80A01<!-- -->H501U"),
    "a fiscal code twice": (
        "<codice-fiscale>", "<codice-fiscale>SECRET</codice-fiscale><codice-fiscale>",
    ),
    "two workers": ("<Lavoratore>", "<Lavoratore/><Lavoratore>"),
    "a second worker by another name": ("<Lavoratore>", "<LavoratoreCoobbligato/><Lavoratore>"),
    "no employer's code": ('codiceFiscale="12345678903"', ""),
    "an employer's code that is none": ('"12345678903"', '"12345678900"'),
    "a day that is none": ('="2026-09-10"', '="2026-09-31"'),
    "a day of another form": ('="2026-09-10"', '="10/09/2026"'),
    "a moment for a day": ('="2026-09-10"', '="2026-09-10T00:00:00"'),
    "no first day": ('="2026-09-10"', '=""'),
    "a last day before the first": ('="2026-12-31"', '="2026-09-09"'),
    "a type of contract of another form": ('"A.02.00"', '"SECRET"'),
    "an unknown attribute of the root": (" versione=", ' SECRET="1" versione='),
    "an unknown attribute of the relationship": (" entePrevidenziale=", ' SECRET="1" entePrevidenziale='),
    "an unknown element of the worker": ("<cognome>", "<SECRET/><cognome>"),
    "an unknown element of the root": ("<Lavoratore>", "<SECRET/><Lavoratore>"),
    "a known element of another namespace": ("<Lavoratore>", '<Lavoratore xmlns="urn:SECRET"/><Lavoratore>'),
    "something in the kind": ("</TipoComunicazione>", "<SECRET/></TipoComunicazione>"),
}  # fmt: skip


@BOTH
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_what_is_wrong_is_refused_by_its_place(write: Write, change: tuple[str, str]) -> None:
    assert change[0] in write()
    error = refused(write().replace(*change))
    assert error.extensions["field"] == error.field
    assert re.fullmatch(r"/|Uni(Lav|Somm)(/[@A-Za-z-]+)*", error.field)


@pytest.mark.parametrize(
    ("shape", "published"),
    [(UNILAV, unilav(more='dataFine="2026-12-31"')), (UNISOMM, unisomm())],
    ids=["UniLav", "UniSomm"],
)
def test_what_no_published_document_shows_is_said_to_be_unverified(shape: Shape, published: str) -> None:
    root, unseen = read_xml(published.encode()), set[str]()
    for place, known in shape.known.items():
        element = root.find("/".join(f"{{*}}{name}" for name in place.split("/"))) if place else root
        assert element is not None
        shown = {f"@{name}" for name in map(str, element.attrib)}
        shown |= {etree.QName(child).localname for child in element.iterchildren("{*}*")}
        assert shown <= known
        unseen |= known - shown
    assert unseen == shape.unverified


@BOTH
def test_what_is_not_read_is_not_looked_at(write: Write) -> None:
    more = write().replace("<Comune>", "<piano>3</piano><Comune>")
    assert read(more) == read(write())


@BOTH
def test_a_schema_that_is_named_is_not_a_member(write: Write) -> None:
    named = 'xmlns:xs="http://www.w3.org/2001/XMLSchema-instance" xs:schemaLocation="a b" versione='
    assert read(write().replace("versione=", named)) == read(write())


def test_the_code_is_known_where_the_rest_is_wrong() -> None:
    assert code_of(read_xml(unilav(worker="").encode())) == VALUES["code"]
    assert code_of(read_xml(unilav(code="x").encode())) is None
    assert code_of(read_xml(b"<a/>")) is None
