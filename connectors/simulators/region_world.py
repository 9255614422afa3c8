# SPDX-License-Identifier: EUPL-1.2
"""What a simulated regional labour system holds: pacts, offers, courses; the caller brings them.

Records are written with PSLP's published names where it has them (domain.md 5, 6.2, 6.3).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

from connectors.simulators.region_told import ToldEvents


class SimulatedRecord(Protocol):
    """Something with a record to send."""

    def record(self) -> dict[str, Any]:
        """Write the record."""


@dataclass(frozen=True, slots=True, repr=False)
class SimulatedPolicy:
    """One active policy of a pact: `kind` is a SAP activity type, `event` a SAP policy event (01-15)."""

    kind: str
    title: str
    proposed_on: date
    starts_on: date
    ends_on: date | None
    event: str
    event_on: date

    def record(self) -> dict[str, Any]:
        """Write the policy."""
        return {
            "attivita": self.kind,
            "denominazione": self.title,
            "dataProposta": self.proposed_on.isoformat(),
            "dataInizio": self.starts_on.isoformat(),
            "dataFine": self.ends_on and self.ends_on.isoformat(),
            "ultimoEvento": {"evento": self.event, "dataEvento": self.event_on.isoformat()},
        }


@dataclass(frozen=True, slots=True, repr=False)
class SimulatedPact:
    """One pact: of a person (`fiscal_code`), or of a household (`protocol`) for `PI`; `signed_on` None: proposed.

    `professions` None: its system tells none.
    """

    number: int
    kind: str
    proposed_on: date
    signed_on: date | None
    event: str
    event_on: date
    changed_at: datetime
    fiscal_code: str | None = None
    protocol: str | None = None
    ends_on: date | None = None
    annulled: bool = False
    policies: tuple[SimulatedPolicy, ...] = ()
    professions: tuple[str, ...] | None = None

    def record(self) -> dict[str, Any]:
        """Write the pact."""
        signed = self.signed_on and self.signed_on.isoformat()
        return {
            "idPatto": self.number,
            "codTipoPatto": self.kind,
            "codiceFiscale": self.fiscal_code,
            "codProtocolloInps": self.protocol,
            "dataPropostaPds": self.proposed_on.isoformat(),
            "dSottoscrizione": signed if self.kind in {"PL", "PI"} else None,
            "dataFirmaPds": signed if self.kind == "PSP" else None,
            "dPadPadi": signed if self.kind == "PAD" else None,
            "dataFine": self.ends_on and self.ends_on.isoformat(),
            "flgAnnullato": "S" if self.annulled else "N",
            "ultimoEvento": {"evento": self.event, "dataEvento": self.event_on.isoformat()},
            "politicheAttive": [policy.record() for policy in self.policies],
            "qualifiche": None
            if self.professions is None
            else [{"codQualifica": one} for one in self.professions],
            "dataAggiorn": self.changed_at.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class SimulatedOffer:
    """One job offer; gross euro a month, hours a week; `state` A open, C closed, R withdrawn."""

    number: str
    title: str
    employer: str
    profession: str
    contract: str
    weekly_hours: int
    monthly_pay: Decimal | None
    places: int
    belfiore: str
    published_on: date
    expires_on: date | None
    changed_at: datetime
    state: str = "A"

    def record(self) -> dict[str, Any]:
        """Write the offer."""
        return {
            "idOfferta": self.number,
            "titolo": self.title,
            "denominazioneAzienda": self.employer,
            "codQualifica": self.profession,
            "codTipoContratto": self.contract,
            "numOreSettMedie": self.weekly_hours,
            "numRetribuzioneLorda": None if self.monthly_pay is None else f"{self.monthly_pay:.2f}",
            "numPosti": self.places,
            "codComune": self.belfiore,
            "dataPubblicazione": self.published_on.isoformat(),
            "dataScadenza": self.expires_on and self.expires_on.isoformat(),
            "codStato": self.state,
            "dataAggiorn": self.changed_at.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class SimulatedCourse:
    """One course; `mode` P on site, D online, M both; `state` as an offer's."""

    number: str
    title: str
    provider: str
    mode: str
    belfiore: str
    starts_on: date
    ends_on: date
    hours: int
    places: int
    enrolled: int
    changed_at: datetime
    state: str = "A"

    def record(self) -> dict[str, Any]:
        """Write the course."""
        return {
            "idCorso": self.number,
            "denominazioneCorso": self.title,
            "denomOperatore": self.provider,
            "codModalita": self.mode,
            "codComune": self.belfiore,
            "dataInizio": self.starts_on.isoformat(),
            "dataFine": self.ends_on.isoformat(),
            "numDurataOre": self.hours,
            "numPosti": self.places,
            "numIscritti": self.enrolled,
            "codStato": self.state,
            "dataAggiorn": self.changed_at.isoformat(),
        }


class RegionWorld:
    """A region's records, each kind in the order it changed; they may grow while it is served."""

    def __init__(
        self,
        pacts: Iterable[SimulatedRecord] = (),
        offers: Iterable[SimulatedRecord] = (),
        courses: Iterable[SimulatedRecord] = (),
    ) -> None:
        self.pacts = list(pacts)
        self.offers = list(offers)
        self.courses = list(courses)
        self.told = ToldEvents()
