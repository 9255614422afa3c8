# SPDX-License-Identifier: EUPL-1.2
"""What a SAP says of a person's pacts and policies, in the hub's words. Pure: a document in, records out.

`policies_of` takes a document apart: each policy becomes an object of its own, with what the hub keeps of it and the rules it breaks, and
nothing of the rest of the person's working life. `decode_policy` reads such an object, now or when it was kept. A pact is a policy `A02`
(Patto di attivazione); the policies proposed between it and the next one are its goals, and its activities.

{"identificativo_politica": "08008B3B94B", "codicefiscale": "…", "dataultimoagg": "2018-07-01", "tipo_attivita": "A02",
 "titolo_denominazione": null, "data_proposta": "2018-01-01", "data": "2018-01-02", "data_fine": "2018-06-30", "evento": "02",
 "data_evento": "2018-01-02", "patto": null, "obiettivi": [{"titolo": "…", "evento": "10", "data_fine": "…"}], "problemi": []}

Which event of conditionality a policy's event is, nobody has published (docs/reference/wire-codes.md): so much as whoever runs the hub has
said, and otherwise why not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from connectors.cooperation.codes import PACT, STATUSES
from connectors.records.delivery import Delivered, RecordRefused
from connectors.records.fields import Json, day, fiscal_code, moment, optional_day, optional_text, parts, text
from connectors.records.reading import best_version, deliver
from connectors.regional import PROVISIONAL_CODES, RegionalCodes
from connectors.regional.records import RegionalGoal, RegionalPact
from connectors.sap import Policy, SapDocument
from connectors.sap.rules import IDENTIFIED_SINCE
from hub.ledger.wire_codes import Unmapped, WireCodes, WireTable
from hub.store.vocabulary import (
    ActivityKind,
    ActivityStatus,
    ConditionalityEventType,
    PactKind,
    PactStatus,
)

KEY: Final = "identificativo_politica"
KIND: Final = PactKind.SERVICE
"""Patto di servizio personalizzato: what `A02` is called since 2015 (unverified for these measures)."""
_POLICIES: Final = "politiche_attive_lst/politiche_attive"
_UNSIGNED = frozenset({PactStatus.PROPOSED, PactStatus.REFUSED})
_BEFORE_START = "06"
"""Annullamento, prima dell'inizio."""
_OVER = frozenset({PactStatus.COMPLETED, PactStatus.TERMINATED})


@dataclass(frozen=True, slots=True, repr=False)
class PolicyFact:
    """A policy's last event: which policy, the event's code, its day, and what the hub would record it as, or why nothing."""

    policy_id: str | None
    kind: str | None
    code: str
    on: date | None
    event: ConditionalityEventType | Unmapped


@dataclass(frozen=True, slots=True, repr=False)
class SapActivity:
    """A policy as an activity. `pact`: the identifier of the `A02` it was proposed under; `changed_at`: the document's version."""

    external_id: str
    kind: ActivityKind
    status: ActivityStatus
    fiscal_code: str
    title: str
    starts_on: date
    ends_on: date | None
    pact: str | None
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class NoActivity:
    """A policy of a type that is no activity: it is known, and lands nowhere."""


PolicyRecord = RegionalPact | SapActivity | NoActivity


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


def policies_of(document: SapDocument) -> tuple[dict[str, Any], ...]:
    """The policies of a document, each by itself, in the document's order.

    One from before 4 December 2017 without an identifier is passed over: nothing names it, and it is older than every measure.
    """
    sap = document.sap
    pacts = sorted(
        (one for one in sap.policies if one.kind == PACT and one.proposed_on and one.identifier),
        key=lambda one: (one.proposed_on or date.min, one.identifier or ""),
    )
    of_pact = [_pact_of(one, pacts) for one in sap.policies]
    found = []
    for place, one in enumerate(sap.policies, 1):
        if one.identifier is None and one.proposed_on is not None and one.proposed_on < IDENTIFIED_SINCE:
            continue
        pact = of_pact[place - 1]
        goals = [other for other, theirs in zip(sap.policies, of_pact, strict=True) if theirs is one]
        found.append(
            {
                KEY: one.identifier,
                "codicefiscale": sap.person.fiscal_code,
                "dataultimoagg": _said(sap.submission.updated_on),
                "tipo_attivita": one.kind,
                "titolo_denominazione": one.title,
                "data_proposta": _said(one.proposed_on),
                "data": _said(one.starts_on),
                "data_fine": _said(one.ends_on),
                "evento": one.event,
                "data_evento": _said(one.event_on),
                "patto": None if pact is None else pact.identifier,
                "obiettivi": [_goal(goal) for goal in goals],
                "problemi": _problems(document, place),
            }
        )
    return tuple(found)


