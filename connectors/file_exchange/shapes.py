# SPDX-License-Identifier: EUPL-1.2
"""Which members a record of each flow has, for formats in which everything is text: where they stand, and which are numbers.

Names are those of `connectors.regional` and `connectors.inps`. A member inside another has a path: `ultimoEvento.evento`; one of a list its
place in it, from 1: `politicheAttive.1.denominazione`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from connectors.inps.admitted import MOST_MEMBERS
from connectors.regional.pacts import MOST_GOALS, PROFESSIONS
from hub.store.professions import MOST_OF_A_PACT

_WHOLE = re.compile(r"-?[0-9]{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Items:
    """What a list holds: the element of one item in XML, the paths inside an item, and how many there are at most."""

    element: str
    paths: tuple[str, ...]
    most: int


@dataclass(frozen=True, slots=True)
class Shape:
    """The members of one kind of record.

    Args:
        element: the name of a record's element in XML.
        needed: paths of members without which no record can be read.
        optional: paths of the others.
        numbers: paths of whole numbers.
        listed: lists, by their name.

    """

    element: str
    needed: tuple[str, ...]
    optional: tuple[str, ...] = ()
    numbers: frozenset[str] = frozenset()
    listed: Mapping[str, Items] = field(default_factory=lambda: MappingProxyType({}))

    def has(self, path: str) -> bool:
        """Whether a record may have a member there."""
        if path in self.needed or path in self.optional:
            return True
        name, _, rest = path.partition(".")
        ordinal, _, inner = rest.partition(".")
        items = self.listed.get(name)
        return (
            items is not None
            and inner in items.paths
            and ordinal.isascii()
            and ordinal.isdecimal()
            and not ordinal.startswith("0")
            and int(ordinal) <= items.most
        )

    def value(self, path: str, written: str) -> Any:
        """A text as the member it is of: a number where it reads as one, None where it is blank."""
        stripped = written.strip()
        if not stripped:
            return None
        if path in self.numbers and _WHOLE.fullmatch(stripped):
            return int(stripped)
        return stripped

    def record(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """The record of these values by path; items of a list that have no value are left out, and a list that has none."""
        record: dict[str, Any] = {}
        items: dict[str, dict[int, dict[str, Any]]] = {}
        for path, value in found.items():
            name, _, rest = path.partition(".")
            if not rest:
                record[name] = value
            elif name in self.listed:
                ordinal, _, inner = rest.partition(".")
                if value is not None:
                    put(items.setdefault(name, {}).setdefault(int(ordinal), {}), inner, value)
            else:
                put(record, path, value)
        for name, numbered in items.items():
            record[name] = [numbered[ordinal] for ordinal in sorted(numbered)]
        return record


def put(record: dict[str, Any], path: str, value: Any) -> None:
    """Set the member at a path; the objects on the way are made."""
    *outer, name = path.split(".")
    for one in outer:
        record = record.setdefault(one, {})
    record[name] = value


PACTS = "pacts"
JOB_OFFERS = "job_offers"
TRAINING_COURSES = "training_courses"
ADMITTED_HOUSEHOLDS = "admitted_households"

_MEMBER = (
    "cod_fiscale",
    "cod_fiscale_richiedente",
    "cod_protocollo_inps",
    "cod_ruolo_beneficiario",
    "cod_stato",
    "cod_comune_residenza",
    "des_cognome",
    "des_nome",
    "dtt_nascita",
    "dtt_rendicontazione",
)

SHAPES: Mapping[str, Shape] = {
    JOB_OFFERS: Shape(
        element="offerta",
        needed=(
            "idOfferta",
            "titolo",
            "denominazioneAzienda",
            "numOreSettMedie",
            "numPosti",
            "codComune",
            "dataPubblicazione",
            "codStato",
            "dataAggiorn",
        ),
        optional=("codQualifica", "codTipoContratto", "numRetribuzioneLorda", "dataScadenza"),
        numbers=frozenset({"numPosti"}),
    ),
    TRAINING_COURSES: Shape(
        element="corso",
        needed=(
            "idCorso",
            "denominazioneCorso",
            "denomOperatore",
            "codModalita",
            "codComune",
            "dataInizio",
            "dataFine",
            "numDurataOre",
            "numPosti",
            "numIscritti",
            "codStato",
            "dataAggiorn",
        ),
        numbers=frozenset({"numDurataOre", "numPosti", "numIscritti"}),
    ),
    PACTS: Shape(
        element="patto",
        needed=(
            "idPatto",
            "codTipoPatto",
            "codiceFiscale",
            "dataPropostaPds",
            "ultimoEvento.evento",
            "ultimoEvento.dataEvento",
            "dataAggiorn",
        ),
        optional=(
            "codProtocolloInps",
            "dSottoscrizione",
            "dataFirmaPds",
            "dPadPadi",
            "dataFine",
            "flgAnnullato",
        ),
        listed={
            "politicheAttive": Items(
                "politica",
                ("denominazione", "dataFine", "ultimoEvento.evento", "ultimoEvento.dataEvento"),
                MOST_GOALS,
            ),
            PROFESSIONS: Items("qualifica", ("codQualifica",), MOST_OF_A_PACT),
        },
    ),
    ADMITTED_HOUSEHOLDS: Shape(
        element="domanda",
        needed=(
            "cod_protocollo_inps",
            "tipo_domanda",
            "beneficio.importo_mensile",
            "beneficio.dtt_inizio",
            *(f"beneficiari.1.{name}" for name in _MEMBER),
        ),
        optional=("beneficio.dtt_fine",),
        listed={
            "beneficiari": Items(
                "beneficiario", (*_MEMBER, "cod_sesso", "cod_cpi", "codstatooccupazionale"), MOST_MEMBERS
            )
        },
    ),
}
"""By the flow's name in the agency's file."""
SENT_BY_REGIONS = (JOB_OFFERS, TRAINING_COURSES, PACTS)
SENT_BY_INPS = (ADMITTED_HOUSEHOLDS,)
