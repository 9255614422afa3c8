# SPDX-License-Identifier: EUPL-1.2
"""ANPR's answers to declarations (C003, C006, C008): S, N, or A where it cannot tell.

The rows' shape is that of the published `infoSoggettoEnte`; of their names only "Verifica cittadinanza" was seen in a client. The numbers
and the other names are the simulator's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.simulators.anpr_answers import Json, identified, living
from connectors.simulators.anpr_requests import Asked
from connectors.simulators.people import Population, SimulatedAddress, SimulatedPerson

_HOME = "1"


def generality(asked: Asked, population: Population) -> list[Json]:
    """Answer C003: whether each thing that was declared is what is registered."""
    person = living(asked, population)
    known = identified(person)["generalita"]
    declared = {**asked.declared}
    if isinstance(declared.get("codiceFiscale"), dict):
        declared["codiceFiscale"] = declared["codiceFiscale"].get("codFiscale")
    registered = {**known, "codiceFiscale": known["codiceFiscale"]["codFiscale"]}
    return [
        _answer(person, "1011", "Verifica generalità", _same(declared, registered)),
    ]


def citizenship(asked: Asked, population: Population) -> list[Json]:
    """Answer C006: whether the person is a citizen of the declared state."""
    person = living(asked, population)
    codes = {one.state_code for one in person.citizenships}
    verified = _yes(asked.declared.get("codiceStato") in codes) if codes else "A"
    return [_answer(person, "1006", "Verifica cittadinanza", verified)]


def residence(asked: Asked, population: Population) -> list[Json]:
    """Answer C008: whether the person is resident where it was declared."""
    person = living(asked, population)
    homes = [one for one in person.addresses if one.kind == _HOME and not one.country_code]
    home = asked.declared.get("indirizzo")
    there = isinstance(home, dict) and any(_at(one, home) for one in homes)
    verified = _yes(there) if homes else "A"
    return [_answer(person, "1008", "Verifica residenza", verified)]


def _at(address: SimulatedAddress, home: Mapping[str, Any]) -> bool:
    place, toponym, number = (_object(home, name) for name in ("comune", "toponimo", "numeroCivico"))
    declared = {
        "istat": place.get("codiceIstat"),
        "cap": home.get("cap"),
        "street": toponym.get("denominazioneToponimo"),
        "number": number.get("numero"),
    }
    registered = {
        "istat": address.municipality_istat,
        "cap": address.postal_code,
        "street": address.street_name,
        "number": address.number,
    }
    told = {name: value for name, value in declared.items() if value is not None}
    return _same(told, registered) == "S"


def _object(parent: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = parent.get(name)
    return value if isinstance(value, dict) else {}


def _same(declared: Mapping[str, Any], registered: Mapping[str, Any]) -> str:
    """`A` where something was declared that is not registered at all; else whether all of it is the same, in any case."""
    if any(name not in registered for name in declared):
        return "A"
    return _yes(all(_folded(value) == _folded(registered[name]) for name, value in declared.items()))


def _folded(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _yes(holds: bool) -> str:
    return "S" if holds else "N"


def _answer(person: SimulatedPerson, number: str, name: str, verified: str) -> Json:
    rows = [{"id": number, "chiave": name, "valore": verified}]
    return {**identified(person), "infoSoggettoEnte": rows}
