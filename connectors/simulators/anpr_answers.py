# SPDX-License-Identifier: EUPL-1.2
"""ANPR's answers in their published shapes (domain.md 1.4 and 1.5; contracts/anpr/C021-….yaml)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from connectors.simulators.anpr_requests import Asked
from connectors.simulators.people import Population, SimulatedAddress, SimulatedPerson

Json = dict[str, Any]
TEXTS = {
    "EN122": "La richiesta effettuata non produce alcun risultato",
    "EN148": "Il soggetto risulta deceduto",
    "EN081": "Campo obbligatorio non presente",
}
"""Texts of the error table; EN148 is known from a client only."""


class NotAnswered(Exception):
    """ANPR answers with its own error (`RispostaKO`); `field` is the field at fault, when there is one."""

    def __init__(self, code: str, status: int, field: str | None = None) -> None:
        self.code = code
        self.status = status
        self.field = field
        super().__init__(code)


def national_id(asked: Asked, population: Population) -> list[Json]:
    """Answer C030: everyone who is registered under a fiscal code."""
    criteria = asked.criteria
    if not criteria.get("codiceFiscale"):
        raise NotAnswered("EN081", 400, "codiceFiscale")
    person = population.lookup(criteria["codiceFiscale"])
    if person is None:
        raise NotAnswered("EN122", 404)
    others = (population.by_id_anpr(one) for one in person.same_code)
    return [identified(one) for one in (person, *filter(None, others))]


def residence(asked: Asked, population: Population) -> list[Json]:
    """Answer C020 about a national id; of the deceased there is none."""
    person = living(asked, population)
    return [{**identified(person), "residenza": [_address(address) for address in person.addresses]}]


def family(asked: Asked, population: Population) -> list[Json]:
    """Answer C021 about a national id: the living on the record, or the deceased person alone."""
    person = _by_id(asked.criteria, population)
    if person.deceased_on is not None:
        return [_member(person, 1)]
    alive = [one for one in population.family(person.family_id) if one.deceased_on is None]
    return [_member(one, position) for position, one in enumerate(alive, 1)]


def living(asked: Asked, population: Population) -> SimulatedPerson:
    """Give the person with a national id, who is alive."""
    person = _by_id(asked.criteria, population)
    if person.deceased_on is not None:
        raise NotAnswered("EN148", 400)
    return person


def identified(person: SimulatedPerson) -> Json:
    """Build what every answer has of a person."""
    return {"generalita": _generality(person), "identificativi": {"idANPR": person.id_anpr}}


def with_day(record: Json, name: str, day: date | None) -> Json:
    """Build the same record with a day, when there is one."""
    return record if day is None else {**record, name: day.isoformat()}


def municipality(name: str, istat: str, province: str) -> Json:
    """Build a `comune`."""
    return {"nomeComune": name.upper(), "codiceIstat": istat, "siglaProvinciaIstat": province}


def found(operation_id: str, subjects: Sequence[Json]) -> Json:
    """Build a `RispostaE002OK`."""
    return {"idOperazioneANPR": operation_id, "listaSoggetti": {"datiSoggetto": list(subjects)}}


def not_answered(operation_id: str, error: NotAnswered) -> Json:
    """Build a `RispostaKO`."""
    entry = {
        "codiceErroreAnomalia": error.code,
        "tipoErroreAnomalia": "E",
        "testoErroreAnomalia": TEXTS[error.code],
    }
    if error.field is not None:
        entry["campoErroreAnomalia"] = error.field
    return {"idOperazioneANPR": operation_id, "listaErrori": [entry]}


def gateway_fault(status: int, title: str, detail: str, govway_id: str) -> Json:
    """Build one of GovWay's own faults, which are RFC 7807."""
    return {
        "type": f"https://govway.org/handling-errors/{status}/{title}.html",
        "title": title,
        "status": status,
        "detail": detail,
        "govway_id": govway_id,
    }


def _by_id(criteria: Mapping[str, str], population: Population) -> SimulatedPerson:
    """Find by national id: since 18 April 2024 the fiscal code alone is refused (domain.md 1.1)."""
    if not criteria.get("idANPR"):
        raise NotAnswered("EN081", 400, "idANPR")
    person = population.by_id_anpr(criteria["idANPR"])
    if person is None:
        raise NotAnswered("EN122", 404)
    return person


def _generality(person: SimulatedPerson) -> Json:
    return {
        "codiceFiscale": {"codFiscale": person.fiscal_code, "validitaCF": "1"},
        "cognome": person.family_name.upper(),
        "nome": person.given_name.upper(),
        "sesso": person.sex,
        "dataNascita": person.birth_date.isoformat(),
        "luogoNascita": {
            "comune": municipality(
                person.birth_municipality_name, person.birth_municipality_istat, person.birth_province
            )
        },
        "idSchedaSoggettoANPR": str(int.from_bytes(person.id_anpr.encode()[:6], "big") % 10_000_000),
    }


def _member(person: SimulatedPerson, position: int) -> Json:
    bond = {"tipoLegame": "3", "codiceLegame": person.relationship, "progressivoComponente": str(position)}
    member: Json = {
        **identified(person),
        "legameSoggetto": with_day(bond, "dataDecorrenza", person.family_since),
    }
    if person.deceased_on is not None:
        member["datiDecesso"] = {"dataEvento": person.deceased_on.isoformat()}
    return member


def _address(address: SimulatedAddress) -> Json:
    where = {"localitaEstera": _abroad(address)} if address.country_code else {"indirizzo": _home(address)}
    record: Json = {"tipoIndirizzo": address.kind, **where}
    return with_day(record, "dataDecorrenzaResidenza", address.since)


def _home(address: SimulatedAddress) -> Json:
    number: Json = {"numero": address.number}
    if address.letter:
        number["lettera"] = address.letter
    inside = {"scala": address.stairs, "interno1": address.flat}
    if any(inside.values()):
        number["civicoInterno"] = {name: value for name, value in inside.items() if value}
    return {
        "cap": address.postal_code,
        "comune": municipality(address.municipality_name, address.municipality_istat, address.province),
        "toponimo": {
            "specie": address.street_kind.upper(),
            "denominazioneToponimo": address.street_name.upper(),
        },
        "numeroCivico": number,
    }


def _abroad(address: SimulatedAddress) -> Json:
    return {
        "indirizzoEstero": {
            "cap": address.postal_code,
            "localita": {
                "descrizioneLocalita": address.locality,
                "descrizioneStato": address.country_name,
                "codiceStato": address.country_code,
            },
            "toponimo": {"denominazione": address.street_name, "numeroCivico": address.number},
        }
    }
