# SPDX-License-Identifier: EUPL-1.2
"""What is published, as its publisher says it; and the columns it becomes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeAlias

from hub.store.tables import JobOffer, TrainingCourse
from hub.store.vocabulary import CourseMode

PLACEMENT = "C.01.00"
"""The contract type of a placement (tirocinio) among those of the mandatory communications: by it a job offer is one."""


class OpportunityKind(StrEnum):
    """What an agency publishes."""

    JOB_OFFER = "JOB_OFFER"
    PLACEMENT = "PLACEMENT"
    TRAINING_COURSE = "TRAINING_COURSE"

    @property
    def table(self) -> type[JobOffer] | type[TrainingCourse]:
        """Whose row it becomes."""
        return TrainingCourse if self is OpportunityKind.TRAINING_COURSE else JobOffer

    @property
    def prefix(self) -> str:
        """Of its node ids."""
        return "crs" if self is OpportunityKind.TRAINING_COURSE else "job"


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferForm:
    """A job offer (offerta di lavoro). `municipality`: Belfiore code of the workplace. `monthly_pay`: gross euro."""

    reference: str
    title: str
    employer_name: str
    municipality: str
    contract_type: str
    weekly_hours: Decimal
    places: int
    published_on: date
    profession_code: str | None = None
    monthly_pay: Decimal | None = None
    expires_on: date | None = None

    @property
    def kind(self) -> OpportunityKind:
        """What it is."""
        return OpportunityKind.JOB_OFFER

    @property
    def open_on(self) -> date:
        """The day its municipality must still exist on."""
        return self.published_on

    @property
    def last_day(self) -> date | None:
        """The last on which it can be taken; None: there is none."""
        return self.expires_on

    def columns(self) -> dict[str, Any]:
        """Its row, but for the keys."""
        return {
            "title": self.title,
            "employer_name": self.employer_name,
            "profession_code": self.profession_code,
            "contract_type": self.contract_type,
            "weekly_hours": self.weekly_hours,
            "monthly_pay": self.monthly_pay,
            "places": self.places,
            "published_on": self.published_on,
            "expires_on": self.expires_on,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class PlacementForm:
    """A placement (tirocinio). `host_name`: the soggetto ospitante. `monthly_allowance`: the indennità, gross euro."""

    reference: str
    title: str
    host_name: str
    municipality: str
    weekly_hours: Decimal
    places: int
    published_on: date
    profession_code: str | None = None
    monthly_allowance: Decimal | None = None
    expires_on: date | None = None

    @property
    def kind(self) -> OpportunityKind:
        """What it is."""
        return OpportunityKind.PLACEMENT

    @property
    def open_on(self) -> date:
        """See `OfferForm`."""
        return self.published_on

    @property
    def last_day(self) -> date | None:
        """See `OfferForm`."""
        return self.expires_on

    def columns(self) -> dict[str, Any]:
        """Its row, but for the keys: a job offer's."""
        return {
            "title": self.title,
            "employer_name": self.host_name,
            "profession_code": self.profession_code,
            "contract_type": PLACEMENT,
            "weekly_hours": self.weekly_hours,
            "monthly_pay": self.monthly_allowance,
            "places": self.places,
            "published_on": self.published_on,
            "expires_on": self.expires_on,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class CourseForm:
    """A training course (corso di formazione). `hours`: all of them. `municipality`: Belfiore code of the seat."""

    reference: str
    title: str
    provider_name: str
    mode: CourseMode
    municipality: str
    starts_on: date
    ends_on: date
    hours: int
    places: int
    enrolled: int = 0

    @property
    def kind(self) -> OpportunityKind:
        """What it is."""
        return OpportunityKind.TRAINING_COURSE

    @property
    def open_on(self) -> date:
        """See `OfferForm`."""
        return self.starts_on

    @property
    def last_day(self) -> date | None:
        """See `OfferForm`."""
        return self.ends_on

    def columns(self) -> dict[str, Any]:
        """Its row, but for the keys."""
        return {
            "title": self.title,
            "provider_name": self.provider_name,
            "mode": self.mode,
            "starts_on": self.starts_on,
            "ends_on": self.ends_on,
            "hours": self.hours,
            "places": self.places,
            "enrolled": self.enrolled,
        }


Form: TypeAlias = OfferForm | PlacementForm | CourseForm


@dataclass(frozen=True, kw_only=True, slots=True)
class Withdrawal:
    """That one of them is offered no more (ritiro)."""

    kind: OpportunityKind
    reference: str
