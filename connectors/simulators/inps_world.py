# SPDX-License-Identifier: EUPL-1.2
"""What a simulated INPS knows: admitted households and their payments; the caller brings them.

Records are written from the published names of serviceRDC's `beneficiario` (domain.md 3.3), not from the hub's
reading of them. A record is as right or wrong as its data: a fiscal code with a wrong check letter is sent as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True, repr=False)
class SimulatedMember:
    """One `beneficiario`; `role` is `cod_ruolo_beneficiario`, `employment` the status 01-05, `centre` a CPI code."""

    fiscal_code: str
    given_name: str
    family_name: str
    sex: str
    birth_date: date
    belfiore: str
    municipality_name: str
    postal_code: str
    address: str
    role: str
    employment: str = "02"
    centre: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class SimulatedPayment:
    """What became of a household's payment (euro); `state` is one of INPS's words for a benefit's state."""

    state: str
    last_on: date | None = None
    last_amount: Decimal | None = None
    suspended_on: date | None = None
    reason: str | None = None

    def answer(self, protocol: str) -> dict[str, Any]:
        """Write the member `pagamento`."""
        return {
            "cod_protocollo_inps": protocol,
            "stato": self.state,
            "dtt_ultimo_pagamento": self.last_on and self.last_on.isoformat(),
            "importo_ultimo_pagamento": None if self.last_amount is None else f"{self.last_amount:.2f}",
            "dtt_sospensione": self.suspended_on and self.suspended_on.isoformat(),
            "motivo_sospensione": self.reason,
        }


@dataclass(frozen=True, slots=True, repr=False)
class SimulatedAdmission:
    """One report on one household: an entry of the daily list. The first member is the applicant."""

    protocol: str
    measure: str
    state: str
    monthly_amount: Decimal
    applied_on: date
    starts_on: date
    ends_on: date | None
    reported_at: datetime
    members: tuple[SimulatedMember, ...]
    source: str = "INPS"

    def record(self) -> dict[str, Any]:
        """Write the entry."""
        return {
            "cod_protocollo_inps": self.protocol,
            "tipo_domanda": self.measure,
            "beneficio": {
                "importo_mensile": f"{self.monthly_amount:.2f}",
                "dtt_inizio": self.starts_on.isoformat(),
                "dtt_fine": self.ends_on and self.ends_on.isoformat(),
            },
            "beneficiari": [self._member(member) for member in self.members],
        }

    def _member(self, member: SimulatedMember) -> dict[str, Any]:
        entry = {
            "cod_cap_residenza": member.postal_code,
            "cod_comune_residenza": member.belfiore,
            "des_comune_residenza": member.municipality_name,
            "des_indirizzo_residenza": member.address,
            "cod_stato": self.state,
            "cod_fiscale": member.fiscal_code,
            "cod_fiscale_richiedente": self.members[0].fiscal_code,
            "cod_protocollo_inps": self.protocol,
            "cod_ruolo_beneficiario": member.role,
            "cod_sesso": member.sex,
            "des_cognome": member.family_name,
            "des_nome": member.given_name,
            "dtt_domanda": self.applied_on.isoformat(),
            "dtt_nascita": member.birth_date.isoformat(),
            "dtt_rendicontazione": self.reported_at.isoformat(),
            "fonte": self.source,
            "tipo_domanda": self.measure,
            "codstatooccupazionale": member.employment,
        }
        return entry if member.centre is None else {**entry, "cod_cpi": member.centre}


class InpsWorld:
    """INPS's list, in the order it was reported, and the payments by protocol; both may grow while it is served."""

    def __init__(
        self,
        admissions: Iterable[SimulatedAdmission],
        payments: dict[str, SimulatedPayment] | None = None,
    ) -> None:
        self.admissions = list(admissions)
        self.payments = dict(payments or {})
