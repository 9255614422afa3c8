# SPDX-License-Identifier: EUPL-1.2
"""ANPR's answers read into records, and everything that is not an answer."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import httpx2
import pytest

from connectors.anpr import AddressType, BondType, IdAnpr, SeveralSubjects, SubjectDeceased, answers
from connectors.exchange import Answer
from hub.errors import UpstreamInvalid, UpstreamRefused

Json = dict[str, Any]
ASKED = IdAnpr("AF41450AS")
PROBLEM = "application/problem+json"


def answer(content: object, status: int = 200, media_type: str = "application/json") -> Answer:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Answer(status, httpx2.Headers({"Content-Type": media_type}), body)


def subjects(*people: Json) -> Json:
    return {"idOperazioneANPR": "58370927", "listaSoggetti": {"datiSoggetto": list(people)}}


def refused(*codes: str, kind: str = "E") -> Json:
    entries = [
        {"codiceErroreAnomalia": code, "tipoErroreAnomalia": kind, "testoErroreAnomalia": "…"}
        for code in codes
    ]
    return {"idOperazioneANPR": "58370928", "listaErrori": entries}


def resident(*addresses: Json) -> Json:
    return {"identificativi": {"idANPR": "AF41450AS"}, "residenza": list(addresses)}


HOME: Json = {
    "tipoIndirizzo": "1",
    "dataDecorrenzaResidenza": "2014-05-02",
    "indirizzo": {
        "cap": "00100",
        "comune": {"nomeComune": "ROMA", "codiceIstat": "058091", "siglaProvinciaIstat": "RM"},
        "toponimo": {"codSpecie": "1", "specie": "VIA", "denominazioneToponimo": "DEI TEST"},
        "numeroCivico": {"numero": "10", "lettera": "A", "civicoInterno": {"scala": "B", "interno1": "3"}},
    },
}
ABROAD: Json = {
    "tipoIndirizzo": "4",
    "localitaEstera": {
        "indirizzoEstero": {
            "cap": "75001",
            "localita": {"descrizioneLocalita": "PARIS", "descrizioneStato": "FRANCIA", "codiceStato": "215"},
            "toponimo": {"denominazione": "RUE DU TEST", "numeroCivico": "5"},
        },
        "consolato": {"codiceConsolato": "1"},
    },
}


def test_c030_gives_the_national_id() -> None:
    assert answers.national_id(answer(subjects({"identificativi": {"idANPR": "AF41450AS"}}))) == ASKED


def test_c020_gives_the_whole_address() -> None:
    found = answers.residence(answer(subjects(resident(HOME))), ASKED)
    assert found is not None
    assert (found.address_type, found.since) == (AddressType.RESIDENCE, date(2014, 5, 2))
    assert (found.municipality_istat, found.municipality_name, found.province) == ("058091", "ROMA", "RM")
    assert (found.postal_code, found.street, found.number, found.unit) == (
        "00100",
        "VIA DEI TEST",
        "10/A",
        "scala B, interno 3",
    )
    assert (found.country_code, found.country_name, found.locality) == (None, None, None)


def test_an_address_abroad_has_a_country_and_no_municipality() -> None:
    found = answers.residence(answer(subjects(resident(ABROAD))), ASKED)
    assert found is not None
    assert (found.address_type, found.since) == (AddressType.RESIDENCE_ABROAD, None)
    assert (found.municipality_istat, found.province, found.unit) == (None, None, None)
    assert (found.country_code, found.country_name, found.locality) == ("215", "FRANCIA", "PARIS")
    assert (found.street, found.number, found.postal_code) == ("RUE DU TEST", "5", "75001")


def test_the_residence_is_chosen_among_several_addresses_in_any_order() -> None:
    domicile = {**HOME, "tipoIndirizzo": "3"}
    abroad_first = answers.residence(answer(subjects(resident(domicile, ABROAD, HOME))), ASKED)
    assert abroad_first is not None
    assert abroad_first.address_type is AddressType.RESIDENCE
    assert answers.residence(answer(subjects(resident(domicile))), ASKED) is None
    assert answers.residence(answer(subjects(resident())), ASKED) is None


def test_a_house_without_a_number() -> None:
    home = {**HOME["indirizzo"], "numeroCivico": {"progSNC": "1"}}
    found = answers.residence(answer(subjects(resident({**HOME, "indirizzo": home}))), ASKED)
    assert found is not None
    assert (found.number, found.unit) == ("SNC", None)


def member(position: str, **more: object) -> Json:
    return {
        "generalita": {
            "codiceFiscale": {"codFiscale": f"CODE{position}", "validitaCF": "1"},
            "cognome": "NERI",
            "nome": "CLAUDIA",
            "sesso": "F",
            "dataNascita": "1990-10-10",
        },
        "identificativi": {"idANPR": f"ID{position}"},
        "legameSoggetto": {
            "tipoLegame": "3",
            "codiceLegame": "1",
            "progressivoComponente": position,
            "dataDecorrenza": "2010-01-01",
        },
        **more,
    }


def test_c021_gives_the_family_in_the_records_order() -> None:
    found = answers.family(answer(subjects(member("2"), member("10"), member("1"))), IdAnpr("ID2"))
    assert found is not None
    assert [one.position for one in found] == [1, 2, 10]
    first = found[0]
    assert (first.fiscal_code, first.id_anpr, first.given_name, first.family_name) == (
        "CODE1",
        "ID1",
        "CLAUDIA",
        "NERI",
    )
    assert (first.sex, first.birth_date, first.bond, first.relationship) == (
        "F",
        date(1990, 10, 10),
        BondType.FAMILY,
        "1",
    )
    assert (first.since, first.deceased, first.deceased_on) == (date(2010, 1, 1), False, None)


def test_c021_about_the_deceased_names_that_person_alone() -> None:
    found = answers.family(
        answer(subjects(member("1", datiDecesso={"dataEvento": "2024-02-29"}))), IdAnpr("ID1")
    )
    assert found is not None
    assert [(one.deceased, one.deceased_on) for one in found] == [(True, date(2024, 2, 29))]


def test_a_birth_date_known_to_the_year_only_is_no_date() -> None:
    person = member("1")
    person["generalita"] |= {"dataNascita": "1950-01-01", "senzaGiornoMese": "S"}
    found = answers.family(answer(subjects(person)), IdAnpr("ID1"))
    assert found is not None
    assert found[0].birth_date is None


@pytest.mark.parametrize("code", ["EN122", "EN130", "EN133"])
def test_nobody_found_is_none(code: str) -> None:
    assert answers.national_id(answer(refused(code), 404, PROBLEM)) is None
    assert answers.residence(answer(refused(code), 404, PROBLEM), ASKED) is None
    assert answers.family(answer(refused(code), 404, PROBLEM), ASKED) is None


def test_nobody_found_may_come_as_an_anomaly_of_a_good_answer() -> None:
    content = {"idOperazioneANPR": "1", "listaAnomalie": refused("EN122")["listaErrori"]}
    assert answers.national_id(answer(content)) is None


@pytest.mark.parametrize(
    "bare",
    [
        answer(b"", 404, PROBLEM),
        answer(b"<html>404</html>", 404, "text/html"),
        answer({}, 404, PROBLEM),
        answer({"idOperazioneANPR": "1", "listaErrori": []}, 404, PROBLEM),
    ],
)
def test_a_bare_404_is_a_wrong_address_not_an_unknown_person(bare: Answer) -> None:
    with pytest.raises(UpstreamInvalid):
        answers.national_id(bare)


def test_several_people_under_one_code_are_an_error_of_their_own() -> None:
    two = subjects({"identificativi": {"idANPR": "A"}}, {"identificativi": {"idANPR": "B"}})
    with pytest.raises(SeveralSubjects):
        answers.national_id(answer(two))
    for code in ("EN067", "EN095", "EN131"):
        with pytest.raises(SeveralSubjects):
            answers.national_id(answer(refused(code), 400, PROBLEM))


def test_the_deceased_are_an_error_of_their_own() -> None:
    with pytest.raises(SubjectDeceased):
        answers.residence(answer(refused("EN148"), 400, PROBLEM), ASKED)
    with pytest.raises(SubjectDeceased):
        answers.residence(answer(subjects({**resident(HOME), "datiDecesso": {}})), ASKED)


def test_other_codes_are_a_refusal_that_names_them_and_nothing_else() -> None:
    content = refused("EN081", "EC010")
    content["listaErrori"][0] |= {
        "valoreErroreAnomalia": "PRVGNN90R10H501Q",
        "testoErroreAnomalia": "PRVGNN90R10H501Q",
    }
    with pytest.raises(UpstreamRefused) as caught:
        answers.national_id(answer(content, 400, PROBLEM))
    assert caught.value.extensions["codes"] == ["EN081", "EC010"]
    assert "PRVGNN" not in str(caught.value) + repr(caught.value.extensions)


def test_not_found_beside_another_error_is_that_error() -> None:
    with pytest.raises(UpstreamRefused, match="EN081"):
        answers.national_id(answer(refused("EN122", "EN081"), 404, PROBLEM))


def test_a_code_that_is_none_is_not_repeated() -> None:
    with pytest.raises(UpstreamRefused) as caught:
        answers.national_id(answer(refused("PRVGNN90R10H501Q"), 400, PROBLEM))
    assert "PRVGNN" not in str(caught.value) + repr(caught.value.extensions)


def test_warnings_do_not_make_an_answer_a_refusal() -> None:
    content = {**subjects({"identificativi": {"idANPR": "AF41450AS"}})}
    content["listaAnomalie"] = refused("EN141", kind="W")["listaErrori"]
    assert answers.national_id(answer(content)) == ASKED


@pytest.mark.parametrize("title", ["InvalidRequestContent", "InteroperabilityInvalidRequest"])
def test_the_gateways_faults_are_refusals_by_their_title(title: str) -> None:
    fault = {
        "type": f"https://govway.org/handling-errors/400/{title}.html",
        "title": title,
        "status": 400,
        "detail": "PRVGNN90R10H501Q",
        "govway_id": "2ee9edf2",
    }
    with pytest.raises(UpstreamRefused, match=title) as caught:
        answers.national_id(answer(fault, 400, PROBLEM))
    assert "PRVGNN" not in str(caught.value) + repr(caught.value.extensions)


@pytest.mark.parametrize(
    "bad",
    [
        answer(b"<html></html>", 200, "text/html"),
        answer(b"{", 200),
        answer(subjects({"identificativi": {"idANPR": "AF41450AS"}}), 200, "text/plain"),
        answer(subjects({"identificativi": {"idANPR": "AF41450AS"}}), 200, PROBLEM),
        answer(subjects({"identificativi": {"idANPR": "AF41450AS"}}), 302),
        answer([], 200),
        answer({}, 200),
        answer(subjects(), 200),
        answer({"listaSoggetti": []}, 200),
        answer({"listaSoggetti": {"datiSoggetto": {}}}, 200),
        answer({"listaSoggetti": {"datiSoggetto": ["x"]}}, 200),
        answer(subjects({}), 200),
        answer(subjects({"identificativi": {"idANPR": 7}}), 200),
        answer(subjects({"identificativi": {"idANPR": " "}}), 200),
        answer(subjects({"identificativi": "AF41450AS"}), 200),
    ],
)
def test_what_the_contract_does_not_allow_is_invalid(bad: Answer) -> None:
    with pytest.raises(UpstreamInvalid) as caught:
        answers.national_id(bad)
    assert caught.value.agency == "ANPR"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"tipoIndirizzo": "12"}, "tipoIndirizzo"),
        ({"tipoIndirizzo": None}, "tipoIndirizzo"),
        ({"dataDecorrenzaResidenza": "02/05/2014"}, "dataDecorrenzaResidenza"),
        ({"dataDecorrenzaResidenza": "2014-02-30"}, "dataDecorrenzaResidenza"),
        ({"dataDecorrenzaResidenza": "20140502"}, "dataDecorrenzaResidenza"),
        ({"indirizzo": {"comune": {"codiceIstat": "H501"}}}, "codiceIstat"),
        ({"indirizzo": None}, "indirizzo"),
    ],
)
def test_a_field_that_is_wrong_is_named_never_shown(change: Json, field: str) -> None:
    with pytest.raises(UpstreamInvalid) as caught:
        answers.residence(answer(subjects(resident({**HOME, **change}))), ASKED)
    assert caught.value.extensions["field"] == field
    value = next(iter(change.values()))
    assert not isinstance(value, str) or value not in str(caught.value)


@pytest.mark.parametrize(
    ("where", "change", "field"),
    [
        ("generalita", {"sesso": "X"}, "sesso"),
        ("generalita", {"dataNascita": "1990"}, "dataNascita"),
        ("legameSoggetto", {"progressivoComponente": "due"}, "progressivoComponente"),
        ("legameSoggetto", {"tipoLegame": "8"}, "tipoLegame"),
    ],
)
def test_a_members_wrong_field_is_named(where: str, change: Json, field: str) -> None:
    person = member("1")
    person[where] |= change
    with pytest.raises(UpstreamInvalid) as caught:
        answers.family(answer(subjects(person)), IdAnpr("ID1"))
    assert caught.value.extensions["field"] == field


def test_an_answer_about_somebody_else_is_not_taken() -> None:
    other = {"identificativi": {"idANPR": "JF28000UG"}, "residenza": [HOME]}
    with pytest.raises(UpstreamInvalid, match="another person"):
        answers.residence(answer(subjects(other)), ASKED)
    with pytest.raises(UpstreamInvalid, match="another person"):
        answers.family(answer(subjects(member("1"))), IdAnpr("ID2"))


def test_records_do_not_show_whom_they_are_about() -> None:
    home = answers.residence(answer(subjects(resident(HOME))), ASKED)
    family = answers.family(answer(subjects(member("1"))), IdAnpr("ID1"))
    assert "ROMA" not in repr(home)
    assert "CLAUDIA" not in repr(family)
