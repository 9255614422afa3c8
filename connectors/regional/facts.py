# SPDX-License-Identifier: EUPL-1.2
"""One fact told to a regional system, and its receipt. Pure. **Unverified**: no region publishes such an operation.

{"idComunicazione": "0199…", "progressivo": 4711, "idEvento": "0199…", "tipoEvento": "ACTIVITY_NOT_ATTENDED",
 "codiceFiscale": "…", "codProtocolloInps": "…", "misura": "ADI", "dataEvento": "2026-09-21T09:00:00+00:00",
 "dataRegistrazione": "…", "enteRilevatore": "cpi-h501c900031", "idPatto": "4711" | null, "idEventoAnnullato": "0199…" | null}

{"idComunicazione": "0199…", "esito": "ACCETTATO" | "GIA_RICEVUTO" | "RIFIUTATO", "codice": "…" | absent}
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from connectors.outbound.fact import Fact, Receipt

OPERATION = "eventi"
"""The breaker's name."""
PATH = "eventi/comunicazione"
OUTCOMES = {"ACCETTATO": True, "GIA_RICEVUTO": True, "RIFIUTATO": False}
"""Whether the fact is with the region."""
_CODE = re.compile(r"[A-Z0-9_.-]{1,60}", re.ASCII)


def write_fact(fact: Fact) -> dict[str, object]:
    """Write a fact as the region is told it; the same bytes at every attempt."""
    return {
        "idComunicazione": str(fact.key),
        "progressivo": fact.position,
        "idEvento": str(fact.event_id),
        "tipoEvento": fact.type.value,
        "codiceFiscale": fact.fiscal_code,
        "codProtocolloInps": fact.inps_protocol,
        "misura": fact.measure.value,
        "dataEvento": fact.occurred_at.isoformat(),
        "dataRegistrazione": fact.recorded_at.isoformat(),
        "enteRilevatore": fact.recorded_by,
        "idPatto": fact.pact,
        "idEventoAnnullato": None if fact.withdraws is None else str(fact.withdraws),
    }


def read_receipt(answer: Mapping[str, Any], fact: Fact) -> Receipt | None:
    """Read the answer; None where it is no receipt of this fact. Of a code that is no plain word nothing is kept: it may hold anything."""
    outcome = answer.get("esito")
    if answer.get("idComunicazione") != str(fact.key):
        return None
    accepted = OUTCOMES.get(outcome) if isinstance(outcome, str) else None
    if accepted is None:
        return None
    code = answer.get("codice")
    plain = code if isinstance(code, str) and _CODE.fullmatch(code) else None
    return Receipt(accepted, plain)
