# SPDX-License-Identifier: EUPL-1.2
"""What a SAP says of a person's pact and policies, in the hub's words. Pure: a document in, records out.

The pact is the policy `A02` (Patto di attivazione); the policies proposed since it are its goals. Which event of conditionality a policy's
event is, nobody has published (docs/reference/wire-codes.md): so much as whoever runs the hub has said, and otherwise why not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from connectors.records.delivery import RecordRefused
from connectors.regional import PROVISIONAL_CODES, RegionalCodes
from connectors.regional.records import RegionalGoal, RegionalPact
from connectors.sap import Policy, SapDocument
from hub.ledger.wire_codes import Unmapped, WireCodes, WireTable
from hub.store.vocabulary import ConditionalityEventType, PactKind, PactStatus

V = TypeVar("V")

PACT: Final = "A02"
KIND: Final = PactKind.SERVICE
"""Patto di servizio personalizzato: what `A02` is called since 2015 (unverified for these measures)."""
_ROME = ZoneInfo("Europe/Rome")
_UNSIGNED = frozenset({PactStatus.PROPOSED, PactStatus.REFUSED})
_OVER = frozenset({PactStatus.COMPLETED, PactStatus.TERMINATED})


@dataclass(frozen=True, slots=True, repr=False)
class PolicyFact:
    """A policy's last event: which policy, the event's code, its day, and what the hub would record it as, or why nothing."""

    policy_id: str | None
    kind: str | None
    code: str
    on: date | None
    event: ConditionalityEventType | Unmapped


def facts_of(document: SapDocument, codes: WireCodes) -> tuple[PolicyFact, ...]:
    """The last event of each policy that has one, in the document's order."""
    return tuple(
        PolicyFact(
            policy_id=one.identifier,
            kind=one.kind,
            code=one.event,
            on=one.event_on,
            event=codes.event_type_of(WireTable.SAP_EVENT, one.event),
        )
        for one in document.sap.policies
        if one.event is not None
    )


def pact_of(document: SapDocument, codes: RegionalCodes = PROVISIONAL_CODES) -> RegionalPact | None:
    """The pact a SAP has: the latest `A02`; None where there is none.

    Raises:
        SapRefused: the document breaks a rule.
        RecordRefused: the pact lacks what a pact has: identifier, day of proposal, last event, or the document its day.

    """
    document.check()
    sap = document.sap
    pacts = [one for one in sap.policies if one.kind == PACT]
    if not pacts:
        return None
    pact = max(pacts, key=lambda one: one.proposed_on or date.min)
    proposed_on = _present(pact.proposed_on, "data_proposta")
    status = codes.pact_event.read({"evento": _present(pact.event, "evento")}, "evento", "ultimo_evento.")
    signed_on = None if status in _UNSIGNED else pact.starts_on
    if signed_on is None and status not in _UNSIGNED:
        # Annulled before its beginning: it never came to be.
        status = PactStatus.REFUSED
    return RegionalPact(
        external_id=_present(pact.identifier, "identificativo_politica"),
        kind=KIND,
        status=status,
        fiscal_code=sap.person.fiscal_code,
        inps_protocol=None,
        proposed_on=proposed_on,
        signed_on=signed_on,
        ends_on=pact.event_on if status in _OVER and pact.ends_on is None else pact.ends_on,
        goals=_goals(sap.policies, proposed_on, codes),
        changed_at=datetime.combine(_present(sap.submission.updated_on, "dataultimoagg"), time(), _ROME),
    )


def _goals(policies: Sequence[Policy], since: date, codes: RegionalCodes) -> tuple[RegionalGoal, ...]:
    """The policies proposed since a day, but pacts. One without an event, as they were before 2017, says nothing of where it stands."""
    return tuple(
        RegionalGoal(
            description=one.title or one.kind or "",
            status=codes.goal_event.read({"evento": one.event}, "evento", "ultimo_evento."),
            due_on=one.ends_on,
        )
        for one in policies
        if one.kind != PACT
        and one.event is not None
        and one.proposed_on is not None
        and one.proposed_on >= since
    )


def _present(value: V | None, name: str) -> V:
    if value is None:
        raise RecordRefused(name, "The value is missing.")
    return value
