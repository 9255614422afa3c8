# SPDX-License-Identifier: EUPL-1.2
"""The law of the measures: its numbers, and what it says of a household that is told, not stored."""

from __future__ import annotations

import asyncio
import datetime
import decimal

import strawberry

from hub.measures.assessment import Application, assess
from hub.measures.assessment import Assessment as Assessed
from hub.measures.checked_changes import check_changes
from hub.measures.entitlement import Duration as Lasting
from hub.measures.entitlement import Entitlement as Due
from hub.measures.parameters import Amount, Confidence, Count, Parameters, parameters
from hub.measures.payments import calendar
from hub.measures.reasons import Finding, Verdict
from hub.plan.declare import Alone, stands_on
from hub.store.vocabulary import Measure
from schema.assessed_calendar import AssessedCalendar
from schema.assessment_input import AssessmentInput
from schema.change_input import HouseholdChangesInput
from schema.context import Info
from schema.cost import CALENDAR_RENEWED, about, costs
from schema.legal_reasons import LegalReason
from schema.sensitivity import PUBLIC, public

strawberry.enum(
    Verdict,
    name="RequirementVerdict",
    description="Whether a requirement is met; UNDETERMINED where a fact is not known, which is never a no.",
)
strawberry.enum(
    Confidence,
    name="SourceConfidence",
    description="H read in the law, or in what INPS or the ministry published of it; M read in a secondary source; L known, not verified.",
)


@public
@strawberry.type(description="Another way to read an ambiguous text.")
class MeasureReading:
    value: decimal.Decimal
    words: str


@public
@strawberry.type(description="One number of a measure: what it is, while it holds, and where the law has it.")
class MeasureNumber:
    name: str = strawberry.field(description="As in the reference: `isee_ceiling`, `residence_years` …")
    value: decimal.Decimal = strawberry.field(
        description="Euro, a weight or a share; or years, months, days, cubic centimetres, people."
    )
    inclusive: bool = strawberry.field(description="Of a limit: whether the limit itself is within it.")
    first: datetime.date = strawberry.field(description="The first day it holds.")
    last: datetime.date | None = strawberry.field(
        description="The last day it holds; null: while the law does."
    )
    source: str = strawberry.field(description="The article.")
    confidence: Confidence
    unverified: bool = strawberry.field(
        description="It was not read in the law itself, or can be read in two ways."
    )
    note: str | None
    reading: str | None = strawberry.field(description="How an ambiguous text was read.")
    other_readings: list[MeasureReading] = strawberry.field(directives=[about(1)])

    @classmethod
    def of(cls, name: str, row: Amount | Count) -> MeasureNumber:
        return cls(
            name=name,
            value=decimal.Decimal(row.value),
            inclusive=row.inclusive,
            first=row.first,
            last=row.last,
            source=row.source,
            confidence=row.confidence,
            unverified=row.unverified,
            note=row.note or None,
            reading=row.reading or None,
            other_readings=[MeasureReading(value=one.value, words=one.words) for one in row.others],
        )


@public
@strawberry.type(
    description="The numbers of a measure (parametri della misura) between two days on which any of them changes."
)
class MeasureRules:
    measure: Measure
    law: str
    first: datetime.date
    last: datetime.date | None
    numbers: list[MeasureNumber] = strawberry.field(directives=[about(50)])

    @classmethod
    def of(cls, p: Parameters) -> MeasureRules:
        numbers = [MeasureNumber.of(name, row) for name, row in p.named().items()]
        return cls(measure=p.measure, law=p.law, first=p.first, last=p.last, numbers=numbers)


@public
@strawberry.type(description="One requirement (requisito), and whether it is met.")
class AssessedRequirement:
    verdict: Verdict
    reason: LegalReason

    @classmethod
    def of(cls, finding: Finding) -> AssessedRequirement:
        return cls(verdict=finding.verdict, reason=LegalReason.of(finding.reason))


@public
@strawberry.type(
    description="The equivalence scale (scala di equivalenza); two values where a fact that matters is not known."
)
class EquivalenceScale:
    least: decimal.Decimal
    most: decimal.Decimal


