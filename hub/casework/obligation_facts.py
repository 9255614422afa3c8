# SPDX-License-Identifier: EUPL-1.2
"""A stored person as the rules of obligations take it.

What nobody declared is not known; but for work, where the hub's own word for the person serves from the day it was told on.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from hub.casework.household_facts import StoredHousehold, StoredPerson, care_of_severe
from hub.measures.household import ADULT
from hub.measures.obligation_rules import Member
from hub.measures.obligations import Duty, duty
from hub.store.vocabulary import EmploymentStatus

_AT_WORK = {
    EmploymentStatus.EMPLOYED: True,
    EmploymentStatus.EMPLOYED_SEEKING: True,
    EmploymentStatus.UNEMPLOYED: False,
    EmploymentStatus.NEVER_EMPLOYED: False,
}
"""Whether a status says that somebody works; OTHER does not say."""


def duty_of(household: StoredHousehold, person_id: UUID) -> Duty | None:
    """Whether a member is bound by the household's measure on the day the household is of; None: it was not born.

    Raises:
        BeforeTheLaw, AfterTheLaw: the measure was not in force.

    """
    person = next((one for one in household.people if one.id == person_id), None)
    return None if person is None else duty(household.measure, _facts(person, household), household.on)


def _facts(person: StoredPerson, household: StoredHousehold) -> Member:
    told, on = person.declared, household.on
    income = told.get("work_income")
    return Member(
        born_on=person.birth_date,
        employed=_employed(person, on),
        self_employed=told.get("self_employed"),
        work_income=None if income is None else Decimal(income),
        regular_studies=told.get("regular_studies"),
        compulsory_schooling=told.get("compulsory_schooling"),
        direct_pension=told.get("direct_pension"),
        pension_of_citizenship=household.pension_of_citizenship,
        disabled=told.get("disabled"),
        grave_illness=told.get("grave_illness"),
        caring_for=_caring_for(person, household),
        caring_for_severely_disabled=care_of_severe(person, household.people),
        protected_from_violence=told.get("protected_from_violence"),
        parental_responsibility=told.get("parental_responsibility"),
        volunteers=bool(told.get("volunteers")),
        exonerated=bool(told.get("exonerated")),
    )


def _employed(person: StoredPerson, on: date) -> bool | None:
    told: bool | None = person.declared.get("employed")
    if told is None and on >= person.employment_since:
        return _AT_WORK.get(person.employment)
    return told


def _caring_for(person: StoredPerson, household: StoredHousehold) -> tuple[date, ...] | None:
    """The births of the household's minors, if they are in this one's care; where there is none, nobody is."""
    minors = tuple(
        other.birth_date
        for other in household.people
        if other is not person and other.age(household.on) < ADULT
    )
    cares = person.declared.get("cares_for_minors") if minors else False
    if cares is None:
        return None
    return minors if cares else ()
