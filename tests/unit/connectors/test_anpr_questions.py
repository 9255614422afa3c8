# SPDX-License-Identifier: EUPL-1.2
from __future__ import annotations

import json
from datetime import date

import pytest

from connectors.anpr import (
    DeclaredCitizenship,
    DeclaredGenerality,
    DeclaredResidence,
    UseCase,
    purposes_from,
)
from connectors.anpr.declarations import Declaration
from connectors.anpr.questions import question
from connectors.simulators.anpr_requests import Asked, NotConform, read_request
from connectors.simulators.registry import ANPR_AUDIENCE_BASE, ANPR_AUDIENCES
from hub.errors import ConfigurationError

BASE = "https://modipa.anpr.interno.it/govway/rest/in/MinInternoPortaANPR-PDND"


def ask(**change: str | None) -> bytes:
    values: dict[str, str | None] = {
        "operation_id": "1782147770366",
        "reason": "prot. 1234/2026",
        "id_anpr": "AF41450AS",
    }
    return question(UseCase.RESIDENCE, as_of=date(2026, 3, 1), **{**values, **change})  # type: ignore[arg-type]


def test_the_body_has_the_published_names() -> None:
    assert json.loads(ask()) == {
        "idOperazioneClient": "1782147770366",
        "criteriRicerca": {"idANPR": "AF41450AS"},
        "datiRichiesta": {
            "dataRiferimentoRichiesta": "2026-03-01",
            "motivoRichiesta": "prot. 1234/2026",
            "casoUso": "C020",
        },
    }
    by_code = json.loads(ask(id_anpr=None, fiscal_code="PRVGNN90R10H501Q"))
    assert by_code["criteriRicerca"] == {"codiceFiscale": "PRVGNN90R10H501Q"}


@pytest.mark.parametrize("operation_id", ["", "a-b", "0123456789012345678901234567890", "à", "a\n"])
def test_the_operations_id_is_letters_and_digits(operation_id: str) -> None:
    with pytest.raises(ValueError, match="idOperazioneClient"):
        ask(operation_id=operation_id)


@pytest.mark.parametrize("criteria", [{"id_anpr": None}, {"fiscal_code": "PRVGNN90R10H501Q"}])
def test_exactly_one_criterion(criteria: dict[str, str | None]) -> None:
    with pytest.raises(ValueError, match="exactly one"):
        ask(**criteria)


def test_the_address_is_not_the_audience() -> None:
    """The one pair that is published (domain.md 1.1)."""
    assert UseCase.FAMILY.url(BASE) == f"{BASE}/C021-servizioAccertamentoStatoFamiglia/v1/anpr-service-e002"
    base = "https://modipa.anpr.interno.it/govway/rest/in/MinInternoPortaANPR"
    assert UseCase.FAMILY.audience(base) == f"{base}/C021-servizioAccertamentoStatoFamiglia/v1"


def test_the_simulated_world_has_the_connectors_audiences() -> None:
    assert {one.value: one.audience(ANPR_AUDIENCE_BASE) for one in UseCase} == ANPR_AUDIENCES


def test_one_purpose_or_one_for_each_use_case() -> None:
    assert set(purposes_from("p").values()) == {"p"}
    assert purposes_from("C030=a, C020=b,C021=c") == {
        UseCase.NATIONAL_ID: "a",
        UseCase.RESIDENCE: "b",
        UseCase.FAMILY: "c",
    }


def test_use_cases_that_were_not_agreed_are_left_out() -> None:
    named = purposes_from("C030=a,C020=b,C021=c,C029=d")
    assert named[UseCase.RECORD] == "d"
    assert UseCase.CITIZENSHIP not in named


@pytest.mark.parametrize(
    "text",
    [
        "C030=a",
        "C030=a,C020=b,C021=",
        "C030=a,C020=b,C029=c",
        "C030=a,C020=b,C021=c,C021=d",
        "C030=a,C020=b,C021=c,C099=d",
    ],
)
def test_purposes_that_leave_a_use_case_out_are_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="C020=…"):
        purposes_from(text)


