# SPDX-License-Identifier: EUPL-1.2
"""serviceRDC: what it asks, what it answers, and that both are as published."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from connectors.rdc import BeneficiaryService, RdcCodes, read_codes
from connectors.rdc.beneficiaries import BY_FISCAL_CODE, BY_PROTOCOL, NOBODY, TYPES
from connectors.soap import NotAnswered, element
from connectors.soap.envelope import Element
from hub.errors import ConfigurationError
from hub.store.vocabulary import BenefitStatus, Obligation

WSDL = "http://schemas.xmlsoap.org/wsdl/"
CODE = "RSSMRA80A41H501Y"
HOUSEHOLD: dict[str, Any] = {
    "inpsProtocol": "INPS-RDC-2020-1",
    "applicant": {"fiscalCode": CODE},
    "benefit": {"status": "SUSPENDED", "startsOn": "2020-03-01"},
    "members": [
        {
            "fiscalCode": CODE, "familyName": "D'Angelo", "givenName": "Anna \x01", "birthDate": "1980-01-01", "sex": "F",
            "obligation": "OBLIGED", "municipality": {"belfioreCode": "H501", "name": "ROMA"},
        },
        {
            "fiscalCode": "BNCLCU15H01H501S", "familyName": "Bianchi", "givenName": "Luca", "birthDate": "2015-06-01", "sex": "M",
            "obligation": "EXCLUDED", "municipality": {"belfioreCode": "E472", "name": "LATINA"},
        },
    ],
}  # fmt: skip


class Asked:
    """A hub that gives one answer, and remembers what it was asked."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data
        self.questions: list[tuple[str, Mapping[str, Any]]] = []

    async def __call__(
        self, document: str, variables: Mapping[str, Any], operator: object = None
    ) -> Mapping[str, Any]:
        self.questions.append((document, variables))
        return self.data


def request(kind: str, **values: str) -> Element:
    asked = etree.Element(f"{{{TYPES}}}richiesta_RDC_beneficiari_dato_{kind}")
    for name, value in values.items():
        element(asked, name, value)
    return asked


def said(answer: Element, path: str) -> list[str]:
    return [
        one.text or "" for one in answer.iterfind("/".join(f"{{{TYPES}}}{name}" for name in path.split("/")))
    ]


@pytest.fixture(scope="module")
def published(shared: Path) -> etree.XMLSchema:
    """The published schema."""
    return etree.XMLSchema(etree.parse(shared / "contracts" / "regional" / "rdc.xsd"))


TABLES = {
    "cod_stato": {one.value: f"S {one.value}" for one in BenefitStatus},
    "cod_ruolo_beneficiario": {one.value: f"R {one.value}" for one in Obligation},
}
CODES = RdcCodes(
    {one: f"S {one.value}" for one in BenefitStatus}, {one: f"R {one.value}" for one in Obligation}
)
SERVICE = BeneficiaryService(CODES)


async def test_the_household_of_a_fiscal_code_is_answered() -> None:
    hub = Asked({"beneficiary": {"household": HOUSEHOLD}})
    answer = await SERVICE.answer(request("CodiceFiscale", codFiscale=CODE.lower()), hub)
    assert hub.questions == [(BY_FISCAL_CODE, {"codFiscale": CODE})]
    assert said(answer, "esito/codEsito") == ["E100"]
    each = "beneficiari/beneficiario"
    assert said(answer, f"{each}/cod_fiscale") == [CODE, "BNCLCU15H01H501S"]
    assert said(answer, f"{each}/des_nome") == ["Anna \ufffd", "Luca"]
    assert said(answer, f"{each}/cod_protocollo_inps") == ["INPS-RDC-2020-1"] * 2
    assert said(answer, f"{each}/cod_stato") == ["S SUSPENDED"] * 2
    assert said(answer, f"{each}/cod_ruolo_beneficiario") == ["R OBLIGED", "R EXCLUDED"]
    assert said(answer, f"{each}/cod_comune_residenza") == ["H501", "E472"]
    assert said(answer, f"{each}/dtt_nascita") == ["1980-01-01", "2015-06-01"]
    assert said(answer, f"{each}/cod_fiscale_richiedente") == [CODE, CODE]


async def test_where_nobody_is_known_to_have_applied_the_element_is_empty(
    published: etree.XMLSchema,
) -> None:
    hub = Asked({"beneficiary": {"household": {**HOUSEHOLD, "applicant": None}}})
    answer = await SERVICE.answer(request("CodiceFiscale", codFiscale=CODE), hub)
    published.assertValid(answer)
    assert said(answer, "beneficiari/beneficiario/cod_fiscale_richiedente") == ["", ""]


