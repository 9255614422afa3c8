# SPDX-License-Identifier: EUPL-1.2
"""Registry checks (controlli anagrafici): what ANPR tells of the years of residence and the title to stay, and what follows by law.

The conclusion is worked out anew from what ANPR told, with the law of the day that is asked for: docs/explanation/registry-checks.md.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import strawberry

from connectors.anpr.registry_facts import history_of, stay_of
from hub.measures.parameters import Parameters
from hub.measures.registry_check import (
    Register,
    RegistryCheckKind,
    RegistryFinding,
    RegistryOutcome,
    check_can_be_made,
    conclusion,
    residence_findings,
    stay_findings,
)
from hub.store.vocabulary import Measure
from schema.cost import about
from schema.legal_reasons import LegalReason
from schema.residence import Freshness
from schema.sensitivity import SPECIAL, personal, special

if TYPE_CHECKING:
    from connectors.kept_answers import KeptAnswer
    from schema.context import RequestContext

_ROME = ZoneInfo("Europe/Rome")

strawberry.enum(
    RegistryCheckKind,
    description="RESIDENCE the years in Italy, and the last of them without a break (residenza); STAY the title to stay (titolo di soggiorno).",
)
strawberry.enum(
    RegistryOutcome,
    name="RegistryCheckOutcome",
    description="What ANPR says of a requirement. NOT_DETERMINABLE is never a no: it tells too little, and a municipality may know more.",
)
strawberry.enum(
    Register,
    name="PopulationRegister",
    description="RESIDENTS anagrafe della popolazione residente; ABROAD AIRE.",
)


@special
@strawberry.type(description="One requirement, and what ANPR says of it (esito del controllo).")
class RegistryCheckFinding:
    outcome: RegistryOutcome
    code: str = strawberry.field(description="`RESIDENCE`, `CONTINUOUS_RESIDENCE`, `STAY`.")
    article: str = strawberry.field(description="Where the law has it.")
    sentence: str
    value: str | None = strawberry.field(
        description="Days of residence ANPR holds; or since when it holds them without a break.",
    )
    limit: str | None = strawberry.field(description="What the law asks for, in the same unit.")
    unverified: bool = strawberry.field(
        description="The law's number was not read in the law itself, or can be read in two ways."
    )

    @classmethod
    def of(cls, finding: RegistryFinding) -> RegistryCheckFinding:
        reason = LegalReason.of(finding.reason)
        return cls(
            outcome=finding.outcome,
            code=reason.code,
            article=reason.article,
            sentence=reason.sentence,
            value=reason.value,
            limit=reason.limit,
            unverified=reason.unverified,
        )


@personal
@strawberry.type(
    description="One entry of the history of registrations (storia delle iscrizioni), as ANPR told it."
)
class RegistryCheckRegistration:
    record_type: str | None = strawberry.field(description="`tipoScheda`, as it came.")
    register: Register | None = strawberry.field(
        description="What this hub is configured to read in it; null: nothing, and then it proves nothing."
    )
    since: datetime.date | None = strawberry.field(description="Data iscrizione.")
    until: datetime.date | None = strawberry.field(
        description="Data cancellazione, the first day it was over; null: it stands."
    )
    municipality_istat_code: str | None
    municipality_name: str | None


@special
@strawberry.type(description="A citizenship (cittadinanza), as ANPR told it.")
class RegistryCheckCitizenship:
    state_code: str | None = strawberry.field(description="ANPR's code of the state.")
    state_name: str | None
    since: datetime.date | None


@special
@strawberry.type(description="A title to stay (permesso di soggiorno), as ANPR told it.")
class RegistryCheckPermit:
    type_code: str | None = strawberry.field(description="`tipoSoggiorno`, as it came.")
    issued_on: datetime.date | None
    expires_on: datetime.date | None


@personal
@strawberry.type(
    description="What a check rests on: what ANPR said (risposta di ANPR). Its services of this check are not published: unverified."
)
class RegistryCheckEvidence:
    operation_id: str | None = strawberry.field(
        description="`idOperazioneANPR`: by it ANPR finds its answer again."
    )
    registrations: list[RegistryCheckRegistration] = strawberry.field(
        description="Of a check of residence; in ANPR's order.", directives=[about(3)]
    )
    struck_off_on: datetime.date | None = strawberry.field(
        description="Cancelled on that day because nobody was found (irreperibilità), or the abode was not renewed."
    )
    citizenships: list[RegistryCheckCitizenship] = strawberry.field(
        description="Of a check of the title to stay.", directives=[about(1)]
    )
    permit: RegistryCheckPermit | None

    @classmethod
    def of(cls, told: dict[str, Any]) -> RegistryCheckEvidence:
        permit = told.get("permit")
        return cls(
            operation_id=told["operation_id"],
            registrations=[_registration(one) for one in told.get("registrations", ())],
            struck_off_on=_day(told.get("struck_off_on")),
            citizenships=[
                RegistryCheckCitizenship(**{**one, "since": _day(one["since"])})
                for one in told.get("citizenships", ())
            ],
            permit=None
            if permit is None
            else RegistryCheckPermit(
                type_code=permit["type_code"],
                issued_on=_day(permit["issued_on"]),
                expires_on=_day(permit["expires_on"]),
            ),
        )


@personal
@strawberry.type(
    description="A registry check (controllo anagrafico) by ANPR of one person: a conclusion with its reasons. It is no decision: the municipality makes the check, INPS decides."
)
class RegistryCheck:
    kind: RegistryCheckKind
    measure: Measure
    on: datetime.date
    outcome: RegistryOutcome = strawberry.field(
        description="Of all findings: one that is disproven decides, then one that is not determinable.",
        directives=[SPECIAL],
    )
    findings: list[RegistryCheckFinding] = strawberry.field(directives=[about(2)])
    evidence: RegistryCheckEvidence
    as_of: datetime.datetime
    source: str
    freshness: Freshness
    unverified: bool = strawberry.field(
        description="True: what these services of ANPR answer is not published, and was read by its vocabulary."
    )


async def registry_check(
    context: RequestContext,
    key: str,
    fiscal_code: str,
    kind: RegistryCheckKind,
    measure: Measure,
    on: datetime.date | None,
    max_age: int,
) -> RegistryCheck | None:
    """Check a person by row and fiscal code, of what ANPR told at most so many seconds ago; None: ANPR does not know it.

    Raises:
        InvalidInput: the age is negative, or more than any answer's that this hub gives again.
        DateInFuture, BeforeTheLaw, AfterTheLaw, NotRequired: there is nothing to check; ANPR is not asked.
        UpstreamError: as the connector has it.

    """
    today = context.means.now().astimezone(_ROME).date()
    day = on or today
    p = check_can_be_made(kind, measure, day, today)
    kept, freshness = await context.live.registry(kind, key, fiscal_code, max_age)
    if kept.answer is None:
        return None
    findings = _findings(kind, kept.answer, kept, p, day)
    return RegistryCheck(
        kind=kind,
        measure=measure,
        on=day,
        outcome=conclusion(findings),
        findings=[RegistryCheckFinding.of(finding) for finding in findings],
        evidence=RegistryCheckEvidence.of(kept.answer),
        as_of=kept.answered_at,
        source="ANPR",
        freshness=freshness,
        unverified=True,
    )


def _findings(
    kind: RegistryCheckKind, told: dict[str, Any], kept: KeptAnswer, p: Parameters, day: datetime.date
) -> tuple[RegistryFinding, ...]:
    if kind is RegistryCheckKind.RESIDENCE:
        return residence_findings(history_of(told, kept.answered_at), p, day)
    return stay_findings(stay_of(told, kept.answered_at), p, day)


def _registration(entry: dict[str, Any]) -> RegistryCheckRegistration:
    register = entry["register"]
    return RegistryCheckRegistration(
        **{
            **entry,
            "register": None if register is None else Register(register),
            "since": _day(entry["since"]),
            "until": _day(entry["until"]),
        }
    )


def _day(text: str | None) -> datetime.date | None:
    return None if text is None else datetime.date.fromisoformat(text)
