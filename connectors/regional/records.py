# SPDX-License-Identifier: EUPL-1.2
"""What a regional labour system says, typed. Periods are in days, their last day included; money is gross euro a month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from hub.store.vocabulary import CourseMode, GoalStatus, OpportunityStatus, PactKind, PactStatus


@dataclass(frozen=True, slots=True, repr=False)
class RegionalGoal:
    """One policy (politica attiva) a pact commits to."""

    description: str
    status: GoalStatus
    due_on: date | None


@dataclass(frozen=True, slots=True, repr=False)
class RegionalPact:
    """A pact: of the person with `fiscal_code`, or, for an inclusion pact, of the household with `inps_protocol`.

    `professions`: codes of the CP2011 or their beginnings; None: not known, empty: the pact names none.
    """

    external_id: str
    kind: PactKind
    status: PactStatus
    fiscal_code: str | None
    inps_protocol: str | None
    proposed_on: date
    signed_on: date | None
    ends_on: date | None
    goals: tuple[RegionalGoal, ...]
    professions: tuple[str, ...] | None
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class RegionalOffer:
    """A job offer."""

    external_id: str
    title: str
    employer_name: str
    profession_code: str | None
    contract_type: str | None
    weekly_hours: Decimal
    monthly_pay: Decimal | None
    places: int
    belfiore_code: str
    published_on: date
    expires_on: date | None
    status: OpportunityStatus
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class RegionalCourse:
    """A training course; `hours` in all."""

    external_id: str
    title: str
    provider_name: str
    mode: CourseMode
    belfiore_code: str
    starts_on: date
    ends_on: date
    hours: int
    places: int
    enrolled: int
    status: OpportunityStatus
    changed_at: datetime
