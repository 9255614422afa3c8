# SPDX-License-Identifier: EUPL-1.2
"""C015, C018, C029 and the verifying use cases: read strictly, or refused with an error of its own."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import httpx2
import pytest

from connectors.anpr import (
    DeclaredCitizenship,
    DeclaredGenerality,
    DeclaredResidence,
    IdAnpr,
    SeveralSubjects,
    SubjectDeceased,
    Verified,
    record_types_from,
)
from connectors.anpr.registry_answers import (
    MOST_ENTRIES,
    citizenship_record,
    generality,
    personal_record,
    verifications,
)
from connectors.anpr.registry_facts import history_of, kept_citizenship, kept_record, stay_of
from connectors.anpr.states import OF_THE_UNION, of_the_union
from connectors.exchange import Answer
from hub.errors import ConfigurationError, UpstreamInvalid, UpstreamRefused
from hub.measures.registry_check import Citizenship, Register, Registration, StayPermit
from hub.measures.residence import StayTitle

Json = dict[str, Any]
ASKED = IdAnpr("AF41450AS")
TYPES = {"1": Register.RESIDENTS, "2": Register.ABROAD}
WHO: Json = {"identificativi": {"idANPR": "AF41450AS"}}
ROMA: Json = {"nomeComune": "ROMA", "codiceIstat": "058091", "siglaProvinciaIstat": "RM"}


def answer(content: object, status: int = 200, media_type: str = "application/json") -> Answer:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Answer(status, httpx2.Headers({"content-type": media_type}), body)


def about(subject: Json, *others: Json) -> Answer:
    people = [{**WHO, **subject}, *others]
    return answer({"idOperazioneANPR": "58370927", "listaSoggetti": {"datiSoggetto": people}})


ENTRY: Json = {
    "tipoScheda": "1",
    "dataIscrizione": "2010-05-02",
    "dataCancellazione": "2015-01-01",
    "comuneCompetente": ROMA,
}


def record(subject: Json) -> Any:
    return personal_record(about(subject), ASKED, TYPES)


READERS = [
    generality,
    citizenship_record,
    verifications,
    lambda given, asked: personal_record(given, asked, TYPES),
]


def test_c029_gives_the_history_as_it_came() -> None:
    found = record(
        {
            "generalita": {"dataNascita": "1980-06-15"},
            "infoStoriaIscrizione": [
                {"tipoScheda": "2", "dataIscrizione": "2015-01-01"},
                ENTRY,
                {"tipoScheda": "X", "comuneCompetente": {}},
            ],
        }
    )
    assert found.operation_id == "58370927"
    assert found.birth_date == date(1980, 6, 15)
    assert [(one.record_type, one.register, one.since, one.until) for one in found.registrations] == [
        ("2", Register.ABROAD, date(2015, 1, 1), None),
        ("1", Register.RESIDENTS, date(2010, 5, 2), date(2015, 1, 1)),
        ("X", None, None, None),
    ]
    assert (found.registrations[1].municipality_istat, found.registrations[1].municipality_name) == (
        "058091",
        "ROMA",
    )
    assert found.struck_off_on is None


@pytest.mark.parametrize(
    ("reason", "expected"), [("6", date(2025, 1, 1)), ("7", date(2025, 1, 1)), ("8", None), ("13", None)]
)
def test_who_was_not_found_is_told(reason: str, expected: date | None) -> None:
    cancellation = {"motivoCancellazione": reason, "dataDecorrenzaCancellazione": "2025-01-01"}
    assert record({"datiCancellazione": cancellation}).struck_off_on == expected


def test_without_a_history_there_is_an_empty_one() -> None:
    assert record({}).registrations == ()
    assert record({"infoStoriaIscrizione": None}).registrations == ()


@pytest.mark.parametrize(
    ("subject", "field"),
    [
        ({"infoStoriaIscrizione": {}}, "infoStoriaIscrizione"),
        ({"infoStoriaIscrizione": [7]}, "infoStoriaIscrizione"),
        ({"infoStoriaIscrizione": [ENTRY] * (MOST_ENTRIES + 1)}, "infoStoriaIscrizione"),
        ({"infoStoriaIscrizione": [{**ENTRY, "tipoScheda": 1}]}, "tipoScheda"),
        ({"infoStoriaIscrizione": [{**ENTRY, "dataIscrizione": "02/05/2010"}]}, "dataIscrizione"),
        ({"infoStoriaIscrizione": [{**ENTRY, "dataIscrizione": "2015-01-02"}]}, "dataCancellazione"),
        ({"infoStoriaIscrizione": [{**ENTRY, "comuneCompetente": "ROMA"}]}, "comuneCompetente"),
        ({"infoStoriaIscrizione": [{**ENTRY, "comuneCompetente": {"codiceIstat": "H501"}}]}, "codiceIstat"),
        ({"infoStoriaIscrizione": [{**ENTRY, "comuneCompetente": {"nomeComune": "RO\x00MA"}}]}, "nomeComune"),
        ({"datiCancellazione": {"motivoCancellazione": "6"}}, "dataDecorrenzaCancellazione"),
        ({"datiCancellazione": []}, "datiCancellazione"),
        ({"generalita": {"dataNascita": 1980}}, "dataNascita"),
    ],
)
def test_what_a_history_may_not_hold(subject: Json, field: str) -> None:
    with pytest.raises(UpstreamInvalid) as caught:
        record(subject)
    assert caught.value.extensions["field"] == field


def test_c018_gives_citizenships_and_permit() -> None:
    found = citizenship_record(
        about(
            {
                "cittadinanza": [
                    {"codiceStato": "201", "descrizioneStato": "ALBANIA", "dataValidita": "1990-01-01"}
                ],
                "permessoSoggiorno": {
                    "tipoSoggiorno": "2",
                    "numeroSoggiorno": "S1",
                    "dataRilascio": "2020-01-01",
                    "dataScadenza": "2030-01-01",
                },
            }
        ),
        ASKED,
    )
    assert found is not None
    (one,) = found.citizenships
    assert (one.state_code, one.state_name, one.since) == ("201", "ALBANIA", date(1990, 1, 1))
    assert found.permit is not None
    assert (found.permit.type_code, found.permit.issued_on, found.permit.expires_on) == (
        "2",
        date(2020, 1, 1),
        date(2030, 1, 1),
    )
    assert "S1" not in json.dumps(kept_citizenship(found)), "its number is not needed"


@pytest.mark.parametrize(
    ("subject", "field"),
    [
        ({"cittadinanza": {"codiceStato": "100"}}, "cittadinanza"),
        ({"cittadinanza": [{"codiceStato": "100"}] * (MOST_ENTRIES + 1)}, "cittadinanza"),
        ({"cittadinanza": [{"codiceStato": 100}]}, "codiceStato"),
        ({"permessoSoggiorno": "2"}, "permessoSoggiorno"),
        ({"permessoSoggiorno": {"tipoSoggiorno": ["2"]}}, "tipoSoggiorno"),
        (
            {"permessoSoggiorno": {"dataRilascio": "2030-01-01", "dataScadenza": "2020-01-01"}},
            "dataScadenza",
        ),
    ],
)
def test_what_a_citizenship_may_not_hold(subject: Json, field: str) -> None:
    with pytest.raises(UpstreamInvalid) as caught:
        citizenship_record(about(subject), ASKED)
    assert caught.value.extensions["field"] == field


def test_c015_gives_who_somebody_is() -> None:
    person = {
        "codiceFiscale": {"codFiscale": "STTSGT90A01H501J", "validitaCF": "9"},
        "cognome": "SETTE",
        "nome": "SERGIO",
        "sesso": "M",
        "dataNascita": "1990-01-01",
    }
    found = generality(about({"generalita": person}), ASKED)
    assert found is not None
    assert (found.fiscal_code, found.valid_code, found.family_name, found.given_name, found.sex) == (
        "STTSGT90A01H501J",
        False,
        "SETTE",
        "SERGIO",
        "M",
    )
    for change, field in (({"sesso": "X"}, "sesso"), ({"codiceFiscale": {"validitaCF": "2"}}, "validitaCF")):
        with pytest.raises(UpstreamInvalid) as caught:
            generality(about({"generalita": {**person, **change}}), ASKED)
        assert caught.value.extensions["field"] == field


@pytest.mark.parametrize(
    ("value", "expected"), [("S", Verified.YES), ("N", Verified.NO), ("A", Verified.CANNOT_TELL)]
)
def test_a_declaration_is_answered_yes_no_or_cannot_tell(value: str, expected: Verified) -> None:
    row = {"id": "1006", "chiave": "Verifica cittadinanza", "valore": value}
    other = {"id": "1099", "chiave": "Nota", "valoreTesto": "…"}
    found = verifications(about({"infoSoggettoEnte": [row, other]}), ASKED)
    assert found is not None
    assert [(one.number, one.name, one.verified) for one in found] == [
        ("1006", "Verifica cittadinanza", expected)
    ]


@pytest.mark.parametrize(
    ("rows", "field"),
    [
        ([], "infoSoggettoEnte"),
        ([{"id": "1", "chiave": "Nota", "valoreTesto": "…"}], "infoSoggettoEnte"),
        ([{"chiave": "Verifica", "valore": "s"}], "valore"),
        ([{"chiave": "Verifica", "valore": True}], "valore"),
        ([{"chiave": "Verifica", "valore": None}], "valore"),
        ([{"valore": "S"}], "chiave"),
        ("S", "infoSoggettoEnte"),
    ],
)
def test_what_a_verification_may_not_be(rows: object, field: str) -> None:
    with pytest.raises(UpstreamInvalid) as caught:
        verifications(about({"infoSoggettoEnte": rows}), ASKED)
    assert caught.value.extensions["field"] == field


def test_a_day_of_death_among_the_rows_is_the_deceased() -> None:
    rows = [
        {"id": "1015", "chiave": "Data decesso", "valoreData": "2024-02-29"},
        {"chiave": "Verifica", "valore": "N"},
    ]
    with pytest.raises(SubjectDeceased):
        verifications(about({"infoSoggettoEnte": rows}), ASKED)


@pytest.mark.parametrize("read", READERS)
class TestEachService:
    def test_nobody_is_none(self, read: Any) -> None:
        content = {"listaErrori": [{"codiceErroreAnomalia": "EN122", "tipoErroreAnomalia": "E"}]}
        assert read(answer(content, 404, "application/problem+json"), ASKED) is None

    def test_several_are_an_error(self, read: Any) -> None:
        with pytest.raises(SeveralSubjects):
            read(about({}, {"identificativi": {"idANPR": "B"}}), ASKED)

    def test_the_deceased_are_an_error(self, read: Any) -> None:
        with pytest.raises(SubjectDeceased):
            read(about({"datiDecesso": {"dataEvento": "2024-02-29"}}), ASKED)

    def test_another_person_is_an_error(self, read: Any) -> None:
        with pytest.raises(UpstreamInvalid, match="another person"):
            read(about({"identificativi": {"idANPR": "JF28000UG"}}), ASKED)

    def test_the_gateways_fault_is_a_refusal(self, read: Any) -> None:
        fault = {"type": "…", "title": "InteroperabilityInvalidRequest", "status": 400, "detail": "…"}
        with pytest.raises(UpstreamRefused, match="InteroperabilityInvalidRequest"):
            read(answer(fault, 400, "application/problem+json"), ASKED)

    @pytest.mark.parametrize(
        "body",
        [
            b'{"listaSoggetti": {"datiSoggetto": [{}]}, "listaSoggetti": {"datiSoggetto": [{}]}}',
            b'{"listaSoggetti": {"datiSoggetto": [{"identificativi": {"idANPR": "A", "idANPR": "AF41450AS"}}]}}',
            b'{"listaSoggetti": NaN}',
            b"[" * 200_000,
            b'{"listaSoggetti": "\xff"}',
            '{"listaSoggetti": {}}'.encode("utf-16"),
            b"9" * 10_000,
            b"",
        ],
        ids=["twice", "twice inside", "NaN", "deep", "not UTF-8", "UTF-16", "a long number", "nothing"],
    )
    def test_what_is_no_json_is_invalid(self, read: Any, body: bytes) -> None:
        with pytest.raises(UpstreamInvalid, match="not JSON"):
            read(answer(body), ASKED)


ASKED_AT = datetime(2026, 2, 28, 23, 30, tzinfo=UTC)


def test_what_is_kept_says_the_same_to_the_law() -> None:
    found = record({"generalita": {"dataNascita": "1980-06-15"}, "infoStoriaIscrizione": [ENTRY, {}]})
    kept = json.loads(json.dumps(kept_record(found)))
    history = history_of(kept, ASKED_AT)
    assert history.registrations == (
        Registration(Register.RESIDENTS, date(2010, 5, 2), date(2015, 1, 1)),
        Registration(None, None, None),
    )
    assert (history.born, history.struck_off_on) == (date(1980, 6, 15), None)
    assert history.told_until == date(2026, 3, 2), "half past midnight of 1 March in Rome"


@pytest.mark.parametrize(
    ("code", "title"), [("2", StayTitle.LONG_TERM), ("1", None), ("7", None), (None, None)]
)
def test_only_one_kind_of_title_is_sure(code: str | None, title: StayTitle | None) -> None:
    permit = {"dataRilascio": "2020-01-01", **({} if code is None else {"tipoSoggiorno": code})}
    citizenships = [{"codiceStato": "235", "dataValidita": "2007-01-01"}, {"codiceStato": "436"}, {}]
    found = citizenship_record(about({"cittadinanza": citizenships, "permessoSoggiorno": permit}), ASKED)
    assert found is not None
    stay = stay_of(json.loads(json.dumps(kept_citizenship(found))), ASKED_AT)
    assert stay.permit == StayPermit(title, date(2020, 1, 1), None)
    assert stay.citizenships == (
        Citizenship(True, date(2007, 1, 1)),
        Citizenship(False),
        Citizenship(None),
    )


def test_the_states_of_the_union() -> None:
    assert len(OF_THE_UNION) == 27
    assert of_the_union("100") is True
    assert of_the_union("219") is False, "the United Kingdom left"
    for none in (None, "", "IT", "1000", "٢٣٥"):
        assert of_the_union(none) is None


def test_record_types_are_configured() -> None:
    assert record_types_from("1=RESIDENTS, 2=ABROAD") == TYPES
    assert record_types_from(None) == record_types_from("") == {}
    for wrong in ("1", "1=SOMEWHERE", "=ABROAD", "1=ABROAD,1=RESIDENTS"):
        with pytest.raises(ConfigurationError, match="RESIDENTS"):
            record_types_from(wrong)


def test_declarations_have_the_vocabularys_names() -> None:
    assert DeclaredGenerality(family_name="ROSSI", birth_date=date(1990, 1, 1)).content() == {
        "generalita": {"cognome": "ROSSI", "dataNascita": "1990-01-01"}
    }
    assert DeclaredCitizenship("100", "ITALIA").content() == {
        "cittadinanza": {"codiceStato": "100", "descrizioneStato": "ITALIA"}
    }
    assert DeclaredResidence("058091", street="DEI TEST", number="10").content() == {
        "residenza": {
            "tipoIndirizzo": "1",
            "indirizzo": {
                "comune": {"codiceIstat": "058091"},
                "toponimo": {"denominazioneToponimo": "DEI TEST"},
                "numeroCivico": {"numero": "10"},
            },
        }
    }
    with pytest.raises(ValueError, match="declares something"):
        DeclaredGenerality().content()


def test_records_do_not_show_whom_they_are_about() -> None:
    assert "ROMA" not in repr(record({"infoStoriaIscrizione": [ENTRY]}))
    assert "ROSSI" not in repr(DeclaredGenerality(family_name="ROSSI"))
