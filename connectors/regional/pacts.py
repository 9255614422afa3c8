# SPDX-License-Identifier: EUPL-1.2
"""One pact of a regional system, read. Pure: a JSON object in, a record or a refusal out.

{"idPatto": 4711, "codTipoPatto": "PSP", "codiceFiscale": "…", "dataPropostaPds": "2026-02-02",
 "dataFirmaPds": "2026-02-09", "dataFine": null, "flgAnnullato": "N",
 "ultimoEvento": {"evento": "02", "dataEvento": "2026-02-09"},
 "politicheAttive": [{"denominazione": "…", "dataFine": "…", "ultimoEvento": {…}}],
 "qualifiche": [{"codQualifica": "5.2.2.1"}], "dataAggiorn": "…"}

Names are PSLP's where it has them; the others are unverified (see the package). `codQualifica` is PSLP's name of an offer's profession; that
a pact has any, and where, is unverified.
"""

from __future__ import annotations

import re
from datetime import date

from connectors.records.delivery import RecordRefused
from connectors.records.fields import (
    Json,
    day,
    fiscal_code,
    flag,
    identifier,
    moment,
    optional_day,
    part,
    parts,
    text,
)
from connectors.regional.codes import RegionalCodes
from connectors.regional.records import RegionalGoal, RegionalPact
from hub.store.professions import MOST_OF_A_PACT, PROFESSION
from hub.store.vocabulary import PactKind, PactStatus

KEY = "idPatto"
MOST_GOALS = 200
"""Policies of one pact; a record with more is a mistake of its sender."""
PROFESSIONS = "qualifiche"
MEMBERS = frozenset(
    {
        KEY,
        "codTipoPatto",
        "codiceFiscale",
        "codProtocolloInps",
        "dataPropostaPds",
        "dSottoscrizione",
        "dataFirmaPds",
        "dPadPadi",
        "dataFine",
        "flgAnnullato",
        "ultimoEvento",
        "politicheAttive",
        PROFESSIONS,
        "dataAggiorn",
    }
)
"""What is read of a pact; what is inside a member has no name of a region's own."""
_PROFESSION = re.compile(PROFESSION, re.ASCII)
_OVER = frozenset({PactStatus.COMPLETED, PactStatus.TERMINATED})


def decode_pact(record: Json, codes: RegionalCodes) -> RegionalPact:
    """Read a pact.

    Raises:
        RecordRefused: naming the first field that is wrong.

    """
    kind = codes.pact_kind.read(record, "codTipoPatto")
    event = part(record, "ultimoEvento")
    proposed_on = day(record, "dataPropostaPds")
    signed_field = codes.signed_field[kind]
    signed_on = optional_day(record, signed_field)
    status = _status(codes.pact_event.read(event, "evento", "ultimoEvento."), record, signed_on)
    if signed_on is None and status not in {PactStatus.PROPOSED, PactStatus.REFUSED}:
        raise RecordRefused(signed_field, "The pact runs, or has run, and was never signed.")
    if signed_on is not None and signed_on < proposed_on:
        raise RecordRefused(signed_field, "The pact is signed before it is proposed.")
    ends_on = optional_day(record, "dataFine")
    if ends_on is None and status in _OVER:
        ends_on = day(event, "dataEvento", "ultimoEvento.")
    if ends_on is not None and ends_on < (signed_on or proposed_on):
        raise RecordRefused("dataFine", "The pact ends before it starts.")
    household = kind is PactKind.INCLUSION
    return RegionalPact(
        external_id=identifier(record, KEY),
        kind=kind,
        status=status,
        fiscal_code=None if household else fiscal_code(record, "codiceFiscale"),
        inps_protocol=text(record, "codProtocolloInps") if household else None,
        proposed_on=proposed_on,
        signed_on=signed_on,
        ends_on=ends_on,
        goals=_goals(record, codes),
        professions=_professions(record),
        changed_at=moment(record, "dataAggiorn"),
    )


def _status(status: PactStatus, record: Json, signed_on: date | None) -> PactStatus:
    """The last event's status; a pact annulled, or ended before it was signed, never came to be: REFUSED."""
    if flag(record, "flgAnnullato"):
        status = PactStatus.TERMINATED
    return PactStatus.REFUSED if status is PactStatus.TERMINATED and signed_on is None else status


def _goals(record: Json, codes: RegionalCodes) -> tuple[RegionalGoal, ...]:
    policies = parts(record, "politicheAttive")
    if len(policies) > MOST_GOALS:
        raise RecordRefused("politicheAttive", f"A pact has at most {MOST_GOALS} policies.")
    goals = []
    for i, policy in enumerate(policies):
        path = f"politicheAttive[{i}]."
        event = part(policy, "ultimoEvento", path)
        goals.append(
            RegionalGoal(
                description=text(policy, "denominazione", path),
                status=codes.goal_event.read(event, "evento", f"{path}ultimoEvento."),
                due_on=optional_day(policy, "dataFine", path),
            )
        )
    return tuple(goals)


def _professions(record: Json) -> tuple[str, ...] | None:
    """What the pact names, in its order; None where it is not told, and empty where it names none."""
    if record.get(PROFESSIONS) is None:
        return None
    named = parts(record, PROFESSIONS)
    if len(named) > MOST_OF_A_PACT:
        raise RecordRefused(PROFESSIONS, f"A pact names at most {MOST_OF_A_PACT} professions.")
    return tuple(_profession(one, f"{PROFESSIONS}[{i}].") for i, one in enumerate(named))


def _profession(named: Json, path: str) -> str:
    code = text(named, "codQualifica", path)
    if not _PROFESSION.fullmatch(code):
        raise RecordRefused(f"{path}codQualifica", "The code is not of its classification's shape.")
    return code
