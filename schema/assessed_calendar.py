# SPDX-License-Identifier: EUPL-1.2
"""The months of a measure for a household that is told, not stored: what would be paid, and what a job or a birth would change."""

from __future__ import annotations

import datetime
import decimal

import strawberry

from hub.measures.payments import Calendar, Month, MonthKind
from schema.cost import about
from schema.legal_reasons import LegalReason
from schema.sensitivity import public

strawberry.enum(
    MonthKind,
    name="EntitlementMonthKind",
    description="PAID in full; FIRST_OF_RENEWAL in part, from 2026; STOP mese di sospensione, between a period and its renewal; "
    "UNDETERMINED, since a fact is not known; ENDED: the right is lost.",
)


@public
@strawberry.type(description="One month of the calendar (mensilità), in euro.")
class AssessedMonth:
    first: datetime.date = strawberry.field(description="Its first day.")
    kind: MonthKind
    amount: decimal.Decimal
    extra: decimal.Decimal = strawberry.field(description="Paid once, beside the amount.")
    reasons: list[LegalReason] = strawberry.field(directives=[about(3)])

    @classmethod
    def of(cls, month: Month) -> AssessedMonth:
        return cls(
            first=month.first,
            kind=month.kind,
            amount=month.amount,
            extra=month.extra,
            reasons=[LegalReason.of(reason) for reason in month.reasons],
        )


@public
@strawberry.type(
    description="The months of a measure (calendario delle mensilità). It is no decision: INPS decides."
)
class AssessedCalendar:
    months: list[AssessedMonth] = strawberry.field(
        description="In order; a right that is lost ends them.", directives=[about(18)]
    )
    total: decimal.Decimal = strawberry.field(description="All that is paid in them, in euro.")
    again_from: datetime.date | None = strawberry.field(
        description="The first day of a new application after a reduced measure (misura ridotta)."
    )

    @classmethod
    def of(cls, found: Calendar) -> AssessedCalendar:
        return cls(
            months=[AssessedMonth.of(month) for month in found.months],
            total=found.total,
            again_from=found.again_from,
        )
