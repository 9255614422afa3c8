# SPDX-License-Identifier: EUPL-1.2
"""What someone declared, for ANPR to verify (`verifica`; domain.md 1.3), and what it says of it (`infoSoggettoEnte`; 1.4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any


class Verified(StrEnum):
    """`valore`: sì, no, or impossible to determine."""

    YES = "S"
    NO = "N"
    CANNOT_TELL = "A"


@dataclass(frozen=True, slots=True)
class Verification:
    """One row of ANPR's answer to a declaration: its number and name in ANPR's table, and what ANPR says of it."""

    number: str | None
    name: str
    verified: Verified


@dataclass(frozen=True, slots=True, repr=False)
class DeclaredGenerality:
    """Who someone says to be; what is None was not declared (C003)."""

    fiscal_code: str | None = None
    family_name: str | None = None
    given_name: str | None = None
    sex: str | None = None
    birth_date: date | None = None

    def content(self) -> dict[str, Any]:
        """The declaration as ANPR takes it.

        Raises:
            ValueError: nothing is declared.

        """
        declared = {
            "codiceFiscale": None if self.fiscal_code is None else {"codFiscale": self.fiscal_code},
            "cognome": self.family_name,
            "nome": self.given_name,
            "sesso": self.sex,
            "dataNascita": None if self.birth_date is None else self.birth_date.isoformat(),
        }
        return {"generalita": _told(declared)}


@dataclass(frozen=True, slots=True)
class DeclaredCitizenship:
    """Of which state someone says to be a citizen: ANPR's code, and its name (C006)."""

    state_code: str
    state_name: str | None = None

    def content(self) -> dict[str, Any]:
        """The declaration as ANPR takes it."""
        return {"cittadinanza": _told({"codiceStato": self.state_code, "descrizioneStato": self.state_name})}


@dataclass(frozen=True, slots=True, repr=False)
class DeclaredResidence:
    """Where someone says to be resident in Italy; what is None was not declared (C008).

    `municipality_istat` is the six-digit code, `street` is without its kind (`street_kind`: VIA …).
    """

    municipality_istat: str
    municipality_name: str | None = None
    province: str | None = None
    postal_code: str | None = None
    street_kind: str | None = None
    street: str | None = None
    number: str | None = None

    def content(self) -> dict[str, Any]:
        """The declaration as ANPR takes it."""
        municipality = {
            "nomeComune": self.municipality_name,
            "codiceIstat": self.municipality_istat,
            "siglaProvinciaIstat": self.province,
        }
        toponym = {"specie": self.street_kind, "denominazioneToponimo": self.street}
        home: dict[str, Any] = {"comune": _told(municipality)}
        if self.postal_code is not None:
            home["cap"] = self.postal_code
        if any(toponym.values()):
            home["toponimo"] = _told(toponym)
        if self.number is not None:
            home["numeroCivico"] = {"numero": self.number}
        return {"residenza": {"tipoIndirizzo": "1", "indirizzo": home}}


Declaration = DeclaredGenerality | DeclaredCitizenship | DeclaredResidence


def _told(members: dict[str, Any]) -> dict[str, Any]:
    told = {name: value for name, value in members.items() if value is not None}
    if not told:
        raise ValueError("a declaration declares something")
    return told
