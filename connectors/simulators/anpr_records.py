# SPDX-License-Identifier: EUPL-1.2
"""ANPR's answers to C015, C018 and C029. Their descriptions are not published: members as in ANPR's vocabulary (domain.md 1.4)."""

from __future__ import annotations

from connectors.simulators.anpr_answers import Json, identified, living, municipality, with_day
from connectors.simulators.anpr_requests import Asked
from connectors.simulators.people import Population, SimulatedPermit, SimulatedRegistration


def generality(asked: Asked, population: Population) -> list[Json]:
    """Answer C015: who somebody is."""
    return [identified(living(asked, population))]


def citizenship(asked: Asked, population: Population) -> list[Json]:
    """Answer C018: citizenships, and the title to stay of who has one."""
    person = living(asked, population)
    record = identified(person)
    record["cittadinanza"] = [
        with_day(
            {"codiceStato": one.state_code, "descrizioneStato": one.state_name}, "dataValidita", one.since
        )
        for one in person.citizenships
    ]
    if person.permit is not None:
        record["permessoSoggiorno"] = _permit(person.permit)
    return [record]


def personal_record(asked: Asked, population: Population) -> list[Json]:
    """Answer C029: the history of registrations, and the latest cancellation."""
    person = living(asked, population)
    record = identified(person)
    record["infoStoriaIscrizione"] = [_registration(one) for one in person.registrations]
    if person.cancellation is not None:
        record["datiCancellazione"] = {
            "motivoCancellazione": person.cancellation.reason,
            "dataDecorrenzaCancellazione": person.cancellation.on.isoformat(),
        }
    return [record]


def _registration(one: SimulatedRegistration) -> Json:
    entry = {
        "tipoScheda": one.record_type,
        "dataIscrizione": one.since.isoformat(),
        "comuneCompetente": municipality(one.municipality_name, one.municipality_istat, one.province),
    }
    return with_day(entry, "dataCancellazione", one.until)


def _permit(permit: SimulatedPermit) -> Json:
    record = {
        "tipoSoggiorno": permit.kind,
        "numeroSoggiorno": permit.number,
        "dataRilascio": permit.issued_on.isoformat(),
    }
    return with_day(record, "dataScadenza", permit.expires_on)