@public
@strawberry.type(
    description="What is due (importo), in euro; null where a fact it depends on is not known, which a reason names."
)
class AssessedEntitlement:
    annual: decimal.Decimal | None
    monthly: decimal.Decimal | None
    reduced: bool | None
    reasons: list[LegalReason] = strawberry.field(directives=[about(5)])

    @classmethod
    def of(cls, due: Due) -> AssessedEntitlement:
        reasons = [LegalReason.of(reason) for reason in due.reasons]
        return cls(annual=due.annual, monthly=due.monthly, reduced=due.reduced, reasons=reasons)


@public
@strawberry.type(description="For how long (durata), in months; 0 where there is none.")
class AssessedDuration:
    months: int
    renewal: int
    stop: int
    extension: int
    wait: int = strawberry.field(description="Before a new application, after a reduced measure.")
    articles: list[str] = strawberry.field(directives=[about(3)])
    unverified: bool

    @classmethod
    def of(cls, lasts: Lasting) -> AssessedDuration:
        return cls(
            months=lasts.months,
            renewal=lasts.renewal,
            stop=lasts.stop,
            extension=lasts.extension,
            wait=lasts.wait,
            articles=list(lasts.articles),
            unverified=lasts.unverified,
        )


@public
@strawberry.type(
    description="What the law of a day says of a household (valutazione dei requisiti). It is no decision: INPS decides."
)
class EligibilityAssessment:
    measure: Measure
    on: datetime.date
    law: str
    verdict: Verdict
    requirements: list[AssessedRequirement] = strawberry.field(directives=[about(13)])
    scale: EquivalenceScale
    entitlement: AssessedEntitlement | None = strawberry.field(
        description="Null unless every requirement is met."
    )
    duration: AssessedDuration | None
    unverified: bool
    application: strawberry.Private[Application]

    @strawberry.field(
        description="The months of the measure, if it is first paid in the month of the day, and what would change them: a job, a business, "
        "a birth. `renewals`: how often it is renewed, up to 5. `courseUntil`: the day a course ends that a member takes part in, for "
        "which the SFL is extended.",
        directives=[CALENDAR_RENEWED],
    )
    async def calendar(
        self,
        info: Info,
        renewals: int = 0,
        course_until: datetime.date | None = None,
        changes: HouseholdChangesInput | None = None,
    ) -> AssessedCalendar:
        told = () if changes is None else changes.changes()
        check_changes(self.application.household, told)
        async with info.context.room:
            await asyncio.sleep(0)  # some milliseconds of reckoning: others have their turn between
            found = calendar(
                self.application,
                self.on,
                renewals=renewals,
                changes=[change for change, _ in told],
                course_until=course_until,
            )
        return AssessedCalendar.of(found)

    @classmethod
    def of(cls, application: Application, found: Assessed) -> EligibilityAssessment:
        return cls(
            application=application,
            measure=found.measure,
            on=found.on,
            law=found.law,
            verdict=found.verdict,
            requirements=[AssessedRequirement.of(finding) for finding in found.requirements],
            scale=EquivalenceScale(least=found.scale.least, most=found.scale.most),
            entitlement=None if found.entitlement is None else AssessedEntitlement.of(found.entitlement),
            duration=None if found.duration is None else AssessedDuration.of(found.duration),
            unverified=found.unverified,
        )


@strawberry.type
class MeasuresQuery:
    @strawberry.field(
        description="The numbers of a measure on a day, each with its source.",
        directives=[PUBLIC, costs(5)],
    )
    def measure_rules(self, measure: Measure, on: datetime.date) -> MeasureRules:
        return MeasureRules.of(parameters(measure, on))

    @strawberry.field(
        description="What the law of a day says of a household you tell of. Nobody stored is looked at, and nothing is kept: it is "
        "asked for alone, so that what is told stands in no line of the access log.",
        metadata=stands_on(Alone()),
        directives=[PUBLIC, costs(20)],
    )
    def assess_eligibility(self, input: AssessmentInput) -> EligibilityAssessment:  # noqa: A002
        application = input.application()
        return EligibilityAssessment.of(application, assess(application, input.on))