def test_the_simulated_gateway_takes_the_hubs_body() -> None:
    assert read_request(ask(), "C020") == Asked("1782147770366", {"idANPR": "AF41450AS"}, {})


DECLARED: dict[UseCase, Declaration] = {
    UseCase.VERIFY_GENERALITY: DeclaredGenerality(family_name="ROSSI"),
    UseCase.VERIFY_CITIZENSHIP: DeclaredCitizenship("100"),
    UseCase.VERIFY_RESIDENCE: DeclaredResidence("058091"),
}


@pytest.mark.parametrize("use_case", UseCase)
def test_a_declaration_goes_with_the_verifying_use_cases_alone(use_case: UseCase) -> None:
    values = {"operation_id": "1", "reason": "prova", "as_of": date(2026, 3, 1), "id_anpr": "AF41450AS"}
    declared = DECLARED[use_case].content() if use_case in DECLARED else None
    body = question(use_case, declared=declared, **values)  # type: ignore[arg-type]
    assert json.loads(body).get("verifica") == declared
    asked = read_request(body, use_case)
    assert (declared is None) == (asked.declared == {})
    with pytest.raises(ValueError, match="declaration"):
        question(use_case, declared=None if declared else {"cittadinanza": {}}, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("verifica", "why"),
    [
        ({}, "required cittadinanza"),
        ({"residenza": {"tipoIndirizzo": "1"}}, "required cittadinanza"),
        ({"cittadinanza": {}}, "nothing is declared"),
        ({"cittadinanza": "100"}, "nothing is declared"),
        ({"cittadinanza": {"stato": "100"}}, "unknown"),
        ([], "not an object"),
    ],
)
def test_the_simulated_gateway_refuses_other_declarations(verifica: object, why: str) -> None:
    content = json.loads(ask())
    content["datiRichiesta"]["casoUso"] = "C006"
    body = json.dumps({**content, "verifica": verifica}).encode()
    with pytest.raises(NotConform, match=why):
        read_request(body, "C006")
    with pytest.raises(NotConform, match="required verifica"):
        read_request(json.dumps(content).encode(), "C006")


def broken(**change: object) -> bytes:
    content = json.loads(ask())
    for path, value in change.items():
        target = content
        *parents, last = path.split("__")
        for name in parents:
            target = target[name]
        if value is None:
            del target[last]
        else:
            target[last] = value
    return json.dumps(content).encode()


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "not JSON"),
        (b"[]", "not an object"),
        (broken(idOperazioneClient=None), "required idOperazioneClient"),
        (broken(criteriRicerca=None), "required criteriRicerca"),
        (broken(datiRichiesta=None), "required datiRichiesta"),
        (broken(datiRichiesta__casoUso=None), "required casoUso"),
        (broken(datiRichiesta__motivoRichiesta=None), "required motivoRichiesta"),
        (broken(datiRichiesta__motivoRichiesta=" "), "motivoRichiesta"),
        (broken(datiRichiesta__dataRiferimentoRichiesta=None), "required dataRiferimentoRichiesta"),
        (broken(datiRichiesta__dataRiferimentoRichiesta="01/03/2026"), "YYYY-MM-DD"),
        (broken(datiRichiesta__dataRiferimentoRichiesta="2026-02-30"), "YYYY-MM-DD"),
        (broken(datiRichiesta__casoUso="C021"), "casoUso"),
        (broken(idOperazioneClient="0c7c6d0e-1111"), "idOperazioneClient"),
        (broken(idOperazioneClient="0" * 31), "idOperazioneClient"),
        (broken(idOperazioneClient=17), "idOperazioneClient"),
        (broken(verifica={}), "unknown"),
        (broken(criteriRicerca__codice_fiscale="x"), "unknown"),
        (broken(criteriRicerca__idANPR=7), "idANPR"),
        (b'{"idOperazioneClient": "1", ' + ask()[1:], "twice"),
    ],
)
def test_the_simulated_gateway_refuses_other_bodies(body: bytes, why: str) -> None:
    with pytest.raises(NotConform, match=why):
        read_request(body, "C020")
