# SPDX-License-Identifier: EUPL-1.2
"""The body of a question to ANPR (`RichiestaE002`; domain.md 1.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import orjson

from connectors.anpr.services import UseCase

_OPERATION_ID = re.compile(r"[0-9a-zA-Z]{1,30}\Z")


def question(
    use_case: UseCase,
    *,
    operation_id: str,
    reason: str,
    as_of: date,
    fiscal_code: str | None = None,
    id_anpr: str | None = None,
    declared: Mapping[str, Any] | None = None,
) -> bytes:
    """Build the body, byte for byte as it is signed and sent.

    Args:
        use_case: which service is asked.
        operation_id: `idOperazioneClient`, unique per question: ANPR answers a known one with its earlier answer.
        reason: `motivoRichiesta`, the reference of the case file the question is asked for.
        as_of: the day the record is asked for.
        fiscal_code: whom it is about, by code (C030), or
        id_anpr: by national id (all others; since April 2024 the code alone is refused).
        declared: `verifica`, what was declared (`connectors.anpr.declarations`): for the verifying use cases, and no others.

    Raises:
        ValueError: the operation's id is not 1 to 30 letters and digits, not exactly one criterion is given, or a declaration is
            missing or too much.

    """
    if not _OPERATION_ID.match(operation_id):
        raise ValueError("idOperazioneClient is 1 to 30 letters and digits")
    if (fiscal_code is None) == (id_anpr is None):
        raise ValueError("exactly one of fiscal_code and id_anpr")
    if use_case.verifies != bool(declared):
        raise ValueError("a declaration is for the verifying use cases, and for all of them")
    criteria = {"codiceFiscale": fiscal_code} if id_anpr is None else {"idANPR": id_anpr}
    content: dict[str, Any] = {
        "idOperazioneClient": operation_id,
        "criteriRicerca": criteria,
        "datiRichiesta": {
            "dataRiferimentoRichiesta": as_of.isoformat(),
            "motivoRichiesta": reason,
            "casoUso": use_case.value,
        },
    }
    return orjson.dumps(content if declared is None else {**content, "verifica": declared})
