# SPDX-License-Identifier: EUPL-1.2
"""What the law of a day says of a stored household: its declared facts are read beside it, the rules are those of `hub.measures`.

What hangs on a member's disability (the scale, and every limit that follows from it) is special; amounts and what they are compared
with are personal.
"""

from __future__ import annotations

import asyncio
import datetime
import decimal
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import strawberry

from hub.casework.household_facts import StoredHousehold, facts, stored_household
from hub.measures.applicants import APPLICANT
from hub.measures.assessment import Assessment
from hub.measures.checked import check_day
from hub.measures.payments import Month, MonthKind, calendar
from hub.measures.reasons import Finding, Reason, Verdict
from hub.plan.declare import Computed, Derived
from hub.store.vocabulary import Measure
from schema.context import Info
from schema.cost import CALENDAR, about
from schema.legal_reasons import as_told
from schema.measures import AssessedDuration, EquivalenceScale
from schema.sensitivity import SPECIAL, personal


@personal
@strawberry.type(
    description="Why (motivazione): the article, a sentence, and what of the household was compared with what."
)
class HouseholdReason:
    code: str
    article: str
    sentence: str
    value: str | None = strawberry.field(description="Of the household: euro, days, a number; or a day.")
    limit: str | None = strawberry.field(
        description="What it was compared with, which may grow with a disability.", directives=[SPECIAL]
    )
    unverified: bool = strawberry.field(
        description="It rests on something that was not read in the law itself, or can be read in two ways."
    )

    @classmethod
    def of(cls, reason: Reason) -> HouseholdReason:
        return as_told(cls, reason)


@personal
@strawberry.type(description="One requirement (requisito), and whether the household meets it.")
class HouseholdRequirement:
    verdict: Verdict
    reason: HouseholdReason


@personal
@strawberry.type(
    description="What is due (importo), in euro; null where a fact it depends on is not known, which `missing` names."
)
class HouseholdAmount:
    annual: decimal.Decimal | None
    monthly: decimal.Decimal | None
    reduced: bool | None = strawberry.field(
        description="The reduced measure (misura ridotta), of a household without anybody the law protects.",
        directives=[SPECIAL],
    )
    reasons: list[HouseholdReason] = strawberry.field(
        description="The parts it is made of.", directives=[about(3)]
    )


@personal
@strawberry.type(description="One month of the calendar (mensilità), in euro.")
class EntitlementMonth:
    first: datetime.date = strawberry.field(description="Its first day.")
    kind: MonthKind
    amount: decimal.Decimal
    extra: decimal.Decimal = strawberry.field(description="Paid once, beside the amount.")
    reasons: list[HouseholdReason] = strawberry.field(directives=[about(3)])

    @classmethod
    def of(cls, month: Month) -> EntitlementMonth:
        return cls(
            first=month.first,
            kind=month.kind,
            amount=month.amount,
            extra=month.extra,
            reasons=[HouseholdReason.of(reason) for reason in month.reasons],
        )


@personal
@strawberry.type(
    description="What the law of a day says of the household, by what was declared of it (valutazione dei requisiti); who applies, where "
    "that does not say, is the household's `applicant`. It is no decision: INPS decides."
)
class HouseholdEntitlement:
    measure: Measure
    on: datetime.date
    law: str
    verdict: Verdict = strawberry.field(
        description="UNDETERMINED where a fact is not known that could change it."
    )
    declared_on: datetime.date | None = strawberry.field(
        description="The day the facts are of: of a DSU, that it was made on. Null: nothing is declared for this day."
    )
    declared_by: str | None = strawberry.field(description="The code of the agency that told them.")
    requirements: list[HouseholdRequirement] = strawberry.field(directives=[about(13)])
    missing: list[HouseholdReason] = strawberry.field(
        description="What leaves the verdict or the amount open: each names what is not known.",
        directives=[about(2)],
    )
    scale: EquivalenceScale = strawberry.field(directives=[SPECIAL])
    due: HouseholdAmount | None = strawberry.field(description="Null unless every requirement is met.")
    duration: AssessedDuration | None
    unverified: bool = strawberry.field(
        description="It rests on something that was not read in the law itself, or can be read in two ways."
    )
    household: strawberry.Private[StoredHousehold]
    assessed: strawberry.Private[Assessment]

    @strawberry.field(
        description="The months of a measure that is first paid in the month of this day, as long as nothing changes. Null where who "
        "applies is not known, and matters.",
        directives=[CALENDAR, about(18)],
    )
    async def calendar(self, info: Info) -> list[EntitlementMonth] | None:
        if any(finding.reason.code == APPLICANT for finding in self.assessed.requirements):
            return None
        async with info.context.room:
            await asyncio.sleep(
                0
            )  # a page of them is some tens of milliseconds: others have their turn between
            found = calendar(self.household.applications[0], self.household.on)
        return [EntitlementMonth.of(month) for month in found.months]

    @classmethod
    def of(cls, household: StoredHousehold) -> HouseholdEntitlement:
        found = household.assessed()
        declaration, due = household.declaration, found.entitlement
        return cls(
            measure=found.measure,
            on=found.on,
            law=found.law,
            verdict=found.verdict,
            declared_on=None if declaration is None else declaration.as_of,
            declared_by=None if declaration is None else declaration.source,
            requirements=[_requirement(finding) for finding in found.requirements],
            missing=[HouseholdReason.of(reason) for reason in _missing(found)],
            scale=EquivalenceScale(least=found.scale.least, most=found.scale.most),
            due=None
            if due is None
            else HouseholdAmount(
                annual=due.annual,
                monthly=due.monthly,
                reduced=due.reduced,
                reasons=[] if due.annual is None else [HouseholdReason.of(one) for one in due.reasons],
            ),
            duration=None if found.duration is None else AssessedDuration.of(found.duration),
            unverified=found.unverified,
            household=household,
            assessed=found,
        )


def _requirement(finding: Finding) -> HouseholdRequirement:
    return HouseholdRequirement(verdict=finding.verdict, reason=HouseholdReason.of(finding.reason))


def _missing(found: Assessment) -> Iterable[Reason]:
    yield from (one.reason for one in found.requirements if one.verdict is Verdict.UNDETERMINED)
    if found.entitlement is not None and found.entitlement.annual is None:
        yield from found.entitlement.reasons


ENTITLEMENT = Derived(needs=("id",), reads=(("facts", Computed(facts)),))
"""What `Household.entitlement` is worked out from."""


def entitlement_of(key: str, told: list[Any], on: datetime.date) -> HouseholdEntitlement:
    """The entitlement on a day, from what `facts` read of the household.

    Raises:
        DateTooFar: the day lies beyond what a calendar reaches.
        BeforeTheLaw, AfterTheLaw: the household's measure was not in force.
        NobodyInHousehold: nobody of it was born.

    """
    return HouseholdEntitlement.of(household_on(key, told, on))


def household_on(key: str, told: list[Any], on: datetime.date) -> StoredHousehold:
    """The household on a day.

    Raises:
        DateTooFar: the day lies beyond what is reckoned.

    """
    check_day(on, ["on"])
    return stored_household(UUID(key), told, on)
