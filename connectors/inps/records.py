# SPDX-License-Identifier: EUPL-1.2
"""What INPS says about a household, typed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from connectors.inps.codes import PaymentState
from hub.store.vocabulary import BenefitStatus, EmploymentStatus, Measure, Obligation, Sex


@dataclass(frozen=True, slots=True, repr=False)
class Member:
    """One person of a household.

    `belfiore_code` is the municipality of residence; `centre_code` the employment centre's ministry code where
    INPS gives one.
    """

    fiscal_code: str
    given_name: str
    family_name: str
    birth_date: date
    sex: Sex
    belfiore_code: str
    centre_code: str | None
    employment_status: EmploymentStatus
    obligation: Obligation


@dataclass(frozen=True, slots=True, repr=False)
class AdmittedHousehold:
    """A household admitted to a measure: its benefit (euro a month; `ends_on` is the last day) and its members.

    `reported_at` is INPS's own time of the report: of two reports on one household the later one holds. The
    household lives where its applicant does; the applicant is one of the members.
    """

    inps_protocol: str
    measure: Measure
    status: BenefitStatus
    monthly_amount: Decimal
    starts_on: date
    ends_on: date | None
    reported_at: datetime
    applicant: str
    members: tuple[Member, ...]

    @property
    def belfiore_code(self) -> str:
        """The municipality the applicant lives in."""
        return next(one.belfiore_code for one in self.members if one.fiscal_code == self.applicant)


@dataclass(frozen=True, slots=True)
class PaymentStatus:
    """What became of a household's payment: the last one made (euro), the state now, and why it is suspended."""

    state: PaymentState
    last_payment_on: date | None
    last_amount: Decimal | None
    suspended_on: date | None
    suspension_reason: str | None
