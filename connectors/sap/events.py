# SPDX-License-Identifier: EUPL-1.2
"""The events of an active policy (Tabella Eventi Politica Attiva), and which of the policy's days each must fall on.

Source: domain.md 6.3 (high confidence; the ministry's "SAP – Modelli e regole").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class PolicyDay(StrEnum):
    """A day of a policy; the value is its element's name."""

    PROPOSAL = "data_proposta"
    START = "data"
    END = "data_fine"


@dataclass(frozen=True, slots=True)
class PolicyEvent:
    """One row of the table. `falls_on`: the day its date must equal; None where the table has none."""

    says: str
    falls_on: PolicyDay | None = None


POLICY_EVENTS: Mapping[str, PolicyEvent] = MappingProxyType(
    {
        "01": PolicyEvent("Proposta", PolicyDay.PROPOSAL),
        "02": PolicyEvent("Iniziata", PolicyDay.START),
        "03": PolicyEvent("Respinta, prima dell'accettazione"),
        "04": PolicyEvent("Rifiuto, dopo l'accettazione e prima dell'inizio"),
        "05": PolicyEvent("Abbandono, dopo l'inizio e prima della fine", PolicyDay.END),
        "06": PolicyEvent("Annullamento, prima dell'inizio"),
        "07": PolicyEvent("Annullamento, dopo l'inizio, per errore materiale", PolicyDay.END),
        "08": PolicyEvent("Cancellazione, per mancanza dei requisiti", PolicyDay.END),
        "09": PolicyEvent("Sospesa", PolicyDay.END),
        "10": PolicyEvent("Terminata", PolicyDay.END),
        "11": PolicyEvent("Rendicontata"),
        "12": PolicyEvent("Decaduta", PolicyDay.END),
        "13": PolicyEvent("Esonerata"),
        "14": PolicyEvent("Trasformata", PolicyDay.END),
        "15": PolicyEvent("Esclusione", PolicyDay.END),
    }
)