def read_policy(
    raw: object,
    kinds: Mapping[str, ActivityKind | None],
    codes: RegionalCodes = PROVISIONAL_CODES,
) -> Delivered[PolicyRecord]:
    """Read one policy, also one that was kept; it comes refused when it cannot be."""

    def version_of(record: Mapping[str, Any]) -> datetime | None:
        return best_version(lambda: moment(record, "dataultimoagg"))

    return deliver(
        raw, key_field=KEY, version_of=version_of, decode=lambda record: decode_policy(record, kinds, codes)
    )


def decode_policy(
    record: Json, kinds: Mapping[str, ActivityKind | None], codes: RegionalCodes = PROVISIONAL_CODES
) -> PolicyRecord:
    """Read a policy.

    Raises:
        RecordRefused: it breaks a rule of the SAP, lacks what such a record has, or its type is not configured.

    """
    for broken in parts(record, "problemi"):
        raise RecordRefused(text(broken, "posto"), text(broken, "regola"))
    kind = text(record, "tipo_attivita")
    if kind == PACT:
        return _pact(record, codes)
    if kind not in kinds:
        raise RecordRefused(
            "tipo_attivita",
            "What this type of policy is here, is not established: say so in the region's file, under [activities].",
        )
    activity = kinds[kind]
    if activity is None:
        return NoActivity()
    starts_on, ends_on = day(record, "data"), optional_day(record, "data_fine")
    if ends_on is not None and ends_on < starts_on:
        raise RecordRefused("data_fine", "The policy ends before it begins.")
    return SapActivity(
        external_id=text(record, KEY),
        kind=activity,
        status=STATUSES.read(record, "evento", "ultimo_evento."),
        fiscal_code=fiscal_code(record, "codicefiscale"),
        title=optional_text(record, "titolo_denominazione") or kind,
        starts_on=starts_on,
        ends_on=ends_on,
        pact=optional_text(record, "patto"),
        changed_at=moment(record, "dataultimoagg"),
    )


def _pact(record: Json, codes: RegionalCodes) -> RegionalPact:
    proposed_on, starts_on = day(record, "data_proposta"), optional_day(record, "data")
    status = codes.pact_event.read(record, "evento", "ultimo_evento.")
    never_began = status in _UNSIGNED or record.get("evento") == _BEFORE_START
    signed_on = None if never_began else starts_on
    if signed_on is None and status not in _UNSIGNED:
        # Annulled before its beginning: it never came to be.
        status = PactStatus.REFUSED
    if signed_on is not None and signed_on < proposed_on:
        raise RecordRefused("data", "The pact begins before it is proposed.")
    ends_on = optional_day(record, "data_fine")
    if ends_on is None and status in _OVER:
        ends_on = day(record, "data_evento")
    if ends_on is not None and ends_on < (signed_on or proposed_on):
        raise RecordRefused("data_fine", "The pact ends before it begins.")
    return RegionalPact(
        external_id=text(record, KEY),
        kind=KIND,
        status=status,
        fiscal_code=fiscal_code(record, "codicefiscale"),
        inps_protocol=None,
        proposed_on=proposed_on,
        signed_on=signed_on,
        ends_on=ends_on,
        goals=tuple(
            RegionalGoal(
                description=text(goal, "titolo", "obiettivi."),
                status=codes.goal_event.read(goal, "evento", "obiettivi."),
                due_on=optional_day(goal, "data_fine", "obiettivi."),
            )
            for goal in parts(record, "obiettivi")
            # What is wrong with another policy is that one's refusal, and not the pact's.
            if goal.get("evento") in codes.goal_event.words
        ),
        professions=None,  # a SAP's policies tell none
        changed_at=moment(record, "dataultimoagg"),
    )


def _pact_of(policy: Policy, pacts: Sequence[Policy]) -> Policy | None:
    """The pact a policy was proposed under: the latest before it, of that day too; a pact is under none."""
    if policy.kind == PACT or policy.proposed_on is None:
        return None
    since = [one for one in pacts if one.proposed_on is not None and one.proposed_on <= policy.proposed_on]
    return since[-1] if since else None


def _goal(policy: Policy) -> dict[str, Any]:
    return {
        "titolo": policy.title or policy.kind,
        "evento": policy.event,
        "data_fine": _said(policy.ends_on),
    }


def _problems(document: SapDocument, place: int) -> list[dict[str, str]]:
    """The rules that the policy at a place, from 1, breaks."""
    path = f"/lavoratore/{_POLICIES}[{place}]/"
    return [
        {"posto": one.path.removeprefix(path), "regola": str(one.rule)}
        for one in document.problems
        if one.path.startswith(path)
    ]


def _said(on: date | None) -> str | None:
    return None if on is None else on.isoformat()
