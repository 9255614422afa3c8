# SPDX-License-Identifier: EUPL-1.2
"""Pacts, offers and courses of a region: read right, or refused with the field that is wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.records.delivery import RecordRefused
from connectors.regional import PROVISIONAL_CODES, RegionalPact
from connectors.regional.courses import decode_course
from connectors.regional.offers import decode_offer
from connectors.regional.pacts import decode_pact
from hub.store.vocabulary import CourseMode, GoalStatus, OpportunityStatus, PactKind, PactStatus

Record = dict[str, Any]
CODE = "RSSMRA80A41H501Y"
PACT: Record = {
    "idPatto": 4711,
    "codTipoPatto": "PSP",
    "codiceFiscale": CODE,
    "dataPropostaPds": "2026-02-02",
    "dataFirmaPds": "2026-02-09T00:00:00+01:00",
    "dataFine": None,
    "flgAnnullato": "N",
    "ultimoEvento": {"evento": "02", "dataEvento": "2026-02-09"},
    "politicheAttive": [
        {
            "denominazione": "Corso",
            "dataFine": "2026-06-30",
            "ultimoEvento": {"evento": "10", "dataEvento": "2026-06-30"},
        },
        {"denominazione": "Tirocinio", "ultimoEvento": {"evento": "05", "dataEvento": "2026-06-30"}},
    ],
    "dataAggiorn": "2026-02-09T10:00:00+01:00",
}
OFFER: Record = {
    "idOfferta": "RM-1",
    "titolo": "Aiuto cuoco",
    "denominazioneAzienda": "Osteria",
    "codQualifica": "5.2.2.1.0",
    "codTipoContratto": "A.02.00",
    "numOreSettMedie": 37.5,
    "numRetribuzioneLorda": "1480.00",
    "numPosti": 2,
    "codComune": "H501",
    "dataPubblicazione": "2026-03-01",
    "dataScadenza": "2026-06-30",
    "codStato": "A",
    "dataAggiorn": "2026-03-01",
}
COURSE: Record = {
    "idCorso": "C-1",
    "denominazioneCorso": "Saldatura",
    "denomOperatore": "Tecnica",
    "codModalita": "M",
    "codComune": "H501",
    "dataInizio": "2026-04-13",
    "dataFine": "2026-07-10",
    "numDurataOre": 300,
    "numPosti": 20,
    "numIscritti": 20,
    "codStato": "C",
    "dataAggiorn": "2026-03-01",
}


def pact(**change: Any) -> RegionalPact:
    return decode_pact({**PACT, **change}, PROVISIONAL_CODES)


def event(code: str, on: str = "2026-05-01") -> Record:
    return {"evento": code, "dataEvento": on}


def test_a_pact_is_read() -> None:
    found = pact()
    assert (found.external_id, found.kind, found.status) == ("4711", PactKind.SERVICE, PactStatus.ACTIVE)
    assert (found.fiscal_code, found.inps_protocol) == (CODE, None)
    assert (found.proposed_on, found.signed_on, found.ends_on) == (date(2026, 2, 2), date(2026, 2, 9), None)
    assert [(goal.description, goal.status, goal.due_on) for goal in found.goals] == [
        ("Corso", GoalStatus.ACHIEVED, date(2026, 6, 30)),
        ("Tirocinio", GoalStatus.ABANDONED, None),
    ]
    assert found.changed_at == datetime(2026, 2, 9, 9, tzinfo=UTC)
    assert found.professions is None


CODES: Record = {
    "5": "5",
    "4.1": "4.1",
    " 5.2.2.1 ": "5.2.2.1",
    "8.1.4.3.0.1": "8.1.4.3.0.1",
    "6.10.12": "6.10.12",
}


def test_the_professions_of_a_pact_are_codes_or_their_beginnings_in_its_order() -> None:
    named = [{"codQualifica": code} for code in CODES]
    assert pact(qualifiche=named).professions == tuple(CODES.values())
    twenty = pact(qualifiche=[{"codQualifica": "5"}] * 20).professions
    assert twenty == ("5",) * 20


def test_a_pact_that_names_none_is_told_from_one_of_which_it_is_not_known() -> None:
    assert pact(qualifiche=[]).professions == ()
    assert pact(qualifiche=None).professions is None


@pytest.mark.parametrize(
    ("kind", "signed_in", "expected"),
    [
        ("PL", "dSottoscrizione", PactKind.WORK),
        ("PAD", "dPadPadi", PactKind.DIGITAL_ACTIVATION),
        ("PSP", "dataFirmaPds", PactKind.SERVICE),
    ],
)
def test_each_kind_is_signed_in_its_own_field(kind: str, signed_in: str, expected: PactKind) -> None:
    unsigned = {"dataFirmaPds": None, "codTipoPatto": kind, signed_in: "2026-02-09"}
    assert (pact(**unsigned).kind, pact(**unsigned).signed_on) == (expected, date(2026, 2, 9))


def test_an_inclusion_pact_is_the_households() -> None:
    found = pact(codTipoPatto="PI", dSottoscrizione="2026-02-09", codProtocolloInps="P-1", codiceFiscale=None)
    assert (found.kind, found.fiscal_code, found.inps_protocol) == (PactKind.INCLUSION, None, "P-1")


@pytest.mark.parametrize(
    ("code", "signed", "status", "ends_on"),
    [
        ("01", False, PactStatus.PROPOSED, None),
        ("03", False, PactStatus.REFUSED, None),
        ("06", False, PactStatus.REFUSED, None),
        ("06", True, PactStatus.TERMINATED, date(2026, 5, 1)),
        ("09", True, PactStatus.SUSPENDED, None),
        ("10", True, PactStatus.COMPLETED, date(2026, 5, 1)),
        ("12", True, PactStatus.TERMINATED, date(2026, 5, 1)),
    ],
)
def test_the_last_event_says_where_a_pact_stands(
    code: str, signed: bool, status: PactStatus, ends_on: date | None
) -> None:
    found = pact(ultimoEvento=event(code), **({} if signed else {"dataFirmaPds": None}))
    assert (found.status, found.ends_on) == (status, ends_on)


def test_every_policy_event_of_the_sap_is_known() -> None:
    events = {f"{n:02d}" for n in range(1, 16)}
    assert set(PROVISIONAL_CODES.pact_event.words) == events
    assert set(PROVISIONAL_CODES.goal_event.words) == events


def test_an_annulled_pact_is_over() -> None:
    assert pact(flgAnnullato="S").status is PactStatus.TERMINATED
    assert pact(flgAnnullato="S", dataFirmaPds=None, ultimoEvento=event("01")).status is PactStatus.REFUSED


WRONG_PACTS: list[tuple[Record, str]] = [
    ({"idPatto": None}, "idPatto"),
    ({"idPatto": True}, "idPatto"),
    ({"codTipoPatto": "XX"}, "codTipoPatto"),
    ({"codiceFiscale": CODE[:15] + "A"}, "codiceFiscale"),
    ({"dataFirmaPds": None}, "dataFirmaPds"),
    ({"dataFirmaPds": "2026-02-01"}, "dataFirmaPds"),
    ({"dataPropostaPds": "x"}, "dataPropostaPds"),
    ({"dataFine": "2026-02-08"}, "dataFine"),
    ({"flgAnnullato": "X"}, "flgAnnullato"),
    ({"ultimoEvento": None}, "ultimoEvento"),
    ({"ultimoEvento": {"evento": "16"}}, "ultimoEvento.evento"),
    ({"ultimoEvento": {"evento": "10"}}, "ultimoEvento.dataEvento"),
    ({"politicheAttive": [{"denominazione": "a"}]}, "politicheAttive[0].ultimoEvento"),
    ({"politicheAttive": [{"ultimoEvento": event("02")}]}, "politicheAttive[0].denominazione"),
    ({"politicheAttive": [{}] * 201}, "politicheAttive"),
    ({"qualifiche": [{"codQualifica": "5"}] * 21}, "qualifiche"),
    ({"qualifiche": "5.2"}, "qualifiche"),
    ({"qualifiche": ["5.2"]}, "qualifiche"),
    ({"qualifiche": [{"codQualifica": "5"}, {}]}, "qualifiche[1].codQualifica"),
    ({"qualifiche": [{"codQualifica": None}]}, "qualifiche[0].codQualifica"),
    ({"qualifiche": [{"codQualifica": 5}]}, "qualifiche[0].codQualifica"),
    *(
        ({"qualifiche": [{"codQualifica": code}]}, "qualifiche[0].codQualifica")
        for code in (
            "cuoco",
            "0.1",
            "52",
            "5.2.",
            ".5",
            "5..2",
            "5.123",
            "5.1.1.1.1.1.1",
            "5,2",
            "5 4",
            "٥",
            "5\u0661",
            CODE,
        )
    ),
    ({"dataAggiorn": None}, "dataAggiorn"),
    ({"codTipoPatto": "PI", "dSottoscrizione": "2026-02-09"}, "codProtocolloInps"),
]


@pytest.mark.parametrize(("change", "field"), WRONG_PACTS)
def test_what_is_wrong_in_a_pact_is_named(change: Record, field: str) -> None:
    with pytest.raises(RecordRefused) as raised:
        pact(**change)
    assert raised.value.refusal.field == field
    assert CODE[:15] not in raised.value.refusal.reason


def test_an_offer_is_read() -> None:
    found = decode_offer(OFFER, PROVISIONAL_CODES)
    assert (found.weekly_hours, found.monthly_pay) == (Decimal("37.50"), Decimal("1480.00"))
    assert (found.places, found.status) == (2, OpportunityStatus.OPEN)
    assert found.changed_at == datetime(2026, 2, 28, 23, tzinfo=UTC)
    bare = {
        **OFFER,
        "codQualifica": None,
        "codTipoContratto": "",
        "numRetribuzioneLorda": None,
        "dataScadenza": None,
    }
    found = decode_offer(bare, PROVISIONAL_CODES)
    assert (found.profession_code, found.contract_type, found.monthly_pay, found.expires_on) == (None,) * 4


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("idOfferta", ""),
        ("titolo", None),
        ("codQualifica", "cuoco"),
        ("codTipoContratto", "A02"),
        ("numOreSettMedie", 0),
        ("numOreSettMedie", 61),
        ("numOreSettMedie", "37.55"),
        ("numRetribuzioneLorda", "-1"),
        ("numPosti", 0),
        ("numPosti", 2.0),
        ("numPosti", "2"),
        ("codComune", "ROMA"),
        ("dataScadenza", "2026-02-28"),
        ("codStato", "Z"),
    ],
)
def test_what_is_wrong_in_an_offer_is_named(field: str, value: Any) -> None:
    with pytest.raises(RecordRefused) as raised:
        decode_offer({**OFFER, field: value}, PROVISIONAL_CODES)
    assert raised.value.refusal.field == field


def test_a_course_is_read() -> None:
    found = decode_course(COURSE, PROVISIONAL_CODES)
    assert (found.mode, found.status) == (CourseMode.MIXED, OpportunityStatus.CLOSED)
    assert (found.hours, found.places, found.enrolled) == (300, 20, 20)
    assert (found.starts_on, found.ends_on) == (date(2026, 4, 13), date(2026, 7, 10))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("numIscritti", 21),
        ("numIscritti", -1),
        ("numPosti", 0),
        ("numDurataOre", 0),
        ("numDurataOre", True),
        ("dataFine", "2026-04-12"),
        ("codModalita", "X"),
        ("denomOperatore", " "),
        ("codComune", None),
    ],
)
def test_what_is_wrong_in_a_course_is_named(field: str, value: Any) -> None:
    with pytest.raises(RecordRefused) as raised:
        decode_course({**COURSE, field: value}, PROVISIONAL_CODES)
    assert raised.value.refusal.field == field
