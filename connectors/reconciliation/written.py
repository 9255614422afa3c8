# SPDX-License-Identifier: EUPL-1.2
"""What is compared of a record, as text, and its digest. Pure; the form is docs/reference/reconciliation.md.

NOTE an agency may hold the same lines against its own: a member is only ever appended, and none changes its form.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

import orjson

from connectors.inps import AdmittedHousehold
from connectors.regional import RegionalCourse, RegionalOffer, RegionalPact

Member = str | int | None | list["Member"]


@dataclass(frozen=True, slots=True)
class Written:
    """A record's key, the moment it was changed as its agency says, and the digest of its line (SHA-256)."""

    key: str
    changed_at: datetime
    digest: bytes


def written_pact(pact: RegionalPact) -> Written:
    """A pact of a region, with its goals and its professions in their order."""
    goals: list[Member] = [[goal.description, goal.status.value, _day(goal.due_on)] for goal in pact.goals]
    return _written(
        pact.external_id,
        pact.changed_at,
        pact.kind.value,
        pact.status.value,
        pact.fiscal_code,
        pact.inps_protocol,
        _day(pact.proposed_on),
        _day(pact.signed_on),
        _day(pact.ends_on),
        goals,
        None if pact.professions is None else list(pact.professions),
    )


def written_offer(offer: RegionalOffer) -> Written:
    """A job offer of a region."""
    return _written(
        offer.external_id,
        offer.changed_at,
        offer.title,
        offer.employer_name,
        offer.profession_code,
        offer.contract_type,
        _number(offer.weekly_hours, 1),
        _number(offer.monthly_pay, 2),
        offer.places,
        offer.belfiore_code,
        _day(offer.published_on),
        _day(offer.expires_on),
        offer.status.value,
    )


def written_course(course: RegionalCourse) -> Written:
    """A training course of a region."""
    return _written(
        course.external_id,
        course.changed_at,
        course.title,
        course.provider_name,
        course.mode.value,
        course.belfiore_code,
        _day(course.starts_on),
        _day(course.ends_on),
        course.hours,
        course.places,
        course.enrolled,
        course.status.value,
    )


@dataclass(frozen=True, slots=True, repr=False)
class HouseholdTerms:
    """What is compared of an admitted household: its latest report's benefit and municipality.

    Its members are not: a person is of the household whose report names them last, so that no record says it alone.
    """

    inps_protocol: str
    reported_at: datetime
    measure: str
    status: str
    monthly_amount: Decimal
    starts_on: date
    ends_on: date | None
    belfiore_code: str

    @classmethod
    def of(cls, report: AdmittedHousehold) -> HouseholdTerms:
        """Those of a report."""
        return cls(
            report.inps_protocol,
            report.reported_at,
            report.measure.value,
            report.status.value,
            report.monthly_amount,
            report.starts_on,
            report.ends_on,
            report.belfiore_code,
        )


def written_household(terms: HouseholdTerms) -> Written:
    """An admitted household."""
    return _written(
        terms.inps_protocol,
        terms.reported_at,
        terms.measure,
        terms.status,
        _number(terms.monthly_amount, 2),
        _day(terms.starts_on),
        _day(terms.ends_on),
        terms.belfiore_code,
    )


def _written(key: str, changed_at: datetime, *members: Member) -> Written:
    moment = changed_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return Written(key, changed_at, hashlib.sha256(orjson.dumps([key, moment, *members])).digest())


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _number(number: Decimal | None, digits: int) -> str | None:
    return None if number is None else f"{number:.{digits}f}"