async def test_the_household_of_a_protocol_is_answered() -> None:
    hub = Asked({"households": {"nodes": [HOUSEHOLD]}})
    answer = await SERVICE.answer(request("codProtocolloInps", codProtocolloInps=" INPS-RDC-2020-1 "), hub)
    assert hub.questions == [(BY_PROTOCOL, {"codProtocolloInps": "INPS-RDC-2020-1"})]
    assert len(said(answer, "beneficiari/beneficiario")) == 2


@pytest.mark.parametrize(
    ("kind", "name", "value", "data"),
    [
        ("CodiceFiscale", "codFiscale", CODE, {"beneficiary": None}),
        ("codProtocolloInps", "codProtocolloInps", "INPS-1", {"households": {"nodes": []}}),
    ],
)
async def test_nobody_is_an_outcome(kind: str, name: str, value: str, data: Mapping[str, Any]) -> None:
    answer = await SERVICE.answer(request(kind, **{name: value}), Asked(data))
    assert said(answer, "esito/codEsito") == ["E101"]
    assert said(answer, "esito/messaggioErrore") == [NOBODY]
    assert said(answer, "beneficiari") == [""]


@pytest.mark.parametrize(
    "asked",
    [
        request("CodiceFiscale"),
        request("CodiceFiscale", codFiscale=""),
        request("CodiceFiscale", codFiscale="RSSMRA80A41H501X"),
        request("CodiceFiscale", codFiscale=CODE, altro="1"),
        request("CodiceFiscale", codProtocolloInps="1"),
        request("codProtocolloInps", codProtocolloInps="con spazi"),
        request("codProtocolloInps", codProtocolloInps="1" * 41),
    ],
)
async def test_what_cannot_be_asked_is_not(asked: Element) -> None:
    hub = Asked({})
    with pytest.raises(NotAnswered) as refused:
        await SERVICE.answer(asked, hub)
    assert "RSSMRA" not in refused.value.message
    assert hub.questions == []


async def test_requests_and_answers_are_as_published(published: etree.XMLSchema) -> None:
    found = Asked({"beneficiary": {"household": HOUSEHOLD}, "households": {"nodes": []}})
    for asked in (
        request("CodiceFiscale", codFiscale=CODE),
        request("codProtocolloInps", codProtocolloInps="INPS-1"),
    ):
        published.assertValid(asked)
        published.assertValid(await SERVICE.answer(asked, found))
        published.assertValid(SERVICE.outcome(asked, "INTERNAL_ERROR", "Something went wrong."))


def test_the_operations_are_those_of_the_published_description(shared: Path) -> None:
    root = etree.parse(shared / "contracts" / "regional" / "getRdc.wsdl").getroot()
    parts = {one.get("name"): _local(one, "part", "element") for one in root.iterfind(f"{{{WSDL}}}message")}
    operations = {
        f"{{{TYPES}}}{parts[_local(one, 'input', 'message')]}": one.get("name")
        for one in root.iterfind(f"{{{WSDL}}}portType/{{{WSDL}}}operation")
    }
    assert dict(SERVICE.operations) == operations


def _local(parent: Element, child: str, attribute: str) -> str:
    """The local part of a qualified name in an attribute of a child."""
    found = parent.find(f"{{{WSDL}}}{child}")
    assert found is not None
    return (found.get(attribute) or "").partition(":")[2]


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("ACCESS_LOG_UNAVAILABLE", "E997"),
        ("BAD_USER_INPUT", "E001"),
        ("FORBIDDEN_FIELD", "E999"),
        ("INTERNAL_ERROR", "E999"),
    ],
)
def test_what_went_wrong_has_its_outcome(code: str, outcome: str) -> None:
    answer = SERVICE.outcome(request("CodiceFiscale"), code, "A sentence.")
    assert (said(answer, "esito/codEsito"), said(answer, "esito/messaggioErrore")) == (
        [outcome],
        ["A sentence."],
    )


def test_codes_are_configured() -> None:
    assert read_codes(TABLES) == CODES
    assert read_codes({}) is None, "none are invented"


@pytest.mark.parametrize(
    "tables",
    [
        {**TABLES, "cod_stato": "EROGATO"},
        {**TABLES, "cod_stato": {"ACTIVE": "EROGATO"}},
        {**TABLES, "cod_stato": {**TABLES["cod_stato"], "OTHER": "y"}},
        {**TABLES, "cod_ruolo_beneficiario": {one.value: "" for one in Obligation}},
        {**TABLES, "cod_ruolo_beneficiario": dict.fromkeys((one.value for one in Obligation), 1)},
        {"cod_stato": TABLES["cod_stato"]},
        {"cod_ruolo_beneficiario": TABLES["cod_ruolo_beneficiario"]},
    ],
)
def test_a_table_that_says_something_else_is_refused(tables: Mapping[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=r"\[cod_"):
        read_codes(tables)
